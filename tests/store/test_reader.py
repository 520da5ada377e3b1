"""Commands whose conditions try to name another namespace: they read their own all the same."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.context import Namespace, Reach
from gateway.limits import DEFAULTS
from gateway.model.derived_documents import SEARCH_OUTCOMES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import validate_interaction
from gateway.plan.commands import Count, Find, Scan
from gateway.plan.joined_listings import JoinedCount, JoinedFind
from gateway.plan.joins import Join, JoinCount, Spans
from gateway.plan.outcomes import OUTCOME, OUTCOME_INDEX, OutcomeScan
from gateway.plan.predicate import Lookup
from gateway.plan.usage import Usage
from gateway.store.client import Database
from gateway.store.reader import Reader
from gateway.store.writer import Writer

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
OWN = Namespace("ns_own", "own", "org_1", NOON)
FOREIGN = Namespace("ns_foreign", "foreign", "org_2", NOON)

HOSTILE: dict[str, dict[str, Any]] = {
    "a branch": {"intervals": ({"namespace_id": FOREIGN.id},)},
    "one of several branches": {"intervals": ({"interaction_id": "none"}, {"namespace_id": FOREIGN.id})},
    "a branch of alternatives": {"intervals": ({"$or": [{"namespace_id": FOREIGN.id}, {}]},)},
    "a lookup": {"lookup": Lookup("namespace_id", (FOREIGN.id,))},
    "a lookup of several values": {"lookup": Lookup("namespace_id", (FOREIGN.id, OWN.id))},
    "a lookup in several branches": {
        "lookup": Lookup("namespace_id", (FOREIGN.id, OWN.id)),
        "intervals": ({"namespace_id": FOREIGN.id}, {"interaction_id": "none"}),
    },
    "a residual": {"residual": ({"namespace_id": FOREIGN.id},)},
    "a residual of alternatives": {"residual": ({"$or": [{"namespace_id": FOREIGN.id}, {}]},)},
}


@pytest.fixture
async def reader(database: Database) -> Reader:
    """Of a database in which either namespace has one interaction, with the same ids."""
    for namespace in (OWN, FOREIGN):
        recording = validate_interaction(
            {
                "interaction_id": "i",
                "feature_id": "f",
                "interaction_type": "view",
                "session_id": "s",
                # What is recorded names the other namespace as well.
                "namespace_id": FOREIGN.id,
                "metadata": {"stored_in": namespace.id},
            }
        )
        await Writer(database).record(namespace, [recording], NOON)
    return Reader(database, time_limit_ms=10_000)


@pytest.mark.parametrize("conditions", HOSTILE.values(), ids=HOSTILE)
async def test_no_condition_replaces_the_namespace(reader: Reader, conditions: dict[str, Any]) -> None:
    scan = Scan(Reach(OWN), INTERACTION, **conditions)
    found = await reader.run(Find(scan, {"namespace_id": 1}, (), 10, "time"), Usage(DEFAULTS.usage))
    join = Join(scan, "feature_id", ["f"], {"namespace_id": 1}, (("occurred_at", 1),), 10)
    rows = await reader.run(join, Usage(DEFAULTS.usage))
    documents = [*found, *rows.get("f", ())]
    assert [document for document in documents if document["namespace_id"] != OWN.id] == []
    assert await reader.run(Count(scan, 10, "time"), Usage(DEFAULTS.usage)) == len(found) <= 1
    totals = await reader.run(JoinCount(scan, "feature_id", ["f"], 10), Usage(DEFAULTS.usage))
    assert totals is not None
    assert totals.get("f", 0) == len(found)
    # The same with outcomes joined, of which there are none.
    joined = replace(scan, of_outcome=({},))
    listed = JoinedFind(joined, {"namespace_id": 1}, (("occurred_at", 1),), 10, collection=scan.collection)
    documents = [*await reader.run(listed, Usage(DEFAULTS.usage))]
    assert [document["namespace_id"] for document in documents] == [OWN.id] * len(found)
    counted = JoinedCount(joined, 10, collection=scan.collection)
    assert await reader.run(counted, Usage(DEFAULTS.usage)) == len(found)


async def test_what_became_of_a_search_is_known_by_its_own_namespace(reader: Reader, database: Database) -> None:
    for namespace in (OWN, FOREIGN):
        await database[SEARCH_OUTCOMES].insert_one(
            {"namespace_id": namespace.id, "search_request_id": "r", "clicked": namespace is FOREIGN}
        )
    await database[INTERACTION.collection].update_many({}, {"$set": {"search_request_id": "r"}})
    for clicked in (True, False):
        scan = Scan(Reach(OWN), INTERACTION, of_outcome=({f"{OUTCOME}.clicked": clicked},))
        command = JoinedFind(scan, {"_id": 1}, (("occurred_at", 1),), 10, collection=scan.collection)
        assert len(await reader.run(command, Usage(DEFAULTS.usage))) == (not clicked)
    found = await reader.run(
        Find(OutcomeScan(OWN, ["r"]), {"_id": 0, "clicked": 1}, (), 0, OUTCOME_INDEX), Usage(DEFAULTS.usage)
    )
    assert found == [{"clicked": False}]


async def test_a_session_is_known_by_what_is_in_its_own_namespace(reader: Reader, database: Database) -> None:
    await database[INTERACTION.collection].update_one(
        {"namespace_id": FOREIGN.id}, {"$set": {"effective_session_id": "foreign", "occurred_at": NOON}}
    )
    for path, keys in (("effective_session_id", ["s", "foreign"]), ("namespace_id", [FOREIGN.id])):
        spans = ((INTERACTION, path), (SEARCH_REQUEST, path))
        sessions = await reader.run(Spans(Reach(OWN), keys, spans), Usage(DEFAULTS.usage))
        assert sessions.keys() == ({"s"} if "s" in keys else set())


async def test_nothing_recorded_replaces_the_namespace(reader: Reader, database: Database) -> None:
    stored = await database[INTERACTION.collection].find().to_list()
    assert {document["namespace_id"] for document in stored} == {OWN.id, FOREIGN.id}
    assert all(document["namespace_id"] == document["metadata"]["stored_in"] for document in stored)
    assert all(document["shadowed"] == {"namespace_id": FOREIGN.id} for document in stored)
