"""Matches are told as they happen, each once, over a websocket and as an event stream."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_MATCH
from gateway.plan import global_ids
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import record, served, socket, stream

pytestmark = pytest.mark.asyncio(loop_scope="module")

CREATE = "mutation ($input: CreatePercolatorInput!) { createPercolator(input: $input) { percolator { percolatorId } } }"
MATCHED = """subscription ($ids: [ID!]) {
  percolatorMatched(ids: $ids) { interaction { interactionId } matched matchedAt }
}"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """A gateway that follows what is recorded."""
    async with new_gateway(mongod.uri, insights=True) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(house: Gateway) -> Gateway:
    for collection in ("interactions", PERCOLATOR.collection, PERCOLATOR_MATCH.collection):
        await house.database[collection].delete_many({})
    return house


async def create(gateway: Gateway, feature_id: str, **options: Any) -> str:
    input = {"name": "n", "where": {"featureId": {"eq": feature_id}}}
    data = await gateway.data(CREATE, {"input": input}, **options)
    return str(data["createPercolator"]["percolator"]["percolatorId"])


def match_of(payload: Any) -> tuple[str, list[str]]:
    match = payload["data"]["percolatorMatched"]
    assert match["matchedAt"].endswith("Z")
    return match["interaction"]["interactionId"], match["matched"]


async def test_matches_are_told_over_a_websocket_and_as_an_event_stream(gateway: Gateway) -> None:
    first, second = await create(gateway, "p1"), await create(gateway, "p2")
    second_id = global_ids.encode("Percolator", gateway.namespace.id, second)
    async with served(gateway.app) as address, socket(address) as client, stream(address, gateway.key, MATCHED) as told:
        await client.init(gateway.key)
        await client.subscribe("first", MATCHED, {"ids": [first]})
        await client.begun()
        for number in range(6):
            await record(gateway, f"i{number}", featureId=f"p{1 + number % 3}")
        for number in (0, 3):
            assert match_of(await client.event("first")) == (f"i{number}", ['featureId = "p1"'])
        seen = []
        for _ in range(4):
            event = await told.event()
            assert event is not None
            assert event[0] == "next", event
            seen.append(match_of(event[1])[0])
        assert sorted(seen) == ["i0", "i1", "i3", "i4"]
        assert seen.index("i0") < seen.index("i3")
        assert seen.index("i1") < seen.index("i4")
        await client.subscribe("second", MATCHED, {"ids": [second_id, "nothing"]})
        await client.begun()
        await record(gateway, "i6", featureId="p1")
        await record(gateway, "i7", featureId="p2")
        told_of = {
            (message["id"], match_of(message["payload"])[0]) for message in [await client.hear() for _ in range(2)]
        }
        assert told_of == {("first", "i6"), ("second", "i7")}


async def test_nothing_is_told_of_another_namespace(gateway: Gateway) -> None:
    foreign: dict[str, Any] = {"key": gateway.other_key, "namespace": gateway.other_namespace.id}
    id, other = await create(gateway, "p1"), await create(gateway, "p1", **foreign)
    ids = [id, global_ids.encode("Percolator", gateway.namespace.id, id), other]
    async with (
        served(gateway.app) as address,
        stream(address, gateway.other_key, MATCHED, {"ids": ids}, namespace=gateway.other_namespace.id) as told,
        stream(address, gateway.key, MATCHED) as mine,
    ):
        await record(gateway, "i1")
        event = await mine.event()
        assert event is not None
        assert match_of(event[1])[0] == "i1"
        recorded = "mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) { created } }"
        input = {"interactionId": "theirs", "featureId": "p1", "interactionType": "CLICK"}
        await gateway.data(recorded, {"input": input}, **foreign)
        event = await told.event()
        assert event is not None
        assert match_of(event[1])[0] == "theirs"


async def test_too_many_ids_are_refused(gateway: Gateway) -> None:
    async with served(gateway.app) as address, socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", MATCHED, {"ids": ["a"] * 1_001})
        message = await client.hear()
        assert message["type"] in ("error", "next"), message
        [error] = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
