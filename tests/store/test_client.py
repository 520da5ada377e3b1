from datetime import UTC, datetime
from uuid import UUID

import pytest
from bson import Binary
from bson.datetime_ms import DatetimeMS

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import Document, Driver, aggregate, close, for_answers, open_client

DRIVERS: tuple[Driver, ...] = ("pymongo", "motor")


@pytest.mark.parametrize("driver", DRIVERS)
async def test_both_drivers_read_back_what_was_written(
    mongod: EmbeddedServer, database_name: str, driver: Driver
) -> None:
    client = open_client(mongod.uri, driver=driver)
    documents = client[database_name]["documents"]
    written: list[Document] = [
        {"_id": UUID(int=1), "at": datetime(2024, 12, 1, 9, 30, 0, 123_000, tzinfo=UTC)},
        {"_id": UUID(int=2), "at": DatetimeMS(2**60)},
    ]
    await documents.insert_many(written)
    cursor = await aggregate(documents, [{"$sort": {"_id": 1}}], maxTimeMS=1000)
    assert [document async for document in cursor] == written
    answer_database = for_answers(client[database_name])
    read = [{**document, "_id": Binary.from_uuid(document["_id"])} for document in written]
    read[0]["at"] = datetime(2024, 12, 1, 9, 30, 0, 123_000)
    cursor = await aggregate(answer_database["documents"], [{"$sort": {"_id": 1}}], maxTimeMS=1000)
    assert [document async for document in cursor] == read
    # What was read finds what it was read of.
    assert await answer_database["documents"].find(read[0]).to_list(None) == read[:1]
    await client.drop_database(database_name)
    await close(client)


@pytest.mark.parametrize("driver", DRIVERS)
async def test_writes_and_reads_are_a_majoritys(mongod: EmbeddedServer, driver: Driver) -> None:
    client = open_client(f"{mongod.uri}&w=0&readConcernLevel=local", driver=driver)
    assert client.write_concern.document == {"w": "majority", "j": True, "wtimeout": 10_000}
    assert client.read_concern.level == "majority"
    await close(client)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://secret@db",
        "mongodb://user:sec/ret@db",
        "mongodb://user:secret@db:99999",
        "mongodb://secret@db/?maxPoolSize=many",
        "mongodb://secret@db/?secret=1",
    ],
)
async def test_a_wrong_uri_is_refused_in_one_line_that_shows_nothing_of_it(uri: str, driver: Driver) -> None:
    with pytest.raises(ValueError, match=r"^not a MongoDB URI: [^\n]*$") as raised:
        open_client(uri, driver=driver)
    assert "sec" not in str(raised.value)
    assert raised.value.__cause__ is None
