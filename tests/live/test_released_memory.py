"""What a subscription held is let go as it ends, at once: no cycle keeps it until a collection."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.auth.open_connections import OpenConnection
from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import Unavailable
from gateway.execution.admission import AdmittedOperation
from gateway.live.subscriber_queue import Subscriber
from gateway.live.subscriptions import SubscriptionEvents
from gateway.live.topic import Topic
from gateway.transport.websocket.conversation import Conversation
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORDED, key_id, record, served, socket, stream
from tests.harness.waiting import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELD = (AdmittedOperation, Subscriber, SubscriptionEvents, Topic, Conversation, OpenConnection)
VARIABLES = {"where": {"interactionType": {"eq": "CLICK"}}, "nobody": "declares this"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, key_cache_seconds=5) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def address(gateway: Gateway) -> AsyncIterator[str]:
    # The change stream is kept open, as it is where others are subscribed.
    async with served(gateway.app) as address, stream(address, gateway.other_key):
        yield address


@pytest.fixture
def no_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def held() -> Counter[str]:
    """How many there are of what a subscription holds."""
    return Counter(type(one).__name__ for one in gc.get_objects() if type(one) in HELD)


async def let_go(before: Counter[str]) -> None:
    """Returns once there are as many as before."""
    async with asyncio.timeout(PATIENCE):
        while held() - before:  # noqa: ASYNC110  # what is let go tells nobody
            await asyncio.sleep(0.05)


async def test_a_subscription_keeps_what_it_asks_and_no_more(gateway: Gateway, address: str) -> None:
    gc.collect()
    before = [one for one in gc.get_objects() if type(one) is AdmittedOperation]
    async with socket(address) as client, stream(address, await gateway.make_key(Permission.READ), variables=VARIABLES):
        await client.init(gateway.key)
        await client.subscribe("1", RECORDED, VARIABLES)
        await client.begun()
        gc.collect()
        kept = [one for one in gc.get_objects() if type(one) is AdmittedOperation and one not in before]
        assert len(kept) == 2
        for operation in kept:
            assert operation.request.variables == {"where": VARIABLES["where"]}
            assert (operation.request.query, operation.request.body) == (None, None)


async def _completed(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", RECORDED, VARIABLES)
        await client.begun()
        await record(gateway, "a", interactionType="CLICK")
        assert await client.recorded() == "a"
        await client.say({"id": "1", "type": "complete"})
        await client.begun()


async def _left(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        for id in "123":
            await client.subscribe(id, RECORDED, VARIABLES)
        await client.subscribe("4", "{ viewer { keyName } }")
        assert (await client.hear())["id"] == "4"


async def _wrong(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", RECORDED, VARIABLES)
        await client.begun()
        await client.say({"type": "no such message"})
        assert (await client.closed())[0] == 4400


async def _refused(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", RECORDED, {"where": 1})
        assert (await client.hear())["type"] == "error"


async def _revoked(gateway: Gateway, address: str) -> None:
    key = await gateway.make_key(Permission.READ)
    async with socket(address) as client, stream(address, key, RECORDED, VARIABLES) as told:
        await client.init(key)
        await client.subscribe("1", RECORDED, VARIABLES)
        await client.begun()
        await gateway.keys.revoke(key_id(key))
        assert (await client.closed())[0] == 4401
        assert await told.event() is not None


async def _streamed(gateway: Gateway, address: str) -> None:
    async with stream(address, gateway.key, RECORDED, VARIABLES) as told:
        await record(gateway, "b", interactionType="CLICK")
        assert await told.recorded() == "b"


async def _failing(gateway: Gateway, address: str) -> None:
    async with socket(address) as client, stream(address, gateway.key, RECORDED, VARIABLES) as told:
        await client.init(gateway.key)
        await client.subscribe("1", RECORDED, VARIABLES)
        await client.begun()
        for topic in [one for one in gc.get_objects() if type(one) is Topic]:
            if topic.share._caller_id == key_id(gateway.key):
                topic.end(Unavailable("Events were lost."))
        del topic
        assert (await client.hear())["type"] == "error"
        event = await told.event()
        assert event is not None
        assert event[1]["errors"][0]["message"] == "Events were lost."


@pytest.mark.parametrize(
    "conversation", [_completed, _left, _wrong, _refused, _revoked, _streamed, _failing], ids=lambda one: one.__name__
)
@pytest.mark.usefixtures("no_collections")
async def test_nothing_is_held_once_it_is_over(conversation: Any, gateway: Gateway, address: str) -> None:
    before = held()
    await conversation(gateway, address)
    await let_go(before)
