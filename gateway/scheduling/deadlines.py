"""A bound on how long something may go on."""

import asyncio
from types import TracebackType

from gateway.scheduling.cancellation import AGAIN_SECONDS


class Deadline:
    """So many seconds for each of many things on one event loop: ``with deadline.each():``.

    What runs within is cancelled after them, again and again until it ends; then raises `TimeoutError`. So does what
    ended all the same, a moment after. Its task must not be cancelled by another deadline meanwhile.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # As they began, so as they are due.
        self._under_way: dict[_Within, None] = {}
        # One for all: nearly everything ends in time, and a timer costs more than the rest of this.
        self._timer: asyncio.TimerHandle | None = None

    def each(self) -> "_Within":
        return _Within(self)

    def begun(self, one: "_Within") -> float:
        """When it is due, by the loop's clock."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._seconds
        self._under_way[one] = None
        if self._timer is None:
            self._timer = loop.call_at(due, self._look)
        return due

    def ended(self, one: "_Within") -> None:
        self._under_way.pop(one, None)

    def _look(self) -> None:
        loop, self._timer = asyncio.get_running_loop(), None
        while self._under_way:
            one = next(iter(self._under_way))
            if one.due > loop.time():
                self._timer = loop.call_at(one.due, self._look)
                return
            del self._under_way[one]
            one.expire()


class _Within:
    """One thing that is to meet a deadline."""

    __slots__ = ("_again", "_cancelled", "_cancelling", "_deadline", "_task", "due")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._cancelled = 0
        self._again: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "coroutines run in tasks"
        self._task = task
        self._cancelling = task.cancelling()
        self.due = self._deadline.begun(self)

    def expire(self) -> None:
        self._cancelled += 1
        self._again = asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.expire)
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._deadline.ended(self)
        if self._again is None:
            return
        self._again.cancel()
        for _ in range(self._cancelled):
            self._task.uncancel()
        # Somebody else has cancelled it too.
        if self._task.cancelling() > self._cancelling:
            return
        if kind is None or issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error
