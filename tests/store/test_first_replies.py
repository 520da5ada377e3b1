"""Finds are sent as plain commands, and by cursors where these don't hold what is found."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from struct import pack
from typing import Any

import pytest
from bson import Int64, encode
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo.uri_parser import parse_uri

from gateway.context import Namespace, Reach
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import DEFAULTS
from gateway.model.kinds import INTERACTION
from gateway.plan.commands import Find, Scan
from gateway.plan.usage import BYTES_READ, Usage, UsageLimits
from gateway.store.client import Database, Driver, close, open_client
from gateway.store.first_replies import first_batch
from gateway.store.reader import Reader

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NAMESPACE = Namespace("ns_1", "shop", "org_1", NOON)
FIND = Find(Scan(Reach(NAMESPACE), INTERACTION), {"_id": 1}, (("_id", 1),), 10, "_id_")
# The field of MongoDB's protocol that a find begins with.
COMMAND = b"\x02find\0"
# Passes on what comes on a connection.
Passing = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@pytest.fixture(params=["pymongo", "motor"])
def driver(request: pytest.FixtureRequest) -> Driver:
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize("failures", [0, 1, 2])
@pytest.mark.parametrize("is_idle", [False, True], ids=["first of all", "on an idle connection"])
async def test_a_find_whose_connection_fails_is_asked_again(
    mongod: EmbeddedServer, database: Database, driver: Driver, failures: int, *, is_idle: bool
) -> None:
    await database[INTERACTION.collection].insert_many([{"_id": n, "namespace_id": NAMESPACE.id} for n in range(3)])
    async with _failing(mongod, failures) as (port, failed):
        client = open_client(f"mongodb://127.0.0.1:{port}/?directConnection=true", driver=driver)
        try:
            if is_idle:
                await client.admin.command("ping")
            reader = Reader(client[database.name], time_limit_ms=10_000)
            assert await reader.run(FIND, Usage(DEFAULTS.usage)) == [{"_id": 0}, {"_id": 1}, {"_id": 2}]
        finally:
            await close(client)
    assert len(failed) == failures


def with_length(message: bytes, length: int) -> bytes:
    return length.to_bytes(4, "little", signed=True) + message[4:]


def compressed(message: bytes, content: bytes, length: int, compressor: int) -> bytes:
    """The same message, as one that is compressed into this content."""
    head = message[4:12] + pack("<iiiB", 2012, 2013, length, compressor)
    return pack("<i", 4 + len(head) + len(content)) + head + content


def answering(message: bytes, document: dict[str, Any]) -> bytes:
    """A message that answers the same with another document."""
    content = encode(document)
    return pack("<i", 21 + len(content)) + message[4:21] + content


def with_array(message: bytes, place: int, changed: bytes) -> bytes:
    """The same message with other bytes at a place within its array of documents."""
    start = message.index(b"firstBatch\0") + 11 + place
    return message[:start] + changed + message[start + len(changed) :]


GARBLED: dict[str, Callable[[bytes], bytes]] = {
    "a length that is none": lambda message: with_length(message, -1),
    "a length beyond all messages": lambda message: with_length(message, 2**31 - 1),
    "nothing but a head": lambda message: with_length(message[:17], 17),
    "shorter than its document": lambda message: with_length(message[:-5], len(message) - 5),
    "the answer to something else": lambda message: message[:8] + pack("<i", 12345) + message[12:],
    "another kind of message": lambda message: message[:12] + pack("<i", 2004) + message[16:],
    "flags that nobody knows": lambda message: message[:16] + pack("<I", 0xFFFF0000) + message[20:],
    "compressed by nobody's way": lambda message: compressed(message, message[16:], len(message) - 16, 9),
    "not what is compressed": lambda message: compressed(message, message[16:], len(message) - 16, 2),
    "compressed into less": lambda message: compressed(message, zlib.compress(message[16:])[:-9], len(message), 2),
    "without a cursor": lambda message: answering(message, {"ok": 1.0}),
    "a cursor without documents": lambda message: answering(message, {"ok": 1.0, "cursor": {"id": Int64(0)}}),
    "documents in no list": lambda message: answering(message, {"ok": 1.0, "cursor": {"firstBatch": 5, "id": 0}}),
    "an array beyond its message": lambda message: with_array(message, 0, b"\xff\xff\xff\x7f"),
    "a document beyond its array": lambda message: with_array(message, 7, b"\xff\xff\xff\x7f"),
    "a list in the place of a document": lambda message: with_array(message, 4, b"\x04"),
}


@pytest.mark.parametrize("garbled", GARBLED.values(), ids=GARBLED)
async def test_a_find_whose_answer_is_garbled_is_asked_again(
    mongod: EmbeddedServer, database: Database, garbled: Callable[[bytes], bytes]
) -> None:
    """What went wrong on one way is of no concern to whoever asks, as long as there is another."""
    await database[INTERACTION.collection].insert_many([{"_id": n, "namespace_id": NAMESPACE.id} for n in range(3)])
    async with _garbling(mongod, garbled) as (port, met):
        client = open_client(f"mongodb://127.0.0.1:{port}/?directConnection=true")
        try:
            await client.admin.command("ping")
            reader = Reader(client[database.name], time_limit_ms=10_000)
            assert await reader.run(FIND, Usage(DEFAULTS.usage)) == [{"_id": 0}, {"_id": 1}, {"_id": 2}]
        finally:
            await close(client)
    assert len(met) == 1


async def test_what_one_reply_does_not_hold_is_read_all_the_same(database: Database) -> None:
    text = "x" * 7_000_000
    stored = [{"_id": n, "namespace_id": NAMESPACE.id, "text": text} for n in range(5)]
    await database[INTERACTION.collection].insert_many(stored)
    reader = Reader(database, time_limit_ms=10_000)
    find = Find(FIND.scan, {"_id": 1, "text": 1}, FIND.sort, FIND.limit, FIND.hint)
    usage = Usage(UsageLimits(read=100_000_000, written=0))
    found = await reader.run(find, usage)
    assert [(one["_id"], len(one["text"])) for one in found] == [(n, len(text)) for n in range(5)]
    # What was thrown away is paid for, and no cursor of it is left.
    assert 35_000_000 < usage.read_bytes < 36_000_000
    assert usage.points > 48_000_000 / BYTES_READ
    stages: list[dict[str, Any]] = [
        {"$currentOp": {"idleCursors": True}},
        {"$match": {"type": "idleCursor", "ns": f"{database.name}.{INTERACTION.collection}"}},
    ]
    assert await _rows(database, stages) == []


@pytest.mark.parametrize(
    "cursor",
    [
        {"firstBatch": [{"a": 1}, {}, {"b": [{}]}], "id": Int64(7), "ns": "d.c"},
        {"id": Int64(7), "firstBatch": [{"a": 1}, {}, {"b": [{}]}]},
        {"firstBatch": [{"a": 1}, {}, {"b": [{}]}], "partialResultsReturned": True, "id": Int64(7)},
    ],
    ids=["as MongoDB orders it", "ordered otherwise", "with more in between"],
)
def test_a_reply_is_cut_into_its_documents(cursor: dict[str, Any]) -> None:
    documents = b"".join(encode(document) for document in cursor["firstBatch"])
    assert first_batch(encode({"cursor": cursor, "ok": 1.0})) == (documents, 3, 7)


def test_a_reply_of_many_documents_is_cut_as_well() -> None:
    documents = [encode({"_id": number}) for number in range(1_234)]
    cursor = {"firstBatch": [RawBSONDocument(document) for document in documents], "id": Int64(0), "ns": "d.c"}
    assert first_batch(encode({"cursor": cursor, "ok": 1.0})) == (b"".join(documents), 1_234, 0)


@pytest.mark.parametrize("odd", [1, "x", [], None])
@pytest.mark.parametrize("first", ["firstBatch", "id"])
def test_a_reply_of_something_else_than_documents_is_refused(odd: object, first: str) -> None:
    cursor = {first: None, "firstBatch": [{"a": 1}, odd, {"b": 2}], "id": Int64(0), "ns": "d.c"}
    with pytest.raises(InvalidBSON):
        first_batch(encode({"cursor": cursor, "ok": 1.0}))


async def _rows(database: Database, stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    reply = await database.client.admin.command({"aggregate": 1, "pipeline": stages, "cursor": {}})
    rows: list[dict[str, Any]] = reply["cursor"]["firstBatch"]
    return rows


@asynccontextmanager
async def _between(mongod: EmbeddedServer, asked: Passing, answered: Passing) -> AsyncIterator[int]:
    """A port that leads to the server: what comes for it is passed on by ``asked``, what it answers by ``answered``."""
    [address] = parse_uri(mongod.uri)["nodelist"]
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asking = await asyncio.open_connection(*address)
        for work in (asked(reader, asking), answered(answers, writer)):
            task = asyncio.create_task(work)
            connections.add(task)
            task.add_done_callback(connections.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


@asynccontextmanager
async def _garbling(
    mongod: EmbeddedServer, garbled: Callable[[bytes], bytes]
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port that leads to the server, from where the first batch that comes back comes otherwise; and that batch."""
    met: list[bytes] = []

    async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while sent := await reader.read(65_536):
                writer.write(sent)
                await writer.drain()
        writer.close()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                length = await reader.readexactly(4)
                message = length + await reader.readexactly(int.from_bytes(length, "little") - 4)
                if not met and b"firstBatch\0" in message:
                    met.append(message)
                    message = garbled(message)
                writer.write(message)
                await writer.drain()
        writer.close()

    async with _between(mongod, asked, answered) as port:
        yield port, met


@asynccontextmanager
async def _failing(mongod: EmbeddedServer, failures: int) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port that leads to the server, whose connections are cut off at the first so many finds; and those."""
    failed: list[bytes] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool) -> None:
        try:
            while sent := await reader.read(65_536):
                if asks and COMMAND in sent and len(failed) < failures:
                    failed.append(sent)
                    break
                writer.write(sent)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with _between(mongod, partial(forward, asks=True), partial(forward, asks=False)) as port:
        yield port, failed
