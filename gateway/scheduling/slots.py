"""Slots that are used in turn, so that whoever wants many of them doesn't keep the others waiting."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class SlotsInTurn:
    """Slots for several users, who get them one after the other where some have to wait.

    ``slots``: how many may be used at once; ``of_each``: of them by one user.
    """

    def __init__(self, slots: int, *, of_each: int) -> None:
        self._free = slots
        self._of_each = of_each
        self._used: dict[str, int] = {}
        # The users in the order of their turns, with those who wait in their names.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nobody uses a slot, or waits for one."""
        return not self._used and not self._waiting

    @asynccontextmanager
    async def slot(self, user: str) -> AsyncIterator[None]:
        """A slot, for as long as this is entered."""
        await self._enter(user)
        try:
            yield
        finally:
            self._leave(user)

    async def _enter(self, user: str) -> None:
        if self._has_slot(user):
            self._take(user)
            return
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user, deque()).append(admitted)
        try:
            await admitted
        except asyncio.CancelledError:
            if not admitted.cancelled():
                # It was admitted just as its caller gave up.
                self._leave(user)
            raise

    def _has_slot(self, user: str) -> bool:
        return self._free > 0 and self._used.get(user, 0) < self._of_each

    def _take(self, user: str) -> None:
        self._free -= 1
        self._used[user] = self._used.get(user, 0) + 1

    def _leave(self, user: str) -> None:
        self._free += 1
        if self._used[user] > 1:
            self._used[user] -= 1
        else:
            del self._used[user]
        for waiting in list(self._waiting):
            if self._has_slot(waiting) and (admitted := self._next_of(waiting)) is not None:
                self._take(waiting)
                admitted.set_result(None)
                return

    def _next_of(self, user: str) -> "asyncio.Future[None] | None":
        """The first of the user's who hasn't given up; the user's next turn is behind all others."""
        waiting = self._waiting.pop(user)
        while waiting:
            admitted = waiting.popleft()
            if not admitted.done():
                if waiting:
                    self._waiting[user] = waiting
                return admitted
        return None


class SharedSlots:
    """Slots that organizations use in turn, and within each of them its keys."""

    def __init__(self, slots: int, *, of_organization: int, of_key: int) -> None:
        self._of_organization = of_organization
        self._of_key = of_key
        self._organizations = SlotsInTurn(slots, of_each=of_organization)
        self._keys: dict[str, SlotsInTurn] = {}

    @asynccontextmanager
    async def slot(self, organization_id: str, caller_id: str) -> AsyncIterator[None]:
        """A slot, for as long as this is entered."""
        keys = self._keys.setdefault(organization_id, SlotsInTurn(self._of_organization, of_each=self._of_key))
        try:
            async with keys.slot(caller_id), self._organizations.slot(organization_id):
                yield
        finally:
            if keys.is_idle:
                self._keys.pop(organization_id, None)
