"""CPU-heavy work, done one piece after the other, so that short requests are answered beside it or in between, and in
turns, so that nobody waits behind all that another one sent."""

import asyncio
from bisect import insort
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from time import thread_time
from typing import TypeAlias, TypeVar

from gateway.context import Caller
from gateway.errors import RateLimited
from gateway.scheduling.cancellation import completed
from gateway.scheduling.concurrency import ConcurrencyLimit

T = TypeVar("T")
# Returns, or raises, once the client that asked has left.
ClientLeft: TypeAlias = Callable[[], Awaitable[None]]

# Of a body or a message: reading so much takes up to 0.2 ms.
LONG_BYTES = 10_000

# How long others are served after a piece, as a part of its own time: half of it at least, so that short requests come
# between, and up to twice as long while operations of other keys are under way. A write of 8 ms has five replies of
# MongoDB to wait for; with a piece between each two of them it took ten times as long.
_LEAST_PAUSE, _LONGEST_PAUSE = 0.5, 2.0
_LOOK_AGAIN_SECONDS = 0.001
# Who hasn't waited for a while starts again like everybody else; this many are remembered at least.
_MAX_IDLE = 1_000
# Work is asked for again as soon as a place of the line is free: in most cases within tens of milliseconds.
_RETRY_SECONDS = 1


class Stage(IntEnum):
    """The stage of an operation that work is done for; the first goes first among a key's work.

    ``ANSWERING``: the sooner that is done, the less of what was read is held. ``READING`` is decoding what was read.
    ``AHEAD`` of its operation being under way, a key may have only so much waiting.
    """

    ANSWERING = 0
    READING = 1
    AHEAD = 2


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    """A piece of work that waits for its turn: by stage, then by operation, then by when it came.

    What an operation read is decoded and answered before anything of the next one is: decoded documents take up to ten
    times their bytes, and of thirty operations taken alike, all were held at a time.
    """

    stage: Stage
    operation: int
    number: int
    turn: "asyncio.Future[None]" = field(compare=False)


class _Turns:
    """Turns by processor time: next is who had the least.

    Who joins late has had as much as the one whose turn it was last, so that being away gathers no claim.
    """

    __slots__ = ("_floor", "_had")

    def __init__(self) -> None:
        self._had: dict[str, float] = {}
        self._floor = 0.0

    def join(self, name: str) -> None:
        self._had[name] = max(self._had_by(name), self._floor)

    def next(self, names: Iterable[str]) -> str:
        """Whose turn it is among those that wait."""
        name = min(names, key=self._had_by)
        self._floor = self._had_by(name)
        return name

    def spend(self, name: str, seconds: float) -> None:
        """Counts what a turn took, and forgets who would start again like everybody else."""
        self._had[name] = self._had_by(name) + seconds
        if len(self._had) > _MAX_IDLE:
            self._had = {other: had for other, had in self._had.items() if had > self._floor}

    def _had_by(self, name: str) -> float:
        return self._had.get(name, self._floor)


class CpuGate:
    """The gate through which one piece of CPU-heavy work at a time passes in a process.

    Organizations have equal shares of the time, and so have the keys of each; ``max_waiting``: pieces of one key that
    may wait ahead of its operations. ``operations``: those under way, for which pauses last longer.
    """

    def __init__(self, operations: ConcurrencyLimit, *, max_waiting: int) -> None:
        self._operations = operations
        self._max_waiting = max_waiting
        self._is_open = True
        # Of which only one is ever at work.
        self._thread = ThreadPoolExecutor(1, "cpu")
        self._organizations, self._keys = _Turns(), dict[str, _Turns]()
        # By organization and key, the next first.
        self._lines: dict[str, dict[str, list[_Waiting]]] = {}
        self._numbers = count()
        # Pieces that wait, by key: those of operations that aren't under way yet, and of those that are.
        self._ahead, self._under_way = Counter[str](), Counter[str]()

    async def run(
        self,
        work: Callable[[], T],
        caller: Caller | None,
        left: ClientLeft | None = None,
        *,
        stage: Stage = Stage.AHEAD,
        operation: int = 0,
    ) -> T:
        """The result of ``work``, which begins when no other is under way, nor paused after, and it is its turn.

        A pause is half as long as the piece before it, and up to twice as long while operations of other keys than the
        next are under way.

        ``caller`` is None where it isn't known yet who asks: all those are as one. ``stage``: that of its operation;
        ``operation``: that operation's number, lower ones first.
        Raises `RateLimited` where as many pieces of the key wait ahead of their operations as may, and what ``left``
        does once the client has left.
        """
        organization, key = (caller.organization.id, caller.id) if caller else ("", "")
        if not self._is_open or self._lines:
            await self._wait(organization, key, left, stage, operation)
        self._is_open = False
        self._join(organization, key)
        seconds = 0.0

        def timed() -> T:
            nonlocal seconds
            began = thread_time()
            try:
                return work()
            finally:
                seconds = thread_time() - began

        def end(_: "asyncio.Future[T]") -> None:
            self._end(organization, key, seconds)

        piece = asyncio.get_running_loop().run_in_executor(self._thread, copy_context().run, timed)
        piece.add_done_callback(end)
        # It is paid for to its end by whoever gives up.
        return await completed(piece)

    def _end(self, organization: str, key: str, seconds: float) -> None:
        """Counts a piece that took so long, and begins the pause after it."""
        self._organizations.spend(organization, seconds)
        self._keys[organization].spend(key, seconds)
        loop = asyncio.get_running_loop()
        loop.call_later(_LEAST_PAUSE * seconds, self._let_next, loop.time() + _LONGEST_PAUSE * seconds)

    def _join(self, organization: str, key: str) -> None:
        self._organizations.join(organization)
        self._keys.setdefault(organization, _Turns()).join(key)

    async def _wait(self, organization: str, key: str, left: ClientLeft | None, stage: Stage, operation: int) -> None:
        """Returns when it is this piece's turn; whoever gives up frees its place."""
        waiting = self._ahead if stage is Stage.AHEAD else self._under_way
        if stage is Stage.AHEAD and waiting[key] >= self._max_waiting:
            raise RateLimited(
                f"At most {self._max_waiting:,} requests of a key may wait to be read and validated.",
                retry_after=_RETRY_SECONDS,
            )
        line = self._lines.setdefault(organization, {}).setdefault(key, [])
        self._join(organization, key)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        piece = _Waiting(stage, operation, next(self._numbers), turn)
        insort(line, piece)
        waiting[key] += 1
        try:
            await (turn if left is None else _turn_unless(left, turn))
        except BaseException:
            if piece in line:
                self._remove(organization, key, piece)
            elif not turn.cancelled():
                # Its turn came just as its caller gave up.
                self._let_next()
            raise
        finally:
            waiting[key] -= 1
            if not waiting[key]:
                del waiting[key]

    def _remove(self, organization: str, key: str, piece: _Waiting) -> None:
        keys = self._lines[organization]
        keys[key].remove(piece)
        if not keys[key]:
            del keys[key]
        if not keys:
            del self._lines[organization]

    def _let_next(self, latest: float = 0.0) -> None:
        """Ends a pause, or has it last longer, until ``latest``: the next piece begins, or whichever comes first."""
        loop = asyncio.get_running_loop()
        while self._lines:
            organization = self._organizations.next(self._lines)
            key = self._keys[organization].next(self._lines[organization])
            if loop.time() < latest and self._operations.has_others_than(key, self._under_way):
                loop.call_later(_LOOK_AGAIN_SECONDS, self._let_next, latest)
                return
            piece = self._lines[organization][key][0]
            self._remove(organization, key, piece)
            # One that was given up a moment ago may be there still.
            if not piece.turn.done():
                piece.turn.set_result(None)
                return
        self._is_open = True
        self._organizations, self._keys = _Turns(), {}


async def _turn_unless(left: ClientLeft, turn: "asyncio.Future[None]") -> None:
    """Waits for the turn, or raises what ``left`` does."""
    leaving = asyncio.ensure_future(left())
    leaving.add_done_callback(_retrieve_exception)
    try:
        await asyncio.wait((turn, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not turn.done():
            leaving.result()
            raise asyncio.CancelledError
    finally:
        leaving.cancel()


def _retrieve_exception(leaving: "asyncio.Future[None]") -> None:
    """That a client left in the moment of its turn is of no account."""
    if not leaving.cancelled():
        leaving.exception()
