"""What keys spend, counted beside the limit on it: kept in memory for seconds, then added to what is stored."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from gateway.context import Budget, CallerKind, Rate
from gateway.errors import GatewayError
from gateway.scheduling.rate_limiter import RateLimiter

_LOG = logging.getLogger(__name__)
_SECONDS = 10.0


class SpentPoints:
    """A rate limiter that counts what its keys spend; ``add``: stores the points of each. Tokens aren't stored, and
    their points neither."""

    def __init__(self, limiter: RateLimiter, add: Callable[[Mapping[str, int]], Awaitable[None]]) -> None:
        self._limiter = limiter
        self._add = add
        self._spent: Counter[str] = Counter()

    async def spend(self, caller_id: str, points: int, rate: Rate | None = None) -> Budget | None:
        budget = await self._limiter.spend(caller_id, points, rate)
        self._count(caller_id, points)
        return budget

    def refund(self, caller_id: str, points: int, rate: Rate | None = None) -> None:
        self._limiter.refund(caller_id, points, rate)
        self._count(caller_id, -points)

    def charge(self, caller_id: str, points: int, rate: Rate | None = None) -> None:
        self._limiter.charge(caller_id, points, rate)
        self._count(caller_id, points)

    def _count(self, caller_id: str, points: int) -> None:
        if caller_id.startswith(_OF_KEYS):
            self._spent[caller_id] += points

    async def run(self) -> None:
        """Stores what was spent every ten seconds, and once more as it is cancelled."""
        try:
            while True:
                await asyncio.sleep(_SECONDS)
                await self.store()
        finally:
            with suppress(asyncio.CancelledError):
                await self.store()

    async def store(self) -> None:
        """Stores what was spent since; what can't be stored is tried again the next time."""
        spent, self._spent = self._spent, Counter()
        try:
            await self._add({caller_id: points for caller_id, points in spent.items() if points})
        except GatewayError as error:
            _LOG.warning("What keys spent can't be stored: %s", error.message)
            self._spent.update(spent)


_OF_KEYS = f"{CallerKind.KEY.value}_"
