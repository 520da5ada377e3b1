"""Finds and pipelines whose first reply holds all that they give, as plain commands; nothing of it is decoded.

The driver's cursors of undecoded documents make an object of each document, which takes a tenth of what a page of 20
takes of the processor. But only what its cursors send does the driver repeat where a connection or a server failed.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple, cast

from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure, PyMongoError, ServerSelectionTimeoutError

from gateway.store.client import ClientSession, Database, RawCodecOptions

# BSON's type of an embedded document, and where the elements of a document begin.
_DOCUMENT, _HEAD = 3, 4
# How the driver's and MongoDB's own cursors begin: with their array of documents, and behind that with their id.
_FIRST_BATCH, _ID = b"\x04firstBatch\0", b"\x12id\0"
_ID_BYTES = 8


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
    where a cursor has to ask: its server or connection failed, or an index isn't there.

    Raises the driver's errors of a time limit that passed, and where there is no server to ask.
    """
    preference = database.read_preference
    concern = {"readConcern": level} if (level := database.read_concern.document) else {}
    try:
        reply = await database.command(
            {**command, **concern}, read_preference=preference, codec_options=options, session=session
        )
    except (ExecutionTimeout, ServerSelectionTimeoutError):
        raise
    except (AutoReconnect, OperationFailure):
        return None
    batch = first_batch(reply)
    if batch.cursor_id:
        collection = reply["cursor"]["ns"].partition(".")[2]
        killing = {"killCursors": collection, "cursors": [batch.cursor_id]}
        with suppress(PyMongoError):
            await database.command(killing, read_preference=preference, session=session)
    return batch


def first_batch(reply: RawBSONDocument) -> FirstBatch:
    """The first batch of a cursor."""
    cursor = cast(RawBSONDocument, reply["cursor"])
    encoded = bytes(cursor.raw)
    array = _HEAD + len(_FIRST_BATCH)
    if encoded.startswith(_FIRST_BATCH, _HEAD):
        end = array + int.from_bytes(encoded[array : array + _HEAD], "little")
        behind = end + len(_ID)
        if encoded.startswith(_ID, end):
            documents = _documents(encoded[array:end])
            cursor_id = int.from_bytes(encoded[behind : behind + _ID_BYTES], "little", signed=True)
            return FirstBatch(b"".join(documents), len(documents), cursor_id)
    # What speaks MongoDB's protocol may order it otherwise.
    documents = [bytes(document.raw) for document in cursor["firstBatch"]]
    return FirstBatch(b"".join(documents), len(documents), cursor["id"])


def _documents(array: bytes) -> list[bytes]:
    """Those of an encoded array. Each stands behind its type and its place, as text that ends with a zero."""
    documents, at, end = [], _HEAD, len(array) - 1
    while at < end:
        start = array.index(0, at + 1) + 1
        length = int.from_bytes(array[start : start + _HEAD], "little")
        if array[at] != _DOCUMENT or length <= _HEAD:
            raise InvalidBSON("a batch of something else than documents")
        at = start + length
        documents.append(array[start:at])
    return documents
