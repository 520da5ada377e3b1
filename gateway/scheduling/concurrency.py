"""How many operations each key runs at once, so that the others always find a connection to the database."""

import asyncio
from heapq import heappop, heappush
from itertools import count

# A cheaper operation goes ahead of one that came earlier by less than this, for each point that this one may cost
# more; two seconds at most, so that a dear one isn't put off for good.
_SECONDS_PER_POINT = 0.02
_MAX_SECONDS = 2.0

_Waiter = tuple[float, int, "asyncio.Future[None]"]


class ConcurrencyLimit:
    """The number of operations that each key may run at once; its further ones wait, the cheapest first, with ageing.

    ``at_once``: operations of one key.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._running: dict[str, int] = {}
        self._waiters: dict[str, list[_Waiter]] = {}
        self._arrivals = count()

    async def enter(self, key_id: str, points: int) -> None:
        """Returns once an operation that may cost ``points`` may run; the caller has to ``leave`` after it."""
        running = self._running.get(key_id, 0)
        if running < self._at_once:
            self._running[key_id] = running + 1
            return
        loop = asyncio.get_running_loop()
        admitted: asyncio.Future[None] = loop.create_future()
        rank = loop.time() + min(points * _SECONDS_PER_POINT, _MAX_SECONDS)
        heappush(self._waiters.setdefault(key_id, []), (rank, next(self._arrivals), admitted))
        try:
            await admitted
        except asyncio.CancelledError:
            if not admitted.cancelled():
                # It was admitted just as its caller gave up.
                self.leave(key_id)
            raise

    def has_others_than(self, key_id: str) -> bool:
        """Whether operations of other keys are under way."""
        return len(self._running) > (key_id in self._running)

    def leave(self, key_id: str) -> None:
        """Ends an operation of the key, and admits another of its own that waits."""
        waiters = self._waiters.get(key_id)
        while waiters:
            _, _, admitted = heappop(waiters)
            if not waiters:
                del self._waiters[key_id]
            if not admitted.done():
                admitted.set_result(None)
                return
        if self._running[key_id] > 1:
            self._running[key_id] -= 1
        else:
            del self._running[key_id]
