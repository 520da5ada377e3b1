"""Who subscribed: the events that wait to be read by each, and how much may wait, of one and of all of a key."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from bson import Timestamp

from gateway.errors import GatewayError, SubscriberTooSlow, TooManySubscriptions
from gateway.limits import SubscriptionLimits
from gateway.store.change_stream import InsertEvent

# What an answer takes besides its bytes.
_OVERHEAD_BYTES = 200


class SubscriptionAccount:
    """What the subscriptions of one key take, as long as it has any. An answer that waits for several of them counts
    once in ``waiting_bytes``."""

    def __init__(self, limits: SubscriptionLimits) -> None:
        self.limits = limits
        self.subscriptions = 0
        self.waiting_bytes = 0

    def open(self) -> None:
        """Raises `TooManySubscriptions`."""
        if self.subscriptions >= self.limits.key_subscriptions:
            raise TooManySubscriptions(f"A key may have at most {self.limits.key_subscriptions:,} subscriptions.")
        self.subscriptions += 1

    def close(self) -> None:
        self.subscriptions -= 1


class SubscriptionEvent:
    """An answer, shared by all whom it is told to."""

    __slots__ = ("_account", "_holders", "answer", "inserted", "size")

    def __init__(self, inserted: InsertEvent, answer: bytes, account: SubscriptionAccount) -> None:
        self.inserted = inserted
        self.answer = answer
        self.size = len(answer) + _OVERHEAD_BYTES
        self._account = account
        self._holders = 0

    @property
    def fits(self) -> bool:
        added = 0 if self._holders else self.size
        return self._account.waiting_bytes + added <= self._account.limits.key_buffer_bytes

    def hold(self) -> None:
        if not self._holders:
            self._account.waiting_bytes += self.size
        self._holders += 1

    def release(self) -> None:
        self._holders -= 1
        if not self._holders:
            self._account.waiting_bytes -= self.size


class Subscriber(AsyncIterator[bytes]):
    """The answers to one subscription, in order; raises the `GatewayError` that ended it, once they are read.

    Where more than may would wait to be read, ``overflow`` is called, and there will be no more. Whoever keeps up has
    nothing waiting, and is never told so.
    """

    def __init__(
        self,
        limits: SubscriptionLimits,
        overflow: Callable[[GatewayError], None],
        leave: Callable[["Subscriber"], None],
    ) -> None:
        self.since: Timestamp | None = None
        self._limits = limits
        self._overflow = overflow
        self._leave = leave
        self._waiting: deque[SubscriptionEvent] = deque()
        self._size = 0
        self._there = asyncio.Event()
        self._end: GatewayError | None = None

    def put(self, event: SubscriptionEvent) -> None:
        if self._end is not None:
            return
        if self._waiting and (excess := self._excess(event)):
            error = SubscriberTooSlow(f"More than {excess} waited to be read: events were lost.")
            self.end(error)
            self._overflow(error)
            return
        self._waiting.append(event)
        self._size += event.size
        event.hold()
        self._there.set()

    def _excess(self, event: SubscriptionEvent) -> str | None:
        if self._size + event.size > self._limits.buffer_bytes:
            return f"{self._limits.buffer_bytes:,} bytes"
        return None if event.fits else f"{self._limits.key_buffer_bytes:,} bytes of all subscriptions of this key"

    def end(self, error: GatewayError) -> None:
        self._end = self._end or error
        self._leave(self)
        self._there.set()

    def close(self) -> None:
        """What is not read by now is read by nobody."""
        self._leave(self)
        while self._waiting:
            self._taken()

    def _taken(self) -> SubscriptionEvent:
        event = self._waiting.popleft()
        self._size -= event.size
        event.release()
        return event

    async def __anext__(self) -> bytes:
        while True:
            while self._waiting:
                event = self._taken()
                # The stream may be behind the time at which this subscription began.
                if self.since is None or event.inserted.at > self.since:
                    return event.answer
            if self._end is not None:
                raise self._end
            self._there.clear()
            await self._there.wait()
