"""Finds and pipelines whose first reply holds all that they give, as plain commands; nothing of it is decoded.

What the driver does around each command takes longer than all else that is done for a page of 20, and its cursors of
undecoded documents make an object of each. But only what its cursors send does the driver repeat where a connection or
a server failed.
"""

import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from bson.errors import BSONError, InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo.errors import ExecutionTimeout, PyMongoError, ServerSelectionTimeoutError, WaitQueueTimeoutError

from gateway.store.client import ClientSession, Database, RawCodecOptions
from gateway.store.pymongo_adapter.exchanges import primary_answer

# BSON's type of an embedded document, and where the elements of a document begin.
_DOCUMENT, _HEAD = 3, 4
# How a reply begins.
_CURSOR = b"\x03cursor\0"
# How the driver's and MongoDB's own cursors begin: with their array of documents, and behind that with their id.
_FIRST_BATCH, _ID = b"\x04firstBatch\0", b"\x12id\0"
_ID_BYTES = 8
_NO_DOCUMENTS = "a batch of something else than documents"
_length = struct.Struct("<i").unpack_from


class FirstBatch(NamedTuple):
    """Documents, one behind the other, and the number of them. ``cursor_id``: of the cursor that has more; 0: none."""

    documents: bytes
    number: int
    cursor_id: int


async def given_at_once(
    database: Database,
    options: RawCodecOptions,
    command: Mapping[str, Any],
    session: ClientSession | None = None,
) -> FirstBatch | None:
    """What a ``find`` or an ``aggregate`` gives, or as much of it as one reply holds, of which no cursor is left; None
    where a cursor has to ask: its server or connection failed, what came is no such answer, or an index isn't there.

    Raises the driver's errors of a time limit that passed, and where there is no server or connection to ask.
    """
    try:
        reply = await primary_answer(database, command, options, session)
        if reply is None:
            concern = {"readConcern": level} if (level := database.read_concern.document) else {}
            reply = await database.command(
                {**command, **concern},
                read_preference=database.read_preference,
                codec_options=options,
                session=session,
            )
        batch = first_batch(bytes(reply.raw))
    except (ExecutionTimeout, ServerSelectionTimeoutError, WaitQueueTimeoutError):
        raise
    except (PyMongoError, BSONError):
        return None
    if batch.cursor_id:
        collection = reply["cursor"]["ns"].partition(".")[2]
        killing = {"killCursors": collection, "cursors": [batch.cursor_id]}
        with suppress(PyMongoError):
            await database.command(killing, read_preference=database.read_preference, session=session)
    return batch


def first_batch(reply: bytes) -> FirstBatch:
    """The first batch of a cursor, of an encoded reply; raises `InvalidBSON` where it has none."""
    try:
        return _first_batch(reply)
    except (KeyError, TypeError, IndexError, struct.error) as error:
        raise InvalidBSON(_NO_DOCUMENTS) from error


def _first_batch(reply: bytes) -> FirstBatch:
    start = _HEAD + len(_CURSOR)
    array = start + _HEAD + len(_FIRST_BATCH)
    if reply.startswith(_CURSOR, _HEAD) and reply.startswith(_FIRST_BATCH, start + _HEAD):
        end = array + int.from_bytes(reply[array : array + _HEAD], "little")
        behind = end + len(_ID)
        if reply.startswith(_ID, end):
            documents = _documents(reply[array:end])
            cursor_id = int.from_bytes(reply[behind : behind + _ID_BYTES], "little", signed=True)
            return FirstBatch(b"".join(documents), len(documents), cursor_id)
    # What speaks MongoDB's protocol may order it otherwise.
    cursor = RawBSONDocument(reply)["cursor"]
    batch = cursor["firstBatch"]
    if not all(isinstance(document, RawBSONDocument) for document in batch):
        raise InvalidBSON(_NO_DOCUMENTS)
    return FirstBatch(b"".join(bytes(document.raw) for document in batch), len(batch), cursor["id"])


def _documents(array: bytes) -> list[bytes]:
    """Those of an encoded array. Each stands behind its type and its place, as text that ends with a zero."""
    documents: list[bytes] = []
    at, end, number = _HEAD, len(array) - 1, 0
    while at < end:
        # To look for the zero takes longer than all else.
        start = at + (3 if number < 10 else 4 if number < 100 else 2 + len(str(number)))
        [length] = _length(array, start)
        if array[at] != _DOCUMENT or array[start - 1] or length <= _HEAD:
            raise InvalidBSON(_NO_DOCUMENTS)
        at, number = start + length, number + 1
        documents.append(array[start:at])
    if at > end:
        raise InvalidBSON(_NO_DOCUMENTS)
    return documents
