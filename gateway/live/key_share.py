"""The share that a key's topics have of what all topics share: reading, sending, how long they may hold up others."""

import asyncio
from contextlib import AbstractAsyncContextManager

from gateway.scheduling.slots import SharedSlots

# Of the connections to the database, subscriptions leave the most to others; and most of those to other keys.
_READS = 8
_READS_OF_ORGANIZATION = 4
_READS_OF_KEY = 2

# For as long as nobody else may notice. So long after a key held up the others for that time, it may do so again.
_MAX_HOLD_UP_SECONDS = 0.1
_HOLD_UP_RESTORED_SECONDS = 10.0


class TopicSlots:
    """What the topics of a process use in turn: slots for reading, and one in which events are made and sent."""

    def __init__(self) -> None:
        self.reads = SharedSlots(_READS, of_organization=_READS_OF_ORGANIZATION, of_key=_READS_OF_KEY)
        self.sends = SharedSlots(1, of_organization=1, of_key=1)


class KeyShare:
    """The share of one key, as long as it has any subscriptions."""

    def __init__(self, slots: TopicSlots, organization_id: str, caller_id: str) -> None:
        self._slots = slots
        self._organization_id = organization_id
        self._caller_id = caller_id
        self._held_up_seconds = 0.0
        self._held_up_until = 0.0

    def read(self) -> AbstractAsyncContextManager[None]:
        """A slot for reading."""
        return self._slots.reads.slot(self._organization_id, self._caller_id)

    def send(self) -> AbstractAsyncContextManager[None]:
        """A turn to make an event, or to have some subscribers send it."""
        return self._slots.sends.slot(self._organization_id, self._caller_id)

    @property
    def hold_up_seconds(self) -> float:
        """For how long all other keys may wait for this one's topics."""
        now = asyncio.get_running_loop().time()
        restored = (now - self._held_up_until) * _MAX_HOLD_UP_SECONDS / _HOLD_UP_RESTORED_SECONDS
        return _MAX_HOLD_UP_SECONDS - max(0.0, self._held_up_seconds - restored)

    def hold_up(self, seconds: float) -> None:
        """Counts that all others have waited for so long."""
        self._held_up_seconds = _MAX_HOLD_UP_SECONDS - self.hold_up_seconds + seconds
        self._held_up_until = asyncio.get_running_loop().time()
