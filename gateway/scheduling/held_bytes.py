"""What operations hold of what they read, in the memory of a worker: how many bytes of each key and organization.

How long a reply is isn't known before it comes. So room for the longest that it may be is taken before it is asked for.
"""

import asyncio
from bisect import insort
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

from gateway.context import Caller

# Documents take so many times their bytes once they are decoded, at most: those of many small values do. Texts take as
# many as before.
_DECODED = 10


@dataclass(frozen=True, slots=True, order=True)
class _Waiter:
    """An operation that waits for room: the oldest first, and of each what it waited for first."""

    operation_number: int
    number: int
    operation: "OperationBytes" = field(compare=False)
    size: int = field(compare=False)
    of_reply: bool = field(compare=False)
    granted: "asyncio.Future[None]" = field(compare=False)


class _Organization:
    """What is held by an organization's operations, the oldest first, and those of them that wait."""

    __slots__ = ("held", "keys", "operations", "waiters")

    def __init__(self) -> None:
        self.held = 0
        self.keys = Counter[str]()
        self.operations: dict[OperationBytes, None] = {}
        self.waiters: list[_Waiter] = []


class HeldBytes:
    """The bytes that each key's operations, and each organization's by all its keys, may hold at a time of what they
    read; what would be more waits. ``of_organization``: 0: as many as a key's.

    An organization's oldest operation never waits for others, which may wait for it: it may hold as much as an
    operation may read besides, decoded, but has only one reply under way then.
    """

    def __init__(self, of_key: int, of_organization: int = 0) -> None:
        self._of_key = of_key
        self._of_organization = of_organization or of_key
        self._organizations: dict[str, _Organization] = {}
        self._numbers = count()

    def of(self, caller: Caller) -> "OperationBytes":
        """Those of a new operation, which are to be released at its end."""
        return OperationBytes(self, caller.id, caller.organization.id)

    def by_key(self, caller: Caller) -> int:
        """How many are held by the operations of a key."""
        organization = self._organizations.get(caller.organization.id)
        return organization.keys[caller.id] if organization is not None else 0

    async def take(self, operation: "OperationBytes", size: int, *, of_reply: bool) -> None:
        """Returns once an operation may hold so much more, which is counted then."""
        if operation.is_released:
            return
        organization = self._organization(operation)
        if not organization.waiters and self._may_take(organization, operation, size, of_reply):
            self._grant(organization, operation, size, of_reply)
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(operation.number, next(self._numbers), operation, size, of_reply, granted)
        insort(organization.waiters, waiter)
        self._admit(organization)
        try:
            await granted
        except asyncio.CancelledError:
            if waiter in organization.waiters:
                organization.waiters.remove(waiter)
                self._admit(organization)
            elif not granted.cancelled():
                # It was granted just as its operation gave up.
                self.give_back(operation, size, of_reply=of_reply)
            raise

    def add(self, operation: "OperationBytes", size: int) -> None:
        """Counts what an operation holds already."""
        if not operation.is_released:
            self._count(self._organization(operation), operation, size)

    def give_back(self, operation: "OperationBytes", size: int, *, of_reply: bool) -> None:
        """Counts what an operation took, and doesn't hold any longer."""
        if not operation.is_released:
            organization = self._organization(operation)
            operation.replies -= of_reply
            self._count(organization, operation, -size)
            self._admit(organization)

    def release(self, operation: "OperationBytes") -> None:
        """Ends an operation: it holds nothing any longer."""
        operation.is_released = True
        organization = self._organizations.get(operation.organization)
        if organization is None or operation not in organization.operations:
            return
        del organization.operations[operation]
        self._count(organization, operation, -operation.held)
        if not organization.keys[operation.key]:
            del organization.keys[operation.key]
        if organization.operations:
            self._admit(organization)
        else:
            del self._organizations[operation.organization]

    def _organization(self, operation: "OperationBytes") -> _Organization:
        organization = self._organizations.get(operation.organization)
        if organization is None:
            organization = self._organizations[operation.organization] = _Organization()
        if operation not in organization.operations:
            # Its age is told from here: who waits stands in the order in which the oldest is looked for. By when they
            # were made, the oldest could stand behind one that has to wait for it, and both would wait for good.
            operation.number = next(self._numbers)
            organization.operations[operation] = None
        return organization

    def _may_take(self, organization: _Organization, operation: "OperationBytes", size: int, of_reply: bool) -> bool:
        if self._is_room(organization, operation, size):
            return True
        return next(iter(organization.operations)) is operation and not (of_reply and operation.replies)

    def _is_room(self, organization: _Organization, operation: "OperationBytes", size: int) -> bool:
        return (
            organization.held + size <= self._of_organization
            and organization.keys[operation.key] + size <= self._of_key
        )

    def _grant(self, organization: _Organization, operation: "OperationBytes", size: int, of_reply: bool) -> None:
        operation.replies += of_reply
        self._count(organization, operation, size)

    def _count(self, organization: _Organization, operation: "OperationBytes", size: int) -> None:
        operation.held += size
        organization.held += size
        organization.keys[operation.key] += size

    def _admit(self, organization: _Organization) -> None:
        """Admits the first that wait, as long as there is room for them.

        Behind one that its key has no room for, others of that key wait, or it would do so for good; and behind one
        that the organization has no room for, all do.
        """
        if not organization.waiters:
            return
        full = set[str]()
        for waiter in tuple(organization.waiters):
            operation = waiter.operation
            # One that was given up a moment ago takes itself away.
            if operation.key in full or waiter.granted.done():
                continue
            if self._may_take(organization, operation, waiter.size, waiter.of_reply):
                organization.waiters.remove(waiter)
                self._grant(organization, operation, waiter.size, waiter.of_reply)
                waiter.granted.set_result(None)
            elif organization.held + waiter.size > self._of_organization:
                return
            else:
                full.add(operation.key)


class OperationBytes:
    """What one operation holds of what it read; ``replies``: those that it waits for; ``number``: how many operations
    were counted before it."""

    __slots__ = ("_held_bytes", "held", "is_released", "key", "number", "organization", "replies")

    def __init__(self, held_bytes: HeldBytes, key: str, organization: str) -> None:
        self._held_bytes = held_bytes
        self.key = key
        self.organization = organization
        self.held = self.replies = self.number = 0
        self.is_released = False

    def reply(self, most: int) -> "ReplyBytes":
        """Those of a command's replies, of which each may have ``most`` bytes."""
        return ReplyBytes(self._held_bytes, self, most)

    def release(self) -> None:
        """Ends the operation, and admits others."""
        self._held_bytes.release(self)


class ReplyBytes:
    """What a command's replies hold: each is waited for, then it has come, and may be decoded."""

    __slots__ = ("_held_bytes", "_most", "_operation", "_taken")

    def __init__(self, held_bytes: HeldBytes, operation: OperationBytes, most: int) -> None:
        self._held_bytes = held_bytes
        self._operation = operation
        self._most = most
        self._taken = 0

    async def take(self) -> None:
        """Returns once there is room for a reply, unless it was taken before."""
        if not self._taken:
            await self._held_bytes.take(self._operation, self._most, of_reply=True)
            self._taken = self._most

    def came(self, size: int, *, is_decoded: bool) -> None:
        """Counts a reply that came, instead of the longest that it might have been."""
        self._held_bytes.add(self._operation, size * _DECODED if is_decoded else size)
        self.end()

    async def decode(self, size: int) -> None:
        """Returns once what came may be decoded."""
        await self._held_bytes.take(self._operation, size * (_DECODED - 1), of_reply=False)

    def end(self) -> None:
        """No further reply is waited for."""
        if self._taken:
            taken, self._taken = self._taken, 0
            self._held_bytes.give_back(self._operation, taken, of_reply=True)
