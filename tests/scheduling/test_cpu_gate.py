"""Long work of several requests leaves room for short work between."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.scheduling.cpu_gate import CpuGate
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import served, socket
from tests.harness.waiting import PATIENCE

LIGHT = "{ __typename }"
pytestmark = pytest.mark.asyncio(loop_scope="module")


def laboriously() -> str:
    end = time.perf_counter() + 0.02
    while time.perf_counter() < end:
        pass
    return "done"


async def test_between_long_work_what_is_short_is_done() -> None:
    cpu_gate, passes, done = CpuGate(), [0], [0]

    async def long() -> None:
        assert await cpu_gate.run(laboriously) == "done"
        done[0] += 1

    async def short() -> None:
        while done[0] < 10:
            await asyncio.sleep(0.0002)
            passes[0] += 1

    await asyncio.gather(short(), *(long() for _ in range(10)))
    # At least one in each pause, however little of the machine there is; else all would come first.
    assert passes[0] >= 9


async def test_what_fails_or_is_given_up_lets_the_next_begin() -> None:
    cpu_gate = CpuGate()

    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await cpu_gate.run(fail)
    given_up = asyncio.create_task(cpu_gate.run(fail))
    await asyncio.sleep(0)
    given_up.cancel()
    async with asyncio.timeout(PATIENCE):
        assert await cpu_gate.run(laboriously) == "done"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, batch_limit=100) as gateway:
        yield gateway


def unknown(number: int) -> str:
    """Tens of milliseconds' work."""
    fields = "nodes { featureId searchRequest { filters { text flat { key depth } } } }"
    return "{ " + " ".join(f"interactions(first: 1) {{ {fields} }}" for _ in range(10)) + f" }}#{number}"


async def answered_beside(gateway: Gateway) -> int:
    """How many light requests are answered until this is cancelled."""
    answered = 0
    try:
        while True:
            await gateway.data(LIGHT)
            answered += 1
            await asyncio.sleep(0.001)
    except asyncio.CancelledError:
        return answered


@pytest.mark.parametrize("way", ["requests", "a batch", "a websocket"])
async def test_light_requests_are_answered_among_many_unknown_documents(way: str, gateway: Gateway) -> None:
    await gateway.data(LIGHT)
    await gateway.data(unknown(0))
    beside = asyncio.create_task(answered_beside(gateway))
    await asyncio.sleep(0)
    documents = [f"{unknown(number)} {way}" for number in range(1, 41)]
    if way == "requests":
        await asyncio.gather(*(gateway.data(document) for document in documents))
    elif way == "a batch":
        answers = (await gateway.post([{"query": document} for document in documents])).json()
        assert not any("errors" in answer for answer in answers)
    else:
        async with served(gateway.app) as address, socket(address) as client:
            await client.init(gateway.key)
            for number, document in enumerate(documents):
                await client.subscribe(str(number), document)
            heard = [await client.hear() for _ in range(80)]
            assert sorted(message["type"] for message in heard) == ["complete"] * 40 + ["next"] * 40
    beside.cancel()
    # Some hundred, on a machine that has nothing else to do; that it is by the pauses, the first test here tells.
    assert await beside >= 10
