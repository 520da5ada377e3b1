"""One dear request after the other, measured: what it costs, what is paid for it, and what others notice of it."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from bench.process import cpu_seconds, resident_megabytes
from tests.fairness.attack import Attack, Outcome
from tests.fairness.dearest import DearRequest, plain_page
from tests.fairness.hostile_data import Organizations
from tests.fairness.http_client import HttpClient, asking, post
from tests.fairness.neighbour import Latency, Neighbour
from tests.fairness.requests import Bisection

_ROOT = Path(__file__).parents[2]
_REMAINING = "{ viewer { rateLimit { remaining } } }"
# Requests that differ have numbers of eight digits; so many for each of two attacks.
_NUMBERS = 100_000
_WATCH_SECONDS = 0.1
_PLAIN_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway's process, and the port that it serves."""

    pid: int
    port: int


@dataclass(frozen=True, slots=True)
class Extent:
    """How long each request is sent, alone to tell its price and by many connections to tell what others notice."""

    price_seconds: float
    seconds: float
    connections: int


@dataclass(frozen=True, slots=True)
class Price:
    """What one request takes and costs, sent one at a time; the times are of processors."""

    requests: int
    points: float
    worker_ms: float
    mongod_ms: float

    @property
    def microseconds_per_point(self) -> float:
        return 1000 * (self.worker_ms + self.mongod_ms) / max(self.points, 0.01)


@dataclass(frozen=True, slots=True)
class Measured:
    """A dear request over a transport: its price, and the light requests beside it.

    ``answers``: how many there were of each status; ``worker_megabytes``: the most that the worker held; ``failed``:
    light requests that got errors or nothing.
    """

    name: str
    transport: str
    size: int
    bytes_sent: int
    price: Price
    answers: Mapping[str, int]
    lost: int
    bytes_read: int
    sample: str
    seconds: float
    worker_seconds: float
    mongod_seconds: float
    worker_megabytes: float
    beside: Mapping[str, Latency]
    failed: int


class Measurement:
    """The measurement of dear requests against two gateways on one database: ``generous`` has points without end to
    count by, ``usual`` has the default settings."""

    def __init__(
        self, generous: Served, usual: Served, mongod_pid: int, organizations: Organizations, extent: Extent
    ) -> None:
        self._generous = generous
        self._usual = usual
        self._mongod_pid = mongod_pid
        self._organizations = organizations
        self._extent = extent
        self._neighbour = Neighbour(usual.port, organizations.ordinary_key)
        self._next_number = 1
        # The processors' seconds of mongod in one second in which nothing is asked.
        self._idle = 0.0

    async def quiet(self) -> Mapping[str, Latency]:
        """The light requests without anything beside them."""
        await self._neighbour.beside(asyncio.sleep(0.5))
        before = cpu_seconds(self._mongod_pid)
        await asyncio.sleep(1)
        self._idle = cpu_seconds(self._mongod_pid) - before
        return await self._neighbour.beside(asyncio.sleep(max(2.0, self._extent.seconds)))

    async def plain(self) -> Price:
        """The price of a plain page, over many requests: all others are compared with it."""
        key = await self._organizations.hostile_key()
        body = plain_page().draft.body
        return await self._price(Attack(self._generous.port, key, "query", body, "post", 1, _PLAIN_SECONDS, 0))

    async def answered(self, request: DearRequest) -> DearRequest | None:
        """Where a request is refused once it runs, beyond what an operation may read, write or answer: the greatest of
        its family that isn't. None where it is answered itself, or none is."""
        if request.root.operation == "subscription" or not request.pressed.valid or await self._is_answered(request):
            return None
        greatest: DearRequest | None = None
        search = Bisection(request.size - 1)
        while not search.is_over:
            smaller = request.smaller(search.size)
            is_answered = await self._is_answered(smaller)
            greatest = smaller if is_answered else greatest
            search.tell(admitted=is_answered)
        await self._organizations.clear()
        return greatest

    async def _is_answered(self, request: DearRequest) -> bool:
        self._next_number += 1
        key = await self._organizations.hostile_key()
        operation, body = request.root.operation, request.draft.body
        attack = Attack(self._generous.port, key, operation, body, "post", 1, 0.0, self._next_number)
        client = HttpClient(self._generous.port)
        answer = await client.ask(post(next(attack.rendered()), attack.headers), keep=True)
        await client.close()
        return answer.status == 200 and "errors" not in orjson.loads(answer.body)

    async def of(self, request: DearRequest, transport: str) -> Measured:
        """Measures one dear request, and deletes what it wrote."""
        self._next_number += 2 * _NUMBERS
        first = self._next_number
        key = await self._organizations.hostile_key()
        body = request.draft.body
        alone = Attack(
            self._generous.port, key, request.root.operation, body, transport, 1, self._extent.price_seconds, first
        )
        # What isn't read takes and costs what is: its price is that of a POST.
        price = await self._price(replace(alone, transport="post") if transport == "unread" else alone)
        attack = replace(
            alone,
            port=self._usual.port,
            connections=self._extent.connections,
            seconds=self._extent.seconds,
            first=first + _NUMBERS,
        )
        self._neighbour.failed = 0
        outcomes: list[Outcome] = []

        async def attacking() -> None:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(watch())
                outcomes.append(await _attacked(attack))
                watching.cancel()

        resident = [resident_megabytes(self._usual.pid)]

        async def watch() -> None:
            while True:
                resident.append(resident_megabytes(self._usual.pid))
                await asyncio.sleep(_WATCH_SECONDS)

        worker, mongod = cpu_seconds(self._usual.pid), cpu_seconds(self._mongod_pid)
        beside = await self._neighbour.beside(attacking())
        worker, mongod = cpu_seconds(self._usual.pid) - worker, cpu_seconds(self._mongod_pid) - mongod
        [outcome] = outcomes
        if request.root.operation != "query":
            await self._organizations.clear()
        return Measured(
            request.name,
            transport,
            request.size,
            len(orjson.dumps(body)),
            price,
            outcome.answers,
            outcome.lost,
            outcome.bytes_read,
            outcome.sample,
            outcome.seconds,
            worker,
            mongod,
            max(resident),
            beside,
            self._neighbour.failed,
        )

    async def _price(self, attack: Attack) -> Price:
        remaining = await self._remaining(attack.key)
        worker, mongod = cpu_seconds(self._generous.pid), cpu_seconds(self._mongod_pid)
        begun = time.perf_counter()
        outcome = await _attacked(attack)
        await self._idle_again()
        elapsed = time.perf_counter() - begun
        worker = cpu_seconds(self._generous.pid) - worker
        mongod = cpu_seconds(self._mongod_pid) - mongod - self._idle * elapsed
        # The second look costs a point itself.
        points = remaining - await self._remaining(attack.key) - 1
        requests = max(1, outcome.requests)
        return Price(requests, points / requests, 1000 * worker / requests, 1000 * max(0.0, mongod) / requests)

    async def _idle_again(self) -> None:
        """Waits until neither process has work left of what was asked, 30 seconds at most."""
        for _ in range(300):
            before = cpu_seconds(self._generous.pid) + cpu_seconds(self._mongod_pid)
            await asyncio.sleep(0.1)
            if cpu_seconds(self._generous.pid) + cpu_seconds(self._mongod_pid) - before < 0.02 + self._idle:
                return

    async def _remaining(self, key: str) -> int:
        client = HttpClient(self._generous.port)
        answer = await client.ask(asking(_REMAINING, {"Authorization": f"Bearer {key}"}), keep=True)
        await client.close()
        remaining: int = orjson.loads(answer.body)["data"]["viewer"]["rateLimit"]["remaining"]
        return remaining


async def _attacked(attack: Attack) -> Outcome:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fairness.attack"), cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        printed, _ = await process.communicate(json.dumps(asdict(attack)).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Outcome(**json.loads(printed))


def statuses(answers: Mapping[str, int]) -> Sequence[str]:
    """How many answers there were of each status, the most frequent first."""
    return [f"{count:,} × {status}" for status, count in Counter(answers).most_common()]
