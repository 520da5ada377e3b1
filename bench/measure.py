"""The measurements: slices of requests to each variant in turn, so that what else the machine does meets all alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import requests
from bench.dataset import Dataset
from bench.load import Connections, NextRequest, Run
from bench.operations import Operation
from bench.process import cpu_seconds, resident_megabytes
from bench.servers import Server

CONCURRENCIES = (1, 16)
_WARMING_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: sets of processes; of each, slices of each variant, seconds and requests of a slice at
    most, and turns of first-seen documents; once, requests while memory is watched."""

    processes: int
    rounds: int
    seconds: float
    requests: int
    first_seen_turns: int
    memory_requests: int


@dataclass(frozen=True, slots=True)
class Slice:
    run: Run
    cpu_seconds: float

    @property
    def cpu_milliseconds_per_request(self) -> float:
        return self.cpu_seconds / self.run.requests * 1_000


# Of one set of processes, operation and concurrency: each variant's, one for each round.
Slices = Mapping[str, Sequence[Slice]]


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the gateway's process in MB, as it grows with the requests answered."""

    samples: Sequence[tuple[int, float]]


async def warm_up(servers: Sequence[Server], operation: Operation, dataset: Dataset) -> None:
    """Sends the operation to each for half a second, as many at a time as are ever sent: the servers' bytecode has
    become that of what it meets, caches are filled and all connections to MongoDB open."""
    for server in servers:
        known = requests.known(dataset, operation, server.variant)
        await _slice(server, known, max(CONCURRENCIES), _WARMING_SECONDS, 10_000)


async def compare(
    servers: Sequence[Server], operation: Operation, concurrency: int, dataset: Dataset, extent: Extent
) -> Slices:
    """The slices of all rounds."""
    slices: dict[str, list[Slice]] = {server.variant: [] for server in servers}
    for number in range(extent.rounds):
        # There and back, so that what is compared is measured next to each other, and neither always first.
        for server in servers if number % 2 == 0 else reversed(servers):
            known = requests.known(dataset, operation, server.variant)
            slices[server.variant].append(await _slice(server, known, concurrency, extent.seconds, extent.requests))
    return slices


async def memory(server: Server, operations: Sequence[Operation], dataset: Dataset, extent: Extent) -> Memory:
    """Sends all operations in turn, 16 at a time, and looks at the memory ten times."""
    known = [requests.known(dataset, operation, server.variant) for operation in operations]
    samples = [(0, resident_megabytes(server.pid))]
    connections = await Connections.open(server.port, max(CONCURRENCIES))
    sent = 0

    def next_request() -> bytes:
        nonlocal sent
        sent += 1
        return known[sent % len(known)]()

    try:
        for _ in range(10):
            await connections.run(next_request, seconds=600.0, requests=max(1, extent.memory_requests // 10))
            samples.append((sent, resident_megabytes(server.pid)))
    finally:
        connections.close()
    return Memory(samples)


async def _slice(server: Server, next_request: NextRequest, concurrency: int, seconds: float, most: int) -> Slice:
    connections = await Connections.open(server.port, concurrency)
    try:
        # Opens the connections on both sides, and looks up again the key that may have expired from the cache.
        await connections.answer(next_request())
        before = cpu_seconds(server.pid)
        run = await connections.run(next_request, seconds=seconds, requests=most)
        return Slice(run, cpu_seconds(server.pid) - before)
    finally:
        connections.close()
