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
        self.seconds = seconds
        # In the order of their beginnings, which is that of their ends, too.
        self.blocks: dict[_Block, None] = {}
        # One for all: nearly everything ends in time, and a timer costs more than the rest of this.
        self._timer: asyncio.TimerHandle | None = None

    def less(self, seconds: float) -> "Deadline":
        """The time limit on what began so many seconds ago."""
        return Deadline(max(0.0, self.seconds - seconds)) if seconds else self

    def block(self) -> "_Block":
        """A block under this time limit, for a ``with`` statement in a coroutine."""
        return _Block(self)

    def watch(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """Sees that what is due then is cancelled, as all is that begins after it."""
        if self._timer is None:
            self._timer = loop.call_at(due, self._expire)

    def _expire(self) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        while self.blocks:
            block = next(iter(self.blocks))
            if block.due > loop.time():
                self._timer = loop.call_at(block.due, self._expire)
                return
            del self.blocks[block]
            block.cancel()


class _Block:
    """One block of code under a time limit."""

    __slots__ = ("_cancel_again", "_cancellations", "_cancelling_before", "_deadline", "_task", "due")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._cancellations = 0
        self._cancel_again: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        task, loop, deadline = asyncio.current_task(), asyncio.get_running_loop(), self._deadline
        assert task is not None, "coroutines run in tasks"
        self._task = task
        self._cancelling_before = task.cancelling()
        self.due = loop.time() + deadline.seconds
        deadline.blocks[self] = None
        deadline.watch(loop, self.due)

    def cancel(self) -> None:
        self._cancellations += 1
        self._cancel_again = asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.cancel)
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._deadline.blocks.pop(self, None)
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
