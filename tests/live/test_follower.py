import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Code
from pymongo.errors import BulkWriteError

from gateway.context import Namespace, Reach
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.insights.derived_keys import SearchKey
from gateway.live.follower import Follower
from gateway.model.derived_documents import DERIVATION_STATES, ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.scheduling.cancellation import cancel
from gateway.store.client import Client, Collection, Database, Driver, watch
from gateway.store.derivation_state import DerivationState
from gateway.store.derivation_walk import STAGES
from gateway.store.index_creation import create_indexes
from gateway.store.lease import LeaseLost
from gateway.store.writer import Writer
from tests.generators.stored_searches import NAMESPACES, searches
from tests.harness.derivation import derived, differences
from tests.harness.gateway_client import open_gateway
from tests.harness.waiting import soon
from tests.oracle import derived_documents as oracle

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SHOP = Namespace("ns_shop", "shop", "org_1", NOW)


@pytest.fixture(params=["pymongo", "motor"])
def driver(request: pytest.FixtureRequest) -> Driver:
    driver: Driver = request.param
    return driver


@pytest.fixture
async def database(client: Client, database_name: str) -> Database:
    await create_indexes(client[database_name])
    return client[database_name]


@asynccontextmanager
async def following(database: Database) -> AsyncIterator[None]:
    """A process that follows."""
    task = asyncio.create_task(Follower(database).run())
    try:
        yield
    finally:
        await cancel([task])


async def record(database: Database, *parts: dict[str, Any]) -> None:
    wires: list[dict[str, Any]] = [{"feature_id": "p1", "interaction_type": "click", **part} for part in parts]
    await Writer(database).record(SHOP, [validate_interaction(wire) for wire in wires], NOW)


async def insert(collection: Collection, documents: list[dict[str, Any]]) -> None:
    """Inserts what the indexes take: not lists at two places of one."""
    with suppress(BulkWriteError):
        await collection.insert_many(documents, ordered=False)


def search(id: str, **parts: Any) -> dict[str, Any]:
    return {"search_request_id": id, "queries": [], "collections": [], **parts}


async def counts(database: Database, search_request_id: str = "r1") -> Any:
    outcome = await database[SEARCH_OUTCOMES].find_one({"search_request_id": search_request_id})
    return outcome and outcome["counts"]


async def views(database: Database) -> int:
    counted = await counts(database)
    return int(counted and counted.get("view", 0))


async def is_exact(database: Database) -> bool:
    """Whether what is derived is what plain Python makes of what is stored."""
    requests = await database["search_requests"].find().to_list(None)
    interactions = await database["interactions"].find().to_list(None)
    outcomes = await database[SEARCH_OUTCOMES].find().to_list(None)
    days = await database[ITEM_DAYS].find().to_list(None)
    expected = oracle.search_outcomes(requests, interactions)
    assert {repr(outcome["_id"]): outcome for outcome in outcomes} == {repr(made["_id"]): made for made in expected}
    assert {repr(day["_id"]): day for day in days} == {
        repr(made["_id"]): made for made in oracle.item_days(interactions).values()
    }
    assert await differences(database) == ()
    return True


async def test_what_was_recorded_before_anybody_followed_is_derived(database: Database) -> None:
    await record(database, {"search_request": search("r1")}, {"search_request_id": "r1", "interaction_type": "view"})
    await derived(database)
    assert await counts(database) == {"click": 1, "view": 1}
    assert await is_exact(database)


async def test_a_process_that_follows_derives_what_is_recorded(database: Database) -> None:
    async with following(database):
        await record(database, {"search_request": search("r1", session_id="s1")})
        await derived(database)
        assert await counts(database) == {"click": 1}
        await record(database, {"search_request_id": "r1", "interaction_type": "view"})
        await derived(database)
    assert await counts(database) == {"view": 1, "click": 1}
    assert await is_exact(database)


async def test_a_stub_counts_for_its_items_and_as_a_search_once_that_is_recorded(database: Database) -> None:
    writer = Writer(database)
    wire = {"interaction_id": "i1", "feature_id": "p1", "interaction_type": "click", "search_request_id": "r1"}
    await writer.record(SHOP, [validate_interaction(wire)], NOW, makes_stubs=True)
    await derived(database)
    assert await database[SEARCH_OUTCOMES].count_documents({}) == 0
    assert await database[ITEM_DAYS].count_documents({"counts.click": 1}) == 1
    assert await is_exact(database)
    async with following(database):
        full = search("r1", session_id="s1", result_count=3)
        await writer.record_search_request(SHOP, validate_search_request(full), NOW)
        await derived(database)
    outcome = await database[SEARCH_OUTCOMES].find_one({"search_request_id": "r1"})
    assert outcome is not None
    assert (outcome["counts"], outcome["visit"], outcome["searches_clicked"]) == ({"click": 1}, "s:s1", 1)
    assert await is_exact(database)
    # Deleted by others, and named again before that is followed.
    await database["search_requests"].delete_many({})
    await writer.record(SHOP, [validate_interaction(wire | {"interaction_id": "i2"})], NOW, makes_stubs=True)
    await derived(database)
    assert await database[SEARCH_OUTCOMES].count_documents({}) == 0
    assert await is_exact(database)


async def test_deleting_takes_back_what_was_counted(database: Database) -> None:
    await record(
        database,
        {"interaction_id": "i1", "search_request": search("r1")},
        {"interaction_id": "i2", "search_request_id": "r1", "feature_id": "p2"},
    )
    await derived(database)
    assert await counts(database) == {"click": 2}
    await Writer(database).delete_interaction(Reach(SHOP), "i1")
    await derived(database)
    assert await counts(database) == {"click": 1}
    assert [day["feature_id"] async for day in database[ITEM_DAYS].find()] == ["p2"]
    await database["search_requests"].delete_many({})
    await derived(database)
    assert await database[SEARCH_OUTCOMES].count_documents({}) == 0
    assert await is_exact(database)


@pytest.mark.parametrize("odd", [False, True], ids=["recorded", "of other programs"])
async def test_writes_of_every_kind_are_followed(database: Database, odd: bool) -> None:
    requests, interactions = searches(11, requests=120, interactions=240, odd=odd)
    for part in range(4):
        await insert(database["search_requests"], requests[part::4])
        await insert(database["interactions"], interactions[part::4])
        await derived(database)
        await database["interactions"].update_many({"position": 1}, {"$set": {"position": 7, "user_id": "u3"}})
        await database["interactions"].update_many({"feature_id": "p2"}, {"$set": {"feature_id": "p4"}})
        await database["search_requests"].update_many(
            {"effective_session_id": "s2", "query_text": "hat"}, {"$set": {"effective_session_id": "s3"}}
        )
        await database["interactions"].delete_many({"feature_id": "p3"})
        await database["search_requests"].delete_many({"query_text": "run"})
        await derived(database)
        assert await is_exact(database)
    await database["search_requests"].delete_many({})
    await database["interactions"].delete_many({"namespace_id": {"$in": list(NAMESPACES)}})
    await derived(database)
    assert await is_exact(database)


async def test_one_odd_document_holds_up_nobody_elses(database: Database) -> None:
    odd = Code("f()", {"a": 1})
    async with following(database):
        for name in ("feature_id", "search_request_id", "namespace_id", "interaction_id"):
            document = {"namespace_id": SHOP.id, "feature_id": "p1", "occurred_at": NOW, "interaction_id": name}
            await database["interactions"].insert_one({**document, name: odd})
        await database["search_requests"].insert_one({"namespace_id": SHOP.id, "search_request_id": odd})
        await record(database, {"search_request": search("r1")})
        await derived(database)
    assert await counts(database) == {"click": 1}
    assert await is_exact(database)


async def test_what_was_written_between_two_owners_is_derived_by_the_next(database: Database) -> None:
    async with following(database):
        await record(database, {"search_request": search("r1")})
        await derived(database)
    await record(database, {"interaction_id": "i2", "search_request_id": "r1"})
    await Writer(database).delete_interaction(Reach(SHOP), "i2")
    await record(database, {"search_request_id": "r1", "interaction_type": "purchase"})
    assert await counts(database) == {"click": 1}
    async with following(database):
        await derived(database)
    assert await counts(database) == {"click": 1, "purchase": 1}
    assert await is_exact(database)


async def test_who_died_as_the_owner_is_followed_by_another(database: Database) -> None:
    await record(database, {"search_request": search("r1")})
    dead = DerivationState(database)
    assert await dead.take()
    # For as long as the lease lasts, nobody does.
    assert not await Follower(database).catch_up()
    await database[DERIVATION_STATES].update_one({}, {"$set": {"until": NOW}})
    await derived(database)
    assert await counts(database) == {"click": 1}
    with pytest.raises(LeaseLost):
        await dead.forget()


async def test_several_that_may_follow_have_one_owner_and_the_next_follows_at_once(database: Database) -> None:
    async with following(database), following(database):
        await record(database, {"search_request": search("r1")})
        await derived(database)
        # Its owner may be about to look for what is gone still.
        await soon(lambda: _is_made(database))
    state = await DerivationState(database).read()
    assert (state.is_owned, state.rebuild, state.waiting) == (False, None, ())
    assert await DerivationState(database).take()


async def _is_made(database: Database) -> bool:
    state = await DerivationState(database).read()
    return state.rebuild is None and not state.waiting


async def test_two_writers_of_one_search_are_both_counted(database: Database) -> None:
    async with following(database):
        request = search("r1", session_id="s1")
        await asyncio.gather(
            *[
                record(database, {"search_request": request, "interaction_id": f"i{number}", "user_id": f"u{number}"})
                for number in range(30)
            ]
        )
        await derived(database)
    assert await counts(database) == {"click": 30}
    assert await is_exact(database)


async def test_what_is_deleted_during_a_rebuild_is_not_left(database: Database) -> None:
    requests, interactions = searches(5, requests=60, interactions=120)
    await database["search_requests"].insert_many(requests)
    await database["interactions"].insert_many(interactions)
    await derived(database)
    follower = Follower(database)
    await follower.ask_for_rebuild()
    places: list[int] = []

    def delete(done: int) -> None:
        places.append(done)
        request, item = requests[len(places)]["_id"], f"p{len(places)}"
        deletions.append(asyncio.ensure_future(database["interactions"].delete_many({"feature_id": item})))
        deletions.append(asyncio.ensure_future(database["search_requests"].delete_one({"_id": request})))

    deletions: list[asyncio.Future[Any]] = []
    assert await follower.catch_up(delete)
    await asyncio.gather(*deletions)
    assert len(places) == 4
    await derived(database)
    assert await is_exact(database)


async def test_an_interrupted_rebuild_goes_on_where_it_was(database: Database) -> None:
    requests, interactions = searches(5, requests=60, interactions=120)
    await database["search_requests"].insert_many(requests)
    await database["interactions"].insert_many(interactions)

    def interrupt(_done: int) -> None:
        # Raised rather than cancelled: a cancellation may reach the follower only after it has ended.
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        await Follower(database).catch_up(interrupt)
    state = await DerivationState(database).read()
    assert state.rebuild is not None
    assert state.rebuild.stage != STAGES[0]
    places: list[int] = []
    await Follower(database).catch_up(places.append)
    assert len(places) == len(STAGES) - 1 - STAGES.index(state.rebuild.stage)
    assert await is_exact(database)


async def test_what_nobody_can_tell_any_more_is_derived_again(database: Database) -> None:
    await record(database, {"search_request": search("r1")})
    await derived(database)
    await database["interactions"].drop()
    await create_indexes(database)
    await record(database, {"search_request_id": "r1", "interaction_type": "view"})
    await derived(database)
    assert await counts(database) == {"view": 1}
    assert await is_exact(database)


async def test_what_is_dear_waits_and_is_kept_meanwhile(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.derivation._DEAR_DOCUMENTS", 1)
    monkeypatch.setattr("gateway.live.pending_keys._DOCUMENTS_PER_SECOND", 1e-3)
    await record(database, {"search_request": search("r1", session_id="s1")})
    await derived(database)
    state = DerivationState(database)
    changes = await watch(database[DERIVATION_STATES], [], full_document="updateLookup")
    async with following(database):
        for kind in ("view", "skip"):
            await record(database, {"search_request_id": "r1", "interaction_type": kind})
            # The first is derived at once, the second is not.
            async for change in changes:
                if bool(change["fullDocument"].get("waiting")) == (kind == "skip") and await views(database) == 1:
                    break
    await changes.close()
    # Nobody has to wait for what is made by the next owner.
    assert SearchKey("ns_shop", "r1") in (await state.read()).waiting
    await derived(database)
    assert await counts(database) == {"view": 1, "click": 1, "skip": 1}
    assert await is_exact(database)


async def test_a_served_gateway_follows_and_leaves_the_lease_as_it_ends(
    database: Database, mongod: EmbeddedServer
) -> None:
    async with open_gateway(database, mongod.uri, insights=True) as gateway:
        await record(database, {"search_request": search("r1")})
        await derived(gateway.database)
        assert await counts(database) == {"click": 1}
    assert not (await DerivationState(database).read()).is_owned
