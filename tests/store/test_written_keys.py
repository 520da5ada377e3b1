from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.errors import Unavailable
from gateway.insights.derived_keys import ItemKey, SearchKey
from gateway.model.kinds import INTERACTION
from gateway.store.change_stream import InsertWatch
from gateway.store.client import Client, Database, Driver
from gateway.store.index_creation import create_indexes
from gateway.store.written_keys import HistoryLost, Written, WrittenKeys, token_time

AT = datetime(2024, 5, 1, 23, 59, 59, tzinfo=UTC)
DAY = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture(params=["pymongo", "motor"])
def driver(request: pytest.FixtureRequest) -> Driver:
    driver: Driver = request.param
    return driver


@pytest.fixture
async def database(client: Client, database_name: str) -> Database:
    await create_indexes(client[database_name])
    return client[database_name]


async def opened(database: Database) -> WrittenKeys:
    return WrittenKeys(database, None, await InsertWatch(database, INTERACTION).now())


async def read_until_now(stream: WrittenKeys, database: Database) -> Written:
    now = await InsertWatch(database, INTERACTION).now()
    written = await stream.read(1)
    while written.until < now:
        further = await stream.read(1)
        written = Written(further.token, further.until, written.keys | further.keys)
    return written


def interaction(**parts: Any) -> dict[str, Any]:
    return {"namespace_id": "ns", "search_request_id": "r1", "feature_id": "p1", "occurred_at": AT, **parts}


async def test_keys_before_and_after_a_change_are_touched_and_may_have_shrunk(database: Database) -> None:
    stream = await opened(database)
    await database["interactions"].insert_one(interaction(_id=1))
    assert (await read_until_now(stream, database)).keys == {
        SearchKey("ns", "r1"): False,
        ItemKey("ns", "p1", DAY): False,
    }
    await database["interactions"].update_one({"_id": 1}, {"$set": {"feature_id": 7}})
    assert (await read_until_now(stream, database)).keys == {
        SearchKey("ns", "r1"): True,
        ItemKey("ns", "p1", DAY): True,
        ItemKey("ns", "7", DAY): False,
    }
    await database["interactions"].delete_one({"_id": 1})
    assert (await read_until_now(stream, database)).keys == {
        SearchKey("ns", "r1"): True,
        ItemKey("ns", "7", DAY): True,
    }
    await database["search_requests"].insert_one({"namespace_id": "ns", "search_request_id": "r2", "feature_id": "p"})
    assert (await read_until_now(stream, database)).keys == {SearchKey("ns", "r2"): False}
    await stream.close()


async def test_what_has_no_key_touches_nothing(database: Database) -> None:
    stream = await opened(database)
    await database["interactions"].insert_many(
        [{}, interaction(namespace_id=["ns"]), {"namespace_id": "ns", "feature_id": [1], "occurred_at": AT}]
    )
    await database["search_requests"].insert_many([{"namespace_id": "ns"}, {"search_request_id": "r1"}])
    await database["other"].insert_one(interaction())
    assert (await read_until_now(stream, database)).keys == {}
    await stream.close()


async def test_another_stream_goes_on_where_one_left_off(database: Database) -> None:
    first = await opened(database)
    await database["search_requests"].insert_one({"namespace_id": "ns", "search_request_id": "r1"})
    written = await read_until_now(first, database)
    assert token_time(written.token) == written.until
    await first.close()
    await database["search_requests"].insert_one({"namespace_id": "ns", "search_request_id": "r2"})
    second = WrittenKeys(database, written.token)
    assert (await read_until_now(second, database)).keys == {SearchKey("ns", "r2"): False}
    await second.close()


async def test_a_stream_whose_cursor_is_gone_is_opened_again_without_loss(database: Database, client: Client) -> None:
    stream = await opened(database)
    await read_until_now(stream, database)
    await client.admin.command("killAllSessions", [])
    await database["search_requests"].insert_one({"namespace_id": "ns", "search_request_id": "r1"})
    with pytest.raises(Unavailable):
        await read_until_now(stream, database)
    assert (await read_until_now(stream, database)).keys == {SearchKey("ns", "r1"): False}
    await stream.close()


async def test_a_collection_that_is_dropped_takes_the_history_with_it(database: Database) -> None:
    stream = await opened(database)
    await database["interactions"].drop()
    with pytest.raises(HistoryLost):
        await read_until_now(stream, database)
    await stream.close()


async def test_a_token_that_the_database_does_not_know_tells_of_nothing(database: Database) -> None:
    stream = WrittenKeys(database, {"_data": "8200"})
    with pytest.raises(HistoryLost):
        await stream.read(1)
    await stream.close()
