"""Every read, write, join, count and derived document of the contract has the key that its collection is sharded by."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import Timestamp

from gateway.context import Namespace, Reach
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.percolators import PERCOLATOR_MATCH
from gateway.model.wire import validate_interaction
from gateway.store.client import Database
from gateway.store.derivation_check import DerivationCheck
from gateway.store.derivation_walk import Walk
from gateway.store.derived_fields import rebuild
from gateway.store.index_creation import create_indexes
from gateway.store.percolator_matches import PercolatorMatches
from gateway.store.writer import Writer
from tests.execution.test_operation_runner import FOLDER, NAMES
from tests.harness.command_log import Command, commands
from tests.harness.derivation import derived
from tests.harness.shard_keys import SHARDED, untargeted

SCALING = Path(__file__).parents[2] / "docs" / "scaling.md"
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SHOP = Namespace("ns_shop", "shop", "org_1", NOW)

# What asks every shard, as docs/scaling.md says, with its reason.
EVERYWHERE: dict[str, Callable[[Command], bool]] = {
    "the database's time": lambda command: command.get("filter") == {"_id": None},
    "a change stream": lambda command: "$changeStream" in str(command.get("pipeline", [])[:1]),
    "a walk through a whole collection": lambda command: command.get("limit") in (1_000, 4_000) and "hint" in command,
    "a pass over all recorded documents": lambda command: command.get("filter") == {} and "batchSize" in command,
    "sizes of collections": lambda command: "count" in command,
}


def broadcast(sent: list[Command]) -> tuple[list[str], set[str]]:
    """What isn't targeted and has no reason; and the reasons of what is so with one."""
    unreasoned, reasons = [], set()
    for command in sent:
        problems = list(untargeted(command))
        named = {reason for reason, applies in EVERYWHERE.items() if problems and applies(command)}
        reasons |= named
        if problems and not named:
            unreasoned += [f"{problem}: {json.dumps(command, default=str)[:500]}" for problem in problems]
    return unreasoned, reasons


@pytest.mark.parametrize("name", NAMES)
def test_commands_of_golden_operations_name_the_namespace(name: str) -> None:
    golden = json.loads((FOLDER / f"{name}.json").read_bytes())
    unreasoned, reasons = broadcast(golden["commands"])
    assert unreasoned == []
    assert reasons <= {"the database's time", "a change stream"}


async def test_what_is_recorded_derived_matched_and_deleted_names_the_namespace(database: Database) -> None:
    await create_indexes(database)
    query = {"vector_index": "text", "value": "shoes", "type": "text"}
    request = {"search_request_id": "r1", "queries": [query], "collections": ["c"]}
    view: dict[str, Any] = {"feature_id": "p1", "interaction_type": "view", "session_id": "s1"}
    recordings = [
        validate_interaction(view | {"interaction_id": "i1", "search_request": request}),
        validate_interaction(view | {"interaction_id": "i2", "search_request_id": "r1"}),
        validate_interaction(view | {"interaction_id": "i3", "occurred_at": "2024-04-30T12:00:00Z"}),
    ]
    writer, matches = Writer(database), PercolatorMatches(database)
    match = {"_id": "m", "percolator_id": "pc_1", "interaction_id": "i1", "happened": 1, "namespace_id": SHOP.id}
    with commands() as sent:
        await writer.record(SHOP, recordings, NOW)
        await writer.record(SHOP, recordings, NOW)
        await derived(database)
        await writer.delete_interaction(Reach(SHOP), "i3")
        await database["search_requests"].delete_one({"search_request_id": "r1", "namespace_id": SHOP.id})
        await derived(database)
        assert (await DerivationCheck(database).run()).differences == ()
        await matches.insert([match])
        await matches.remove_of_interactions(SHOP.id, [("i1", Timestamp(2, 1))])
        await matches.remove_of_percolator(SHOP.id, "pc_1")
        await rebuild(database)
        await Walk(database).total()
    unreasoned, reasons = broadcast(sent)
    assert unreasoned == []
    touched = {name for command in sent for name in command.values() if isinstance(name, str)}
    assert touched >= SHARDED - {PERCOLATOR_MATCH.collection}
    assert reasons == set(EVERYWHERE)
    for collection in (SEARCH_OUTCOMES, ITEM_DAYS):
        assert await database[collection].count_documents({"namespace_id": {"$ne": SHOP.id}}) == 0


async def test_what_is_merged_has_the_shard_key(database: Database) -> None:
    """Where a collection is sharded, `$merge` finds what it replaces by `_id` and the key of what it is given."""
    await create_indexes(database)
    request = {"queries": [], "collections": [], "session_id": "s1"}
    view = {"feature_id": "p1", "interaction_type": "view", "search_request": request}
    await Writer(database).record(SHOP, [validate_interaction(view | {"interaction_id": "i1"})], NOW)
    with commands() as sent:
        await derived(database)
    merging = [command for command in sent if command.get("pipeline") and "$merge" in command["pipeline"][-1]]
    assert {command["pipeline"][-1]["$merge"]["into"] for command in merging} == {SEARCH_OUTCOMES, ITEM_DAYS}
    for command in merging:
        made = await (await database[command["aggregate"]].aggregate(command["pipeline"][:-1])).to_list()
        assert made
        assert {document["namespace_id"] for document in made} == {SHOP.id}


def test_what_asks_every_shard_is_documented() -> None:
    text = SCALING.read_text()
    for reason in EVERYWHERE:
        assert f"| {reason} |" in text
    listed = re.findall(r"^sh\.shardCollection\(\"gateway\.(\w+)\", { namespace_id: 1, _id: 1 }", text, re.MULTILINE)
    assert set(listed) == SHARDED


def test_what_names_no_namespace_is_found_out() -> None:
    named = {"$match": {"namespace_id": "ns_1"}}
    sent: list[Command] = [
        {"find": "interactions", "filter": {"$or": [{"namespace_id": "ns_1"}, {"user_id": "u"}]}},
        {"delete": "interactions", "deletes": [{"q": {"_id": 1}, "limit": 1}]},
        {"insert": "item_days", "documents": [{"_id": 1}]},
        {"aggregate": "interactions", "pipeline": [{"$sort": {"_id": 1}}, named]},
        {"aggregate": "interactions", "pipeline": [named, {"$lookup": {"from": "search_outcomes", "pipeline": []}}]},
        {"aggregate": 1, "pipeline": [{"$documents": []}, {"$unionWith": {"coll": "search_requests"}}]},
        {"aggregate": "interactions", "pipeline": [named, {"$merge": {"into": "item_days", "on": "_id"}}]},
    ]
    assert [len(list(untargeted(command))) for command in sent] == [1] * len(sent)
