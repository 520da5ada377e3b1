"""The measurements: slices of requests to each variant in turn, so that what else the machine does meets all alike."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from statistics import median, quantiles

from graphql import parse, specified_rules, validate

from bench import requests
from bench.dataset import Dataset
from bench.load import Connections, NextRequest, Run
from bench.operations import Operation
from bench.process import cpu_seconds, resident_megabytes
from bench.servers import Server, answers
from gateway.schema import build

CONCURRENCIES = (1, 16)

Telling = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: slices of each variant, seconds and requests of a slice at most, and so on."""

    rounds: int = 7
    seconds: float = 1.0
    requests: int = 2_000
    memory_requests: int = 20_000
    first_seen_requests: int = 60


@dataclass(frozen=True, slots=True)
class Slice:
    run: Run
    cpu_seconds: float

    @property
    def cpu_milliseconds_per_request(self) -> float:
        return self.cpu_seconds / self.run.requests * 1_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one variant, operation and concurrency; medians over the slices, percentiles over all requests.

    CPU is the server process's: seconds per 1,000 requests, so milliseconds per request too.
    """

    requests: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_seconds_per_1000: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """``ratios``: medians over the rounds of what two slices of the same round say of CPU."""

    operation: str
    title: str
    concurrency: int
    answer_bytes: int
    figures: Mapping[str, Figures]
    ratios: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """CPU milliseconds of the gateway per request: of known documents, of documents seen for the first time, of parsing
    and validating these by graphql-core alone; ``beyond_ms``: what the first sight costs beyond those."""

    operation: str
    known_ms: float
    first_seen_ms: float
    parse_and_validate_ms: float
    beyond_ms: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the gateway's process in MB, as it grows with the requests answered."""

    samples: Sequence[tuple[int, float]]


async def compare(
    servers: Sequence[Server],
    operation: Operation,
    concurrency: int,
    dataset: Dataset,
    extent: Extent,
    answer_bytes: int,
) -> Comparison:
    servers = [server for server in servers if answers(server.variant, operation.name)]
    slices: dict[str, list[Slice]] = {server.variant: [] for server in servers}
    for number in range(extent.rounds):
        # Each round begins with another variant, so that none always follows the same.
        for server in (*servers[number % len(servers) :], *servers[: number % len(servers)]):
            same = repeat(requests.known(dataset, operation, server.variant)).__next__
            slices[server.variant].append(await _slice(server, same, concurrency, extent.seconds, extent.requests))
    return Comparison(
        operation.name,
        operation.title,
        concurrency,
        answer_bytes,
        {variant: _figures(found) for variant, found in slices.items()},
        {
            f"{above}/{below}": _ratio(slices[above], slices[below])
            for above, below in (("gateway", "handwritten"), ("executor", "gateway"), ("usual", "gateway"))
            if above in slices and below in slices
        },
    )


async def first_seen(server: Server, operation: Operation, dataset: Dataset, extent: Extent) -> FirstSeen:
    next_request, documents = requests.first_seen(dataset, operation)
    known = requests.known(dataset, operation, server.variant)
    rounds: list[tuple[float, float, float]] = []
    for _ in range(extent.rounds):
        before = len(documents)
        new = await _slice(server, next_request, 1, 60.0, extent.first_seen_requests)
        # The opening request of the slice is a document too, but not measured.
        queries = [documents[number] for number in range(before + 2, len(documents) + 1)]
        old = await _slice(server, lambda: known, 1, 60.0, 5 * extent.first_seen_requests)
        rounds.append(
            (old.cpu_milliseconds_per_request, new.cpu_milliseconds_per_request, _parse_and_validate(queries))
        )
    return FirstSeen(
        operation.name,
        known_ms=median(old for old, _, _ in rounds),
        first_seen_ms=median(new for _, new, _ in rounds),
        parse_and_validate_ms=median(bare for _, _, bare in rounds),
        beyond_ms=median(new - old - bare for old, new, bare in rounds),
    )


async def memory(server: Server, operations: Sequence[Operation], dataset: Dataset, extent: Extent) -> Memory:
    """Sends all operations in turn, 16 at a time, and looks at the memory ten times."""
    bodies = [requests.known(dataset, operation, server.variant) for operation in operations]
    samples = [(0, resident_megabytes(server.pid))]
    connections = await Connections.open(server.port, max(CONCURRENCIES))
    sent = 0

    def next_request() -> bytes:
        nonlocal sent
        sent += 1
        return bodies[sent % len(bodies)]

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


def _parse_and_validate(queries: Sequence[str]) -> float:
    """CPU milliseconds per document by graphql-core alone, with the standard rules."""
    executable = build().executable
    gc.collect()
    before = time.process_time()
    for query in queries:
        errors = validate(executable, parse(query), specified_rules)
        assert not errors, errors
    return (time.process_time() - before) / len(queries) * 1_000


def _figures(slices: Sequence[Slice]) -> Figures:
    latencies = [seconds * 1_000 for one in slices for seconds in one.run.latencies]
    percentiles = quantiles(latencies, n=100, method="inclusive") if len(latencies) > 1 else latencies * 99
    return Figures(
        requests=len(latencies),
        requests_per_second=median(one.run.requests / one.run.seconds for one in slices),
        p50_ms=percentiles[49],
        p99_ms=percentiles[98],
        cpu_seconds_per_1000=median(one.cpu_milliseconds_per_request for one in slices),
    )


def _ratio(above: Sequence[Slice], below: Sequence[Slice]) -> float:
    pairs = zip(above, below, strict=True)
    return median(one.cpu_milliseconds_per_request / other.cpu_milliseconds_per_request for one, other in pairs)
