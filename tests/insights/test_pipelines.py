from collections.abc import Mapping
from typing import Any

import pytest

from gateway.insights.item_days import item_days, merged_into_item_days
from gateway.insights.search_outcomes import merged_into_outcomes, outcomes
from gateway.insights.visits import merged_into_visits, neighbours
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.store.client import Database, aggregate
from tests.generators.stored_searches import NAMESPACES, searches
from tests.oracle import derived_documents as oracle


async def derive(database: Database) -> None:
    for namespace_id in NAMESPACES:
        for collection, pipeline in (
            ("search_requests", outcomes(namespace_id, {}) + merged_into_outcomes()),
            (SEARCH_OUTCOMES, neighbours(namespace_id, {}) + merged_into_visits()),
            ("interactions", item_days(namespace_id, {}) + merged_into_item_days()),
        ):
            await aggregate(database[collection], pipeline)


async def stored(database: Database, collection: str) -> dict[Any, Mapping[str, Any]]:
    return {repr(document["_id"]): document async for document in database[collection].find()}


@pytest.mark.parametrize("odd", [False, True], ids=["recorded", "of other programs"])
@pytest.mark.parametrize("seed", range(6))
async def test_derived_documents_are_what_plain_python_makes_of_the_same(
    database: Database, seed: int, odd: bool
) -> None:
    requests, interactions = searches(seed, requests=150, interactions=300, odd=odd)
    await database["search_requests"].insert_many(requests)
    await database["interactions"].insert_many(interactions)
    await derive(database)
    requests = await database["search_requests"].find({"namespace_id": {"$in": list(NAMESPACES)}}).to_list()
    interactions = await database["interactions"].find().to_list()
    expected = {repr(outcome["_id"]): outcome for outcome in oracle.search_outcomes(requests, interactions)}
    assert await stored(database, SEARCH_OUTCOMES) == expected
    days = oracle.item_days(
        interaction for interaction in interactions if interaction.get("namespace_id") in NAMESPACES
    )
    assert await stored(database, ITEM_DAYS) == {repr(day["_id"]): day for day in days.values()}
    # Once more: nothing changes.
    await derive(database)
    assert await stored(database, SEARCH_OUTCOMES) == expected
