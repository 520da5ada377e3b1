"""Long work of several requests leaves room for short work between."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from socket import SHUT_RDWR

import orjson
import pytest
import pytest_asyncio
from graphql import DocumentNode

from gateway.context import Caller
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import RateLimited
from gateway.limits import Limits
from gateway.preparation import prepared_documents
from gateway.preparation.document_limits import parse_within
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.scheduling.cpu_gate import CpuGate, Stage
from tests.harness.callers import caller
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import served, socket
from tests.harness.waiting import PATIENCE

LIGHT = "{ __typename }"


OURS, THEIRS = caller("key", "ours"), caller("theirs", "theirs")
pytestmark = pytest.mark.asyncio(loop_scope="module")


def laboriously() -> str:
    end = time.perf_counter() + 0.02
    while time.perf_counter() < end:
        pass
    return "done"


async def test_between_long_work_what_is_short_is_done() -> None:
    cpu_gate, passes, done = CpuGate(ConcurrencyLimit(1), max_waiting=10), [0], [0]

    async def long() -> None:
        assert await cpu_gate.run(laboriously, OURS) == "done"
        done[0] += 1

    async def short() -> None:
        while done[0] < 10:
            await asyncio.sleep(0.0002)
            passes[0] += 1

    await asyncio.gather(short(), *(long() for _ in range(10)))
    # At least one in each pause, however little of the machine there is; else all would come first.
    assert passes[0] >= 9


async def test_a_pause_lasts_longer_for_operations_of_other_keys() -> None:
    operations = ConcurrencyLimit(1)
    cpu_gate = CpuGate(operations, max_waiting=10)

    def timed() -> tuple[float, float, float]:
        """When a piece began and ended, and the processor's time that it took."""
        began, spent = time.monotonic(), time.thread_time()
        laboriously()
        return began, time.monotonic(), time.thread_time() - spent

    async def pause() -> float:
        """How long a pause is, in pieces like the one before it."""
        (_, ended, seconds), (began, _, _) = await asyncio.gather(*(cpu_gate.run(timed, OURS) for _ in range(2)))
        return (began - ended) / seconds

    async with asyncio.timeout(PATIENCE):
        await operations.enter(OURS, 1)
        # A machine with other work has it last longer, never shorter.
        while await pause() >= 1:
            pass
    await operations.enter(THEIRS, 1)
    assert min([await pause() for _ in range(5)]) >= 2


async def test_a_pause_lasts_no_longer_for_operations_that_wait_for_their_turn_themselves() -> None:
    operations = ConcurrencyLimit(1)
    cpu_gate, done = CpuGate(operations, max_waiting=10), list[str]()
    await operations.enter(THEIRS, 1)

    async def piece(caller: Caller) -> None:
        await cpu_gate.run(laboriously, caller, stage=Stage.READING)
        done.append(caller.id)

    pieces = [asyncio.create_task(piece(caller)) for caller in (OURS, THEIRS, OURS)]
    await asyncio.sleep(0)
    # Nothing else is under way than what waits.
    assert not operations.has_others_than("key", {"theirs": 1})
    assert operations.has_others_than("key", {})
    await asyncio.gather(*pieces)
    assert done == ["key", "theirs", "key"]


async def test_a_keys_operations_are_answered_one_after_the_other_and_ahead_of_new_ones() -> None:
    cpu_gate, order = CpuGate(ConcurrencyLimit(1), max_waiting=10), list[tuple[Stage, int]]()

    async def piece(stage: Stage, operation: int = 0) -> None:
        await cpu_gate.run(laboriously, OURS, stage=stage, operation=operation)
        order.append((stage, operation))

    waiting = [
        (Stage.AHEAD, 0),
        (Stage.READING, 2),
        (Stage.READING, 1),
        (Stage.ANSWERING, 4),
        (Stage.READING, 2),
        (Stage.ANSWERING, 3),
        (Stage.READING, 1),
    ]
    await asyncio.gather(piece(Stage.READING, 9), *(piece(*each) for each in waiting))
    assert order == [(Stage.READING, 9), *sorted(waiting)]


async def test_operations_under_way_wait_beside_all_that_may_wait_ahead_of_them() -> None:
    cpu_gate = CpuGate(ConcurrencyLimit(1), max_waiting=1)
    under_way = [asyncio.create_task(cpu_gate.run(laboriously, OURS, stage=Stage.READING)) for _ in range(5)]
    await asyncio.sleep(0)
    ahead = asyncio.create_task(cpu_gate.run(laboriously, OURS))
    await asyncio.sleep(0)
    with pytest.raises(RateLimited):
        await cpu_gate.run(laboriously, OURS)
    assert await asyncio.gather(ahead, *under_way) == ["done"] * 6


async def test_what_fails_or_is_given_up_lets_the_next_begin() -> None:
    cpu_gate = CpuGate(ConcurrencyLimit(1), max_waiting=10)

    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await cpu_gate.run(fail, OURS)
    given_up = asyncio.create_task(cpu_gate.run(fail, OURS))
    await asyncio.sleep(0)
    given_up.cancel()
    async with asyncio.timeout(PATIENCE):
        assert await cpu_gate.run(laboriously, OURS) == "done"


async def test_a_piece_that_has_begun_is_waited_for_by_whoever_gives_up() -> None:
    cpu_gate, begun, ending = CpuGate(ConcurrencyLimit(1), max_waiting=10), threading.Event(), threading.Event()

    def held() -> None:
        begun.set()
        ending.wait(PATIENCE)

    given_up = asyncio.create_task(cpu_gate.run(held, OURS))
    await asyncio.to_thread(begun.wait, PATIENCE)
    given_up.cancel()
    done, _ = await asyncio.wait((given_up,), timeout=0)
    assert not done
    ending.set()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await cpu_gate.run(laboriously, OURS) == "done"


async def test_who_comes_late_is_next_whatever_others_have_waiting() -> None:
    cpu_gate, order = CpuGate(ConcurrencyLimit(1), max_waiting=100), list[str]()

    async def piece(caller: Caller, work: Callable[[], str]) -> None:
        await cpu_gate.run(work, caller)
        order.append(caller.id)

    many = [asyncio.create_task(piece(OURS, laboriously)) for _ in range(10)]
    many += [asyncio.create_task(piece(caller("other", "ours"), laboriously)) for _ in range(10)]
    await asyncio.sleep(0)
    for _ in range(3):
        # Each comes back as soon as it was served, and has had next to nothing.
        await piece(THEIRS, lambda: "")
    assert order.count("theirs") == 3
    assert len(order) <= 3 * 2 + 1
    await asyncio.gather(*many)
    # Keys of one organization have equal shares of what it has.
    assert {"key", "other"} <= set(order[:8])


async def test_who_sends_dear_work_has_no_more_time_than_who_sends_cheap_work() -> None:
    cpu_gate, order = CpuGate(ConcurrencyLimit(1), max_waiting=100), list[str]()

    async def piece(caller: Caller, work: Callable[[], str]) -> None:
        await cpu_gate.run(work, caller)
        order.append(caller.id)

    dear = [piece(OURS, laboriously) for _ in range(8)]
    await asyncio.gather(*dear, *(piece(THEIRS, lambda: "") for _ in range(20)))
    # By turns alone there would be one of each at a time.
    assert order.index("theirs") <= 1
    assert "key" not in order[2 : order.index("theirs") + 20]


async def test_a_key_has_only_so_much_waiting_and_other_keys_as_much() -> None:
    cpu_gate = CpuGate(ConcurrencyLimit(1), max_waiting=2)
    under_way = [asyncio.create_task(cpu_gate.run(laboriously, OURS)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited, match="At most 2 requests of a key may wait"):
        await cpu_gate.run(laboriously, OURS)
    assert await cpu_gate.run(laboriously, THEIRS) == "done"
    assert await asyncio.gather(*under_way) == ["done"] * 3
    assert await cpu_gate.run(laboriously, OURS) == "done"


async def test_a_client_that_leaves_frees_its_place() -> None:
    cpu_gate, leaving = CpuGate(ConcurrencyLimit(1), max_waiting=1), asyncio.Event()

    async def left() -> None:
        await leaving.wait()
        raise ConnectionResetError

    await cpu_gate.run(laboriously, OURS)
    waiting = asyncio.create_task(cpu_gate.run(laboriously, OURS, left))
    await asyncio.sleep(0)
    with pytest.raises(RateLimited):
        await cpu_gate.run(laboriously, OURS)
    leaving.set()
    with pytest.raises(ConnectionResetError):
        await waiting
    assert await cpu_gate.run(laboriously, OURS) == "done"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    # On a busy machine the last of many takes its turn after more than the ten seconds that it has by default.
    async with new_gateway(mongod.uri, batch_limit=100, operation_time_limit_ms=600_000) as gateway:
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


async def test_another_organizations_unknown_documents_wait_for_few_of_those_that_one_key_sends(
    gateway: Gateway,
) -> None:
    answered, begun = 0, asyncio.Event()

    async def ask(number: int) -> None:
        nonlocal answered
        await gateway.data(f"{unknown(number)} flood")
        answered += 1
        begun.set()

    flood = [asyncio.create_task(ask(number)) for number in range(60)]
    await begun.wait()
    for number in range(5):
        await gateway.data(f"{{ theirs{number}: __typename }}", key=gateway.other_key)
    assert answered <= 30
    await asyncio.gather(*flood)


async def test_documents_of_clients_that_have_left_are_not_validated(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, begun, writers = list[str](), asyncio.Event(), list[asyncio.StreamWriter]()
    loop = asyncio.get_running_loop()

    def parse(text: str, limits: Limits | None) -> DocumentNode:
        if not parsed:
            # While the first is read and validated, all others leave.
            for writer in writers:
                writer.get_extra_info("socket").shutdown(SHUT_RDWR)
        parsed.append(text)
        # Documents are parsed in a thread.
        loop.call_soon_threadsafe(begun.set)
        return parse_within(text, limits)

    monkeypatch.setattr(prepared_documents, "parse_within", parse)
    async with served(gateway.app) as address:
        host, _, port = address.partition("/")[0].rpartition(":")
        bodies = [orjson.dumps({"query": f"{unknown(number)} left"}) for number in range(40)]
        for body in bodies:
            reader, writer = await asyncio.open_connection(host, int(port))
            head = f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {gateway.key}\r\n"
            head += "Content-Type: application/json\r\nExpect: 100-continue\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
            # By then its key is known, and only its body is waited for.
            assert b"100" in await reader.readuntil(b"\r\n\r\n")
            writers.append(writer)
        for writer, body in zip(writers, bodies, strict=True):
            writer.write(body)
        await begun.wait()
        for writer in writers:
            writer.close()
        # It is the last in the line of its key.
        await gateway.data("{ last: __typename }")
    assert 1 < len(parsed) <= 20
