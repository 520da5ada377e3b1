"""What is inserted is given out once and in order, whatever becomes of cursors, connections and servers; by either
driver."""

import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from bson import Binary, ObjectId, Timestamp, encode
from bson.raw_bson import RawBSONDocument
from pymongo.read_concern import ReadConcern

from gateway.context import Namespace, Reach
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import Unavailable
from gateway.limits import DEFAULTS
from gateway.model.kinds import INTERACTION
from gateway.plan.commands import Find, Scan
from gateway.plan.predicate import Lookup
from gateway.plan.usage import Usage
from gateway.store.change_stream import InsertStream, InsertWatch
from gateway.store.client import Client, Database, Driver, aggregate, close, open_client
from gateway.store.reader import Reader
from tests.harness.waiting import PATIENCE

NAMESPACE = Namespace("ns_1", "shop", "org_1", datetime(2024, 5, 1, tzinfo=UTC))


@pytest.fixture(params=["pymongo", "motor"])
async def watched(
    mongod: EmbeddedServer, database: Database, request: pytest.FixtureRequest
) -> AsyncIterator[InsertWatch]:
    client = open_client(mongod.uri, driver=cast(Driver, request.param))
    yield InsertWatch(client[database.name], INTERACTION)
    await close(client)


async def insert(database: Database, *ids: str, namespace_id: Any = "ns_1") -> None:
    documents = [{"_id": id, "namespace_id": namespace_id, "interaction_id": id} for id in ids]
    await database[INTERACTION.collection].insert_many(documents)


async def given(insertions: InsertStream, count: int) -> list[str]:
    ids: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while len(ids) < count:
            inserted = await insertions.next()
            if inserted is not None:
                ids.append(inserted.id)
    return ids


async def nothing_more(insertions: InsertStream) -> bool:
    return await insertions.next() is None


async def end_cursors(database: Database) -> int:
    """Ends every change stream of the database; how many there were."""
    stages: list[Any] = [{"$currentOp": {"idleCursors": True}}, {"$match": {"ns": f"{database.name}.interactions"}}]
    ended = 0
    admin = database.client.get_database("admin", read_concern=ReadConcern("local"))
    async for operation in await aggregate(admin, stages):
        if cursor := operation.get("cursor"):
            await database.command("killCursors", INTERACTION.collection, cursors=[cursor["cursorId"]])
            ended += 1
    return ended


async def test_what_is_inserted_is_given_out_in_order(watched: InsertWatch, database: Database) -> None:
    await insert(database, "before")
    insertions = await watched.open()
    await insert(database, *(str(number) for number in range(1_200)))
    await database[INTERACTION.collection].update_many({}, {"$set": {"feature_id": "f"}})
    await database[INTERACTION.collection].delete_one({"_id": "1"})
    await insert(database, "last")
    assert await given(insertions, 1_201) == [*(str(number) for number in range(1_200)), "last"]
    assert await nothing_more(insertions)
    await insertions.close()


async def test_each_has_its_namespace_and_a_time_after_what_was_written_before(
    watched: InsertWatch, database: Database
) -> None:
    insertions = await watched.open()
    await insert(database, "1")
    between = await watched.now()
    await insert(database, "2", namespace_id="ns_2")
    first, second = await insertions.next(), await insertions.next()
    assert first is not None
    assert second is not None
    assert (first.id, first.namespace_id, second.id, second.namespace_id) == ("1", "ns_1", "2", "ns_2")
    assert first.at <= between < second.at
    await insertions.close()


@pytest.mark.parametrize("id", [UUID(int=7), Binary(bytes(16), 3), ObjectId(), 7, datetime(2024, 5, 1, tzinfo=UTC)])
async def test_an_id_is_the_one_that_is_read(id: Any, watched: InsertWatch, database: Database) -> None:
    insertions = await watched.open()
    await database[INTERACTION.collection].insert_one({"_id": id, "namespace_id": "ns_1"})
    inserted = await insertions.next()
    assert inserted is not None
    find = Find(
        Scan(Reach(NAMESPACE), INTERACTION, Lookup("_id", (inserted.id,))), {"_id": 1}, (), 1, "_id_", since=inserted.at
    )
    [document] = await Reader(database, time_limit_ms=5_000).run(find, Usage(DEFAULTS.usage))
    assert {document["_id"]: document} == {inserted.id: document}
    assert type(document["_id"]) is type(inserted.id)
    await insertions.close()


async def test_what_others_wrote_without_a_namespace_is_nobodys(watched: InsertWatch, database: Database) -> None:
    insertions = await watched.open()
    await insert(database, "1", namespace_id=None)
    await insert(database, "2", namespace_id={"$gt": ""})
    await insert(database, "3")
    assert await given(insertions, 1) == ["3"]
    await insertions.close()


@pytest.mark.parametrize(("name", "expected"), [("_id", [Binary(b"^^^^", 0x80), "i1"]), ("namespace_id", ["i1"])])
async def test_it_goes_on_behind_what_the_driver_does_not_read(
    name: str, expected: list[Any], watched: InsertWatch, database: Database
) -> None:
    insertions = await watched.open()
    # Binary data of an older form, without the length that it begins with.
    odd = encode({"_id": "odd", "namespace_id": "ns_1", name: Binary(b"^^^^", 0x81)}).replace(b"\x81", b"\x02")
    await database[INTERACTION.collection].insert_one(RawBSONDocument(odd))
    await insert(database, "i1")
    assert await given(insertions, len(expected)) == expected
    await end_cursors(database)
    await insert(database, "i2")
    assert await given(insertions, 1) == ["i2"]
    await insertions.close()


async def test_it_goes_on_where_its_cursor_was_ended(watched: InsertWatch, database: Database) -> None:
    insertions = await watched.open()
    await insert(database, "0")
    ids = await given(insertions, 1)
    for number in range(1, 6):
        assert await nothing_more(insertions)
        assert await end_cursors(database) == 1
        await insert(database, str(number), f"{number}'")
        ids += await given(insertions, 2)
    assert ids == ["0", *(id for number in range(1, 6) for id in (str(number), f"{number}'"))]
    assert await nothing_more(insertions)
    await insertions.close()


async def test_it_goes_on_behind_a_collection_that_was_dropped(watched: InsertWatch, database: Database) -> None:
    insertions = await watched.open()
    await insert(database, "1")
    await database.drop_collection(INTERACTION.collection)
    await insert(database, "1", "2")
    assert await given(insertions, 3) == ["1", "1", "2"]
    await insertions.close()


async def test_it_says_so_where_the_database_no_longer_knows_what_happened(
    watched: InsertWatch, database: Database
) -> None:
    insertions = await watched.open()
    await insert(database, "1")
    assert await given(insertions, 1) == ["1"]
    # As after an interruption that was longer than the oplog: a place that is not in it.
    token = insertions._resume_token["_data"]
    insertions._resume_token = {"_data": token[:2] + f"{1:08x}" + token[10:]}
    await insertions.close()
    await insert(database, "2")
    with pytest.raises(Unavailable, match="may have been lost"):
        await given(insertions, 1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_without_a_database_it_does_not_open() -> None:
    client: Client = open_client("mongodb://127.0.0.1:9/", server_selection_timeout_ms=50)
    watch = InsertWatch(client["nothing"], INTERACTION)
    with pytest.raises(Unavailable):
        await watch.open()
    with pytest.raises(Unavailable):
        await watch.now()
    await close(client)
    del client, watch
    # PyMongo may leave the socket of a connection that was refused to the garbage collector: here, not in a later test.
    gc.collect()


async def test_a_time_of_the_database_is_one_of_its_own_clock(watched: InsertWatch) -> None:
    assert Timestamp(0, 0) < await watched.now() <= await watched.now()
