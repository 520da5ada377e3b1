"""Waiting for what happens, rather than for as long as it usually takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds after which nothing more is expected: whatever is waited for takes a fraction, on the busiest machine too."""


def eventually(condition: Callable[[], T | None]) -> T:
    """The value of ``condition`` once it is true, for what tells nobody that it happens."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)
    return value


async def soon(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    """As `eventually`, within the event loop that it happens in."""
    async with asyncio.timeout(PATIENCE):
        while not (await value if isinstance(value := condition(), Awaitable) else value):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
