"""A search request that is named before it is recorded: what is stored then, and once it is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.context import Namespace
from gateway.errors import BadUserInput, Conflict, GatewayError
from gateway.model.documents import STUB
from gateway.model.wire import RecordedInteraction, validate_interaction, validate_search_request
from gateway.plan.write_commands import Recorded
from gateway.store import search_request_inserts
from gateway.store.client import Database, Document, Driver
from gateway.store.derived_fields import check
from gateway.store.idempotent_inserts import find_by_ids
from gateway.store.writer import Writer

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
SHOP = Namespace("ns_shop", "shop", "org_1", NOW)
MEDIA = Namespace("ns_media", "media", "org_1", NOW)
SEARCH: dict[str, Any] = {
    "search_request_id": "r1",
    "queries": [{"vector_index": "keyword", "type": "text", "value": "red shoes"}],
    "collections": ["shoes"],
    "session_id": "s1",
    "filters": {"AND": [{"key": "brand", "value": "$price"}]},
    "$odd": {"$ref": "c", "$id": 1, "a.b": "$$ROOT"},
}


@pytest.fixture(params=["pymongo", "motor"])
def driver(request: pytest.FixtureRequest) -> Driver:
    driver: Driver = request.param
    return driver


@pytest.fixture
def writer(database: Database) -> Writer:
    return Writer(database)


def click(interaction_id: str, **fields: Any) -> RecordedInteraction:
    wire = {"interaction_id": interaction_id, "feature_id": "p1", "interaction_type": "click"}
    named = {} if "search_request" in fields else {"search_request_id": "r1"}
    return validate_interaction(wire | named | fields, search_may_follow=True)


async def recorded(writer: Writer, *clicks: RecordedInteraction, at: datetime = NOW) -> list[bool | str]:
    outcomes = await writer.record(SHOP, clicks, at, makes_stubs=True)
    return [outcome.code if isinstance(outcome, GatewayError) else outcome.created for outcome in outcomes]


async def searched(writer: Writer, at: datetime = LATER, **fields: Any) -> Recorded:
    return await writer.record_search_request(SHOP, validate_search_request(SEARCH | fields), at)


async def stored(database: Database) -> list[Document]:
    """All that is stored, of both kinds, by its ids."""
    return [
        document
        for name in ("search_requests", "interactions")
        async for document in database[name].find({}).sort("_id", 1)
    ]


async def in_order(writer: Writer, database: Database, *clicks: RecordedInteraction) -> list[Document]:
    """What is stored where the search came first."""
    for name in ("search_requests", "interactions"):
        await database[name].delete_many({})
    await searched(writer)
    assert await recorded(writer, *clicks) == [True] * len(clicks)
    return await stored(database)


async def test_a_click_ahead_of_its_search_makes_a_stub(writer: Writer, database: Database) -> None:
    assert await recorded(writer, click("i1"), click("i2", occurred_at=LATER)) == [True, True]
    [stub] = await database["search_requests"].find({}).to_list(None)
    assert stub["search_request"] == {"search_request_id": "r1"}
    assert (stub["first_seen_at"], stub["query_text"], stub["conditions"], stub[STUB]) == (NOW, "", [], True)
    assert [copy["search_request"] async for copy in database["interactions"].find({})] == [stub["search_request"]] * 2
    assert await recorded(writer, click("i1"), click("i3"), at=LATER) == [False, True]
    assert await database["search_requests"].count_documents({}) == 1


async def test_the_first_full_record_completes_it_as_if_it_had_come_first(writer: Writer, database: Database) -> None:
    clicks = [click("i1"), click("i2", session_id="own"), click("i3", occurred_at=NOW)]
    await recorded(writer, *clicks)
    completed = await searched(writer)
    assert completed.created
    assert await database["search_requests"].count_documents({STUB: {"$exists": True}}) == 0
    found = await stored(database)
    assert found == await in_order(writer, database, *clicks)
    assert [interaction["effective_session_id"] for interaction in found[1:]].count("s1") == 2
    assert not (await searched(writer)).created
    with pytest.raises(Conflict):
        await searched(writer, collections=[])
    assert await recorded(writer, *clicks) == [False] * 3
    assert (await check(database)).wrong == 0


async def test_an_interaction_with_the_full_search_request_completes_it(writer: Writer, database: Database) -> None:
    await recorded(writer, click("i1"))
    assert await recorded(writer, click("i2", search_request=SEARCH, session_id="s2"), at=LATER) == [True]
    found = await stored(database)
    await database["search_requests"].delete_many({})
    await database["interactions"].delete_many({})
    await recorded(writer, click("i2", search_request=SEARCH, session_id="s2"), at=LATER)
    await recorded(writer, click("i1"))
    assert found == await stored(database)


async def test_one_batch_may_have_both_in_any_order(writer: Writer, database: Database) -> None:
    assert await recorded(writer, click("i1"), click("i2", search_request=SEARCH), click("i3")) == [True] * 3
    assert [copy["search_request"]["collections"] async for copy in database["interactions"].find({})] == [
        ["shoes"]
    ] * 3


async def test_who_makes_no_stubs_may_name_one_that_there_is(writer: Writer) -> None:
    [unknown] = await writer.record(SHOP, [click("i1")], NOW)
    assert isinstance(unknown, BadUserInput)
    await recorded(writer, click("i1"))
    outcomes = await writer.record(SHOP, [click("i2"), click("i3", search_request=SEARCH), click("i4")], NOW)
    assert all(isinstance(outcome, Recorded) and outcome.created for outcome in outcomes)
    [foreign] = await writer.record(MEDIA, [click("i2")], NOW)
    assert isinstance(foreign, BadUserInput)


async def test_collections_that_an_interaction_says_are_the_stubs(writer: Writer, database: Database) -> None:
    awaited = {"search_request_id": "r1", "collections": ["hats"]}
    await recorded(writer, click("i1", search_request=awaited))
    [interaction] = await database["interactions"].find({}).to_list(None)
    assert interaction["search_request"] == awaited
    assert interaction["shadowed"] == {"search_request_id": "r1"}
    await searched(writer)
    assert await recorded(writer, click("i1", search_request=awaited)) == [False]
    assert await stored(database) == await in_order(writer, database, click("i1", search_request=awaited))


@pytest.mark.parametrize(
    ("search_request", "path"),
    [
        ({"search_request_id": ""}, ("search_request", "search_request_id")),
        ({"collections": ["a"]}, ("search_request", "search_request_id")),
        ({"search_request_id": "r1", "collections": [1]}, ("search_request", "collections", "0")),
        ({"search_request_id": "r1", "select": []}, ("search_request", "queries")),
    ],
)
def test_what_is_neither_a_search_request_nor_the_name_of_one_is_refused(
    search_request: Any, path: tuple[str, ...]
) -> None:
    with pytest.raises(BadUserInput) as caught:
        click("i1", search_request=search_request)
    assert caught.value.path == path


def test_without_leave_a_search_request_has_queries() -> None:
    wire = {"feature_id": "p", "interaction_type": "click", "search_request": {"search_request_id": "r1"}}
    with pytest.raises(BadUserInput) as caught:
        validate_interaction(wire)
    assert caught.value.path == ("search_request", "queries")


async def test_of_writers_that_race_one_completes_and_the_others_are_judged(writer: Writer, database: Database) -> None:
    await recorded(writer, click("i1"))
    outcomes = await asyncio.gather(
        *(searched(writer, collections=[str(n % 2)]) for n in range(10)), return_exceptions=True
    )
    created = [outcome for outcome in outcomes if isinstance(outcome, Recorded) and outcome.created]
    assert len(created) == 1
    assert sum(isinstance(outcome, Recorded) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 5
    [interaction] = await database["interactions"].find({}).to_list(None)
    assert interaction["search_request"] == created[0].document["search_request"]


async def test_who_completes_a_stub_is_told_so_also_where_another_finishes_that_first(
    writer: Writer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def finished_meanwhile(*arguments: Any) -> dict[UUID, dict[str, Any]]:
        await database["search_requests"].update_many({STUB: {"$ne": True}}, {"$unset": {STUB: ""}})
        return await find_by_ids(*arguments)

    await recorded(writer, click("i1"))
    monkeypatch.setattr(search_request_inserts, "find_by_ids", finished_meanwhile)
    assert (await searched(writer)).created
    assert not (await searched(writer)).created


async def test_clicks_that_race_with_their_searches_all_get_them(writer: Writer, database: Database) -> None:
    async def visit(n: int) -> None:
        names: dict[str, Any] = {"search_request_id": f"r{n}"}
        clicks = [recorded(writer, click(f"i{n}.{m}", **names)) for m in range(4)]
        clicks.append(recorded(writer, click(f"i{n}.full", search_request=SEARCH | names)))
        await asyncio.gather(*clicks[:2], searched(writer, **names), *clicks[2:])

    await asyncio.gather(*map(visit, range(20)))
    assert await database["search_requests"].count_documents({STUB: {"$exists": True}}) == 0
    assert await database["search_requests"].count_documents({"text_tokens": {"$ne": []}}) == 20
    assert await database["interactions"].count_documents({"search_request.session_id": "s1"}) == 100
    assert (
        await database["interactions"].count_documents({"effective_session_id": "s1", "query_text": "red shoes"}) == 100
    )


async def test_a_completion_that_was_interrupted_is_finished_by_who_comes_next(
    writer: Writer, database: Database
) -> None:
    await recorded(writer, click("i1"))
    [copied] = await database["interactions"].find({}).to_list(None)
    await searched(writer)
    # As it is between the two steps.
    await database["interactions"].replace_one({"_id": copied["_id"]}, copied)
    await database["search_requests"].update_one({}, {"$set": {STUB: uuid4()}})
    assert not (await searched(writer)).created
    assert await stored(database) == await in_order(writer, database, click("i1"))
    # And as whoever copied the stub leaves it, who is interrupted ahead of looking again.
    await database["interactions"].replace_one({"_id": copied["_id"]}, copied)
    assert await recorded(writer, click("i1")) == [False]
    assert await stored(database) == await in_order(writer, database, click("i1"))


async def test_namespaces_do_not_meet_in_stubs(writer: Writer, database: Database) -> None:
    await recorded(writer, click("i1"))
    await writer.record(MEDIA, [click("i1")], NOW, makes_stubs=True)
    await searched(writer)
    assert await database["search_requests"].count_documents({STUB: True, "namespace_id": MEDIA.id}) == 1
    assert await database["interactions"].count_documents({"search_request.queries": {"$exists": False}}) == 1


async def test_who_reaches_one_user_waits_for_that_users_search(writer: Writer, database: Database) -> None:
    mine = [click("i1", user_id="u1")]
    [outcome] = await writer.record(SHOP, mine, NOW, user_id="u1", makes_stubs=True)
    assert isinstance(outcome, Recorded)
    await searched(writer, user_id="u2")
    [refused] = await writer.record(SHOP, [click("i2", user_id="u1")], NOW, user_id="u1", makes_stubs=True)
    assert isinstance(refused, BadUserInput)


async def test_a_stub_that_is_recorded_by_itself_is_what_a_click_would_make(writer: Writer, database: Database) -> None:
    stub = validate_search_request({"search_request_id": "r1"}, may_be_stub=True)
    [made] = await writer.record_search_requests(SHOP, [(stub, NOW)])
    assert isinstance(made, Recorded)
    assert made.created
    alone = await stored(database)
    await database["search_requests"].delete_many({})
    await recorded(writer, click("i1"))
    assert alone == (await stored(database))[:1]
    await searched(writer)
    [again] = await writer.record_search_requests(SHOP, [(stub, NOW)])
    assert isinstance(again, Recorded)
    assert not again.created
    assert "queries" in again.document["search_request"]
