"""A run consists of sets: new processes of every variant, measured beside each other.

Where a process has its code and data in memory, and so what of it the processor's caches hold, is settled when it
starts. Two processes of one variant may differ by a tenth, however long they are measured.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import agreement, bare, first_seen, measure
from bench.comparison import Comparison, compared
from bench.dataset import Dataset
from bench.first_seen import FirstSeen, Turn
from bench.measure import CONCURRENCIES, Extent, Memory, Slices
from bench.operations import Operation
from bench.report import line
from bench.servers import VARIANTS, Server, serving

_FIRST_SEEN = ("flat", "nested")

Telling = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one set: the length of each operation's answer in bytes, the slices of each operation and concurrency, and
    the turns of each operation whose documents were new."""

    sizes: Mapping[str, int]
    slices: Mapping[tuple[str, int], Slices]
    turns: Mapping[str, Sequence[Turn]]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is measured of every set of processes."""

    variants: Sequence[str]
    operations: Sequence[Operation]
    dataset: Dataset
    extent: Extent
    profile: Path | None
    tell: Telling

    def of_set(self, number: int) -> Measured:
        """Starts the servers of the set with this number, counted from 0, measures and ends them."""
        first = number % len(self.variants)
        with ExitStack() as stack:
            started = [
                stack.enter_context(
                    serving(variant, self.dataset.uri, profile=self.profile and self.profile / f"{variant}.prof")
                )
                for variant in (*self.variants[first:], *self.variants[:first])
            ]
            servers = sorted(started, key=lambda server: self.variants.index(server.variant))
            return uvloop.run(self._measured(number, servers))

    async def _measured(self, number: int, servers: Sequence[Server]) -> Measured:
        sizes = await agreement.check(servers, self.operations, self.dataset)
        slices = {}
        for operation in self.operations:
            able = [server for server in servers if VARIANTS[server.variant].answers(operation.name)]
            await measure.warm_up(able, operation, self.dataset)
            for concurrency in CONCURRENCIES:
                found = await measure.compare(able, operation, concurrency, self.dataset, self.extent)
                slices[operation.name, concurrency] = found
                self.tell(f"set {number + 1}, {operation.title}, concurrency {concurrency}")
                self.tell(line(compared(operation, concurrency, sizes[operation.name], [found])))
        return Measured(sizes, slices, await self._turns(number, servers))

    async def _turns(self, number: int, servers: Sequence[Server]) -> Mapping[str, Sequence[Turn]]:
        gateway = next((server for server in servers if server.variant == "gateway"), None)
        chosen = [operation for operation in self.operations if operation.name in _FIRST_SEEN]
        if gateway is None or not self.extent.first_seen_turns or not chosen:
            return {}
        self.tell(f"set {number + 1}, documents seen for the first time")
        with bare.timing() as timing:
            return {
                operation.name: await first_seen.turns(
                    gateway, operation, self.dataset, timing, self.extent.first_seen_turns
                )
                for operation in chosen
            }

    def memory(self) -> Memory | None:
        """That of a gateway which has answered nothing before; None where it isn't wanted."""
        if "gateway" not in self.variants or not self.extent.memory_requests:
            return None
        self.tell(f"memory over {self.extent.memory_requests:,} requests")
        with serving("gateway", self.dataset.uri) as server:
            return uvloop.run(measure.memory(server, self.operations, self.dataset, self.extent))


def comparisons(operations: Sequence[Operation], sets: Sequence[Measured]) -> list[Comparison]:
    return [
        compared(
            operation,
            concurrency,
            sets[0].sizes[operation.name],
            [one.slices[operation.name, concurrency] for one in sets],
        )
        for operation in operations
        for concurrency in CONCURRENCIES
    ]


def seen(sets: Sequence[Measured]) -> list[FirstSeen]:
    return [first_seen.summarized(name, [one.turns[name] for one in sets]) for name in sets[0].turns]
