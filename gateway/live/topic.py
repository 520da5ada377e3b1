"""What subscriptions to the same have in common: the inserted documents that wait to be answered, and the answers."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Protocol, TypeVar

from gateway.errors import GatewayError, RateLimited, ReadTooLarge, Unavailable
from gateway.errors.formatting import as_gateway_error
from gateway.live.key_share import KeyShare
from gateway.live.subscriber_queue import KeptPart, Subscriber, SubscriptionAccount, SubscriptionEvent
from gateway.store.change_stream import InsertEvent

T = TypeVar("T")

_BATCH = 100
_MAX_WAITING = 10_000
_FIRST_RETRY_SECONDS = 0.05
_MAX_RETRY_SECONDS = 1.0

# What is sent in one turn. It takes a few milliseconds: some 60 µs to wake a subscriber, and 3 ms for the copies of a
# megabyte that a server makes.
_TURN_SUBSCRIBERS = 50
_TURN_BYTES = 500_000
# As long as an event took that was made, or so long, others are served before the next.
_MAX_PAUSE_SECONDS = 0.008


class EventResolver(Protocol):
    """What answers inserted documents for one topic.

    ``at_once``: about how many documents it may be asked at once; ``kept``: what it keeps for that.
    """

    at_once: int

    @property
    def kept(self) -> Sequence[KeptPart]: ...

    async def pay(self, count: int) -> None:
        """Once for so many documents, before they are asked about. Raises `RateLimited` where that has to wait."""

    async def answers(self, inserted: Sequence[InsertEvent]) -> Iterable[tuple[InsertEvent, bytes]]:
        """The answers to those of the inserted documents that it is about, in order. Raises `ReadTooLarge` where fewer
        of them may be answered at once."""


class Topic:
    """The subscribers whom the same answers are sent to, and the inserted documents that wait to be answered.

    ``account`` and ``share``: of the key whose subscriptions these are.
    """

    def __init__(self, resolver: EventResolver, account: SubscriptionAccount, share: KeyShare) -> None:
        self.subscribers: set[Subscriber] = set()
        self.kept = resolver.kept
        self.account = account
        self.share = share
        self._resolver = resolver
        self._rate_limited: RateLimited | None = None
        self._waiting: deque[InsertEvent] = deque()
        self._has_waiting = asyncio.Event()
        self._has_capacity = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = asyncio.create_task(self._run())

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= _MAX_WAITING

    @property
    def blocks_others(self) -> bool:
        """Whether others wait for this to have room. Not for points: those are its own matter."""
        return self.is_full and self._rate_limited is None

    async def wait_for_capacity(self, max_seconds: float) -> float:
        """Returns once others need not wait for this any longer, or after so long; in how many seconds."""
        began = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(max_seconds):
                while self.blocks_others and not self._closed:
                    self._has_capacity.clear()
                    await self._has_capacity.wait()
        return time.monotonic() - began

    def add(self, inserted: InsertEvent) -> None:
        """Has the document answered; where too many wait for that, the subscriptions end."""
        if self.is_full:
            self.end(self._overflow_error())
            return
        self._waiting.append(inserted)
        self._has_waiting.set()

    def end(self, error: GatewayError) -> None:
        """Ends every subscription with this error."""
        for subscriber in list(self.subscribers):
            subscriber.end(error)

    def close(self) -> None:
        """Answers nothing more."""
        self._closed = True
        self._has_capacity.set()
        if self._task is not None:
            self._task.cancel()
            # It keeps its cancellation, the traceback of which leads here.
            self._task = None

    def _overflow_error(self) -> GatewayError:
        if (refusal := self._rate_limited) is None:
            return Unavailable("More is recorded than can be told: events were lost.")
        message = "More is recorded than the points of this key pay for: events were lost."
        return RateLimited(message, budget=refusal.budget, retry_after=refusal.retry_after)

    async def _run(self) -> None:
        try:
            # The driver may lose a cancellation.
            while not self._closed:
                await self._has_waiting.wait()
                size = min(_BATCH, self._resolver.at_once, len(self._waiting))
                batch = [self._waiting.popleft() for _ in range(size)]
                if not self._waiting:
                    self._has_waiting.clear()
                self._has_capacity.set()
                await self._retried(partial(self._resolver.pay, len(batch)))
                await self._answer(batch)
        except Exception as error:
            # Its traceback leads here, which would keep all of this for as long as the error.
            self.end(as_gateway_error(error).with_traceback(None))

    async def _answer(self, batch: Sequence[InsertEvent]) -> None:
        try:
            answers = iter(await self._retried(partial(self._read, batch)))
        except ReadTooLarge:
            # A hundred documents may have more bytes than may be read at once; each by itself is no larger than it was
            # sent.
            if len(batch) == 1:
                raise
            middle = len(batch) // 2
            await self._answer(batch[:middle])
            await self._answer(batch[middle:])
            return
        while await self._send_next(answers):
            pass

    async def _send_next(self, answers: Iterator[tuple[InsertEvent, bytes]]) -> bool:
        """Whether there was another answer, which every subscriber has by then."""
        async with self.share.send():
            began = time.perf_counter()
            if (answer := next(answers, None)) is None:
                return False
            event = SubscriptionEvent(*answer, self.account)
            pending = self._put(event, list(self.subscribers))
            # Whoever keeps up has read it by the next; and between any two events, others are served.
            await asyncio.sleep(min((time.perf_counter() - began) / 2, _MAX_PAUSE_SECONDS))
        while pending:
            async with self.share.send():
                pending = self._put(event, pending)
                await asyncio.sleep(0)
        return True

    def _put(self, event: SubscriptionEvent, pending: Sequence[Subscriber]) -> Sequence[Subscriber]:
        """Has some of the subscribers send the event, as many as may in one turn; gives the others."""
        count = max(1, min(_TURN_SUBSCRIBERS, _TURN_BYTES // event.size))
        for subscriber in pending[:count]:
            # Some may have left since their turn came up.
            if subscriber in self.subscribers:
                subscriber.put(event)
        return pending[count:]

    async def _read(self, batch: Sequence[InsertEvent]) -> Iterable[tuple[InsertEvent, bytes]]:
        async with self.share.read():
            return await self._resolver.answers(batch)

    async def _retried(self, work: Callable[[], Awaitable[T]]) -> T:
        """What comes of the work, for as long as the database doesn't answer or the key has no points: nothing is left
        out."""
        for attempt in count():
            try:
                result = await work()
            except (RateLimited, Unavailable) as error:
                if self._closed:
                    raise
                seconds = self._seconds_until_retry(error, attempt)
            else:
                self._rate_limited = None
                return result
            await asyncio.sleep(seconds)
        raise AssertionError("there is always another attempt")

    def _seconds_until_retry(self, error: RateLimited | Unavailable, attempt: int) -> float:
        if isinstance(error, RateLimited):
            # Its traceback leads here.
            self._rate_limited = error.with_traceback(None)
            # Nobody waits for points.
            self._has_capacity.set()
            return error.retry_after
        return min(_FIRST_RETRY_SECONDS * 2.0 ** min(attempt, 10), _MAX_RETRY_SECONDS)
