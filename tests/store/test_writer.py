import asyncio
import gc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import Binary
from pymongo import WriteConcern

from gateway.context import Namespace, Reach
from gateway.errors import (
    BadUserInput,
    Conflict,
    GatewayError,
    QueryTooBroad,
    ReadTooLarge,
    Unavailable,
    WriteTooLarge,
)
from gateway.model.documents import recorded_interaction, without_references
from gateway.model.wire import RecordedInteraction, validate_interaction, validate_search_request
from gateway.plan.usage import Usage, UsageLimits
from gateway.plan.write_commands import Recorded
from gateway.store.client import Client, Database, Driver, close, open_client
from gateway.store.driver_errors import translated
from gateway.store.writer import Writer

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
SHOP = Namespace("ns_shop", "shop", "org_1", NOW)
MEDIA = Namespace("ns_media", "media", "org_1", NOW)
SEARCH: dict[str, Any] = {
    "queries": [],
    "collections": ["shop"],
    "filters": {"AND": [{"key": "brand", "value": "Nike"}]},
}


@pytest.fixture(params=["pymongo", "motor"])
def driver(request: pytest.FixtureRequest) -> Driver:
    driver: Driver = request.param
    return driver


@pytest.fixture
def writer(database: Database) -> Writer:
    return Writer(database)


def view(interaction_id: str | None = None, **fields: Any) -> RecordedInteraction:
    return validate_interaction(
        {"feature_id": "p1", "interaction_type": "view", "interaction_id": interaction_id, **fields}
    )


def search(id: str, **fields: Any) -> dict[str, Any]:
    return SEARCH | {"search_request_id": id} | fields


def summary(outcomes: list[Recorded | GatewayError]) -> list[bool | str]:
    """What the caller sees of each: whether it was created, or the error's code."""
    return [outcome.created if isinstance(outcome, Recorded) else outcome.code for outcome in outcomes]


async def test_what_is_recorded_is_stored_and_answered(writer: Writer, database: Database) -> None:
    odd = {"$where": 1, "a.b": 2, "": 3, "ref": {"$ref": "c", "$id": {"$ref": "d", "$id": None}, "x": "a\0b"}}
    wire = {
        "interaction_id": "i1",
        "feature_id": "p1",
        "interaction_type": ["view", "click"],
        "search_request": search("r1", collections=["a", "b"], unknown=odd),
        "metadata": odd,
        "occurred_at": "2024-04-01T00:00:00Z",
        "position": None,
        "$set": {"$ref": "c", "$id": 1},
        "$ref": "c",
        "$id": 2,
        "a.b": [odd],
        "": {},
    }
    [recorded] = await writer.record(SHOP, [validate_interaction(wire)], NOW)
    assert isinstance(recorded, Recorded)
    assert recorded.created
    stored = await database["interactions"].find_one({"interaction_id": "i1"})
    request = await database["search_requests"].find_one({"search_request_id": "r1"})
    assert stored is not None
    assert request is not None
    assert (
        without_references(recorded_interaction(stored))
        == without_references(recorded_interaction(recorded.document))
        == wire
    )
    assert (
        without_references(request["search_request"])
        == without_references(stored["search_request"])
        == wire["search_request"]
    )
    assert stored["first_seen_at"] == request["first_seen_at"] == datetime(2024, 4, 1, tzinfo=UTC)
    [again] = await writer.record(SHOP, [validate_interaction(wire)], LATER)
    assert again == Recorded(stored, created=False)


async def test_the_same_again_answers_what_is_stored(writer: Writer) -> None:
    [first] = await writer.record(SHOP, [view("i1", search_request=SEARCH)], NOW)
    [again] = await writer.record(SHOP, [view("i1", search_request=SEARCH)], LATER)
    assert isinstance(first, Recorded)
    assert again == Recorded(first.document, created=False)
    assert first.document["occurred_at"] == NOW


async def test_other_content_is_a_conflict_and_changes_nothing(writer: Writer, database: Database) -> None:
    await writer.record(SHOP, [view("i1")], NOW)
    [refused] = await writer.record(SHOP, [view("i1", position=3)], NOW)
    assert isinstance(refused, Conflict)
    assert refused.path == ("interaction_id",)
    assert "position" not in (await database["interactions"].find_one({}) or {})


async def test_each_of_a_batch_is_judged_as_if_sent_one_after_the_other(writer: Writer, database: Database) -> None:
    outcomes = await writer.record(
        SHOP,
        [
            view("i1", search_request_id="r1"),
            view("i1", search_request=search("r1"), occurred_at=LATER),
            view("i1", search_request=search("r1")),
            view("i1", position=1),
            view("i2", search_request=search("r1", select=[])),
            view("i3", search_request_id="r1"),
            view("i4", search_request_id="r2"),
            view(),
            view(),
        ],
        NOW,
    )
    assert summary(outcomes) == [
        "BAD_USER_INPUT",
        True,
        False,
        "CONFLICT",
        "CONFLICT",
        True,
        "BAD_USER_INPUT",
        True,
        True,
    ]
    paths = [outcome.path for outcome in outcomes if isinstance(outcome, GatewayError)]
    assert paths == [
        ("search_request_id",),
        ("interaction_id",),
        ("search_request", "search_request_id"),
        ("search_request_id",),
    ]
    assert await database["interactions"].count_documents({}) == 4
    assert await database["search_requests"].count_documents({}) == 1


async def test_a_batch_takes_few_round_trips_and_repeats_safely(writer: Writer, database: Database) -> None:
    batch = [view(f"i{n}", search_request=SEARCH | {"select": [str(n % 10)]}, session_id="s1") for n in range(1000)]
    assert summary(await writer.record(SHOP, batch, NOW)) == [True] * 1000
    assert summary(await writer.record(SHOP, batch, LATER)) == [False] * 1000
    assert await database["search_requests"].count_documents({}) == 10
    assert await writer.record(SHOP, [], NOW) == []


async def test_first_seen_is_fixed_and_copied(writer: Writer) -> None:
    recorded = await writer.record_search_request(SHOP, validate_search_request(search("r1")), NOW)
    again = await writer.record_search_request(SHOP, validate_search_request(search("r1")), LATER)
    assert recorded.created
    assert again == Recorded(recorded.document, created=False)
    outcomes = await writer.record(
        SHOP, [view("i1", search_request=search("r1")), view("i2", search_request_id="r1")], LATER
    )
    for outcome in outcomes:
        assert isinstance(outcome, Recorded)
        assert outcome.document["first_seen_at"] == NOW
        assert outcome.document["search_request"] == search("r1")
        assert outcome.document["condition_tokens"] == recorded.document["condition_tokens"]


async def test_a_search_request_with_other_content_is_a_conflict(writer: Writer) -> None:
    await writer.record_search_request(SHOP, validate_search_request(search("r1")), NOW)
    with pytest.raises(Conflict) as caught:
        await writer.record_search_request(SHOP, validate_search_request(search("r1", select=None)), NOW)
    assert caught.value.path == ("search_request_id",)


async def test_search_requests_of_a_batch_are_judged_one_after_the_other(writer: Writer, database: Database) -> None:
    recordings = [
        (validate_search_request(search("r1")), NOW),
        (validate_search_request(search("r1")), LATER),
        (validate_search_request(search("r1", select=[])), LATER),
        (validate_search_request(SEARCH, id="exported", session_id="s1"), LATER),
    ]
    assert summary(await writer.record_search_requests(SHOP, recordings)) == [True, False, "CONFLICT", True]
    assert summary(await writer.record_search_requests(SHOP, recordings)) == [False, False, "CONFLICT", False]
    exported = await database["search_requests"].find_one({"search_request_id": "exported"})
    assert exported is not None
    assert (exported["search_request"], exported["session_id"]) == (SEARCH, "s1")


async def test_an_interaction_may_say_the_id_of_its_search_request_beside_it(writer: Writer) -> None:
    wire = {"feature_id": "p1", "interaction_type": "view", "interaction_id": "i1", "search_request": SEARCH}
    [recorded] = await writer.record(SHOP, [validate_interaction(wire, search_request_id="exported")], NOW)
    assert isinstance(recorded, Recorded)
    assert recorded.document["search_request_id"] == "exported"
    assert recorded_interaction(recorded.document) == wire


async def test_writers_that_race_agree_on_one_document(writer: Writer, database: Database) -> None:
    recording = view("i1", search_request=search("r1"))
    outcomes = await asyncio.gather(*(writer.record(SHOP, [recording], NOW + timedelta(minutes=n)) for n in range(20)))
    recorded = [outcome for [outcome] in outcomes if isinstance(outcome, Recorded)]
    assert len(recorded) == 20
    assert sum(outcome.created for outcome in recorded) == 1
    assert all(outcome.document == recorded[0].document for outcome in recorded)
    assert await database["search_requests"].count_documents({}) == 1


async def test_of_writers_that_race_with_different_content_one_wins(writer: Writer) -> None:
    outcomes = await asyncio.gather(*(writer.record(SHOP, [view("i1", position=n)], NOW) for n in range(10)))
    assert sorted(summary([outcome for [outcome] in outcomes]), key=str) == ["CONFLICT"] * 9 + [True]


async def test_namespaces_do_not_meet(writer: Writer, database: Database) -> None:
    await writer.record(SHOP, [view("i1", search_request=search("r1"))], NOW)
    outcomes = await writer.record(
        MEDIA, [view("i1", search_request=search("r1", select=[])), view("i2", search_request_id="r1")], NOW
    )
    assert summary(outcomes) == [True, True]
    [unknown] = await writer.record(Namespace("ns_3", "3", "org_1", NOW), [view("i1", search_request_id="r1")], NOW)
    assert isinstance(unknown, BadUserInput)
    assert await writer.delete_interaction(Reach(MEDIA), "i1")
    assert await database["interactions"].count_documents({"namespace_id": "ns_shop"}) == 1


async def test_deleting_keeps_the_search_request(writer: Writer, database: Database) -> None:
    await writer.record(SHOP, [view("i1", search_request=search("r1"))], NOW)
    assert await writer.delete_interaction(Reach(SHOP), "i1")
    assert not await writer.delete_interaction(Reach(SHOP), "i1")
    assert await database["search_requests"].count_documents({}) == 1
    assert summary(await writer.record(SHOP, [view("i1", position=1)], NOW)) == [True]


async def test_the_largest_documents_accepted_can_be_stored(writer: Writer) -> None:
    conditions = [{"key": "k", "value": n} for n in range(499)]
    query = {"vector_index": "text", "value": "x", "type": "text", "filters": {"AND": conditions}}
    deep: Any = 1
    for _ in range(99):
        deep = {"a": deep}
    request = SEARCH | {"queries": [query] * 20}
    outcomes = await writer.record(SHOP, [view("i1", search_request=request), view("i2", deep=deep)], NOW)
    assert summary(outcomes) == [True, True]


async def test_what_is_too_large_together_is_refused_before_anything_is_written(
    writer: Writer, database: Database
) -> None:
    await writer.record_search_request(SHOP, validate_search_request(search("named", note="x" * 3_000)), NOW)
    recordings = [
        view("i0", search_request=search("given")),
        *(view(f"i{n}", search_request_id="named") for n in "123"),
    ]
    with pytest.raises(WriteTooLarge):
        await writer.record(SHOP, recordings, NOW, Usage(UsageLimits(read=10_000, written=10_000)))
    with pytest.raises(ReadTooLarge):
        await writer.record(SHOP, recordings, NOW, Usage(UsageLimits(read=3_000, written=100_000)))
    assert await database["interactions"].count_documents({}) == 0
    assert await database["search_requests"].count_documents({}) == 1
    for written in (True, False):
        usage = Usage(UsageLimits(read=10_000, written=20_000))
        assert summary(await writer.record(SHOP, recordings, NOW, usage)) == [written] * 4


async def test_what_is_stored_under_an_id_is_not_read_beyond_what_could_be_the_same(writer: Writer) -> None:
    await writer.record(SHOP, [view(f"i{n}", note="x" * 20_000) for n in range(3)], NOW)
    with pytest.raises(ReadTooLarge):
        await writer.record(
            SHOP, [view(f"i{n}") for n in range(3)], NOW, Usage(UsageLimits(read=10_000, written=10_000))
        )


async def test_errors_of_the_driver_become_the_gateways_own(database: Database) -> None:
    collection = database["c"]
    await collection.insert_one({})
    with pytest.raises(QueryTooBroad), translated():
        await collection.find_one({"$where": "sleep(200) || true"}, max_time_ms=20)
    for document in ({"n": 2**64}, {"s": "\ud800"}, {"a\0b": 1}, {"b": Binary(bytes(17 * 2**20))}, {"o": object()}):
        with pytest.raises(BadUserInput), translated():
            await collection.insert_one(document)
    with pytest.raises(GatewayError) as caught, translated():
        await collection.find_one({"$nonsense": 1})
    assert type(caught.value) is GatewayError
    assert "nonsense" not in caught.value.message
    assert "nonsense" in str(caught.value.__cause__)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_without_a_server_writing_is_unavailable() -> None:
    client: Client = open_client("mongodb://127.0.0.1:9/", server_selection_timeout_ms=50)
    with pytest.raises(Unavailable):
        await Writer(client["x"]).record(SHOP, [view("i1")], NOW)
    await close(client)
    del client
    # PyMongo may leave the socket of a connection that was refused to the garbage collector: here, not in a later test.
    gc.collect()


async def test_an_unacknowledged_write_is_unavailable(database: Database) -> None:
    # A replica set of one member has no second to acknowledge.
    two = database.with_options(write_concern=WriteConcern(w=2, wtimeout=20))
    with pytest.raises(Unavailable):
        await Writer(two).record(SHOP, [view("i1")], NOW)
    with pytest.raises(Unavailable):
        await Writer(two).delete_interaction(Reach(SHOP), "i1")
    assert summary(await Writer(database).record(SHOP, [view("i1")], NOW)) in ([True], [False])
