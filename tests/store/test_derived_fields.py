from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Code, ObjectId

from gateway.context import Namespace
from gateway.model.document_ids import document_id
from gateway.model.kinds import INTERACTION
from gateway.model.wire import validate_interaction
from gateway.store.client import Client, Database, Driver
from gateway.store.derived_fields import Report, check, rebuild, total
from gateway.store.document_faults import own_faults
from gateway.store.writer import Writer

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SHOP = Namespace("ns_shop", "shop", "org_1", NOW)
REFERENCE = {"$ref": "c", "$id": 1}


@pytest.fixture(params=["pymongo", "motor"])
def driver(request: pytest.FixtureRequest) -> Driver:
    driver: Driver = request.param
    return driver


@pytest.fixture
async def database(client: Client, database_name: str) -> Database:
    await record(client[database_name])
    return client[database_name]


async def record(database: Database) -> None:
    """Five interactions, one by each way of having a search request, and three search requests."""
    search: dict[str, Any] = {
        "queries": [],
        "collections": [],
        "filters": {"AND": [{"key": "brand", "value": REFERENCE}]},
    }
    view: dict[str, Any] = {"feature_id": "p1", "interaction_type": "view"}
    parts: list[dict[str, Any]] = [
        {"session_id": "s1"},
        {"session_id": "s1", "search_request": search},
        {"search_request": search | {"session_id": "s2"}},
        {"search_request": search | {"search_request_id": "r1"}},
        {"search_request_id": "r1", "session_id": "s3"},
    ]
    recordings = [validate_interaction(view | {"interaction_id": f"i{n}"} | part) for n, part in enumerate(parts)]
    await Writer(database).record(SHOP, recordings, NOW)


async def everything(database: Database) -> list[dict[str, Any]]:
    return [
        document
        for name in ("interactions", "search_requests")
        for document in await database[name].find({}).sort("_id").to_list(None)
    ]


async def test_what_a_pass_reads_is_counted_ahead(database: Database) -> None:
    assert await total(database) == (await check(database)).checked == 8


async def test_what_the_writer_stored_is_right(database: Database) -> None:
    assert await check(database) == Report(checked=8)
    assert await rebuild(database) == Report(checked=8)


async def test_wrong_derived_fields_are_found_and_set_right(database: Database) -> None:
    before = await everything(database)
    interactions, requests = database["interactions"], database["search_requests"]
    await interactions.update_one({"interaction_id": "i0"}, {"$set": {"conditions": [], "condition_tokens": ["x"]}})
    await interactions.update_one({"interaction_id": "i1"}, {"$unset": {"condition_tokens": ""}})
    await interactions.update_one({"interaction_id": "i2"}, {"$set": {"effective_session_id": "other"}})
    await requests.update_many({}, {"$set": {"conditions.0.operator": "ne"}})
    assert await check(database) == Report(checked=8, wrong=6)
    assert await everything(database) != before
    assert await rebuild(database) == Report(checked=8, wrong=6, rebuilt=6)
    assert await everything(database) == before
    assert await check(database) == Report(checked=8)


async def test_a_wrong_identity_is_reported_and_left(database: Database) -> None:
    await database["interactions"].update_one({"interaction_id": "i1"}, {"$set": {"search_request_id": 5}})
    await database["interactions"].update_one({"interaction_id": "i2"}, {"$set": {"namespace_id": "ns_other"}})
    await database["search_requests"].update_one({"search_request_id": "r1"}, {"$set": {"search_request_id": "r2"}})
    await database["search_requests"].insert_one({"search_request": 1, "search_request_id": 2})
    await database["interactions"].insert_one({"namespace_id": Code("f()", {}), "interaction_id": Code("f()")})
    assert await rebuild(database) == Report(checked=10, wrong=5, rebuilt=0)


async def test_a_long_run_tells_its_progress(database: Database) -> None:
    await database["interactions"].insert_many([{"session_id": "s1"} for _ in range(1200)])
    reports: list[Report] = []
    report = await rebuild(database, reports.append)
    assert report == reports[-1] == Report(checked=1208, wrong=1200, rebuilt=1200)
    assert [report.checked for report in reports] == [500, 1000, 1205, 1208]


@pytest.mark.parametrize("stored", [42, ObjectId("6631f1c0a7b2c3d4e5f60718")])
def test_ids_of_search_requests_are_compared_as_they_read(stored: Any) -> None:
    id = document_id(SHOP.id, "interaction", "i")
    whole = {"search_request_id": stored, "search_request": {"search_request_id": stored}}
    named = {"search_request_id": stored, "shadowed": {"search_request_id": str(stored)}}
    document = {"_id": id, "namespace_id": SHOP.id, "interaction_id": "i", "occurred_at": NOW}
    for content in (whole, named):
        assert list(own_faults(INTERACTION, {**document, **content})) == []
    [fault] = own_faults(INTERACTION, {**document, **whole, "search_request_id": "other"})
    assert fault == f"`search_request_id` is 'other', and its content gives {str(stored)!r}."


def test_an_id_that_is_a_number_is_one_whose_document_would_be_there_twice() -> None:
    document = {"_id": 1, "namespace_id": SHOP.id, "interaction_id": 42, "occurred_at": NOW}
    told = "`_id` isn't that of `interaction_id` '42' in its namespace: recorded again, it would be there twice."
    assert list(own_faults(INTERACTION, document)) == [told]
    [fault] = own_faults(INTERACTION, {**document, "interaction_id": 4.2})
    assert fault.startswith("`interaction_id` is no text")
