"""A bound on how long something may go on."""

import asyncio
from types import TracebackType

from gateway.scheduling.cancellation import AGAIN_SECONDS


class Deadline:
    """A time limit, the same for each of many blocks of code on one event loop: ``with deadline.block():``.

    A block that takes longer than ``seconds`` is cancelled, again and again until it ends, and then raises
    `TimeoutError`; so does one that ended all the same, a moment after. Its task must not be cancelled by another
    deadline meanwhile.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # In the order of their beginnings, which is that of their ends, too.
        self._blocks: dict[_Block, None] = {}
        # One for all: nearly everything ends in time, and a timer costs more than the rest of this.
        self._timer: asyncio.TimerHandle | None = None

    def block(self) -> "_Block":
        """A block under this time limit, for a ``with`` statement in a coroutine."""
        return _Block(self)

    def begin(self, block: "_Block") -> float:
        """When the block has to have ended, by the loop's clock."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._seconds
        self._blocks[block] = None
        if self._timer is None:
            self._timer = loop.call_at(due, self._expire)
        return due

    def end(self, block: "_Block") -> None:
        self._blocks.pop(block, None)

    def _expire(self) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        while self._blocks:
            block = next(iter(self._blocks))
            if block.due > loop.time():
                self._timer = loop.call_at(block.due, self._expire)
                return
            del self._blocks[block]
            block.cancel()


class _Block:
    """One block of code under a time limit."""

    __slots__ = ("_cancel_again", "_cancellations", "_cancelling_before", "_deadline", "_task", "due")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._cancellations = 0
        self._cancel_again: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "coroutines run in tasks"
        self._task = task
        self._cancelling_before = task.cancelling()
        self.due = self._deadline.begin(self)

    def cancel(self) -> None:
        self._cancellations += 1
        self._cancel_again = asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.cancel)
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._deadline.end(self)
        if self._cancel_again is None:
            return
        self._cancel_again.cancel()
        for _ in range(self._cancellations):
            self._task.uncancel()
        # Somebody else has cancelled it too.
        if self._task.cancelling() > self._cancelling_before:
            return
        if kind is None or issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error
