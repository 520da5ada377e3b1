"""Lanes: each key has so many operations under way at a time, and others always find a connection to the database."""

import asyncio
from heapq import heappop, heappush
from itertools import count

# For each point that an operation may cost, others that come so much later may be let in before it; up to a bound.
_PATIENCE_SECONDS = 0.02
_LONGEST_PATIENCE_SECONDS = 2.0

_Waiting = tuple[float, int, "asyncio.Future[None]"]


class ConcurrencyLimit:
    """Who enters has to leave. What is beyond ``at_once`` waits for another of the same key to leave; what costs less
    waits for what costs more no longer than that."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._under_way: dict[str, int] = {}
        self._waiting: dict[str, list[_Waiting]] = {}
        self._order = count()

    async def enter(self, key_id: str, points: int) -> None:
        under_way = self._under_way.get(key_id, 0)
        if under_way < self._at_once:
            self._under_way[key_id] = under_way + 1
            return
        loop = asyncio.get_running_loop()
        let_in: asyncio.Future[None] = loop.create_future()
        due = loop.time() + min(points * _PATIENCE_SECONDS, _LONGEST_PATIENCE_SECONDS)
        heappush(self._waiting.setdefault(key_id, []), (due, next(self._order), let_in))
        try:
            await let_in
        except asyncio.CancelledError:
            if not let_in.cancelled():
                # It was let in just as it was given up.
                self.leave(key_id)
            raise

    def leave(self, key_id: str) -> None:
        waiting = self._waiting.get(key_id)
        while waiting:
            _, _, let_in = heappop(waiting)
            if not waiting:
                del self._waiting[key_id]
            if not let_in.done():
                let_in.set_result(None)
                return
        if self._under_way[key_id] > 1:
            self._under_way[key_id] -= 1
        else:
            del self._under_way[key_id]
