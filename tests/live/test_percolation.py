"""What is recorded is matched with the percolators there are: once, in order, by one owner after the other."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.live.follower import Follower
from gateway.model.derived_documents import DERIVATION_STATES
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_MATCH
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.scheduling.cancellation import cancel
from tests.harness.derivation import derived
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.waiting import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
CREATE = "mutation ($input: CreatePercolatorInput!) { createPercolator(input: $input) { percolator { percolatorId } } }"
UPDATE = "mutation ($input: UpdatePercolatorInput!) { updatePercolator(input: $input) { percolator { enabled } } }"
DELETE = "mutation ($input: DeletePercolatorInput!) { deletePercolator(input: $input) { deletedId } }"
MATCHES = """query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  percolator(percolatorId: $id) { matchCount
    matches(first: $first, after: $after, last: $last, before: $before) {
      nodes { interaction { interactionId } matched } totalCount
      pageInfo { endCursor startCursor hasNextPage hasPreviousPage }
    }
  }
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(house: Gateway) -> Gateway:
    """The gateway over empty collections, all of which is derived."""
    for collection in ("interactions", "search_requests", PERCOLATOR.collection, PERCOLATOR_MATCH.collection):
        await house.database[collection].delete_many({})
    await derived(house.database)
    return house


async def create(gateway: Gateway, where: Any, **more: Any) -> str:
    data = await gateway.data(CREATE, {"input": {"name": "n", "where": where, **more}})
    return str(data["createPercolator"]["percolator"]["percolatorId"])


async def record(gateway: Gateway, *ids: str, **fields: Any) -> None:
    wires: list[dict[str, Any]] = [{"feature_id": "p1", "interaction_type": "click", **fields} for _ in ids]
    recordings = [validate_interaction({**wire, "interaction_id": id}) for wire, id in zip(wires, ids, strict=True)]
    await gateway.writer.record(gateway.namespace, recordings, NOON)


async def matched(gateway: Gateway, id: str) -> list[str]:
    """The ids of what a percolator matched, all of which is told in several ways."""
    data = await gateway.data(MATCHES, {"id": id, "first": 100})
    matches = data["percolator"]["matches"]
    assert data["percolator"]["matchCount"] == matches["totalCount"] == len(matches["nodes"])
    return [node["interaction"]["interactionId"] for node in matches["nodes"]]


async def test_what_is_recorded_from_then_on_is_matched_in_its_order(gateway: Gateway) -> None:
    await record(gateway, "before")
    id = await create(gateway, {"featureId": {"eq": "p1"}})
    ids = [f"i{(7 * number) % 25:02}" for number in range(25)]
    await record(gateway, *ids[:20])
    await record(gateway, "other", feature_id="p2")
    await record(gateway, *ids[20:])
    await derived(gateway.database)
    assert await matched(gateway, id) == ids
    seen, after = [], None
    for _ in range(3):
        page = (await gateway.data(MATCHES, {"id": id, "first": 10, "after": after}))["percolator"]["matches"]
        seen += [node["interaction"]["interactionId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == ids
    assert not page["pageInfo"]["hasNextPage"]
    page = (await gateway.data(MATCHES, {"id": id, "last": 10, "before": after}))["percolator"]["matches"]
    assert [node["interaction"]["interactionId"] for node in page["nodes"]] == ids[-11:-1]


async def test_it_is_told_by_which_comparisons(gateway: Gateway) -> None:
    where = {
        "interactionType": {"eq": "CLICK"},
        "or": [{"position": {"lt": 3}}, {"metadata": [{"path": "price", "operator": "GTE", "value": 10}]}],
    }
    id = await create(gateway, where)
    await record(gateway, "i1", position=1)
    await record(gateway, "i2", position=9, metadata={"price": 12})
    await record(gateway, "i3", position=9)
    await derived(gateway.database)
    nodes = (await gateway.data(MATCHES, {"id": id}))["percolator"]["matches"]["nodes"]
    assert [(node["interaction"]["interactionId"], node["matched"]) for node in nodes] == [
        ("i1", ["position < 3", 'interactionType = "click"']),
        ("i2", ["metadata.price >= 10", 'interactionType = "click"']),
    ]


async def test_an_interaction_ahead_of_its_search_is_matched_once_that_is_known(gateway: Gateway) -> None:
    by_text = await create(gateway, {"text": {"contains": "shoes"}})
    by_item = await create(gateway, {"featureId": {"eq": "p1"}})
    without_text = await create(gateway, {"featureId": {"eq": "p1"}, "text": {"eq": ""}})
    wire = {"interaction_id": "i1", "feature_id": "p1", "interaction_type": "click", "search_request_id": "r1"}
    await gateway.writer.record(gateway.namespace, [validate_interaction(wire)], NOON, makes_stubs=True)
    await derived(gateway.database)
    assert [await matched(gateway, id) for id in (by_text, by_item, without_text)] == [[], ["i1"], ["i1"]]
    query = {"vector_index": "keyword", "type": "text", "value": "red shoes"}
    full = {"search_request_id": "r1", "queries": [query], "collections": []}
    await gateway.writer.record_search_request(gateway.namespace, validate_search_request(full), NOON)
    await derived(gateway.database)
    assert [await matched(gateway, id) for id in (by_text, by_item, without_text)] == [["i1"], ["i1"], []]


async def test_what_is_recorded_before_anybody_followed_is_matched_too(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri) as gateway:
        await record(gateway, "before")
        id = await create(gateway, {"featureId": {"eq": "p1"}})
        await record(gateway, "i1", "i2")
        await derived(gateway.database)
        assert await matched(gateway, id) == ["i1", "i2"]


WHERES: list[Any] = [
    {},
    {"featureId": {"in": ["p1", "p3"]}},
    {"position": {"gte": 2}},
    {"text": {"eq": "running shoes"}},
    {"text": {"startsWith": "run"}},
    {"searchRequest": {"query": {"value": {"eq": "Running  Shoes"}}}},
    {"searchRequest": {"filters": {"key": "brand", "value": "Nike"}}},
    {"searchRequest": {"collections": {"has": "shoes"}}},
    {"sessionId": {"eq": "s1"}},
    {"nor": [{"userId": {"exists": True}}]},
    {"occurredAt": {"gte": "2024-05-01T12:00:00Z", "lt": "2024-05-02T00:00:00Z"}, "interactionType": {"eq": "CLICK"}},
    {"metadata": [{"path": "device.os", "operator": "EQ", "value": "IOS", "caseSensitive": False}]},
]


async def test_they_match_what_a_listing_with_the_same_filter_lists(gateway: Gateway) -> None:
    ids = [await create(gateway, where) for where in WHERES]
    request = {
        "search_request_id": "r1",
        "session_id": "s1",
        "queries": [{"vector_index": "text", "type": "text", "value": "Running  Shoes"}],
        "collections": ["shoes"],
        "filters": {"AND": [{"key": "brand", "value": "Nike"}]},
    }
    await record(gateway, "a", search_request=request, position=2)
    await record(gateway, "b", search_request_id="r1", user_id="u1", interaction_type="view")
    await record(gateway, "c", feature_id="p3", metadata={"device": {"os": "iOS"}}, occurred_at="2024-05-02T01:00:00Z")
    await record(gateway, "d", feature_id="p2", position=5, session_id="s1")
    await derived(gateway.database)
    query = "query ($where: InteractionWhere) { interactions(where: $where) { nodes { interactionId } } }"
    some = 0
    for id, where in zip(ids, WHERES, strict=True):
        listed = (await gateway.data(query, {"where": where}))["interactions"]["nodes"]
        assert await matched(gateway, id) == sorted(node["interactionId"] for node in listed), where
        some += len(listed)
    assert some > len(WHERES)


async def test_changes_count_from_when_they_are_made(gateway: Gateway) -> None:
    id = await create(gateway, {"featureId": {"eq": "p1"}})
    disabled = await create(gateway, {"featureId": {"eq": "p1"}}, enabled=False)
    # All of this is followed at once, and each in its order.
    await record(gateway, "i1")
    await record(gateway, "i2", feature_id="p2")
    await gateway.data(UPDATE, {"input": {"percolatorId": id, "where": {"featureId": {"eq": "p2"}}}})
    await record(gateway, "i3")
    await record(gateway, "i4", feature_id="p2")
    await gateway.data(UPDATE, {"input": {"percolatorId": id, "enabled": False}})
    await record(gateway, "i5", feature_id="p2")
    await gateway.data(UPDATE, {"input": {"percolatorId": id, "enabled": True}})
    await record(gateway, "i6", feature_id="p2")
    await derived(gateway.database)
    assert await matched(gateway, id) == ["i6"]
    assert await matched(gateway, disabled) == []
    await record(gateway, "i7", feature_id="p2")
    await derived(gateway.database)
    assert await matched(gateway, id) == ["i6", "i7"]


async def test_changes_are_followed_in_the_order_of_what_is_recorded(gateway: Gateway) -> None:
    async with following(gateway):
        id = await create(gateway, {"featureId": {"eq": "p1"}})
        await record(gateway, "i1")
        await matches_reach(gateway, 1)
        await record(gateway, "i2")
        await gateway.data(UPDATE, {"input": {"percolatorId": id, "where": {"featureId": {"eq": "p2"}}}})
        await record(gateway, "i3")
        await record(gateway, "i4", feature_id="p2")
        await gateway.data(UPDATE, {"input": {"percolatorId": id, "enabled": False}})
        await record(gateway, "i5", feature_id="p2")
        await gateway.data(UPDATE, {"input": {"percolatorId": id, "enabled": True}})
        await record(gateway, "i6", feature_id="p2")
        await matches_reach(gateway, 4)
    assert await matched(gateway, id) == ["i1", "i2", "i4", "i6"]


async def test_what_is_deleted_takes_its_matches_along(gateway: Gateway) -> None:
    first, second = [await create(gateway, {"featureId": {"eq": "p1"}}) for _ in range(2)]
    await record(gateway, "i1", "i2", "i3")
    await derived(gateway.database)
    delete = 'mutation { deleteInteraction(input: {interactionId: "i2"}) { deletedId } }'
    await gateway.data(delete)
    await record(gateway, "i4")
    await gateway.data(delete.replace("i2", "i4"))
    await derived(gateway.database)
    assert await matched(gateway, first) == await matched(gateway, second) == ["i1", "i3"]
    # Recorded again it is another recording.
    await record(gateway, "i2")
    await derived(gateway.database)
    assert await matched(gateway, first) == ["i1", "i3", "i2"]
    await record(gateway, "i5")
    await gateway.data(DELETE, {"input": {"percolatorId": first}})
    await derived(gateway.database)
    assert await gateway.database[PERCOLATOR_MATCH.collection].distinct("percolator_id") == [second]
    assert await matched(gateway, second) == ["i1", "i3", "i2", "i5"]


async def test_what_is_matched_again_after_a_restart_is_matched_once(gateway: Gateway) -> None:
    id = await create(gateway, {"featureId": {"eq": "p1"}})
    state = await gateway.database[DERIVATION_STATES].find_one({"_id": "derivation"})
    assert state is not None
    await record(gateway, "i1", "i2")
    await derived(gateway.database)
    later = await create(gateway, {"featureId": {"eq": "p1"}})
    first = await gateway.database[PERCOLATOR_MATCH.collection].find().to_list()
    # As if it had ended ahead of noting how far it was.
    await gateway.database[DERIVATION_STATES].update_one({"_id": "derivation"}, {"$set": {"token": state["token"]}})
    await derived(gateway.database)
    assert await gateway.database[PERCOLATOR_MATCH.collection].find().to_list() == first
    assert await matched(gateway, id) == ["i1", "i2"]
    assert await matched(gateway, later) == []


@asynccontextmanager
async def following(gateway: Gateway) -> AsyncIterator[None]:
    """A process that follows."""
    task = asyncio.create_task(Follower(gateway.database).run())
    try:
        yield
    finally:
        await cancel([task])


async def matches_reach(gateway: Gateway, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await gateway.database[PERCOLATOR_MATCH.collection].count_documents({}) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_the_newest_matches_are_kept(gateway: Gateway) -> None:
    busy, other = [await create(gateway, {"featureId": {"eq": item}}) for item in ("p1", "p2")]
    ids = [f"i{number:02}" for number in range(12)]
    await record(gateway, *ids[:5])
    await record(gateway, "other", feature_id="p2")
    await record(gateway, *ids[5:])
    assert await Follower(gateway.database, kept_matches=3).catch_up()
    assert await matched(gateway, busy) == ids[-3:]
    assert await matched(gateway, other) == ["other"]


async def test_two_that_follow_match_everything_once(gateway: Gateway) -> None:
    id = await create(gateway, {"featureId": {"eq": "p1"}})
    ids = [f"i{number:03}" for number in range(90)]
    async with following(gateway), following(gateway):
        for start in range(0, 90, 10):
            await record(gateway, *ids[start : start + 10])
        await matches_reach(gateway, 90)
    await derived(gateway.database)
    assert await matched(gateway, id) == ids


async def test_an_owner_that_is_killed_is_followed_by_another(gateway: Gateway) -> None:
    id = await create(gateway, {"featureId": {"eq": "p1"}})
    ids = [f"i{number:03}" for number in range(60)]
    async with following(gateway):
        await record(gateway, *ids[:20])
        await matches_reach(gateway, 20)
        state = await gateway.database[DERIVATION_STATES].find_one({"_id": "derivation"})
        assert state is not None
    # It has the lease still, as one that was killed has, and another waits for that to end.
    lease = {"owner": "killed", "until": state["until"]}
    await gateway.database[DERIVATION_STATES].update_one(
        {"_id": "derivation"}, {"$set": {**lease, "token": state["token"]}}
    )
    async with following(gateway):
        await record(gateway, *ids[20:40])
        await matches_reach(gateway, 40)
        await record(gateway, *ids[40:])
        await matches_reach(gateway, 60)
    assert await matched(gateway, id) == ids


FOLLOW = """
import asyncio, sys
from gateway.live.follower import Follower
from gateway.store.client import open_client

async def follow():
    await Follower(open_client(sys.argv[1])[sys.argv[2]]).run()

asyncio.run(follow())
"""


async def test_an_owner_that_is_killed_under_load_loses_nothing_and_repeats_nothing(
    gateway: Gateway, mongod: EmbeddedServer
) -> None:
    id = await create(gateway, {"featureId": {"eq": "p1"}})
    ids = [f"i{number:03}" for number in range(200)]
    arguments = (sys.executable, "-c", FOLLOW, mongod.uri, gateway.database.name)
    owner = await asyncio.create_subprocess_exec(*arguments)
    await record(gateway, *ids[:20])
    await matches_reach(gateway, 1)
    other = await asyncio.create_subprocess_exec(*arguments)
    try:
        for start in range(20, 200, 10):
            await record(gateway, *ids[start : start + 10])
            if start == 60:
                owner.kill()
        await matches_reach(gateway, 200)
    finally:
        other.kill()
        await asyncio.gather(owner.wait(), other.wait())
    assert await matched_in_pages(gateway, id) == ids


async def matched_in_pages(gateway: Gateway, id: str) -> list[str]:
    seen: list[str] = []
    after, more = None, True
    while more:
        data = await gateway.data(MATCHES, {"id": id, "first": 100, "after": after})
        page = data["percolator"]["matches"]
        seen += [node["interaction"]["interactionId"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return seen
