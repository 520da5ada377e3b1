"""Copies of search requests that many interactions have: made anew in batches, whoever is interrupted."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bson import ObjectId

from gateway.context import Namespace, Reach
from gateway.model.documents import STUB
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.plan.usage import UNLIMITED, Usage
from gateway.plan.write_commands import Recorded, RecordSearchRequest, RecordSearchRequests
from gateway.store.client import Database
from gateway.store.derived_fields import check, rebuild
from gateway.store.writer import Writer
from tests.harness.command_log import commands

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SHOP = Namespace("ns_shop", "shop", "org_1", NOW)
COUNT = 2_500
SEARCH: dict[str, Any] = {"search_request_id": "r1", "queries": [], "collections": ["c"], "session_id": "s1"}


async def clicked(writer: Writer, **fields: Any) -> None:
    """Many interactions of one search, a thousand at a time."""
    wires = [
        {"interaction_id": f"i{number}", "feature_id": "p", "interaction_type": "click", **fields}
        for number in range(COUNT)
    ]
    for first in range(0, COUNT, 1_000):
        batch = [validate_interaction(wire) for wire in wires[first : first + 1_000]]
        outcomes = await writer.record(SHOP, batch, NOW, makes_stubs=True)
        assert all(isinstance(outcome, Recorded) for outcome in outcomes)


def search(text: str) -> dict[str, Any]:
    return SEARCH | {"queries": [{"vector_index": "text", "type": "text", "value": text}]}


async def completed(writer: Writer) -> None:
    await writer.record_search_request(SHOP, validate_search_request(search("lamp")), NOW)


async def replaced(writer: Writer, text: str) -> None:
    recording = RecordSearchRequest(Reach(SHOP), validate_search_request(search(text)), NOW, is_dated=False)
    [outcome] = await writer.run(RecordSearchRequests(Reach(SHOP), [recording], replaces=True), Usage(UNLIMITED))
    assert isinstance(outcome, Recorded)


async def copies(database: Database, text: str) -> int:
    whole = {"query_text": text, "search_request.queries.value": text, "effective_session_id": "s1"}
    return await database["interactions"].count_documents(whole)


def sizes(sent: list[dict[str, Any]]) -> list[int]:
    """How many interactions each update is of."""
    updates = [command["updates"] for command in sent if command.get("update") == "interactions"]
    return [sum(len(update["q"]["_id"]["$in"]) for update in update_) for update_ in updates]


async def test_a_completion_reaches_all_copies_of_the_stub_in_batches(database: Database) -> None:
    writer = Writer(database)
    await clicked(writer, search_request_id="r1")
    with commands() as sent:
        await completed(writer)
    assert sizes(sent) == [1_000, 1_000, 500]
    assert await copies(database, "lamp") == COUNT
    assert (await check(database)).wrong == 0


async def test_a_completion_that_ended_among_its_copies_is_finished_by_who_comes_next(database: Database) -> None:
    writer, interactions = Writer(database), database["interactions"]
    await clicked(writer, search_request_id="r1")
    stubs = await interactions.find({}).limit(1_200).to_list(None)
    await completed(writer)
    # As they are where its process was killed.
    await interactions.delete_many({"_id": {"$in": [stub["_id"] for stub in stubs]}})
    await interactions.insert_many(stubs)
    await database["search_requests"].update_one({}, {"$set": {STUB: uuid4()}})
    with commands() as sent:
        await completed(writer)
    assert sizes(sent) == [1_000, 200]
    assert await copies(database, "lamp") == COUNT
    assert await database["search_requests"].count_documents({STUB: {"$exists": True}}) == 0


async def test_a_correction_reaches_all_copies_in_batches(database: Database) -> None:
    writer = Writer(database)
    await clicked(writer, search_request=search("lamp"))
    with commands() as sent:
        await replaced(writer, "lamps")
    assert sizes(sent) == [1_000, 1_000, 500]
    assert await copies(database, "lamps") == COUNT
    assert (await check(database)).wrong == 0


async def test_a_correction_leaves_the_session_that_an_interaction_has_itself(database: Database) -> None:
    """However another program stored its id."""
    writer, interactions = Writer(database), database["interactions"]
    own: list[Any] = ["own", 42, ObjectId("6631f1c0a7b2c3d4e5f60718"), "", None, True]
    for number, session in enumerate(own):
        wire = {"interaction_id": f"i{number}", "feature_id": "p", "interaction_type": "click"}
        await writer.record(SHOP, [validate_interaction(wire | {"search_request": search("lamp")})], NOW)
        await interactions.update_one({"interaction_id": f"i{number}"}, {"$set": {"session_id": session}})
    await rebuild(database)
    await replaced(writer, "lamps")
    stored = await interactions.find({}).sort("interaction_id").to_list(None)
    assert [document["query_text"] for document in stored] == ["lamps"] * len(own)
    sessions = ["own", "42", "6631f1c0a7b2c3d4e5f60718", "s1", "s1", "s1"]
    assert [document["effective_session_id"] for document in stored] == sessions
