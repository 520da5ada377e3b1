"""What a collector of traces is sent: spans of requests, operations and commands, nothing that people searched for."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import get_args

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.plan.write_commands import WriteCommand
from gateway.store.client import Database
from gateway.store.observed_commands import WRITES
from tests.harness.gateway_client import Gateway, open_gateway
from tests.harness.live_client import RECORD, record, served, socket, stream
from tests.harness.trace_receiver import Span, TraceReceiver, trace_receiver

PAGE = """query Page($text: String!) {
  interactions(first: 5, where: {searchRequest: {text: {eq: $text}}}) { totalCount nodes { interactionId } }
}"""
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = (f"00-{TRACE}-{PARENT}-0{flag}" for flag in (1, 0))


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[TraceReceiver]:
    with trace_receiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
        yield receiver


@pytest.fixture
async def gateway(
    mongod: EmbeddedServer, database: Database, receiver: TraceReceiver, request: pytest.FixtureRequest
) -> AsyncIterator[Gateway]:
    settings = {"traces": True, "batch_limit": 5, **getattr(request, "param", {})}
    async with open_gateway(database, mongod.uri, **settings) as gateway:
        yield gateway


def ended(*names: str) -> Callable[[list[Span]], bool]:
    """Whether there are spans of these names, as many as they are."""
    return lambda spans: all([span.name for span in spans].count(name) >= names.count(name) for name in names)


def named(spans: list[Span], name: str) -> Span:
    [span] = [span for span in spans if span.name == name]
    return span


async def test_a_key_in_an_address_is_in_no_span(gateway: Gateway, receiver: TraceReceiver) -> None:
    in_path = f"/collect/shop/{gateway.key}/ubi_events"
    for path in ("/graphql", in_path, f"/{gateway.key}", f"/features/search/interactions/{gateway.key}"):
        for name in ("key", "x-algolia-api-key"):
            await gateway.http.get(path, params={name: gateway.key, "query": f"{{ {gateway.key} }}"})
    await receiver.tree(ended(*["GET /graphql"] * 2, *["GET"] * 6))
    assert b"/features/search/interactions/" in receiver.raw
    assert gateway.key.encode() not in receiver.raw
    assert gateway.key[-16:].encode() not in receiver.raw


async def test_a_request_is_a_tree_of_its_operation_and_its_commands(gateway: Gateway, receiver: TraceReceiver) -> None:
    headers = {"traceparent": SAMPLED, "tracestate": "shop=1"}
    response = await gateway.post({"query": PAGE, "variables": {"text": "secret lamp"}}, headers=headers)
    assert response.headers["x-request-id"] == TRACE
    spans = await receiver.tree(ended("POST /graphql"))
    request, operation = named(spans, "POST /graphql"), named(spans, "query")
    assert {span.trace for span in spans} == {TRACE}
    assert (request.kind, request.parent, request.state) == ("SERVER", PARENT, "shop=1")
    assert request.attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/graphql",
        "url.scheme": "http",
        "url.path": "/graphql",
        "search_gateway.request.id": TRACE,
        "search_gateway.organization.id": gateway.organization.id,
        "search_gateway.namespace.id": gateway.namespace.id,
    }
    assert (operation.kind, operation.parent) == ("SERVER", request.id)
    assert operation.attributes["graphql.operation.type"] == "query"
    assert operation.attributes["graphql.operation.name"] == "Page"
    assert "graphql.document" not in operation.attributes
    # Side by side, each in a task of its own.
    commands = {span.name: span for span in spans if span.parent == operation.id}
    assert commands.keys() == {"find interactions", "aggregate interactions"}
    find = commands["find interactions"]
    assert find.kind == "CLIENT"
    assert find.attributes == {
        "db.system.name": "mongodb",
        "db.operation.name": "find",
        "db.namespace": gateway.database.name,
        "db.collection.name": "interactions",
    }
    assert not any(span.is_error for span in spans)
    assert receiver.resource["service.name"] == "search-interactions-gateway"
    assert receiver.resource["deployment.environment.name"] == "test"


async def test_nothing_that_people_searched_for_and_no_key_is_sent(gateway: Gateway, receiver: TraceReceiver) -> None:
    headers = {"X-Request-Id": "from-the-shop"}
    text = '{ interactions(where: {searchRequest: {text: {eq: "secret lamp"}}}) { nodes { id } } }'
    await gateway.post({"query": text}, headers=headers)
    await gateway.post({"query": RECORD, "variables": {"input": {"featureId": "secret", "interactionType": "CLICK"}}})
    await gateway.http.get("/graphql", params={"query": text})
    await gateway.http.get("/readyz")
    await gateway.post({"query": f"query {gateway.key} {{ viewer {{ id }} }}"}, headers={"X-Request-Id": gateway.key})
    await gateway.http.get(f"/{gateway.key}")
    spans = await receiver.tree(ended("POST /graphql", "POST /graphql", "POST /graphql", "GET /graphql", "GET"))
    assert b"secret" not in receiver.raw
    assert gateway.key.encode() not in receiver.raw
    assert b"Bearer" not in receiver.raw
    assert "insert interactions" in {span.name for span in spans}
    assert "from-the-shop" in {span.attributes.get("search_gateway.request.id") for span in spans}
    assert [span.attributes["url.path"] for span in spans if span.name == "GET"] == ["/sk_…"], "not that for health"


@pytest.mark.parametrize("gateway", [{"log_texts": True}], indirect=True)
async def test_a_document_is_sent_where_a_setting_asks_for_it(gateway: Gateway, receiver: TraceReceiver) -> None:
    await gateway.data("{ viewer { keyName } }")
    spans = await receiver.tree(ended("POST /graphql"))
    assert named(spans, "query").attributes["graphql.document"] == "{ viewer { keyName } }"


async def test_what_its_sender_does_not_sample_is_not(gateway: Gateway, receiver: TraceReceiver) -> None:
    await gateway.post({"query": "{ viewer { keyName } }"}, headers={"traceparent": UNSAMPLED})
    response = await gateway.post({"query": "{ viewer { keyName } }"})
    spans = await receiver.tree(ended("POST /graphql"))
    # The id of the trace, for whoever asks why.
    assert {span.trace for span in spans} == {response.headers["x-request-id"]}


async def test_errors_are_told_by_their_codes_and_failures_by_a_status(
    gateway: Gateway, receiver: TraceReceiver
) -> None:
    await gateway.post({"query": "{ nothing }"})
    await gateway.post({"query": "{ __typename }"}, key="sk_" + "a" * 40)
    spans = await receiver.tree(ended("POST /graphql", "POST /graphql"))
    refused = named(spans, "GraphQL Operation")
    assert (refused.attributes, refused.is_error) == ({"error.type": "GRAPHQL_VALIDATION_FAILED"}, False)
    unknown = next(span for span in spans if span.attributes.get("http.response.status_code") == 401)
    assert (unknown.attributes["error.type"], unknown.is_error) == ("UNAUTHENTICATED", False)


@pytest.mark.parametrize("gateway", [{"rate_limit_burst": 1, "rate_limit_restore": 1}], indirect=True)
async def test_what_there_is_no_room_for_is_an_error(gateway: Gateway, receiver: TraceReceiver) -> None:
    await gateway.post({"query": PAGE, "variables": {"text": "lamp"}})
    spans = await receiver.tree(ended("POST /graphql"))
    operation, request = named(spans, "query"), named(spans, "POST /graphql")
    assert (operation.attributes["error.type"], operation.is_error) == ("RATE_LIMITED", True)
    assert (request.attributes["http.response.status_code"], request.is_error) == (429, False)


@pytest.mark.parametrize("gateway", [{"read_limit_bytes": 100_000}], indirect=True)
async def test_a_command_that_fails_says_why(gateway: Gateway, receiver: TraceReceiver) -> None:
    input = {"featureId": "p1", "interactionType": "CLICK", "metadata": {"note": "n" * 60_000}}
    for _ in range(2):
        await gateway.data(RECORD, {"input": input})
    await gateway.execute("{ interactions { nodes { metadata } } }")
    spans = await receiver.tree(ended("POST /graphql", "POST /graphql", "POST /graphql"))
    command = named(spans, "find interactions")
    assert (command.attributes["error.type"], command.is_error) == ("QUERY_TOO_BROAD", True)


async def test_operations_of_a_batch_have_their_own_commands(gateway: Gateway, receiver: TraceReceiver) -> None:
    texts = ["query A { interactions { nodes { id } } }", "query B { searchRequests { nodes { id } } }"]
    await gateway.post([{"query": text} for text in texts])
    spans = await receiver.tree(ended("POST /graphql"))
    names = {span.id: span.attributes.get("graphql.operation.name", "") for span in spans}
    commands = {(span.name, names[span.parent]) for span in spans if span.kind == "CLIENT" and names.get(span.parent)}
    assert commands == {("find interactions", "A"), ("find search_requests", "B")}


async def test_operations_of_a_websocket_are_linked_to_it(gateway: Gateway, receiver: TraceReceiver) -> None:
    async with served(gateway.app) as address, socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", "query Q { interactions { nodes { id } } }")
        assert (await client.hear())["type"] == "next"
        assert (await client.hear())["type"] == "complete"
        await client.subscribe("2")
        await client.begun()
        await record(gateway, "a")
        assert await client.recorded("2") == "a"
        await client.say({"id": "2", "type": "complete"})
        await receiver.tree(ended("subscription"))
    spans = await receiver.tree(ended("GET /graphql"))
    websocket = named(spans, "GET /graphql")
    assert websocket.attributes["url.scheme"] == "ws"
    subscription, query = named(spans, "subscription"), named(spans, "query")
    assert subscription.attributes["search_gateway.operation.events"] == 1
    for operation in (subscription, query):
        assert operation.links == [websocket.id]
        assert not operation.parent
    assert len({websocket.trace, subscription.trace, query.trace}) == 3
    assert [span.parent for span in spans if span.name == "find interactions" and span.trace == query.trace] == [
        query.id
    ]


async def test_an_event_stream_is_one_span_until_it_ends(gateway: Gateway, receiver: TraceReceiver) -> None:
    async with served(gateway.app) as address:
        async with stream(address, gateway.key) as events:
            assert await events.frame() == ":"
            await record(gateway, "a")
            assert await events.recorded() == "a"
        spans = await receiver.tree(ended("subscription", "POST /graphql", "POST /graphql"))
    subscription = named(spans, "subscription")
    [request] = [span for span in spans if span.id == subscription.parent]
    assert request.name == "POST /graphql"
    assert subscription.attributes["search_gateway.operation.events"] == 1


def test_every_write_has_a_name() -> None:
    assert WRITES.keys() == set(get_args(WriteCommand))


def test_without_the_extra_the_setting_is_refused_and_nothing_is_imported() -> None:
    code = """import sys
sys.modules["opentelemetry"] = None
from gateway.app.application import create_app
from gateway.settings import Settings, SettingsError, load
create_app(load(Settings, mongodb_uri="mongodb://127.0.0.1:1/"))
try:
    create_app(load(Settings, mongodb_uri="mongodb://127.0.0.1:1/", traces=True))
except SettingsError as error:
    print(error)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.startswith("GATEWAY_TRACES: expected to be unset, or the extra `otel` installed: pip install")
