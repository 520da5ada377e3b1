"""Sends what is recorded, as it is recorded, to everybody who subscribed to it.

change stream → topics (one for all of a key who asked the same of the same namespace) → subscribers (one for each
subscription)

There is one change stream for each process and kind of documents, while anybody is subscribed to that. Each topic pays,
fetches and answers for itself, and each subscriber has a queue of its own, so that nobody waits for a slow one. What
they share, such as connections to the database, organizations and their keys have in turn. Only topics for which 10,000
documents wait hold up the others: those of a key for at most 0.1 s in 10 s, in which they get room or are ended; a
second at a time where no other key is subscribed. Those whose key has no points left are ended at once then.
"""

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from gateway.errors import GatewayError
from gateway.errors.formatting import as_gateway_error
from gateway.limits import SubscriptionLimits
from gateway.live.key_share import KeyShare, TopicSlots
from gateway.live.subscriber_queue import Subscriber, SubscriptionAccount
from gateway.live.topic import EventResolver, Topic
from gateway.model.kinds import INTERACTION, Kind
from gateway.scheduling.cancellation import cancel
from gateway.scheduling.unread_bytes import UnreadBytesByCaller
from gateway.store.change_stream import InsertEvent, InsertStream, InsertWatch

# A large batch is read without waiting for anything, and each insert is added to every topic of its namespace.
_ADDITIONS_WITHOUT_PAUSE = 1_000
# For a topic of the only key that is subscribed.
_HOLD_UP_SECONDS_ALONE = 1.0


@dataclass(frozen=True, slots=True)
class TopicKey:
    """What tells topics apart. ``operation_key``: equal for all subscriptions that the same answers can be sent to.
    ``kind``: of the documents that they are about."""

    organization_id: str
    namespace_id: str
    caller_id: str
    operation_key: Hashable
    kind: Kind = INTERACTION


class Broker:
    """The topics of this process, and the change streams that they are told by: one of each kind that is watched."""

    def __init__(
        self, watches: Mapping[Kind, InsertWatch], limits: SubscriptionLimits, unread_bytes: UnreadBytesByCaller
    ) -> None:
        self._watches = watches
        self._limits = limits
        self._unread_bytes = unread_bytes
        self._topics: dict[TopicKey, Topic] = {}
        self._by_namespace: dict[Kind, dict[str, set[Topic]]] = {kind: {} for kind in watches}
        self._accounts: dict[str, SubscriptionAccount] = {}
        self._shares: dict[str, KeyShare] = {}
        self._slots = TopicSlots()
        self._opening = asyncio.Lock()
        self._streams: dict[Kind, InsertStream] = {}
        self._followers: dict[Kind, asyncio.Task[None]] = {}
        # Of each stream that is followed: how long ago the last document was inserted as it was told, in whole seconds,
        # as clocks of MongoDB have them; 0 where all are told.
        self._lags: dict[Kind, float] = {}

    @property
    def is_cut_off(self) -> bool:
        """Whether a change stream that is followed broke off, and hasn't gone on yet."""
        return any(stream.is_cut_off for stream in self._streams.values())

    @property
    def lag_seconds(self) -> float:
        """By how much what is told is behind what is recorded, of several streams the most."""
        return max(self._lags.values(), default=0.0)

    async def subscribe(
        self, key: TopicKey, resolver: EventResolver, overflow: Callable[[GatewayError], None]
    ) -> Subscriber:
        """A subscriber to all that is recorded from when it is returned until it is closed.

        ``overflow``: called where it isn't read fast enough. Raises `Unavailable` where the database doesn't answer,
        `TooManySubscriptions` where the key has as many as it may.
        """
        watch = self._watches[key.kind]
        async with self._opening:
            if key.kind not in self._followers:
                stream = self._streams[key.kind] = await watch.open()
                self._followers[key.kind] = asyncio.create_task(self._follow(key.kind, stream))
        # From here on without a pause until there is a topic: else the change stream might be given up again.
        subscriber = self._join(key, resolver, overflow)
        try:
            async with self._shares[key.caller_id].read():
                subscriber.since = await watch.now()
        except BaseException:
            subscriber.close()
            raise
        return subscriber

    async def close(self) -> None:
        """Closes every subscriber and the change streams."""
        for topic in list(self._topics.values()):
            for subscriber in list(topic.subscribers):
                subscriber.close()
        await cancel(list(self._followers.values()))

    def _join(self, key: TopicKey, resolver: EventResolver, overflow: Callable[[GatewayError], None]) -> Subscriber:
        account = self._accounts.get(key.caller_id)
        if account is None:
            account = SubscriptionAccount(self._limits, self._unread_bytes.of(key.caller_id))
        topic = self._topics.get(key)
        account.open(resolver.kept if topic is None else None)
        self._accounts[key.caller_id] = account
        share = self._shares.setdefault(key.caller_id, KeyShare(self._slots, key.organization_id, key.caller_id))
        if topic is None:
            topic = self._topics[key] = Topic(resolver, account, share)
            self._by_namespace[key.kind].setdefault(key.namespace_id, set()).add(topic)
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
            del self._accounts[key.caller_id], self._shares[key.caller_id]
        if not topic.subscribers:
            topic.close()
            topic.account.close_topic(topic.kept)
            del self._topics[key]
            by_namespace = self._by_namespace[key.kind]
            by_namespace[key.namespace_id].remove(topic)
            if not by_namespace[key.namespace_id]:
                del by_namespace[key.namespace_id]

    async def _follow(self, kind: Kind, stream: InsertStream) -> None:
        """Adds what is inserted to the topics of its namespace, for as long as there are any topics of its kind."""
        additions, by_namespace = 0, self._by_namespace[kind]
        try:
            while by_namespace:
                inserted = await stream.next()
                if inserted is None:
                    if not stream.is_cut_off:
                        self._lags[kind] = 0.0
                    continue
                self._lags[kind] = max(0.0, int(time.time()) - inserted.at.time)
                additions += 1 + await self._add(inserted, by_namespace)
                if additions >= _ADDITIONS_WITHOUT_PAUSE:
                    additions = 0
                    await asyncio.sleep(0)
        except Exception as error:
            reason = as_gateway_error(error)
            for topic in [topic for topics in by_namespace.values() for topic in topics]:
                topic.end(reason)
        finally:
            del self._followers[kind], self._streams[kind]
            self._lags.pop(kind, None)
            await stream.close()

    async def _add(self, inserted: InsertEvent, by_namespace: Mapping[str, set[Topic]]) -> int:
        """To how many topics."""
        if full := [topic for topic in by_namespace.get(inserted.namespace_id, ()) if topic.blocks_others]:
            await self._wait_for(full)
        # Some may be gone by now, or new.
        topics = list(by_namespace.get(inserted.namespace_id, ()))
        for topic in topics:
            topic.add(inserted)
        return len(topics)

    async def _wait_for(self, full: Sequence[Topic]) -> None:
        """Waits for all of these topics at once."""
        is_alone = len(self._shares) == 1
        limits = [_HOLD_UP_SECONDS_ALONE if is_alone else topic.share.hold_up_seconds for topic in full]
        waited: dict[KeyShare, float] = {}
        for topic, seconds in zip(full, await asyncio.gather(*map(Topic.wait_for_capacity, full, limits)), strict=True):
            waited[topic.share] = max(seconds, waited.get(topic.share, 0.0))
        if not is_alone:
            for share, seconds in waited.items():
                share.hold_up(seconds)
