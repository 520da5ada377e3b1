"""The one place that knows parts of PyMongo which aren't its public API: how many documents of a reply a cursor holds,
how it makes a UUID of what is stored as one, how it waits for a condition whose lock it holds, mended for Python 3.11,
and how it waits for an answer.

MongoDB doesn't look whether what another program calls a UUID has 16 bytes. The driver then refuses the whole reply: of
one such value in a document, no job could erase that, nor any beside it.

On Python 3.11 `asyncio.wait_for` runs what it waits for in a task of its own. Where it is cancelled just as its time is
over, it leaves before that task has the lock back: the driver then releases what is another's, and what that task takes
is never released. From then on no server is ever selected again, until the process ends. That happens within seconds
where requests end by their deadlines while there is no primary. From Python 3.12 on `asyncio.wait_for` needs no such
task.

With the driver, three tasks of its own send each command, wait for its answer, and look every half a second whether its
connection was given up: a tenth of what a page of 20 takes of the processor. Here the task that asked does all that.

All assumptions have their tests in ``tests/test_upgrade_assumptions.py``.
"""

import asyncio
import sys
from collections.abc import Coroutine
from math import inf
from typing import Any, TypeVar

from bson import Binary
from bson.binary import UuidRepresentation
from pymongo import _csot, lock
from pymongo.asynchronous import pool
from pymongo.asynchronous.pool import AsyncConnection
from pymongo.common import MAX_MESSAGE_SIZE
from pymongo.errors import ProtocolError, _OperationCancelled
from pymongo.message import _UNPACK_REPLY, _OpMsg
from pymongo.network_layer import _POLL_TIMEOUT, PyMongoProtocol
from pymongo.pool_shared import _CancellationContext

T = TypeVar("T")

_UUID_BYTES = 16
_as_uuid = Binary.as_uuid


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


def patch_exchanges() -> None:
    """Has the driver send a command, and wait for its answer, in the task that asked."""
    pool.async_sendall = _send  # type: ignore[assignment,attr-defined]
    pool.async_receive_message = _answer  # type: ignore[assignment,attr-defined]


async def _send(protocol: PyMongoProtocol, message: bytes) -> None:
    # It waits for nothing: its transport takes a message of any length.
    await protocol.write(message)


async def _answer(
    connection: AsyncConnection, request_id: int | None, max_message_size: int = MAX_MESSAGE_SIZE
) -> _OpMsg:
    remaining = _csot.remaining()
    seconds = connection.conn.gettimeout or inf if remaining is None else max(0.0, remaining)
    limit = _AnswerLimit(connection.cancel_context, seconds)
    try:
        async with limit.timeout:
            data, op_code = await connection.conn.get_conn.read(request_id, max_message_size)
    except TimeoutError:
        # The connection's own may be one, too.
        if not limit.timeout.expired():
            raise
        raise limit.error from None
    finally:
        limit.end()
    if op_code not in _UNPACK_REPLY:
        raise ProtocolError(f"Got opcode {op_code!r} but expected {_UNPACK_REPLY.keys()!r}")
    return _UNPACK_REPLY[op_code](data)


class _AnswerLimit:
    """The end of waiting for an answer: after some seconds, or once its connection was given up.

    An object, not a function that calls for itself again: that would be a cycle for each command, which keeps all of a
    request until the garbage collector comes.
    """

    __slots__ = ("_connection", "_end", "_looking", "_loop", "timeout")

    def __init__(self, connection: _CancellationContext, seconds: float) -> None:
        self.timeout = asyncio.timeout(None)
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + seconds
        self._looking = self._loop.call_later(min(_POLL_TIMEOUT, seconds), self._look)

    @property
    def error(self) -> Exception:
        """What became of the command."""
        if self._connection.cancelled:
            return _OperationCancelled("operation cancelled")
        return TimeoutError("timed out")

    def end(self) -> None:
        self._looking.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if self._connection.cancelled or now >= self._end:
            self.timeout.reschedule(now)
        else:
            self._looking = self._loop.call_later(min(_POLL_TIMEOUT, self._end - now), self._look)
