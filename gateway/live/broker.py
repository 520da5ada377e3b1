"""What is recorded, told to everybody who subscribed, as it is recorded.

change stream → topics (one for all of a key who asked the same of the same namespace) → subscribers (one for each
subscription)

There is one change stream for each process, while anybody is subscribed. Each topic pays, fetches and answers for
itself, and each subscriber has a queue of its own, so that nobody waits for a slow one. Only topics for which 10,000
documents wait hold up the others: for at most a second, in which they get room or are ended. Those whose key has no
points left are ended at once then.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from gateway.errors import GatewayError, RateLimited, Unavailable
from gateway.errors.formatting import foreseen
from gateway.limits import SubscriptionLimits
from gateway.live.subscriber import Subscriber, SubscriptionAccount, SubscriptionEvent
from gateway.scheduling.cancellation import cancel
from gateway.store.change_stream import InsertEvent, InsertStream, InsertWatch

T = TypeVar("T")

_BATCH = 100
_MAX_WAITING = 10_000
_PATIENCE_SECONDS = 1.0
# Of the connections to the database, subscriptions leave the most to others.
_READS_AT_ONCE = 8
_PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class TopicKey:
    """What is asked of which namespace, and in whose name; ``asked`` is the same for all to whom the same answers can
    be sent."""

    namespace_id: str
    key_id: str
    asked: Hashable


class EventResolver(Protocol):
    """``at_once``: about how many documents it may be asked at once."""

    at_once: int

    async def pay(self, count: int) -> None:
        """Once for so many documents, before they are asked about. Raises `RateLimited` where that has to wait."""

    async def answers(self, inserted: Sequence[InsertEvent]) -> Iterable[tuple[InsertEvent, bytes]]:
        """The answers to those of the inserted documents that it is about, in order."""


class Topic:
    """A topic that somebody is subscribed to."""

    def __init__(
        self, question: EventResolver, account: SubscriptionAccount, reads: asyncio.Semaphore, turn: asyncio.Lock
    ) -> None:
        self.subscribers: set[Subscriber] = set()
        self.account = account
        self._question = question
        self._reads = reads
        self._turn = turn
        self._owing: RateLimited | None = None
        self._waiting: deque[InsertEvent] = deque()
        self._there = asyncio.Event()
        self._room = asyncio.Event()
        self._closed = False
        self._task = asyncio.create_task(self._run())

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= _MAX_WAITING

    @property
    def holds_up(self) -> bool:
        """Whether others wait for this to have room. Not for points: those are its own matter."""
        return self.is_full and self._owing is None

    async def room(self) -> None:
        """Returns once this is not full or is closed, and after a second in any case."""
        self._room.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._room.wait()

    def add(self, inserted: InsertEvent) -> None:
        if self.is_full:
            self.end(self._overrun())
            return
        self._waiting.append(inserted)
        self._there.set()

    def _overrun(self) -> GatewayError:
        if (owing := self._owing) is None:
            return Unavailable("More is recorded than can be told: events were lost.")
        said = "More is recorded than the points of this key pay for: events were lost."
        return RateLimited(said, budget=owing.budget, retry_after=owing.retry_after)

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
                size = min(_BATCH, self._question.at_once, len(self._waiting))
                batch = [self._waiting.popleft() for _ in range(size)]
                if not self._waiting:
                    self._there.clear()
                self._room.set()
                await self._insist(partial(self._question.pay, len(batch)))
                answers = iter(await self._insist(partial(self._read, batch)) or ())
                while await self._tell_next(answers):
                    pass
        except Exception as error:
            self.end(foreseen(error))

    async def _tell_next(self, answers: Iterator[tuple[InsertEvent, bytes]]) -> bool:
        """Whether there was another."""
        async with self._turn:
            if (following := next(answers, None)) is None:
                return False
            event = SubscriptionEvent(*following, self.account)
            for subscriber in list(self.subscribers):
                subscriber.put(event)
            # Whoever keeps up has read it by the next; and between any two events, others are served.
            await asyncio.sleep(0)
            return True

    async def _read(self, batch: Sequence[InsertEvent]) -> Iterable[tuple[InsertEvent, bytes]]:
        async with self._reads:
            return await self._question.answers(batch)

    async def _insist(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """Tried again for as long as the database doesn't answer or the key has no points: nothing is left out. None
        once this is closed."""
        failures = 0
        while not self._closed:
            try:
                done = await work()
            except RateLimited as error:
                self._owing = error
                await asyncio.sleep(error.retry_after)
            except Unavailable:
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
            else:
                self._owing = None
                return done
        return None


class Broker:
    """All subscriptions of this process."""

    def __init__(self, watch: InsertWatch, limits: SubscriptionLimits) -> None:
        self._watch = watch
        self._limits = limits
        self._topics: dict[TopicKey, Topic] = {}
        self._by_namespace: dict[str, set[Topic]] = {}
        self._accounts: dict[str, SubscriptionAccount] = {}
        self._opening = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._reads = asyncio.Semaphore(_READS_AT_ONCE)
        # One event is made and told at a time: there may be many topics.
        self._turn = asyncio.Lock()

    async def subscribe(
        self, key: TopicKey, question: EventResolver, overflow: Callable[[GatewayError], None]
    ) -> Subscriber:
        """Whoever reads this is told of all that is recorded once it is returned, until it is closed.

        ``overflow``: called where it isn't read fast enough. Raises `Unavailable` where the database doesn't answer,
        `TooManySubscriptions` where the key has as many as it may.
        """
        async with self._opening:
            if self._following is None:
                insertions = await self._watch.open()
                self._following = asyncio.create_task(self._follow(insertions))
        # From here on without a pause until there is a topic: else the change stream might be given up again.
        subscriber = self._join(key, question, overflow)
        try:
            async with self._reads:
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
            await cancel([self._following])

    def _join(self, key: TopicKey, question: EventResolver, overflow: Callable[[GatewayError], None]) -> Subscriber:
        account = self._accounts.setdefault(key.key_id, SubscriptionAccount(self._limits))
        account.open()
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = Topic(question, account, self._reads, self._turn)
            self._by_namespace.setdefault(key.namespace_id, set()).add(topic)
        subscriber = Subscriber(self._limits, overflow, lambda leaving: self._leave(key, leaving))
        topic.subscribers.add(subscriber)
        return subscriber

    def _leave(self, key: TopicKey, subscriber: Subscriber) -> None:
        topic = self._topics.get(key)
        if topic is None or subscriber not in topic.subscribers:
            return
        topic.subscribers.remove(subscriber)
        topic.account.close()
        if not topic.account.subscriptions:
            del self._accounts[key.key_id]
        if not topic.subscribers:
            topic.close()
            del self._topics[key]
            self._by_namespace[key.namespace_id].remove(topic)
            if not self._by_namespace[key.namespace_id]:
                del self._by_namespace[key.namespace_id]

    async def _follow(self, insertions: InsertStream) -> None:
        """Tells the topics what is inserted, for as long as there are any."""
        read = 0
        try:
            while self._topics:
                inserted = await insertions.next()
                if inserted is None:
                    continue
                topics = self._by_namespace.get(inserted.namespace_id, ())
                if full := [topic for topic in topics if topic.holds_up]:
                    await asyncio.gather(*(topic.room() for topic in full))
                for topic in list(self._by_namespace.get(inserted.namespace_id, ())):
                    topic.add(inserted)
                read += 1
                if read % _BATCH == 0:
                    # A large batch is read without waiting for anything.
                    await asyncio.sleep(0)
        except Exception as error:
            reason = foreseen(error)
            for topic in list(self._topics.values()):
                topic.end(reason)
        finally:
            self._following = None
            await insertions.close()
