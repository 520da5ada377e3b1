"""Shifts: whatever takes long is done one after the other, so that what is short gets done in between."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

# Of a body or a message: reading so much takes a millisecond.
LONG_BYTES = 50_000

# In which a request for a few interactions is answered.
_LONGEST_PAUSE_SECONDS = 0.008


class CpuGate:
    """The long work of one process."""

    def __init__(self) -> None:
        self._free = asyncio.Lock()

    async def do(self, work: Callable[[], T]) -> T:
        """What ``work`` gives, which waits for its turn; and the next waits for half as long as it took."""
        await self._free.acquire()
        began = perf_counter()
        try:
            return work()
        finally:
            pause = min((perf_counter() - began) / 2, _LONGEST_PAUSE_SECONDS)
            asyncio.get_running_loop().call_later(pause, self._free.release)
