"""How commands are sent on the driver's connections, and their answers waited for, in few steps.

With the driver, three tasks of its own send each command, wait for its answer, and look every half a second whether its
connection was given up; a message is read in two pieces, and its connection isn't read in between. That takes more of
the processor than all else that is done for a page of 20 between the socket and MongoDB. Here the task that asked does
all that, and reads what has come at once.
"""

import asyncio
import struct
from collections import deque
from math import inf
from typing import cast

from pymongo import _csot, pool_shared
from pymongo.asynchronous import pool
from pymongo.asynchronous.pool import AsyncConnection
from pymongo.common import MAX_MESSAGE_SIZE
from pymongo.compression_support import decompress
from pymongo.errors import ProtocolError, _OperationCancelled
from pymongo.message import _UNPACK_REPLY, _OpMsg
from pymongo.network_layer import _POLL_TIMEOUT
from pymongo.pool_shared import _CancellationContext

# A message's length, its id, the id of what it answers, and its kind; of a compressed one the kind of what is in it,
# how long that is, and by what it was compressed.
_HEADER, _COMPRESSION_HEADER = struct.Struct("<iiii"), struct.Struct("<iiB")
_COMPRESSED = 2012


def patch_connections() -> None:
    """Has the driver send a command, and wait for its answer, in the task that asked."""
    pool_shared.PyMongoProtocol = MessageProtocol  # type: ignore[assignment,attr-defined]
    pool.async_sendall = _send  # type: ignore[assignment,attr-defined]
    pool.async_receive_message = _answer  # type: ignore[assignment,attr-defined]


class MessageProtocol(asyncio.Protocol):
    """The messages that come on a connection, for the one who waits; in the place of the driver's `PyMongoProtocol`.

    ``gettimeout``: in seconds, as the driver names it; None: no limit.
    """

    transport: asyncio.Transport

    def __init__(self, timeout: float | None = None) -> None:
        self.gettimeout = timeout
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        # Of a message that isn't there whole, and how many bytes there have to be to go on with it.
        self._pieces: list[bytes] = []
        self._came_bytes = self._expected = 0
        self._most_bytes = MAX_MESSAGE_SIZE
        self._messages = deque[bytes]()
        self._waiting: asyncio.Future[None] | None = None
        self._is_paused = self._has_ended = False

    def settimeout(self, timeout: float | None) -> None:
        self.gettimeout = timeout

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Those of uvloop say so of none.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(MAX_MESSAGE_SIZE, MAX_MESSAGE_SIZE)

    async def write(self, message: bytes) -> None:
        """Sends a message; the transport takes one of any length, so that there is nothing to wait for."""
        if self.transport.is_closing():
            raise OSError("Connection is closed")
        self.transport.write(message)

    async def read(
        self, request_id: int | None, max_message_size: int, seconds: float, given_up: _CancellationContext
    ) -> tuple[memoryview, int]:
        """The next message, without its header, and its kind.

        ``request_id``: what it has to answer, where it isn't None. Raises OSError, of which TimeoutError is one, once
        the connection has ended or so many seconds have passed, and the driver's errors where the connection was given
        up or what came is no answer.
        """
        self._most_bytes = max_message_size
        if not self._messages:
            await self._next(seconds, given_up)
        message = self._messages.popleft()
        if self._is_paused:
            self._is_paused = False
            self.transport.resume_reading()
        _, _, answered_id, kind = _HEADER.unpack_from(message)
        if request_id is not None and answered_id != request_id:
            raise ProtocolError(f"Got response id {answered_id!r} but expected {request_id!r}")
        content = memoryview(message)[_HEADER.size :]
        return (content, kind) if kind != _COMPRESSED else self._decompressed(content)

    async def _next(self, seconds: float, given_up: _CancellationContext) -> None:
        if self._has_ended or self.transport.is_closing():
            raise OSError("connection is already closed")
        self._waiting = self._loop.create_future()
        limit = _WaitingLimit(self._waiting, seconds, given_up)
        try:
            await self._waiting
        finally:
            self._waiting = None
            limit.end()

    def _decompressed(self, content: memoryview) -> tuple[memoryview, int]:
        if len(content) < _COMPRESSION_HEADER.size:
            raise ProtocolError("a compressed message without its header")
        kind, length, compressor_id = _COMPRESSION_HEADER.unpack_from(content)
        most_bytes = self._most_bytes - _HEADER.size
        if not 0 < length <= most_bytes:
            raise ProtocolError(f"Uncompressed message size ({length!r}) is none or larger than {most_bytes!r}")
        try:
            whole = decompress(content[_COMPRESSION_HEADER.size :], compressor_id, most_bytes)
        except Exception as error:
            # Each library has errors of its own for what it can't decompress, and there may be none for it.
            raise ProtocolError("a compressed message that can't be decompressed") from error
        return memoryview(whole), kind

    def data_received(self, data: bytes) -> None:
        if self._pieces:
            self._pieces.append(data)
            self._came_bytes += len(data)
            if self._came_bytes < self._expected:
                return
            data = b"".join(self._pieces)
            self._pieces.clear()
        start, end = 0, len(data)
        while end - start >= _HEADER.size:
            length = int.from_bytes(data[start : start + 4], "little", signed=True)
            if not _HEADER.size < length <= self._most_bytes:
                self.close(ProtocolError(f"Message length ({length!r}) is none, or larger than {self._most_bytes!r}"))
                return
            if length > end - start:
                break
            self._came(data if length == end else data[start : start + length])
            start += length
        else:
            length = _HEADER.size
        if start < end:
            self._pieces.append(data[start:])
            self._came_bytes, self._expected = end - start, length

    def _came(self, message: bytes) -> None:
        self._messages.append(message)
        if self._waiting is None:
            # Who sends what nobody waits for can't have any number of messages kept.
            self._is_paused = True
            self.transport.pause_reading()
        elif not self._waiting.done():
            self._waiting.set_result(None)

    def close(self, error: Exception | None = None) -> None:
        """Ends the connection. ``error``: of whoever waits."""
        self.transport.abort()
        self._end(error)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error)
        if not self._closed.done():
            self._closed.set_result(None)

    def _end(self, error: Exception | None) -> None:
        self._has_ended = True
        self._pieces.clear()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error or OSError("connection closed"))

    async def wait_closed(self) -> None:
        await self._closed


class _WaitingLimit:
    """The end of waiting for an answer: after some seconds, or once its connection was given up.

    An object, not a function that calls for itself again: that would be a cycle for each command, which keeps all of a
    request until the garbage collector comes.
    """

    __slots__ = ("_end", "_given_up", "_looking", "_loop", "_waiting")

    def __init__(self, waiting: asyncio.Future[None], seconds: float, given_up: _CancellationContext) -> None:
        self._waiting = waiting
        self._given_up = given_up
        self._loop = waiting.get_loop()
        self._end = self._loop.time() + seconds
        self._looking = self._loop.call_later(min(_POLL_TIMEOUT, seconds), self._look)

    def end(self) -> None:
        self._looking.cancel()

    def _look(self) -> None:
        if self._waiting.done():
            return
        now = self._loop.time()
        if self._given_up.cancelled:
            self._waiting.set_exception(_OperationCancelled("operation cancelled"))
        elif now >= self._end:
            self._waiting.set_exception(TimeoutError("timed out"))
        else:
            self._looking = self._loop.call_later(min(_POLL_TIMEOUT, self._end - now), self._look)


async def _send(protocol: MessageProtocol, message: bytes) -> None:
    await protocol.write(message)


async def _answer(
    connection: AsyncConnection, request_id: int | None, max_message_size: int = MAX_MESSAGE_SIZE
) -> _OpMsg:
    protocol: MessageProtocol = connection.conn.get_conn  # type: ignore[assignment]
    remaining = _csot.remaining()
    seconds = protocol.gettimeout or inf if remaining is None else max(0.0, remaining)
    content, kind = await protocol.read(request_id, max_message_size, seconds, connection.cancel_context)
    if kind not in _UNPACK_REPLY:
        raise ProtocolError(f"Got opcode {kind!r} but expected {_UNPACK_REPLY.keys()!r}")
    try:
        return _UNPACK_REPLY[kind](content)
    except (struct.error, IndexError) as error:
        raise ProtocolError("a message that is shorter than its parts") from error
