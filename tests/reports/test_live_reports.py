"""Reports of subscriptions: numbers 52 to 58 of the log in this folder's README."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORDED, record, served, socket, stream

pytestmark = pytest.mark.asyncio(loop_scope="module")

VIEWER = "{ viewer { keyName } }"
ANSWER = {"data": {"viewer": {"keyName": "web"}}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(gateway: Gateway) -> AsyncIterator[str]:
    async with served(gateway.app) as address:
        yield address


@pytest.mark.parametrize("queries", [(RECORDED, RECORDED), (RECORDED, VIEWER)])
async def test_an_id_in_use_closes_the_socket_however_soon_it_comes_again(
    queries: tuple[str, str], gateway: Gateway, address: str
) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        for query in queries:
            await client.subscribe("same", query)
        assert await client.closed() == (4409, "Subscriber for same already exists")


async def test_an_id_is_free_once_its_operation_is_completed(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        for round in range(3):
            await client.subscribe("1")
            await client.say({"type": "complete", "id": "1"})
            # Neither twice nor for an id that there never was is completing an error.
            await client.say({"type": "complete", "id": "1"})
            await client.say({"type": "complete", "id": "never"})
            await client.subscribe("1")
            await client.begun()
            await record(gateway, f"again-{round}")
            assert await client.recorded("1") == f"again-{round}"
            await client.say({"type": "complete", "id": "1"})
            await client.subscribe("1", VIEWER)
            assert await client.event("1") == ANSWER
            assert await client.hear() == {"id": "1", "type": "complete"}


async def test_what_was_completed_is_told_no_more_and_its_neighbours_go_on(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("kept")
        await client.subscribe("left")
        await client.begun()
        await client.say({"type": "complete", "id": "left"})
        await client.begun()
        for number in range(3):
            await record(gateway, f"kept-{number}")
            assert await client.recorded("kept") == f"kept-{number}"


async def test_a_pong_answers_with_the_pings_payload_and_without_one_has_none(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.say({"type": "ping"})
        assert await client.hear() == {"type": "pong"}
        await client.init(gateway.key)
        for payload in ({"sent": 1}, {}):
            await client.say({"type": "ping", "payload": payload})
            assert await client.hear() == {"type": "pong", "payload": payload}
        for message in ({"type": "pong"}, {"type": "pong", "payload": None}, {"type": "pong", "payload": {"a": 1}}):
            await client.say(message)
        await client.say({"type": "ping", "payload": None})
        assert await client.hear() == {"type": "pong"}


async def test_an_initialisation_that_is_sent_again_at_once_closes_the_socket(gateway: Gateway, address: str) -> None:
    init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {gateway.key}"}}
    for messages, code in (([{"type": "connection_init"}, init], 4401), ([init, init], 4429)):
        async with socket(address) as client:
            for message in messages:
                await client.say(message)
            assert (await client.closed())[0] == code
        async with socket(address) as client:
            await client.init(gateway.key)
            await client.begun()


async def test_queries_are_answered_while_a_subscription_is_under_way(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("events")
        ids = [f"q{number}" for number in range(5)]
        for id in ids:
            await client.subscribe(id, VIEWER, operationName=None, extensions=None)
        told = [await client.hear() for _ in range(2 * len(ids))]
        assert sorted(message["id"] for message in told if message["type"] == "complete") == ids
        assert all(message["payload"] == ANSWER for message in told if message["type"] == "next")
        await record(gateway, "meanwhile")
        assert await client.recorded("events") == "meanwhile"


@pytest.mark.parametrize(
    "query",
    [
        "subscription { __typename }",
        "subscription { __typename interactionRecorded { interactionId } }",
        "subscription ($no: Boolean = false) { interactionRecorded @include(if: $no) { interactionId } }",
        "subscription { a: interactionRecorded { interactionId } b: interactionRecorded { interactionId } }",
    ],
)
async def test_a_subscription_has_one_field_that_is_an_event(query: str, gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", query)
        message = await client.hear()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    async with stream(address, gateway.key, query) as told:
        event = await told.event()
        assert event is not None
        assert event[1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert await told.event() == ("complete", None)


async def test_the_end_of_a_stream_is_an_event_with_data_for_event_sources(gateway: Gateway, address: str) -> None:
    async with stream(address, gateway.key, VIEWER, method="GET") as told:
        assert await told.event() == ("next", ANSWER)
        assert await told.frame() == "event: complete\ndata: "
        assert await told.frame() is None
