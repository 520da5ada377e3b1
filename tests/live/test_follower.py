import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.errors import BulkWriteError

from gateway.context import Namespace
from gateway.live.follower import Follower
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.wire import validate_interaction
from gateway.scheduling.cancellation import cancel
from gateway.store.client import Client, Collection, Database, Driver
from gateway.store.index_creation import create_indexes
from gateway.store.writer import Writer
from tests.generators.stored_searches import NAMESPACES, searches
from tests.harness.derivation import derived, differences
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


async def test_deleting_takes_back_what_was_counted(database: Database) -> None:
    await record(
        database,
        {"interaction_id": "i1", "search_request": search("r1")},
        {"interaction_id": "i2", "search_request_id": "r1", "feature_id": "p2"},
    )
    await derived(database)
    assert await counts(database) == {"click": 2}
    await Writer(database).delete_interaction(SHOP, "i1")
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
