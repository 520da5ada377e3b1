"""CPU-heavy work, done one piece after the other with pauses, so that short requests are answered in between."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

# Of a body or a message: reading so much takes a millisecond.
LONG_BYTES = 50_000

# In which a request for a few interactions is answered.
_MAX_PAUSE_SECONDS = 0.008


class CpuGate:
    """The gate through which one piece of CPU-heavy work at a time passes in a process."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """The result of ``work``, which begins when no other is under way, nor within half of the time that one took
        after it (8 ms at most)."""
        await self._lock.acquire()
        began = perf_counter()
        try:
            return work()
        finally:
            pause = min((perf_counter() - began) / 2, _MAX_PAUSE_SECONDS)
            asyncio.get_running_loop().call_later(pause, self._lock.release)
