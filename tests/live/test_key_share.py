"""What one key's subscriptions take from another organization's: nothing, whatever they ask."""

import asyncio
from collections.abc import Iterator, Sequence

from bson import Timestamp

from gateway.errors import GatewayError
from gateway.limits import SUBSCRIPTION_DEFAULTS
from gateway.live.key_share import KeyShare, TopicSlots
from gateway.live.subscriber_queue import Subscriber, SubscriptionAccount
from gateway.live.topic import Topic
from gateway.scheduling.unread_bytes import UnreadBytes
from gateway.store.change_stream import InsertEvent
from tests.harness.waiting import PATIENCE

INSERTED = [InsertEvent(str(number), "ns", Timestamp(1, number)) for number in range(20)]


class Resolver:
    """Answers once ``gate`` is open; ``made`` is told of each answer as it is made, by the ``name`` of this."""

    at_once = 1_000
    kept = ()

    def __init__(self, name: str, gate: asyncio.Event, made: list[str]) -> None:
        self.name = name
        self.reading = asyncio.Event()
        self._gate = gate
        self._made = made

    async def pay(self, count: int) -> None:
        pass

    async def answers(self, inserted: Sequence[InsertEvent]) -> Iterator[tuple[InsertEvent, bytes]]:
        self.reading.set()
        await self._gate.wait()
        return ((event, self._answer(event)) for event in inserted)

    def _answer(self, event: InsertEvent) -> bytes:
        self._made.append(self.name)
        return str(event.id).encode()


def topic(resolver: Resolver, share: KeyShare, subscribers: int = 1) -> Topic:
    made = Topic(resolver, SubscriptionAccount(SUBSCRIPTION_DEFAULTS, UnreadBytes(100_000)), share)
    for _ in range(subscribers):
        made.subscribers.add(Subscriber(SUBSCRIPTION_DEFAULTS, overflow, made.subscribers.discard))
    return made


def overflow(error: GatewayError) -> None:
    raise error


async def told(topic: Topic) -> list[str]:
    """What its subscribers are told of all that was inserted."""
    async with asyncio.timeout(PATIENCE):
        return [(await anext(one)).decode() for one in list(topic.subscribers) for _ in INSERTED]


async def test_reads_that_take_long_keep_no_other_organization_waiting() -> None:
    slots, shut, open_ = TopicSlots(), asyncio.Event(), asyncio.Event()
    open_.set()
    readers = [Resolver("acme", shut, []) for _ in range(36)]
    # Four keys, and nine subscriptions of each.
    many = [topic(one, KeyShare(slots, "acme", f"key{number % 4}")) for number, one in enumerate(readers)]
    other = topic(Resolver("initech", open_, []), KeyShare(slots, "initech", "key"))
    for one in (*many, other):
        for inserted in INSERTED:
            one.add(inserted)
    assert await told(other) == [event.id for event in INSERTED]
    # As many as its organization may, of two keys or more.
    assert [one.reading.is_set() for one in readers].count(True) == 4
    shut.set()
    for one in many:
        assert await told(one) == [event.id for event in INSERTED]
    for one in (*many, other):
        one.close()


async def test_events_are_made_in_turn() -> None:
    slots, gate = TopicSlots(), asyncio.Event()
    made: list[str] = []
    share = KeyShare(slots, "acme", "key")
    many = [topic(Resolver("acme", gate, made), share, 200) for _ in range(9)]
    other = topic(resolver := Resolver("initech", gate, made), KeyShare(slots, "initech", "key"))
    for one in (*many, other):
        for inserted in INSERTED:
            one.add(inserted)
    async with asyncio.timeout(PATIENCE):
        await resolver.reading.wait()
    gate.set()
    assert await told(other) == [event.id for event in INSERTED]
    # One of the others' for each of its own, and fewer where an event of theirs is sent to many.
    assert made.count("acme") <= len(INSERTED) + 2
    for one in many:
        assert await told(one) == [event.id for event in INSERTED] * 200
    for one in (*many, other):
        one.close()
