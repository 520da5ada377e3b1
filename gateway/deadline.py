"""A bound on how long something may go on."""

import asyncio
from collections.abc import Collection
from types import TracebackType
from typing import Any

# Before Python 3.12 `asyncio.wait_for`, on which the driver waits, loses a cancellation that comes with its result.
_AGAIN_SECONDS = 0.1


class Deadline:
    """What runs within is cancelled after so many seconds, again and again until it ends; then raises `TimeoutError`.

    So does what ended all the same, a moment after. Its task must not be cancelled by another deadline meanwhile.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._cancelled = 0

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "coroutines run in tasks"
        self._task = task
        self._cancelling = task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._expire)

    def _expire(self) -> None:
        self._cancelled += 1
        self._timer = asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._expire)
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if not self._cancelled:
            return
        for _ in range(self._cancelled):
            self._task.uncancel()
        # Somebody else has cancelled it too.
        if self._task.cancelling() > self._cancelling:
            return
        if kind is None or issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error


async def ended(tasks: Collection["asyncio.Task[Any]"]) -> None:
    """Cancels the tasks, again and again until all of them have ended; whatever they raise is theirs."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_SECONDS)
