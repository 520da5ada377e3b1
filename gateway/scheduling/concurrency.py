"""How many operations each key and organization runs at once: others always find a connection to the database."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from gateway.context import Caller

# A cheaper operation goes ahead of one that came earlier by less than this, for each point that this one may cost
# more; two seconds at most, so that a dear one isn't put off for good.
_SECONDS_PER_POINT = 0.02
_MAX_SECONDS = 2.0
# Of a slot: a dear operation takes several, as each of its commands has MongoDB work for as much longer, and others
# wait for that meanwhile.
_POINTS_PER_SLOT = 500


@dataclass(frozen=True, slots=True, order=True)
class _Waiter:
    """An operation that waits for its slots."""

    rank: float
    number: int
    caller_id: str = field(compare=False)
    slots: int = field(compare=False)
    admitted: "asyncio.Future[None]" = field(compare=False)


class ConcurrencyLimit:
    """The number of operations that each key, and each organization by all its keys, may run at once; further ones
    wait, the cheapest first, with ageing. A dear one takes several slots.

    ``of_key``, ``of_organization``: slots; without the latter, an organization has as many as a key.
    """

    def __init__(self, of_key: int, of_organization: int = 0) -> None:
        self._of_key = of_key
        self._of_organization = of_organization or of_key
        # Operations under way by key, and the slots that they take.
        self._operations, self._keys, self._organizations = Counter[str](), Counter[str](), Counter[str]()
        # By organization.
        self._waiters: dict[str, list[_Waiter]] = {}
        self._arrivals = count()

    async def enter(self, caller: Caller, points: int) -> None:
        """Returns once an operation that may cost ``points`` may run; the caller has to ``leave`` after it."""
        caller_id, organization_id, slots = caller.id, caller.organization.id, self._slots(points)
        if organization_id not in self._waiters and self._is_room(caller_id, organization_id, slots):
            self._begin(caller_id, organization_id, slots)
            return
        loop = asyncio.get_running_loop()
        rank = loop.time() + min(points * _SECONDS_PER_POINT, _MAX_SECONDS)
        waiter = _Waiter(rank, next(self._arrivals), caller_id, slots, loop.create_future())
        heappush(self._waiters.setdefault(organization_id, []), waiter)
        self._admit(organization_id)
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            if not waiter.admitted.cancelled():
                # It was admitted just as its caller gave up.
                self.leave(caller, points)
            raise

    def has_others_than(self, caller_id: str, waiting: Mapping[str, int]) -> bool:
        """Whether operations of other keys are under way, besides so many of each key that are ``waiting``."""
        return any(running > waiting.get(key, 0) for key, running in self._operations.items() if key != caller_id)

    def leave(self, caller: Caller, points: int) -> None:
        """Ends an operation of the caller that entered with these ``points``, and admits those of its organization that
        wait and may run now."""
        slots = self._slots(points)
        for running, name, ended in (
            (self._operations, caller.id, 1),
            (self._keys, caller.id, slots),
            (self._organizations, caller.organization.id, slots),
        ):
            running[name] -= ended
            if not running[name]:
                del running[name]
        self._admit(caller.organization.id)

    def _admit(self, organization_id: str) -> None:
        """Admits the first that wait, as long as there is room for them.

        Behind one that its key has no room for, others of that key wait, or it would do so for good; and behind one
        that the organization has no room for, all do.
        """
        waiters, passed, full = self._waiters.get(organization_id, []), list[_Waiter](), set[str]()
        while waiters:
            waiter = heappop(waiters)
            if waiter.admitted.done():
                continue
            if waiter.caller_id not in full and self._is_room(waiter.caller_id, organization_id, waiter.slots):
                self._begin(waiter.caller_id, organization_id, waiter.slots)
                waiter.admitted.set_result(None)
                continue
            passed.append(waiter)
            if self._organizations[organization_id] + waiter.slots > self._of_organization:
                break
            full.add(waiter.caller_id)
        for waiter in passed:
            heappush(waiters, waiter)
        if not waiters:
            self._waiters.pop(organization_id, None)

    def _is_room(self, caller_id: str, organization_id: str, slots: int) -> bool:
        return (
            self._keys[caller_id] + slots <= self._of_key
            and self._organizations[organization_id] + slots <= self._of_organization
        )

    def _begin(self, caller_id: str, organization_id: str, slots: int) -> None:
        self._operations[caller_id] += 1
        self._keys[caller_id] += slots
        self._organizations[organization_id] += slots

    def _slots(self, points: int) -> int:
        return min(-(-points // _POINTS_PER_SLOT) or 1, self._of_key, self._of_organization)
