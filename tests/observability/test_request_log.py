"""What the log tells of requests: a line for each operation, what it took, and nothing that people searched for."""

import io
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import redirect_stderr
from typing import Any

import orjson
import pytest

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import ConnectionLimits
from gateway.store.client import Database
from tests.harness.gateway_client import Gateway, open_gateway
from tests.harness.live_client import RECORD, key_id, record, served, socket
from tests.harness.waiting import soon
from tests.harness.wire_client import serving

Lines = Callable[[], list[dict[str, Any]]]

PAGE = """query Page($text: String!) {
  interactions(first: 5, where: {searchRequest: {text: {eq: $text}}}) { nodes { interactionId } }
}"""


@pytest.fixture
async def gateway(
    mongod: EmbeddedServer, database: Database, request: pytest.FixtureRequest, lines: Lines
) -> AsyncIterator[Gateway]:
    settings = {"log_format": "json", "log_level": "debug", "batch_limit": 5, **getattr(request, "param", {})}
    async with open_gateway(database, mongod.uri, **settings) as gateway:
        yield gateway


@pytest.fixture
def printed() -> Iterator[io.StringIO]:
    """What goes to stderr."""
    with redirect_stderr(io.StringIO()) as printed:
        yield printed


@pytest.fixture
def lines(printed: io.StringIO) -> Lines:
    """The records logged since the last call."""

    def logged() -> list[dict[str, Any]]:
        records = [orjson.loads(line) for line in printed.getvalue().splitlines()]
        printed.seek(0)
        printed.truncate()
        return records

    return logged


async def test_an_operation_is_one_line_with_what_it_took(gateway: Gateway, lines: Lines) -> None:
    headers = {"X-Request-Id": "from-the-shop/1", "apollographql-client-name": "web", "GraphQL-Client-Version": "1.2"}
    response = await gateway.post({"query": PAGE, "variables": {"text": "lamp"}}, headers=headers)
    assert response.headers["x-request-id"] == "from-the-shop/1"
    [line] = lines()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z", line.pop("time"))
    for taken in ("ms", "mongodb_ms"):
        assert line.pop(taken) > 0
    assert line.pop("waiting_ms") >= 0
    assert re.fullmatch("[0-9a-f]{64}", line.pop("hash"))
    key = await gateway.database["keys"].find_one({"organization_id": gateway.organization.id})
    assert key is not None
    assert line == {
        "level": "info",
        "event": "operation",
        "request_id": "from-the-shop/1",
        "client": "web",
        "client_version": "1.2",
        "organization": gateway.organization.id,
        "namespace": gateway.namespace.id,
        "key": key["_id"],
        "status": 200,
        "type": "query",
        "name": "Page",
        "way": "shaped",
        "estimated": 10,
        "cost": 0,
        "documents": 0,
        "read_bytes": 0,
        "written_bytes": 0,
        "answer_bytes": len(response.content),
    }


async def test_a_recording_tells_what_it_wrote(gateway: Gateway, lines: Lines) -> None:
    await gateway.data(RECORD, {"input": {"featureId": "p1", "interactionType": "CLICK"}})
    [line] = lines()
    assert (line["type"], line["documents"]) == ("mutation", 1)
    assert line["written_bytes"] > 100


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
            "4bf92f3577b34da6a3ce929d0e0e4736",
        ),
        ({"X-Request-Id": 'a"b\x7f'}, "[0-9a-f]{32}"),
        ({"X-Request-Id": "a" * 129}, "[0-9a-f]{32}"),
        ({"traceparent": "00-" + "0" * 32 + "-00f067aa0ba902b7-01"}, "(?!0+$)[0-9a-f]{32}"),
        ({}, "[0-9a-f]{32}"),
    ],
)
async def test_a_request_without_a_usable_id_is_given_one(
    gateway: Gateway, lines: Lines, headers: dict[str, str], expected: str
) -> None:
    response = await gateway.post({"query": "{ __typename }"}, headers=headers)
    assert re.fullmatch(expected, response.headers["x-request-id"])
    assert [line["request_id"] for line in lines()] == [response.headers["x-request-id"]]


async def test_what_is_refused_says_why_and_by_whose_fault(gateway: Gateway, lines: Lines) -> None:
    await gateway.post({"query": "{ nothing }"})
    await gateway.post({"query": "{ __typename }"}, key="sk_" + "a" * 40)
    await gateway.post({"query": "subscription { interactionRecorded { id } }"})
    await gateway.http.get("/elsewhere?key=hidden")
    await gateway.http.get("/readyz")
    told = [(line["level"], line["event"], line.get("status"), line.get("code")) for line in lines()]
    assert told == [
        ("info", "operation", 200, "GRAPHQL_VALIDATION_FAILED"),
        ("info", "request", 401, "UNAUTHENTICATED"),
        ("info", "operation", 400, "BAD_REQUEST"),
        ("info", "request", 404, "NOT_FOUND"),
        ("debug", "request", 200, None),
    ]


@pytest.mark.parametrize("gateway", [{"organization_connections": 1, "key_connections": 1}], indirect=True)
async def test_who_is_refused_is_named_where_that_is_known(gateway: Gateway, lines: Lines) -> None:
    await gateway.post({"query": "{ __typename }"}, namespace="elsewhere")
    async with served(gateway.app) as address, socket(address) as client:
        await client.init(gateway.key)
        await gateway.post({"query": "{ __typename }"})
        async with socket(address) as another:
            await another.say({"type": "connection_init", "payload": {"Authorization": f"Bearer {gateway.key}"}})
            await another.closed()
        async with socket(address) as elsewhere:
            payload = {"Authorization": f"Bearer {gateway.key}", "X-Namespace": "elsewhere"}
            await elsewhere.say({"type": "connection_init", "payload": payload})
            await elsewhere.closed()
        told: list[dict[str, Any]] = []
        await soon(lambda: told.extend(lines()) or len(told) == 4)  # type: ignore[func-returns-value]
    assert {line["code"] for line in told} == {"NAMESPACE_NOT_FOUND", "TOO_MANY_CONNECTIONS", "TOO_MANY_SUBSCRIPTIONS"}
    assert {line.get("key") for line in told} == {key_id(gateway.key)}


@pytest.mark.parametrize("gateway", [{"hosts": ("a",)}], indirect=True)
async def test_what_never_reaches_the_application_is_told_as_well(gateway: Gateway, lines: Lines) -> None:
    async with serving(gateway.app, ConnectionLimits(drain_seconds=0, connections=1, header_bytes=1_000)) as served:
        served.server.lifespan.state.update(gateway.state)
        heads = (
            b"GET /readyz\0 HTTP/1.1\r\n\r\n",
            b"POST /graphql?a=hidden HTTP/1.1\r\nHost: a\r\nX-A: %b\r\n\r\n" % (b"a" * 1_100),
            b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n",
            b"GET /graphql HTTP/1.1\r\nHost: b\r\n\r\n",
        )
        ids = [response.headers["x-request-id"] for head in heads for response in await served.answers(head)]
    told = lines()
    assert [line["request_id"] for line in told] == ids
    assert [(line["method"], line["path"], line["status"], line["code"]) for line in told] == [
        ("", "", 400, "BAD_REQUEST"),
        ("POST", "/graphql", 431, "HEADERS_TOO_LARGE"),
        ("POST", "/graphql", 413, "PAYLOAD_TOO_LARGE"),
        ("GET", "/graphql", 403, "FORBIDDEN"),
    ]


async def test_each_operation_of_a_batch_has_a_line_of_its_own(gateway: Gateway, lines: Lines) -> None:
    key = await gateway.make_key(Permission.READ)
    batch = [{"query": "query A { viewer { keyName } }"}, {"query": RECORD, "variables": {"input": {}}}, {"query": "{"}]
    await gateway.post(batch, key=key)
    told = [(line.get("name"), line.get("code"), line["status"]) for line in lines()]
    assert told == [("A", None, 200), (None, "FORBIDDEN", 200), (None, "GRAPHQL_PARSE_FAILED", 200)]


async def test_operations_of_a_websocket_are_told_of_as_they_end(gateway: Gateway, lines: Lines) -> None:
    told: list[dict[str, Any]] = []

    def events() -> list[str]:
        told.extend(lines())
        return [line["event"] for line in told]

    async with served(gateway.app) as address, socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", "{ viewer { keyName } }")
        assert (await client.hear())["type"] == "next"
        assert (await client.hear())["type"] == "complete"
        await client.subscribe("2")
        await client.begun()
        await record(gateway, "a")
        assert await client.recorded("2") == "a"
        await client.say({"id": "2", "type": "complete"})
        await soon(lambda: events().count("operation") == 3)
    await soon(lambda: "websocket" in events())
    by_type = {line["type"]: line for line in told if line["event"] == "operation"}
    assert by_type["subscription"]["events"] == 1
    assert by_type["subscription"]["answer_bytes"] > 50
    assert by_type["query"]["request_id"] == by_type["subscription"]["request_id"]
    assert by_type["mutation"]["request_id"] != by_type["query"]["request_id"]


@pytest.mark.parametrize("gateway", [{"slow_operation_ms": 1}], indirect=True)
async def test_a_slow_operation_is_told_with_the_plans_of_its_commands(gateway: Gateway, lines: Lines) -> None:
    await gateway.database["interactions"].create_index("namespace_id", name="unused")
    told: list[dict[str, Any]] = []

    def commands() -> list[dict[str, Any]]:
        told.extend(lines())
        return [line for line in told if line["event"] == "slow command"]

    # Nothing indexes it, so that it takes longer than a look-up by key.
    query = (
        '{ interactions(first: 3, where: {searchRequest: {text: {eq: "secret lamp"}}}) { totalCount nodes { id } } }'
    )
    await gateway.data(query)
    await soon(lambda: len(commands()) >= 1)
    [slow] = [line for line in told if line["event"] == "slow operation"]
    assert slow["level"] == "warning"
    [command, *_] = commands()
    assert command["request_id"] == slow["request_id"]
    assert "IXSCAN" in command["plan"] or "COUNT_SCAN" in command["plan"]
    assert orjson.loads(command["command"])["filter" if "find" in command["command"] else "pipeline"]
    assert "lamp" not in str(told)
    assert gateway.namespace.id not in command["command"]


@pytest.mark.parametrize("gateway", [{"slow_operation_ms": 1, "log_texts": True}], indirect=True)
async def test_texts_are_logged_where_a_setting_asks_for_them(gateway: Gateway, lines: Lines) -> None:
    told: list[dict[str, Any]] = []
    await gateway.data('{ interactions(where: {searchRequest: {text: {eq: "a lamp"}}}) { nodes { id } } }')

    def commands() -> list[dict[str, Any]]:
        told.extend(lines())
        return [line for line in told if line["event"] == "slow command"]

    await soon(lambda: bool(commands()))
    assert "a lamp" in commands()[0]["command"]
    [operation] = [line for line in told if line["event"] == "slow operation"]
    assert "a lamp" in operation["text"]


@pytest.mark.parametrize("gateway", [{"log_format": "text"}], indirect=True)
async def test_as_text_it_is_for_people(gateway: Gateway, printed: io.StringIO) -> None:
    await gateway.post({"query": PAGE, "variables": {"text": "lamp"}}, headers={"X-Request-Id": "r1"})
    [line] = printed.getvalue().splitlines()
    time, text = line.split(" ", 1)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z", time)
    assert re.match(
        r"INFO:     operation request_id=r1 organization=\S+ namespace=\S+ key=\S+ status=200 type=query", text
    )


@pytest.mark.parametrize("gateway", [{"public_url": "https://shop.example/search"}], indirect=True)
async def test_addresses_are_logged_as_the_gateway_has_them_and_health_at_debug_alone(
    gateway: Gateway, lines: Lines
) -> None:
    for path in ("/readyz", "/search/readyz", "/search/missing"):
        await gateway.http.get(path)
    logged = [(line["level"], line["path"]) for line in lines() if "path" in line]
    assert logged == [("debug", "/readyz"), ("debug", "/readyz"), ("info", "/missing")]
