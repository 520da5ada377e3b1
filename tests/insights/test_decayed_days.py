"""Histories of items, as MongoDB sums them up of their days, beside those summed up of interactions."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.insights.decayed_days import decayed_days, histories
from gateway.insights.feature_signals import COUNTED_TYPES, ItemHistory, SignalParameters, decay
from gateway.insights.item_days import item_days, merged_into_item_days
from gateway.model.derived_documents import ITEM_DAYS
from gateway.model.kinds import INTERACTION
from gateway.store.client import Database

NAMESPACE = "ns_own"
NOON = datetime(2024, 5, 8, 12, tzinfo=UTC)


def interaction(feature_id: Any, occurred_at: Any, type_: Any = "click", **stored: Any) -> dict[str, Any]:
    document = {"feature_id": feature_id, "occurred_at": occurred_at, "interaction_type": type_, **stored}
    return document | {"namespace_id": stored.get("namespace_id", NAMESPACE)}


async def store(database: Database, interactions: Sequence[dict[str, Any]]) -> None:
    """The interactions, and the days of their items."""
    collection = database[INTERACTION.collection]
    for emptied in (collection, database[ITEM_DAYS]):
        await emptied.delete_many({})
    await collection.insert_many(interactions)
    for namespace_id in {document["namespace_id"] for document in interactions}:
        await collection.aggregate([*item_days(namespace_id, {}), *merged_into_item_days()])


async def summed_up(
    database: Database, feature_ids: Sequence[str], as_of: datetime = NOON, *, half_life_days: float = 7.0
) -> dict[str, ItemHistory]:
    parameters = SignalParameters(half_life_days=half_life_days)
    rows = await database[ITEM_DAYS].aggregate(decayed_days(NAMESPACE, feature_ids, parameters, as_of))
    return histories(await rows.to_list())


async def test_what_was_done_counts_half_after_each_half_life(database: Database) -> None:
    week = timedelta(days=7)
    await store(
        database, [interaction("p", NOON - week * number, ["view", "click"], duration_ms=100) for number in range(3)]
    )
    assert await summed_up(database, ["p", "unknown"]) == {
        "p": ItemHistory(3, {"view": 1.75, "click": 1.75}, (300.0, 3))
    }


async def test_of_the_day_only_what_happened_until_then_counts(database: Database) -> None:
    early, late = NOON - timedelta(hours=1), NOON + timedelta(milliseconds=1)
    await store(
        database,
        [
            *(interaction("p", at, "click", duration_ms=50) for at in (early, NOON, late, late)),
            interaction("only later", late),
            interaction("only before", early),
            interaction("tomorrow", NOON + timedelta(days=1)),
        ],
    )
    found = await summed_up(database, ["p", "only later", "only before", "tomorrow"])
    assert found == {
        "p": ItemHistory(2, {"click": 2.0}, (100.0, 2)),
        "only before": ItemHistory(1, {"click": 1.0}, (0.0, 0)),
    }


async def test_what_is_done_later_changes_nothing(database: Database) -> None:
    await store(database, [interaction("p", NOON - timedelta(hours=1))])
    before = await summed_up(database, ["p"])
    # Its day isn't derived yet.
    await database[INTERACTION.collection].insert_one(interaction("p", NOON + timedelta(hours=1)))
    assert await summed_up(database, ["p"]) == before


async def test_an_item_that_others_stored_by_its_number_is_the_same_item(database: Database) -> None:
    later = NOON + timedelta(hours=1)
    await store(
        database, [interaction(7, NOON), interaction("7", NOON), interaction(7, later), interaction("7", later)]
    )
    assert await summed_up(database, ["7"]) == {"7": ItemHistory(2, {"click": 2.0}, (0.0, 0))}


async def test_what_other_namespaces_have_does_not_count(database: Database) -> None:
    later = NOON + timedelta(hours=1)
    await store(
        database,
        [
            *(interaction("p", at, namespace_id="ns_foreign") for at in (NOON - timedelta(days=1), NOON, later)),
            interaction("p", NOON),
        ],
    )
    assert await summed_up(database, ["p"]) == {"p": ItemHistory(1, {"click": 1.0}, (0.0, 0))}


@pytest.mark.parametrize("half_life_days", [5e-324, 1e-3, 1e308])
async def test_any_half_life_gives_a_weight(database: Database, half_life_days: float) -> None:
    await store(database, [interaction("p", NOON - timedelta(days=1)), interaction("p", NOON)])
    found = await summed_up(database, ["p"], half_life_days=half_life_days)
    assert found["p"].counts["click"] == pytest.approx(2.0 if half_life_days > 1 else 1.0)


TIMES = st.datetimes(datetime(2024, 5, 5), datetime(2024, 5, 9)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
)
LOGS = st.lists(
    st.builds(
        interaction,
        st.sampled_from(["p", "q"]),
        TIMES,
        st.one_of(st.sampled_from(COUNTED_TYPES), st.lists(st.sampled_from(["view", "click", "new"]), unique=True)),
        duration_ms=st.sampled_from([None, 10, 1.5, "5"]),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LOGS, TIMES, st.floats(0.5, 30.0))
async def test_days_give_what_interactions_give(
    database: Database, log: list[dict[str, Any]], as_of: datetime, half_life_days: float
) -> None:
    await store(database, [dict(document) for document in log])
    found = await summed_up(database, ["p", "q"], as_of, half_life_days=half_life_days)
    expected = of_interactions(log, as_of, half_life_days)
    assert found.keys() == expected.keys()
    for feature_id, (interactions, counts, durations) in expected.items():
        assert found[feature_id].interactions == interactions
        assert found[feature_id].durations == durations
        assert found[feature_id].counts == pytest.approx(counts, rel=1e-12)


def of_interactions(
    log: Sequence[Mapping[str, Any]], as_of: datetime, half_life_days: float
) -> dict[str, tuple[int, Mapping[str, float], tuple[int, int]]]:
    interactions, counts = Counter[str](), defaultdict[str, Counter[str]](Counter)
    durations = defaultdict[str, list[int]](list)
    for document in log:
        if document["occurred_at"] > as_of:
            continue
        item, types = document["feature_id"], document["interaction_type"]
        interactions[item] += 1
        if document["duration_ms"] == 10:
            durations[item].append(10)
        for type_ in {types} if isinstance(types, str) else set(types):
            if type_ in COUNTED_TYPES:
                weight = decay(document["occurred_at"], as_of, half_life_days)
                counts[item][type_] += weight  # type: ignore[assignment]  # a counter of decayed interactions
    return {
        item: (number, dict(counts[item]), (sum(durations[item]), len(durations[item])))
        for item, number in interactions.items()
    }
