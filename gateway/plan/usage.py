"""What one operation uses, in bytes and time: counted while it is run, up to limits, and priced beside documents."""

import asyncio
import math
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from gateway.errors import ReadTooLarge, WriteTooLarge
from gateway.observability.records import CommandTracer
from gateway.scheduling.held_bytes import OperationBytes, ReplyBytes
from gateway.scheduling.paid_work import SECONDS_PER_POINT

# So many bytes of each document are read for its point, and for each further point so many of all documents together.
BYTES_OF_DOCUMENT = 2_000
BYTES_READ = 4_000
# So many bytes of each document are written for its points, and so many of all together for each further point. This
# process and MongoDB take for 1 KB 9 µs of text, 26 of many small values, 81 of filter trees, which are indexed.
BYTES_OF_WRITTEN = 1_000
BYTES_WRITTEN = 500
# So many bytes of an answer are made for each point that it costs anyway, and as many for each further point. To read,
# shape, encode and compress 1 KB takes 2 µs of long texts, 15 of filter trees as JSON, 27 of those as text; a small
# document takes 15 to 20.
BYTES_ANSWERED = 2_000
# So long an answer is made for the points of its documents and bytes; what goes on for longer, as many copies of large
# documents do, is paid for by its time.
SECONDS_OF_ANSWER = 0.02
# For each point so many seconds pass, in which documents are examined that no index finds: as long as one document
# takes that is found and answered.
SECONDS_EXAMINING = 0.0001

RunningCommand: TypeAlias = "asyncio.Future[Any]"
# Does work on the processor in its turn.
InTurn: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class UsageLimits:
    """The most that each operation may use. ``read``: bytes from the database. ``written``: bytes of documents that the
    database is sent to store. ``examining``: seconds of a command."""

    read: int
    written: int
    examining: float = math.inf


UNLIMITED = UsageLimits(sys.maxsize, sys.maxsize)


class Usage:
    """The bytes and the time that one operation has used so far.

    ``commands``: those of its commands under way that may be long, also after it was given up; ``sent``: all that it
    sent.
    ``tracer``: is told of each.
    ``in_turn``: what does that of its work which takes the processor for long; without it that is done at once.
    ``held``: the bytes that it holds of what it read; without them none are counted.
    """

    __slots__ = (
        "_began",
        "_compared",
        "_documents",
        "_examining",
        "_held",
        "_in_vain",
        "_limits",
        "_read",
        "_recorded",
        "_running",
        "_seconds",
        "_since",
        "_written",
        "commands",
        "ended",
        "in_turn",
        "seconds",
        "sent",
        "tracer",
    )

    def __init__(
        self,
        limits: UsageLimits,
        in_turn: InTurn | None = None,
        tracer: CommandTracer | None = None,
        held: OperationBytes | None = None,
    ) -> None:
        self._limits = limits
        self._held = held
        self.in_turn = in_turn
        self.tracer = tracer
        self._read = self._in_vain = 0
        self._documents = 0
        self._compared = 0
        self._written = 0
        self._recorded = 0
        self._seconds = self._since = 0.0
        self._examining = 0
        self.commands = set[RunningCommand]()
        # In which any of its commands was under way.
        self.seconds = self._began = 0.0
        self._running = 0
        self.sent: list[object] = []
        self.ended: list[tuple[str, float, str]] = []

    def command_began(self, command: object) -> None:
        """Counts the time until `command_ended`; that of commands side by side once."""
        self.sent.append(command)
        if not self._running:
            self._began = time.perf_counter()
        self._running += 1

    def command_ended(self, name: str, seconds: float, error: str) -> None:
        """``name``: the command's at MongoDB; ``error``: what it ended with, empty where that was its result."""
        self.ended.append((name, seconds, error))
        self._running -= 1
        if not self._running:
            self.seconds += time.perf_counter() - self._began

    def read(self, size: int) -> None:
        """Counts bytes that came from the database. Raises `ReadTooLarge` where they are more by then than may be read:
        they aren't decoded, and no more are asked for."""
        self._read += size
        _require_within(self._read, self._limits.read)

    def read_in_vain(self, size: int) -> None:
        """Counts bytes that came from the database and are read again: they are paid for, but are no part of what may
        be read. Raises `ReadTooLarge` where they would be too much of that."""
        _require_within(self._read + size, self._limits.read)
        self._in_vain += size

    def reply(self, most: int) -> ReplyBytes | None:
        """What a command's replies hold, where that is counted; each may have ``most`` bytes."""
        return self._held.reply(most) if self._held is not None else None

    @property
    def size(self) -> int:
        """All bytes of documents so far, read or written."""
        return self._read + self._written

    @property
    def documents(self) -> int:
        """How many documents came from the database, or were recorded."""
        return self._documents + self._recorded

    @property
    def read_bytes(self) -> int:
        return self._read + self._compared

    @property
    def written_bytes(self) -> int:
        return self._written

    def decoded(self, documents: int) -> None:
        """Counts the documents that were in bytes read."""
        self._documents += documents

    def begin(self, command: RunningCommand, *, examines: bool) -> None:
        """Counts a command that may be long, and where it examines what no index finds, the time until it has ended:
        as it passes here, which is more than MongoDB's own while that or this process is busy."""
        self.commands.add(command)
        command.add_done_callback(self.commands.discard)
        if examines:
            if not self._examining:
                self._since = time.monotonic()
            self._examining += 1
            command.add_done_callback(self._end_examining)

    def _end_examining(self, _: RunningCommand) -> None:
        self._examining -= 1
        if not self._examining:
            self._seconds += min(time.monotonic() - self._since, self._limits.examining)

    def beyond(self, points: int) -> int:
        """What is charged besides these points: of bytes, and of the time in which documents were examined, where it
        is more."""
        return self.points + max(0, self.examination_points - points)

    @property
    def examination_points(self) -> int:
        """The points of the time in which documents were examined; commands that run side by side take it once."""
        return int(self._seconds / SECONDS_EXAMINING)

    def compared(self, size: int) -> None:
        """Counts bytes of stored documents that are read because others were sent under their ids. Raises
        `ReadTooLarge` where they are more by then than may be written: they can't be the same."""
        self._compared += size
        _require_within(self._compared, self._limits.written)

    def written(self, sizes: Iterable[int]) -> None:
        """Counts the bytes of documents that are about to be sent. Raises `WriteTooLarge`, counting none, where they
        are more than may still be written: none of them is sent."""
        written, documents = self._written, 0
        for size in sizes:
            written += size
            documents += 1
            if written > self._limits.written:
                raise WriteTooLarge(
                    f"The operation would store more than {self._limits.written:,} bytes, with the search requests "
                    "that interactions name: record fewer at a time."
                )
        self._written = written
        self._recorded += documents

    @property
    def points(self) -> int:
        """The points of the bytes, besides those of the documents."""
        read = self._read + self._in_vain + self._compared - BYTES_OF_DOCUMENT * self._documents
        written = self._written - BYTES_OF_WRITTEN * self._recorded
        return max(0, read) // BYTES_READ + max(0, written) // BYTES_WRITTEN


def answer_points(size: int, points: int, seconds: float = 0.0) -> int:
    """The points of an answer's bytes, as they are before they are compressed, and of the ``seconds`` of a processor in
    which it was made, besides ``points`` that it costs anyway."""
    of_time = max(0, int((seconds - SECONDS_OF_ANSWER) / SECONDS_PER_POINT))
    return max(0, size - BYTES_ANSWERED * points) // BYTES_ANSWERED + of_time


def _require_within(size: int, limit: int) -> None:
    if size > limit:
        raise ReadTooLarge(
            f"The operation read more than {limit:,} bytes: ask for fewer elements at a time, or for less of each."
        )
