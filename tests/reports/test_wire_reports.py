"""Reports of what is below GraphQL, and of filters that erase: numbers 75 to 82 of the log in this folder's README."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.frames import Frame, Opcode

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import ConnectionLimits
from tests.harness.gateway_client import Gateway, code, new_gateway
from tests.harness.waiting import PATIENCE
from tests.harness.wire_client import Served, Wire, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = "https://app.example"
QUERY = "{viewer{keyName}}"
BODY = json.dumps({"query": QUERY}).encode()
ANSWER = {"data": {"viewer": {"keyName": "web"}}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, cors_origins=PAGE) as gateway:
        yield gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(gateway: Gateway) -> AsyncIterator[Served]:
    async with serving(gateway.app, ConnectionLimits(drain_seconds=0, keep_alive_seconds=1)) as served:
        served.server.lifespan.state.update(gateway.state)
        yield served


def upgrade(*connection: str) -> bytes:
    """The head of an upgrade with these lines of `Connection`."""
    return "\r\n".join(
        [
            "GET /graphql HTTP/1.1",
            "Host: a",
            *(f"Connection: {tokens}" for tokens in connection),
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol: graphql-transport-ws",
            "\r\n",
        ]
    ).encode()


def asked(gateway: Gateway, *headers: str, version: str = "1.1") -> bytes:
    """The head of a request for `BODY`."""
    own = (f"Authorization: Bearer {gateway.key}", f"Content-Length: {len(BODY)}", *headers)
    head = [f"POST /graphql HTTP/{version}", "Host: a", "Content-Type: application/json", *own, "\r\n"]
    return "\r\n".join(head).encode()


async def switched(wire: Wire) -> bool:
    return b" 101 " in await wire.reader.readuntil(b"\r\n")


@pytest.mark.parametrize(
    "connection",
    [
        ("Upgrade",),
        ("keep-alive, Upgrade",),
        ("Upgrade, Keep-Alive",),
        ("keep-alive", "upgrade"),
        ("keep-alive ,\tupgrade",),
    ],
)
async def test_an_upgrade_is_one_however_its_connection_is_written(connection: tuple[str, ...], served: Served) -> None:
    async with served.connected() as wire:
        wire.send(upgrade(*connection))
        assert await switched(wire)


async def test_no_answer_is_written_into_a_websocket_that_was_asked_for_behind_it(
    gateway: Gateway, served: Served
) -> None:
    for behind in (upgrade("Upgrade"), asked(gateway) + BODY + upgrade("Upgrade")):
        async with served.connected() as wire:
            wire.send(asked(gateway) + BODY + behind)
            response = await wire.response()
            assert response is not None
            assert response.json == ANSWER
            assert await wire.reader.read() == b""
    # Once it is answered, the connection may become one, and is no idle one then.
    async with served.connected() as wire, served.connected() as idle:
        wire.send(asked(gateway) + BODY)
        assert (await wire.response()) is not None
        wire.send(upgrade("Upgrade"))
        assert await switched(wire)
        idle.send(asked(gateway) + BODY)
        assert await idle.response() is not None
        assert await idle.reader.read() == b""
        await wire.reader.readuntil(b"\r\n\r\n")
        wire.send(Frame(Opcode.PING, b"there?").serialize(mask=True))
        assert (await wire.reader.readexactly(8))[2:] == b"there?"


async def test_who_waits_to_be_told_to_go_on_is_told_where_the_version_knows_it(
    gateway: Gateway, served: Served
) -> None:
    async with served.connected() as wire:
        wire.send(asked(gateway, "Expect: 100-continue"))
        assert await wire.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(BODY)
        response = await wire.response()
        assert response is not None
        assert response.json == ANSWER
    async with served.connected() as wire:
        wire.send(asked(gateway, "Expect: 100-continue", version="1.0") + BODY)
        response = await wire.response()
        assert response is not None
        assert (response.status, response.json) == (200, ANSWER)


@pytest.mark.parametrize(
    "content_type",
    ["application/graphql", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"],
)
async def test_a_body_of_another_type_is_told_which_it_may_be(content_type: str, gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": content_type}
    response = await gateway.http.post("/graphql", content=QUERY, headers=headers)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "application/json" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/graphql-response+json, application/json"])
async def test_an_answer_says_that_it_is_json_to_clients_that_look_for_it(accept: str, gateway: Gateway) -> None:
    for query, status in ((QUERY, 200), ("{nothing}", 200), ("{", 200)):
        response = await gateway.post({"query": query}, headers={"Accept": accept})
        assert response.status_code == status
        assert response.headers["content-type"].startswith("application/json")


async def test_an_address_that_is_too_long_is_told_so_that_a_page_can_read_it(gateway: Gateway, served: Served) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", timeout=PATIENCE) as http:
        headers = {"Authorization": f"Bearer {gateway.key}", "Origin": PAGE}
        # Beyond the 2,048 characters at which urql changes to POST.
        fitting = await http.get("/graphql", params={"query": f"{QUERY} #{'x' * 8_000}"}, headers=headers)
        assert fitting.json() == ANSWER
        headers["X-Filler"] = "x" * 60_000
        response = await http.get("/graphql", params={"query": f"{QUERY} #{'x' * 8_000}"}, headers=headers)
        assert (response.status_code, code(response)) == (431, "HEADERS_TOO_LARGE")
        assert response.headers["access-control-allow-origin"] == PAGE


LOST: list[tuple[str, dict[str, Any]]] = [
    ("($id: ID) { deleteInteractions(input: { where: { featureId: { eq: $id } } })", {"id": None}),
    ("($id: ID) { deleteInteractions(input: { where: { featureId: { eq: $id } } })", {}),
    ("($id: ID) { deleteInteractions(input: { where: { and: [{ featureId: { eq: $id } }] } })", {}),
    ("{ deleteInteractions(input: { where: { featureId: {} } })", {}),
    ("($where: InteractionWhere!) { deleteInteractions(input: { where: $where })", {"where": None}),
    ("($where: InteractionWhere!) { deleteInteractions(input: { where: $where })", {"where": {"userId": {"eq": None}}}),
]


@pytest.mark.parametrize(("asked_for", "variables"), LOST)
async def test_nothing_is_erased_by_a_filter_whose_value_was_lost(
    asked_for: str, variables: dict[str, Any], gateway: Gateway
) -> None:
    answer = await gateway.execute(f"mutation {asked_for} {{ job {{ state }} }} }}", variables)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert (await gateway.data("{ jobs(first: 1) { nodes { id } } }"))["jobs"]["nodes"] == []


async def test_a_listing_takes_no_filter_for_one_that_is_null_as_a_whole(gateway: Gateway) -> None:
    query = "query ($where: InteractionWhere) { interactions(where: $where) { totalCount } }"
    whole: list[dict[str, Any]] = [{}, {"where": None}, {"where": {}}]
    for variables in whole:
        assert await gateway.data(query, variables) == {"interactions": {"totalCount": 0}}
    for where in ({"and": None}, {"nor": [None]}, {"searchRequest": None}):
        [error] = (await gateway.execute(query, {"where": where}))["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
