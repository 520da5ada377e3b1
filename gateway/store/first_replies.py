"""Finds whose first reply holds all that they find, as plain commands; their documents aren't decoded.

The driver's cursors of undecoded documents make an object of each document, which takes a tenth of what a page of 20
takes of the processor. But only what its cursors send does the driver repeat where a connection or a server failed.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple, cast

from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure, PyMongoError, ServerSelectionTimeoutError

from gateway.store.client import Database, RawCodecOptions

# BSON's type of an embedded document, and where the elements of a document begin.
_DOCUMENT, _HEAD = 3, 4
# How the driver's and MongoDB's own cursors begin: with their array of documents, and behind that with their id.
_FIRST_BATCH, _ID = b"\x04firstBatch\0", b"\x12id\0"
_ID_BYTES = 8


class FirstBatch(NamedTuple):
    """Documents, one behind the other, and the number of them."""

    documents: bytes
    number: int


async def found_at_once(
    database: Database, options: RawCodecOptions, find: Mapping[str, Any], collection: str
) -> FirstBatch | None:
    """What a ``find`` command finds, with its fields but for the collection's name; None where a cursor has to ask:
    its server or connection failed, an index isn't there, or one reply doesn't hold all.

    Raises the driver's errors of a time limit that passed, and where there is no server to ask.
    """
    preference = database.read_preference
    concern = {"readConcern": level} if (level := database.read_concern.document) else {}
    try:
        reply = await database.command(
            {"find": collection, **find, **concern}, read_preference=preference, codec_options=options
        )
    except (ExecutionTimeout, ServerSelectionTimeoutError):
        raise
    except (AutoReconnect, OperationFailure):
        return None
    batch, cursor_id = batch_and_cursor(reply)
    if cursor_id:
        with suppress(PyMongoError):
            await database.command({"killCursors": collection, "cursors": [cursor_id]}, read_preference=preference)
        return None
    return batch


def batch_and_cursor(reply: RawBSONDocument) -> tuple[FirstBatch, int]:
    """The batch of a cursor's first reply, and the cursor's id: 0 where it has no more."""
    cursor = cast(RawBSONDocument, reply["cursor"])
    encoded = bytes(cursor.raw)
    array = _HEAD + len(_FIRST_BATCH)
    if encoded.startswith(_FIRST_BATCH, _HEAD):
        end = array + int.from_bytes(encoded[array : array + _HEAD], "little")
        behind = end + len(_ID)
        if encoded.startswith(_ID, end):
            return _batch(encoded[array:end]), int.from_bytes(encoded[behind : behind + _ID_BYTES], "little")
    # What speaks MongoDB's protocol may order it otherwise.
    documents = [bytes(document.raw) for document in cursor["firstBatch"]]
    return FirstBatch(b"".join(documents), len(documents)), cursor["id"]


def _batch(array: bytes) -> FirstBatch:
    """The documents of an encoded array. Each stands behind its type and its place, as text that ends with a zero."""
    documents, at, end = [], _HEAD, len(array) - 1
    while at < end:
        start = array.index(0, at + 1) + 1
        length = int.from_bytes(array[start : start + _HEAD], "little")
        if array[at] != _DOCUMENT or length <= _HEAD:
            raise InvalidBSON("a batch of something else than documents")
        at = start + length
        documents.append(array[start:at])
    return FirstBatch(b"".join(documents), len(documents))
