"""Mends of how the driver reads binary data that others stored, and of how it waits for a condition whose lock it
holds; and how many documents of a reply its cursor holds.

MongoDB doesn't look whether what another program calls a UUID has 16 bytes, nor within binary data of the older form,
which begins with its length. The driver then refuses the whole reply: of one such value in a document, no job could
erase that, nor any beside it.

On Python 3.11 `asyncio.wait_for` runs what it waits for in a task of its own. Where it is cancelled just as its time is
over, it leaves before that task has the lock back: the driver then releases what is another's, and what that task takes
is never released. From then on no server is ever selected again, until the process ends. That happens within seconds
where requests end by their deadlines while there is no primary. From Python 3.12 on `asyncio.wait_for` needs no such
task.
"""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from bson import Binary
from bson.binary import UuidRepresentation
from bson.errors import InvalidBSON
from pymongo import lock
from pymongo.message import _OpMsg

from gateway.model.bson_elements import readable

T = TypeVar("T")

_UUID_BYTES = 16
_as_uuid = Binary.as_uuid
_decoded = _OpMsg.unpack_response


def buffered(cursor: Any) -> int:
    """How many documents a cursor, Motor's too, gives without asking the server for another batch."""
    return len(getattr(cursor, "delegate", cursor)._data)


def patch_condition_wait() -> None:
    """Has the driver wait in the task that holds the lock, as all versions of Python since do."""
    if sys.version_info < (3, 12):
        lock.wait_for = _wait_for  # type: ignore[assignment,attr-defined]


async def _wait_for(awaited: Coroutine[Any, Any, T], seconds: float | None) -> T:
    async with asyncio.timeout(seconds):
        return await awaited


def patch_uuids() -> None:
    """Has the driver leave what is called a UUID and is none as the binary data that it is."""
    Binary.as_uuid = _uuid_or_itself  # type: ignore[method-assign,assignment]


def _uuid_or_itself(binary: Binary, uuid_representation: int = UuidRepresentation.STANDARD) -> Any:
    return _as_uuid(binary, uuid_representation) if len(binary) == _UUID_BYTES else binary


def patch_replies() -> None:
    """Has the driver read a reply with binary data of the older form that have a wrong length as of nobody's."""
    _OpMsg.unpack_response = _decoded_or_readable  # type: ignore[assignment,method-assign]


def _decoded_or_readable(message: _OpMsg, *arguments: Any, **named: Any) -> Any:
    try:
        return _decoded(message, *arguments, **named)
    except InvalidBSON:
        message.payload_document = bytes(readable(message.payload_document))
        return _decoded(message, *arguments, **named)
