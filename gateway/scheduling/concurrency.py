"""How many operations each key and organization runs at once: others always find a connection to the database."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from heapq import heappop, heappush
from itertools import count

from gateway.context import Caller

# A cheaper operation goes ahead of one that came earlier by less than this, for each point that this one may cost
# more; two seconds at most, so that a dear one isn't put off for good.
_SECONDS_PER_POINT = 0.02
_MAX_SECONDS = 2.0

# Its rank, its number, its key, and what it waits for.
_Waiter = tuple[float, int, str, "asyncio.Future[None]"]


class ConcurrencyLimit:
    """The number of operations that each key, and each organization by all its keys, may run at once; further ones
    wait, the cheapest first, with ageing.

    ``of_key``, ``of_organization``: operations; without the latter, an organization has as many as a key.
    """

    def __init__(self, of_key: int, of_organization: int = 0) -> None:
        self._of_key = of_key
        self._of_organization = of_organization or of_key
        self._keys: Counter[str] = Counter()
        self._organizations: Counter[str] = Counter()
        # By organization.
        self._waiters: dict[str, list[_Waiter]] = {}
        self._arrivals = count()

    async def enter(self, caller: Caller, points: int) -> None:
        """Returns once an operation that may cost ``points`` may run; the caller has to ``leave`` after it."""
        caller_id, organization_id = caller.id, caller.organization.id
        if self._keys[caller_id] < self._of_key and self._organizations[organization_id] < self._of_organization:
            self._begin(caller_id, organization_id)
            return
        loop = asyncio.get_running_loop()
        admitted: asyncio.Future[None] = loop.create_future()
        rank = loop.time() + min(points * _SECONDS_PER_POINT, _MAX_SECONDS)
        heappush(self._waiters.setdefault(organization_id, []), (rank, next(self._arrivals), caller_id, admitted))
        try:
            await admitted
        except asyncio.CancelledError:
            if not admitted.cancelled():
                # It was admitted just as its caller gave up.
                self.leave(caller)
            raise

    def has_others_than(self, caller_id: str, waiting: Mapping[str, int]) -> bool:
        """Whether operations of other keys are under way, besides so many of each key that are ``waiting``."""
        return any(running > waiting.get(key, 0) for key, running in self._keys.items() if key != caller_id)

    def leave(self, caller: Caller) -> None:
        """Ends an operation of the caller, and admits the first that waits and may run now, of its organization."""
        caller_id, organization_id = caller.id, caller.organization.id
        for running, name in ((self._keys, caller_id), (self._organizations, organization_id)):
            running[name] -= 1
            if not running[name]:
                del running[name]
        waiters, passed = self._waiters.get(organization_id, []), list[_Waiter]()
        while waiters:
            waiter = heappop(waiters)
            _, _, waiting_key, admitted = waiter
            if admitted.done():
                continue
            if self._keys[waiting_key] < self._of_key:
                self._begin(waiting_key, organization_id)
                admitted.set_result(None)
                break
            passed.append(waiter)
        for waiter in passed:
            heappush(waiters, waiter)
        if not waiters:
            self._waiters.pop(organization_id, None)

    def _begin(self, caller_id: str, organization_id: str) -> None:
        self._keys[caller_id] += 1
        self._organizations[organization_id] += 1
