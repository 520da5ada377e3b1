"""What events cost a key, and what becomes of them where it has no points left."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Code, ObjectId, Timestamp

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.live import key_share, topic
from gateway.model.kinds import INTERACTION
from gateway.model.wire import validate_interaction
from gateway.plan.cost import LEAST
from gateway.scheduling.paid_work import CONNECTION_POINTS
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORDED, served, socket, stream
from tests.harness.waiting import PATIENCE

# One point comes back each second, which doesn't matter to counts of hundreds.
SLOW = {"rate_limit_burst": 10_000, "rate_limit_restore": 1}
NESTED = "subscription { interactionRecorded { feature { interactions(first: 10) { nodes { interactionId } } } } }"
SPENT = "{ viewer { rateLimit { limit remaining } } }"
_QUESTIONS = 10
NOTHING = {"where": {"userId": {"eq": "nobody"}}}


async def insert(gateway: Gateway, ids: Sequence[str], **fields: Any) -> None:
    """Without spending anybody's points."""
    wires = [{"interaction_id": id, "feature_id": "p1", "interaction_type": "view", **fields} for id in ids]
    validated = [validate_interaction({"search_request": None, **wire}) for wire in wires]
    await gateway.writer.record(gateway.namespace, validated, datetime.now(UTC))


async def spent(gateway: Gateway, key: str) -> int:
    """The points that a key has spent, this question's one among them."""
    answer = await gateway.data(SPENT, key=key)
    rate = answer["viewer"]["rateLimit"]
    return int(rate["limit"] - rate["remaining"])


def about(points: int, since: float) -> Any:
    """So many points, but for those that came back ``since`` then, and those of the questions themselves."""
    returned = asyncio.get_running_loop().time() - since + 1
    return pytest.approx(points + _QUESTIONS - returned / 2, abs=_QUESTIONS + returned / 2)


def numbered(count: int, prefix: str = "i") -> list[str]:
    return [f"{prefix}{number:03}" for number in range(count)]


async def test_an_event_costs_what_is_read_for_it(mongod: EmbeddedServer) -> None:
    since = asyncio.get_running_loop().time()
    async with new_gateway(mongod.uri, **SLOW) as gateway, served(gateway.app) as address:
        await gateway.make_known(RECORDED, NESTED, SPENT)
        async with stream(address, gateway.key) as told:
            await insert(gateway, numbered(200))
            assert [await told.recorded() for _ in range(200)] == numbered(200)
        assert await spent(gateway, gateway.key) == about(200 + CONNECTION_POINTS, since)
        async with stream(address, gateway.key, NESTED) as told:
            await insert(gateway, numbered(50, "n"))
            for _ in range(50):
                event = await told.event()
                assert event is not None
                nodes = event[1]["data"]["interactionRecorded"]["feature"]["interactions"]["nodes"]
                assert len(nodes) == 10
        # What is nested in several that are read at once is read once.
        returned = asyncio.get_running_loop().time() - since + 1
        assert 200 + 50 - returned < await spent(gateway, gateway.key) < 200 + 50 * 11 + _QUESTIONS


async def test_documents_with_ids_of_any_kind_are_told_and_end_nothing(mongod: EmbeddedServer) -> None:
    """What other programs insert."""
    ids: list[Any] = [{"part": 1}, Code("f()", {"a": 1}), 1.0, None, Timestamp(1, 2), ObjectId()]
    async with new_gateway(mongod.uri) as gateway, served(gateway.app) as address:
        await gateway.make_known(RECORDED)
        async with stream(address, gateway.key) as told:
            await insert(gateway, ["first"])
            document = await gateway.database[INTERACTION.collection].find_one({"interaction_id": "first"})
            assert document
            others = [{**document, "_id": id, "interaction_id": f"other-{number}"} for number, id in enumerate(ids)]
            await gateway.database[INTERACTION.collection].insert_many(others)
            await insert(gateway, ["last"])
            expected = ["first", *(other["interaction_id"] for other in others), "last"]
            assert [await told.recorded() for _ in expected] == expected


async def test_subscriptions_of_a_key_that_ask_the_same_share_what_it_costs(mongod: EmbeddedServer) -> None:
    since = asyncio.get_running_loop().time()
    async with new_gateway(mongod.uri, **SLOW) as gateway, served(gateway.app) as address:
        await gateway.make_known(RECORDED, NESTED, SPENT)
        other = await gateway.make_key(Permission.READ)
        async with socket(address) as client, socket(address) as neighbour:
            for one, key, ids in ((client, gateway.key, "12345"), (neighbour, other, "1")):
                await one.init(key)
                for id in ids:
                    await one.subscribe(id)
                await one.begun()
            await insert(gateway, numbered(300))
            for _ in range(5 * 300):
                assert (await client.hear())["type"] == "next"
            assert [await neighbour.recorded() for _ in range(300)] == numbered(300)
        for key, begun in ((gateway.key, 5), (other, 1)):
            assert await spent(gateway, key) == about(300 + CONNECTION_POINTS + begun * LEAST, since)


async def test_events_wait_for_points_and_none_is_lost(mongod: EmbeddedServer) -> None:
    async with (
        new_gateway(mongod.uri, rate_limit_burst=40, rate_limit_restore=40) as gateway,
        served(gateway.app) as address,
    ):
        await gateway.make_known(RECORDED)
        async with stream(address, gateway.key) as told:
            began = asyncio.get_running_loop().time()
            await insert(gateway, numbered(120))
            assert [await told.recorded() for _ in range(120)] == numbered(120)
            assert asyncio.get_running_loop().time() - began > 1


async def test_where_too_many_wait_for_points_the_subscription_ends_and_no_other(
    mongod: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic, "_MAX_WAITING", 100)
    # Nobody is to wait for it.
    monkeypatch.setattr(key_share, "_MAX_HOLD_UP_SECONDS", 2 * PATIENCE)
    async with new_gateway(mongod.uri, rate_limit_burst=1_000, rate_limit_restore=1) as gateway:
        await gateway.make_known(RECORDED, NESTED)
        poor, rich = gateway.key, await gateway.make_key(Permission.READ)
        async with served(gateway.app) as address, socket(address) as client, stream(address, rich) as told:
            await client.init(poor)
            await client.subscribe("1", NESTED)
            await client.begun()
            expected = []
            async with asyncio.timeout(PATIENCE):
                # What is nested in several is read once: the more are read at once, the later are the points spent.
                for number in range(16):
                    ids = numbered(60, f"i{number}-")
                    await insert(gateway, ids)
                    expected += ids
                    assert [await told.recorded() for _ in ids] == ids
                while (message := await client.hear())["type"] == "next":
                    pass
            assert (message["id"], message["type"]) == ("1", "error")
            [error] = message["payload"]
            assert error["extensions"]["code"] == "RATE_LIMITED"
            assert error["extensions"]["retryAfter"] >= 1
            assert "events were lost" in error["message"]
            # The socket serves on.
            await client.begun()


async def test_looking_in_vain_costs_what_an_operation_does(mongod: EmbeddedServer) -> None:
    since = asyncio.get_running_loop().time()
    async with new_gateway(mongod.uri, **SLOW) as gateway, served(gateway.app) as address:
        await gateway.make_known(RECORDED, SPENT)
        other_key = await gateway.make_key(Permission.READ)
        async with stream(address, gateway.key, variables=NOTHING), stream(address, other_key) as other:
            for number in range(60):
                await insert(gateway, [f"i{number}"])
                assert await other.recorded() == f"i{number}"
        assert await spent(gateway, gateway.key) == about(60 * LEAST + CONNECTION_POINTS, since)


async def test_events_that_have_more_bytes_together_than_may_be_read_at_once_are_all_told(
    mongod: EmbeddedServer,
) -> None:
    whole = "subscription { interactionRecorded { interactionId searchRequest { json } } }"
    async with (
        new_gateway(mongod.uri, **SLOW, read_limit_bytes=200_000) as gateway,
        served(gateway.app) as address,
        stream(address, gateway.key, whole) as told,
    ):
        request = {"search_request_id": "r", "queries": [], "collections": [], "note": "x" * 40_000}
        await insert(gateway, numbered(50), search_request=request)
        assert [await told.recorded() for _ in range(50)] == numbered(50)
        assert await spent(gateway, gateway.key) > 50 * 40_000 / 4_000


async def test_a_filter_costs_what_it_does_in_a_listing_for_each_batch(mongod: EmbeddedServer) -> None:
    compared = [{"path": "os", "operator": "CONTAINS", "value": text} for text in ("android", "ios")]
    sentences = {"where": {"or": [{"metadata": [comparison]} for comparison in compared]}}
    served_by_index = {"where": {"userId": {"eq": "u"}, "featureId": {"eq": "p1"}}}
    listing = "query ($where: InteractionWhere) { interactions(first: 1, where: $where) { nodes { id } } }"
    async with new_gateway(mongod.uri, **SLOW) as gateway, served(gateway.app) as address:
        asking, cheap = gateway.key, await gateway.make_key(Permission.READ)
        # By whom the documents are known from now on: what is new is paid for by the time that it takes.
        first = await gateway.make_key(Permission.READ)
        async with stream(address, first):
            answer = await gateway.execute(listing, sentences, key=first)
        surcharge = answer["extensions"]["cost"]["requested"] - 1
        assert surcharge >= 100
        async with (
            stream(address, asking, variables=sentences) as told,
            stream(address, cheap, variables=served_by_index) as other,
        ):
            begun, since = await spent(gateway, asking), asyncio.get_running_loop().time()
            assert begun > surcharge
            for number in range(10):
                await insert(gateway, [f"i{number}"], user_id="u", metadata={"os": "ios 1"})
                assert await told.recorded() == await other.recorded() == f"i{number}"
            returned = asyncio.get_running_loop().time() - since + 1
            # Or more, where a busy machine examines for longer than that pays for.
            assert await spent(gateway, asking) - begun > 10 * surcharge + 10 - returned
        assert await spent(gateway, cheap) < surcharge
