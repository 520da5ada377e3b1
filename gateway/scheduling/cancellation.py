"""Tasks that are cancelled until they have ended, and work that ends before its caller may give up."""

import asyncio
from collections.abc import Collection
from typing import Any, TypeVar

T = TypeVar("T")

# Before Python 3.12 `asyncio.wait_for`, on which the driver waits, loses a cancellation that comes with its result.
AGAIN_SECONDS = 0.1


async def cancel(tasks: Collection["asyncio.Task[Any]"]) -> None:
    """Cancels the tasks, again every 0.1 s until all of them have ended; what they raise stays in them."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)


def raise_if_cancelled() -> None:
    """Raises CancelledError where this task was cancelled: PyMongo's bulk writes may end as if it had not been."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def completed(future: "asyncio.Future[T]") -> T:
    """The result of what can't be left half-done: whoever gives up meanwhile is let go once it has ended."""
    given_up: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait((future,))
        except asyncio.CancelledError as error:
            given_up = error
    if given_up is None:
        return future.result()
    if not future.cancelled():
        # What it has met is nobody's any longer.
        future.exception()
    raise given_up
