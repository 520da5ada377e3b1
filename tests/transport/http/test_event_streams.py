"""GraphQL over server-sent events, each operation over a connection of its own: frame by frame."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import ConnectionLimits
from gateway.model.kinds import INTERACTION
from gateway.transport.http import event_streams
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORD, RECORDED, record, served, socket, stream
from tests.harness.waiting import PATIENCE
from tests.harness.wire_client import nothing_logged, serving

VIEWER = "{ viewer { keyName } }"
DELETE = 'mutation { deleteInteraction(input: {interactionId: "x"}) { deletedId } }'
EVENTS = "text/event-stream"
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(house: Gateway) -> Gateway:
    """One of which nothing is recorded."""
    await house.database[INTERACTION.collection].delete_many({})
    return house


@pytest_asyncio.fixture(loop_scope="module")
async def address(gateway: Gateway) -> AsyncIterator[str]:
    async with served(gateway.app) as address:
        yield address


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_subscription_is_a_stream_of_events(method: str, gateway: Gateway, address: str) -> None:
    async with stream(address, gateway.key, method=method) as events:
        response = events.response
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        await record(gateway, "i1")
        assert await events.recorded() == "i1"
        assert bytes(events.raw) == (
            b":\n\n"
            b'event: next\ndata: {"data":{"interactionRecorded":{"interactionId":"i1","interactionType":"CLICK"}}}\n\n'
        )


@pytest.mark.parametrize("accept", [EVENTS, URQL, f"{EVENTS};q=0.1, */*", "Text/Event-Stream"])
async def test_a_subscription_is_streamed_to_whoever_names_the_media_type(
    accept: str, gateway: Gateway, address: str
) -> None:
    async with stream(address, gateway.key, accept=accept) as events:
        headers = events.response.headers
        assert headers["content-type"].startswith(EVENTS)
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
        answered = await gateway.post({"query": "{ __typename }"})
        assert headers["vary"] == answered.headers["vary"]


@pytest.mark.parametrize(
    "accept", ["application/json", "application/graphql-response+json", "*/*", "text/*", f"{EVENTS};q=0"]
)
async def test_a_subscription_is_refused_to_whoever_does_not(accept: str, gateway: Gateway) -> None:
    response = await gateway.post({"query": RECORDED}, headers={"Accept": accept})
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("application/")
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert EVENTS in error["message"]


@pytest.mark.parametrize("query", [VIEWER, DELETE])
async def test_other_operations_are_answered_in_json_where_it_is_taken(query: str, gateway: Gateway) -> None:
    response = await gateway.post({"query": query}, headers={"Accept": URQL})
    assert response.headers["content-type"].startswith("application/")
    assert "data" in response.json()


async def test_where_nothing_else_is_taken_every_answer_is_a_stream(gateway: Gateway, address: str) -> None:
    async with stream(address, gateway.key, VIEWER) as events:
        assert await events.event() == ("next", {"data": {"viewer": {"keyName": "web"}}})
        assert await events.event() == ("complete", None)
        assert await events.event() is None
        assert bytes(events.raw).endswith(b"\n\nevent: complete\ndata: \n\n")
        assert b"\r" not in events.raw
    variables = {"input": {"interactionId": "i1", "featureId": "p", "interactionType": "VIEW"}}
    async with stream(address, gateway.key, RECORD, variables) as events:
        event = await events.event()
        assert event is not None
        assert event[1]["data"]["recordInteraction"]["created"] is True


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        (RECORD, "BAD_USER_INPUT"),
        ("subscription { interactionRecorded(where: {userId: {in: null}}) { id } }", "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_begin_is_told_in_an_event(query: str, code: str, gateway: Gateway, address: str) -> None:
    async with stream(address, gateway.key, query) as events:
        assert events.response.status_code == 200
        event = await events.event()
        assert event is not None
        assert event[0] == "next"
        assert {error["extensions"]["code"] for error in event[1]["errors"]} == {code}
        assert "data" not in event[1]
        assert await events.event() == ("complete", None)


async def test_who_may_not_subscribe_is_told_by_a_status(gateway: Gateway, address: str) -> None:
    writer = await gateway.make_key(Permission.WRITE)
    for key, status, code in (("nonsense", 401, "UNAUTHENTICATED"), (writer, 403, "FORBIDDEN")):
        async with stream(address, key) as events:
            assert events.response.status_code == status
            await events.response.aread()
            assert events.response.json()["errors"][0]["extensions"]["code"] == code
    async with stream(address, gateway.key, namespace="nonsense") as events:
        assert events.response.status_code == 403


async def test_a_mutation_by_get_is_refused_in_any_case(gateway: Gateway, address: str) -> None:
    async with stream(address, gateway.key, RECORD, {}, method="GET") as events:
        assert events.response.status_code == 405
        assert events.response.headers["allow"] == "POST, OPTIONS"


async def test_comments_keep_a_quiet_stream_alive(
    gateway: Gateway, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "HEARTBEAT_SECONDS", 0.05)
    async with stream(address, gateway.key) as events:
        for _ in range(3):
            assert await events.frame() == ":"
        await record(gateway, "i1")
        assert await events.recorded() == "i1"
        assert await events.frame() == ":"


async def test_whoever_leaves_is_forgotten(gateway: Gateway, address: str) -> None:
    async with stream(address, gateway.key):
        pass
    # Another client gets the same.
    async with stream(address, gateway.key) as events, socket(address) as other:
        await other.init(gateway.key)
        await other.subscribe("1")
        await other.begun()
        await record(gateway, "i1")
        assert await events.recorded() == await other.recorded() == "i1"


async def test_whoever_reads_nothing_is_given_up(
    mongod: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(event_streams, "UNREAD_SECONDS", 0.3)
    monkeypatch.setattr(event_streams, "CLOSING_SECONDS", 0.3)
    limits = ConnectionLimits(drain_seconds=0)
    async with (
        new_gateway(mongod.uri) as gateway,
        serving(gateway.app, limits, unread_seconds=1) as served,
    ):
        connections = served.server.server_state.connections
        async with served.connected() as wire:
            body = b'{"query": "subscription { interactionRecorded { json } }"}'
            head = f"POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {gateway.key}\r\nAccept: {EVENTS}\r\n"
            wire.send(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            assert b" 200 " in await wire.reader.readuntil(b"\r\n\r\n")
            with nothing_logged(caplog):
                async with asyncio.timeout(PATIENCE):
                    # More than the kernel takes for a client that doesn't read.
                    while connections:
                        await record(gateway, uuid4().hex, metadata={"x": "y" * 200_000})
