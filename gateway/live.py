"""What is recorded, told to everybody who subscribed, as it is recorded.

change stream → topics (one for all who asked the same of the same namespace) → subscribers (one for each subscription)

There is one change stream for each process, while anybody is subscribed. Each topic fetches and answers for itself, and
each subscriber has a queue of its own, so that nobody waits for a slow one. Only topics for which 10,000 documents wait
hold up the others: for at most a second, in which they get room or are ended.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bson import Timestamp

from gateway.deadline import ended
from gateway.errors import GatewayError, SubscriberTooSlow, Unavailable
from gateway.failures import masked
from gateway.store.watch import Inserted, Insertions, Watch

# The answers to those of the inserted documents that a subscription is about, in order.
Answering = Callable[[Sequence[Inserted]], Awaitable[Sequence[tuple[Inserted, bytes]]]]

_BATCH = 100
_MAX_WAITING = 10_000
_PATIENCE_SECONDS = 1.0
# Of the connections to the database, subscriptions leave the most to others.
_READS_AT_ONCE = 8
_PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
# What an answer takes besides its bytes.
_OVERHEAD_BYTES = 200


@dataclass(frozen=True, slots=True)
class Topic:
    """What is asked of which namespace; ``question`` is the same for all to whom the same answers can be sent."""

    namespace_id: str
    question: Hashable


class Subscriber(AsyncIterator[bytes]):
    """The answers to one subscription, in order; raises the `GatewayError` that ended it, once they are read.

    More than ``limit`` bytes don't wait to be read: then ``overflow`` is called, and there will be no more.
    """

    def __init__(self, limit: int, overflow: Callable[[GatewayError], None], leave: Callable[["Subscriber"], None]):
        self.since: Timestamp | None = None
        self._limit = limit
        self._overflow = overflow
        self._leave = leave
        self._waiting: deque[tuple[Inserted, bytes]] = deque()
        self._size = 0
        self._there = asyncio.Event()
        self._end: GatewayError | None = None

    def put(self, inserted: Inserted, answer: bytes) -> None:
        if self._end is not None:
            return
        size = len(answer) + _OVERHEAD_BYTES
        if self._waiting and self._size + size > self._limit:
            error = SubscriberTooSlow(f"More than {self._limit:,} bytes waited to be read: events were lost.")
            self.end(error)
            self._overflow(error)
            return
        self._waiting.append((inserted, answer))
        self._size += size
        self._there.set()

    def end(self, error: GatewayError) -> None:
        self._end = self._end or error
        self._leave(self)
        self._there.set()

    def close(self) -> None:
        """What is not read by now is read by nobody."""
        self._leave(self)
        self._waiting.clear()

    async def __anext__(self) -> bytes:
        while True:
            while self._waiting:
                inserted, answer = self._waiting.popleft()
                self._size -= len(answer) + _OVERHEAD_BYTES
                # The stream may be behind the time at which this subscription began.
                if self.since is None or inserted.at > self.since:
                    return answer
            if self._end is not None:
                raise self._end
            self._there.clear()
            await self._there.wait()


class _Answered:
    """A topic that somebody is subscribed to."""

    def __init__(self, answering: Answering, reads: asyncio.Semaphore) -> None:
        self.subscribers: set[Subscriber] = set()
        self._answering = answering
        self._reads = reads
        self._waiting: deque[Inserted] = deque()
        self._there = asyncio.Event()
        self._room = asyncio.Event()
        self._closed = False
        self._task = asyncio.create_task(self._run())

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= _MAX_WAITING

    async def room(self) -> None:
        """Returns once this is not full or is closed, and after a second in any case."""
        self._room.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._room.wait()

    def add(self, inserted: Inserted) -> None:
        if self.is_full:
            self.end(Unavailable("More is recorded than can be told: events were lost."))
            return
        self._waiting.append(inserted)
        self._there.set()

    def end(self, error: GatewayError) -> None:
        for subscriber in list(self.subscribers):
            subscriber.end(error)

    def close(self) -> None:
        self._closed = True
        self._room.set()
        self._task.cancel()

    async def _run(self) -> None:
        try:
            # The driver may lose a cancellation.
            while not self._closed:
                await self._there.wait()
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                if not self._waiting:
                    self._there.clear()
                self._room.set()
                for inserted, answer in await self._answers(batch):
                    for subscriber in list(self.subscribers):
                        subscriber.put(inserted, answer)
                    # Whoever keeps up has read it by the next.
                    await asyncio.sleep(0)
        except GatewayError as error:
            self.end(error)
        except Exception as error:
            self.end(masked(error))

    async def _answers(self, batch: Sequence[Inserted]) -> Sequence[tuple[Inserted, bytes]]:
        """Asked again for as long as the database doesn't answer: nothing is left out."""
        failures = 0
        while not self._closed:
            try:
                async with self._reads:
                    return await self._answering(batch)
            except Unavailable:
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
        return ()


class Live:
    """All subscriptions of this process. ``buffer_bytes``: how much may wait for one of them to be read."""

    def __init__(self, watch: Watch, *, buffer_bytes: int) -> None:
        self._watch = watch
        self._buffer_bytes = buffer_bytes
        self._topics: dict[Topic, _Answered] = {}
        self._by_namespace: dict[str, set[_Answered]] = {}
        self._opening = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._reads = asyncio.Semaphore(_READS_AT_ONCE)

    async def subscribe(
        self, topic: Topic, answering: Answering, overflow: Callable[[GatewayError], None]
    ) -> Subscriber:
        """Whoever reads this is told of all that is recorded once it is returned, until it is closed.

        ``overflow``: called where it isn't read fast enough. Raises `Unavailable` where the database doesn't answer.
        """
        async with self._opening:
            if self._following is None:
                insertions = await self._watch.open()
                self._following = asyncio.create_task(self._follow(insertions))
        # From here on without a pause until there is a topic: else the change stream might be given up again.
        subscriber = self._join(topic, answering, overflow)
        try:
            subscriber.since = await self._watch.now()
        except BaseException:
            subscriber.close()
            raise
        return subscriber

    async def close(self) -> None:
        """Ends the change stream; who subscribed is told nothing more."""
        for topic in list(self._topics.values()):
            for subscriber in list(topic.subscribers):
                subscriber.close()
        if self._following is not None:
            await ended([self._following])

    def _join(self, topic: Topic, answering: Answering, overflow: Callable[[GatewayError], None]) -> Subscriber:
        answered = self._topics.get(topic)
        if answered is None:
            answered = self._topics[topic] = _Answered(answering, self._reads)
            self._by_namespace.setdefault(topic.namespace_id, set()).add(answered)
        subscriber = Subscriber(self._buffer_bytes, overflow, lambda leaving: self._leave(topic, leaving))
        answered.subscribers.add(subscriber)
        return subscriber

    def _leave(self, topic: Topic, subscriber: Subscriber) -> None:
        answered = self._topics.get(topic)
        if answered is None or subscriber not in answered.subscribers:
            return
        answered.subscribers.remove(subscriber)
        if not answered.subscribers:
            answered.close()
            del self._topics[topic]
            self._by_namespace[topic.namespace_id].remove(answered)
            if not self._by_namespace[topic.namespace_id]:
                del self._by_namespace[topic.namespace_id]

    async def _follow(self, insertions: Insertions) -> None:
        """Tells the topics what is inserted, for as long as there are any."""
        read = 0
        try:
            while self._topics:
                inserted = await insertions.next()
                if inserted is None:
                    continue
                topics = self._by_namespace.get(inserted.namespace_id, ())
                if full := [answered for answered in topics if answered.is_full]:
                    await asyncio.gather(*(answered.room() for answered in full))
                for answered in list(self._by_namespace.get(inserted.namespace_id, ())):
                    answered.add(inserted)
                read += 1
                if read % _BATCH == 0:
                    # A large batch is read without waiting for anything.
                    await asyncio.sleep(0)
        except Exception as error:
            reason = error if isinstance(error, GatewayError) else masked(error)
            for answered in list(self._topics.values()):
                answered.end(reason)
        finally:
            self._following = None
            await insertions.close()
