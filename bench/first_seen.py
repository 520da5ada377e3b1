"""What a document costs the gateway when it is seen for the first time, beyond parsing and validating it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

from bench import requests
from bench.bare import Timing
from bench.dataset import Dataset
from bench.load import Connections, NextRequest
from bench.operations import Operation
from bench.process import cpu_seconds
from bench.servers import Server

_DOCUMENTS = 20


@dataclass(frozen=True, slots=True)
class Turn:
    """CPU milliseconds per request or document: requests with known documents, those with as many new ones, and these
    documents parsed and validated by graphql-core alone."""

    known_ms: float
    first_seen_ms: float
    parse_and_validate_ms: float


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """As in `Turn`, means over the turns of a set and medians over the sets; ``beyond_ms``: what the first sight costs
    beyond the other two, and ``beyond_spread_ms`` the least and the greatest of the sets'."""

    operation: str
    known_ms: float
    first_seen_ms: float
    parse_and_validate_ms: float
    beyond_ms: float
    beyond_spread_ms: tuple[float, float]


async def turns(server: Server, operation: Operation, dataset: Dataset, bare: Timing, count: int) -> list[Turn]:
    """That many turns, after one that isn't measured; everything is sent one at a time."""
    next_request, documents = requests.first_seen(dataset, operation)
    known = requests.known(dataset, operation, server.variant)
    connections = await Connections.open(server.port, 1)
    try:
        measured = []
        for _ in range(count + 1):
            before = len(documents)
            new = await _cpu_milliseconds(server, connections, next_request)
            old = await _cpu_milliseconds(server, connections, known)
            queries = [documents[number] for number in range(before + 1, len(documents) + 1)]
            measured.append(Turn(old, new, bare(queries)))
        return measured[1:]
    finally:
        connections.close()


async def _cpu_milliseconds(server: Server, connections: Connections, next_request: NextRequest) -> float:
    before = cpu_seconds(server.pid)
    run = await connections.run(next_request, seconds=60.0, requests=_DOCUMENTS)
    return (cpu_seconds(server.pid) - before) / run.requests * 1_000


def summarized(operation: str, sets: Sequence[Sequence[Turn]]) -> FirstSeen:
    # Means, as the garbage collector walks through what many documents left in a few of the turns.
    known = [mean(turn.known_ms for turn in turns) for turns in sets]
    new = [mean(turn.first_seen_ms for turn in turns) for turns in sets]
    bare = [mean(turn.parse_and_validate_ms for turn in turns) for turns in sets]
    beyond = [one - other - parsed for one, other, parsed in zip(new, known, bare, strict=True)]
    return FirstSeen(operation, median(known), median(new), median(bare), median(beyond), (min(beyond), max(beyond)))
