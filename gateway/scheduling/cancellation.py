"""Cancelling tasks until they have ended."""

import asyncio
from collections.abc import Collection
from typing import Any

# Before Python 3.12 `asyncio.wait_for`, on which the driver waits, loses a cancellation that comes with its result.
AGAIN_SECONDS = 0.1


async def cancel(tasks: Collection["asyncio.Task[Any]"]) -> None:
    """Cancels the tasks, again every 0.1 s until all of them have ended; what they raise stays in them."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
