"""One subscription: the events that wait to be read, and how many bytes may wait, for one and for all of a key."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeAlias

from bson import Timestamp

from gateway.errors import GatewayError, SubscriberTooSlow, TooManySubscriptions
from gateway.limits import SubscriptionLimits
from gateway.scheduling.unread_bytes import UnreadBytes
from gateway.store.change_stream import InsertEvent

# What an answer takes in memory besides its bytes.
_OVERHEAD_BYTES = 200
# What a subscription takes with its queue, its tasks and its id, and what is asked besides what is counted of it.
_SUBSCRIPTION_BYTES = 3_000
_TOPIC_BYTES = 2_000

# Something that is kept for a topic, and about how many bytes it takes up. Topics that have the same count it once.
KeptPart: TypeAlias = tuple[object, int]


class SubscriptionAccount:
    """What the subscriptions of one key take, as long as it has any.

    ``unread``: the key's, with what the subscriptions keep, and their answers that wait to be read; one that waits for
    several subscriptions counts once.
    """

    def __init__(self, limits: SubscriptionLimits, unread: UnreadBytes) -> None:
        self.limits = limits
        self.unread = unread
        self.subscriptions = 0
        # By identity: those who have a part hold it.
        self._holders: Counter[int] = Counter()

    def open(self, new_topic: Sequence[KeptPart] | None) -> None:
        """Counts another subscription; ``new_topic``: what is kept for its topic, where that is new.

        Raises `TooManySubscriptions`, counting nothing.
        """
        limits = self.limits
        if self.subscriptions >= limits.key_subscriptions:
            raise TooManySubscriptions(f"A key may have at most {limits.key_subscriptions:,} subscriptions.")
        size = _SUBSCRIPTION_BYTES
        if new_topic is not None:
            size += _TOPIC_BYTES + sum(bytes_ for part, bytes_ in new_topic if id(part) not in self._holders)
        if not self.unread.fits(size):
            raise TooManySubscriptions(
                "What the subscriptions of a key ask and what waits for its clients may take "
                f"{limits.key_buffer_bytes:,} bytes together."
            )
        self.unread.add(size)
        self.subscriptions += 1
        self._holders.update(id(part) for part, _ in new_topic or ())

    def close(self) -> None:
        """Counts a subscription no longer."""
        self.subscriptions -= 1
        self.unread.remove(_SUBSCRIPTION_BYTES)

    def close_topic(self, kept: Sequence[KeptPart]) -> None:
        """Counts no longer what was kept for a topic."""
        self.unread.remove(_TOPIC_BYTES)
        for part, size in kept:
            self._holders[id(part)] -= 1
            if not self._holders[id(part)]:
                del self._holders[id(part)]
                self.unread.remove(size)


class SubscriptionEvent:
    """The answer to one inserted document, shared by the queues of all subscribers that it waits for."""

    __slots__ = ("_account", "_queues", "answer", "inserted", "size")

    def __init__(self, inserted: InsertEvent, answer: bytes, account: SubscriptionAccount) -> None:
        self.inserted = inserted
        self.answer = answer
        self.size = len(answer) + _OVERHEAD_BYTES
        self._account = account
        self._queues = 0

    @property
    def fits_account(self) -> bool:
        """Whether it may wait in another queue, as far as all subscriptions of the key go."""
        added = 0 if self._queues else self.size
        return self._account.unread.fits(added)

    def enqueued(self) -> None:
        if not self._queues:
            self._account.unread.add(self.size)
        self._queues += 1

    def dequeued(self) -> None:
        self._queues -= 1
        if not self._queues:
            self._account.unread.remove(self.size)


class Subscriber(AsyncIterator[bytes]):
    """The answers to one subscription, in order; raises the `GatewayError` that ended it, once they are read.

    ``since``: the database's time from which on it tells of inserted documents. ``overflow``: called, and no more
    answers come, where more would wait to be read than may; whoever keeps up has nothing waiting. ``leave``: called
    as it ends or is closed.
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
        self._waiting_bytes = 0
        self._changed = asyncio.Event()
        self._error: GatewayError | None = None
        self._is_over = False

    def put(self, event: SubscriptionEvent) -> None:
        """Has the answer read after those that wait."""
        if self._is_over:
            return
        if self._waiting and (excess := self._excess(event)):
            error = SubscriberTooSlow(f"More than {excess} waited to be read: events were lost.")
            overflow = self._overflow
            self.end(error)
            overflow(error)
            return
        self._waiting.append(event)
        self._waiting_bytes += event.size
        event.enqueued()
        self._changed.set()

    def _excess(self, event: SubscriptionEvent) -> str | None:
        if self._waiting_bytes + event.size > self._limits.buffer_bytes:
            return f"{self._limits.buffer_bytes:,} bytes"
        return None if event.fits_account else f"{self._limits.key_buffer_bytes:,} bytes for all clients of this key"

    def end(self, error: GatewayError) -> None:
        """Has the error raised once all that waits is read."""
        if not self._is_over:
            self._error = error
        self._leave_topic()
        self._changed.set()

    def close(self) -> None:
        """Drops what is not read by now."""
        self._leave_topic()
        while self._waiting:
            self._dequeue()

    def _leave_topic(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._leave(self)
        # Both lead to what has this, or whom it is sent by.
        self._leave = self._overflow = _ignore

    def _dequeue(self) -> SubscriptionEvent:
        event = self._waiting.popleft()
        self._waiting_bytes -= event.size
        event.dequeued()
        return event

    async def __anext__(self) -> bytes:
        while True:
            while self._waiting:
                event = self._dequeue()
                # The stream may be behind the time at which this subscription began.
                if self.since is None or event.inserted.at > self.since:
                    return event.answer
            if self._error is not None:
                try:
                    raise self._error
                finally:
                    # Its traceback leads here.
                    self._error = None
            self._changed.clear()
            await self._changed.wait()


def _ignore(_: object) -> None:
    pass
