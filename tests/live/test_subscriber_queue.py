"""How much one key may have open, and have waiting for clients that don't read."""

import asyncio
import time
from collections.abc import Iterator, Sequence

import pytest
from bson import Timestamp

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import GatewayError, SubscriberTooSlow
from gateway.limits import SUBSCRIPTION_DEFAULTS, SubscriptionLimits
from gateway.live.broker import Broker, TopicKey
from gateway.live.subscriber_queue import Subscriber, SubscriptionAccount, SubscriptionEvent
from gateway.model.kinds import INTERACTION
from gateway.scheduling.unread_bytes import UnreadBytes, UnreadBytesByCaller
from gateway.store.change_stream import InsertEvent, InsertWatch
from tests.harness.gateway_client import code, new_gateway
from tests.harness.live_client import RECORDED, record, served, socket, stream
from tests.harness.waiting import PATIENCE

ONE = InsertEvent("i", "ns", Timestamp(1, 1))


def subscriber(limits: SubscriptionLimits) -> tuple[Subscriber, list[GatewayError]]:
    """With what has overflown."""
    overflown: list[GatewayError] = []
    return Subscriber(limits, overflown.append, lambda _: None), overflown


async def test_what_waits_for_all_subscriptions_of_a_key_is_bounded() -> None:
    limits = SubscriptionLimits(buffer_bytes=10_000, key_buffer_bytes=15_000)
    account = SubscriptionAccount(limits, UnreadBytes(limits.key_buffer_bytes))
    slow, quick = [subscriber(limits) for _ in range(3)], subscriber(limits)
    for _ in range(3):
        for one, _overflown in slow:
            # Each asked something else.
            one.put(SubscriptionEvent(ONE, b"x" * 2_000, account))
        quick[0].put(SubscriptionEvent(ONE, b"x" * 2_000, account))
        assert await anext(quick[0]) == b"x" * 2_000
    assert sum(len(overflown) for _, overflown in slow) >= 1
    assert quick[1] == []
    [ended, *_] = [(one, overflown[0]) for one, overflown in slow if overflown]
    assert "15,000 bytes for all clients of this key" in ended[1].message
    # What had been told by then can still be read.
    assert await anext(ended[0]) == b"x" * 2_000
    for one, _overflown in slow:
        one.close()
    assert account.unread.waiting == 0


async def test_an_answer_that_waits_for_many_counts_once() -> None:
    limits = SubscriptionLimits(buffer_bytes=10_000, key_buffer_bytes=15_000)
    account = SubscriptionAccount(limits, UnreadBytes(limits.key_buffer_bytes))
    many = [subscriber(limits) for _ in range(100)]
    for _ in range(4):
        event = SubscriptionEvent(ONE, b"x" * 2_000, account)
        for one, _overflown in many:
            one.put(event)
    assert account.unread.waiting == 4 * 2_200
    assert not any(overflown for _, overflown in many)
    for one, _overflown in many:
        await anext(one)
    assert account.unread.waiting == 3 * 2_200
    # The limit of one is another.
    for one, overflown in many[:2]:
        for _ in range(2):
            one.put(SubscriptionEvent(ONE, b"x" * 2_000, account))
        assert isinstance(overflown[0], SubscriberTooSlow)
        assert "10,000 bytes waited" in overflown[0].message


async def test_a_key_has_a_limit_of_subscriptions(mongod: EmbeddedServer) -> None:
    async with (
        new_gateway(mongod.uri, key_subscriptions=3) as gateway,
        served(gateway.app) as address,
        socket(address) as client,
        socket(address) as other,
    ):
        await client.init(gateway.key)
        for id in "1234":
            await client.subscribe(id)
        message = await client.hear()
        assert (message["id"], message["type"]) == ("4", "error")
        assert message["payload"][0]["extensions"] == {"code": "TOO_MANY_SUBSCRIPTIONS"}
        assert "at most 3 subscriptions" in message["payload"][0]["message"]
        async with stream(address, gateway.key) as refused:
            assert refused.response.status_code == 429
            await refused.response.aread()
            assert code(refused.response) == "TOO_MANY_SUBSCRIPTIONS"
        # Another key has its own.
        await other.init(await gateway.make_key(Permission.READ))
        await other.subscribe("1")
        await other.begun()
        await client.say({"id": "1", "type": "complete"})
        await client.subscribe("4")
        await client.begun()
        await record(gateway, "i1")
        assert {(await client.hear())["id"] for _ in range(3)} == {"2", "3", "4"}
        assert await other.recorded() == "i1"


async def test_what_subscriptions_ask_counts_among_what_waits_for_their_clients(mongod: EmbeddedServer) -> None:
    long = [{"userId": {"eq": "u" * 1_000}} for _ in range(10)]
    async with (
        new_gateway(mongod.uri, key_buffer_bytes=300_000) as gateway,
        served(gateway.app) as address,
        socket(address) as client,
    ):
        await client.init(gateway.key)
        # The document is kept once for all that have it.
        for number in range(20):
            await client.subscribe(str(number), RECORDED, {"where": {"userId": {"eq": str(number)}}})
        await client.begun()
        for number in range(20):
            await client.say({"id": str(number), "type": "complete"})
        for number in range(20):
            where = {"or": long, "featureId": {"eq": str(number)}}
            await client.subscribe(str(number), RECORDED, {"where": where})
        await client.say({"type": "ping"})
        refused = []
        while (message := await client.hear()) != {"type": "pong"}:
            refused.append(message)
        accepted = 20 - len(refused)
        assert 2 < accepted < 15
        for message in refused:
            assert message["payload"][0]["extensions"] == {"code": "TOO_MANY_SUBSCRIPTIONS"}
            assert "300,000 bytes" in message["payload"][0]["message"]
        # What is let go is counted no longer.
        for number in range(accepted):
            await client.say({"id": str(number), "type": "complete"})
        await client.subscribe("again", RECORDED, {"where": {"or": long}})
        await client.begun()


async def test_a_key_has_a_limit_of_connections_that_stay(mongod: EmbeddedServer) -> None:
    async with (
        new_gateway(mongod.uri, key_connections=2) as gateway,
        served(gateway.app) as address,
        socket(address) as client,
    ):
        await client.init(gateway.key)
        async with stream(address, gateway.key), socket(address) as one_more:
            payload = {"Authorization": f"Bearer {gateway.key}"}
            await one_more.say({"type": "connection_init", "payload": payload})
            closed, reason = await one_more.closed()
            assert closed == 1013
            assert "at most 2 websockets and event streams" in reason
            async with stream(address, gateway.key) as refused:
                assert refused.response.status_code == 429
                await refused.response.aread()
                assert code(refused.response) == "TOO_MANY_SUBSCRIPTIONS"
            async with stream(address, await gateway.make_key(Permission.READ)) as other:
                assert other.response.status_code == 200
            # Other requests are none of those that stay.
            await gateway.data("{ viewer { keyName } }")
        async with asyncio.timeout(PATIENCE):
            while True:
                async with stream(address, gateway.key, RECORDED) as again:
                    if again.response.status_code == 200:
                        break


@pytest.mark.parametrize("subscribers", [1, 200])
async def test_between_the_answers_of_a_batch_others_have_their_turn(subscribers: int, mongod: EmbeddedServer) -> None:
    class Laborious:
        at_once = 1_000
        kept = ()

        async def pay(self, count: int) -> None:
            pass

        async def answers(self, inserted: Sequence[InsertEvent]) -> Iterator[tuple[InsertEvent, bytes]]:
            return ((one, laboriously()) for one in inserted)

    def laboriously() -> bytes:
        end = time.thread_time() + 0.01
        while time.thread_time() < end:
            pass
        return b"answer"

    longest, last = 0.0, time.thread_time()

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            longest, last = max(longest, now - last), now

    async with new_gateway(mongod.uri) as gateway:
        hub = Broker(
            {INTERACTION: InsertWatch(gateway.database, INTERACTION)},
            SUBSCRIPTION_DEFAULTS,
            UnreadBytesByCaller(SUBSCRIPTION_DEFAULTS.key_buffer_bytes),
        )
        topic, question = TopicKey("org", "ns", "key", "asked"), Laborious()
        told = [await hub.subscribe(topic, question, lambda _: None) for _ in range(subscribers)]
        ticking = asyncio.create_task(tick())
        documents = [{"_id": number, "namespace_id": "ns", "interaction_id": str(number)} for number in range(60)]
        await gateway.database[INTERACTION.collection].insert_many(documents)
        longest = 0.0
        async with asyncio.timeout(PATIENCE):
            for one in told:
                assert [await anext(one) for _ in documents] == [b"answer"] * 60
        ticking.cancel()
        await hub.close()
    # All of them take 0.6.
    assert longest < 0.2
