"""``python -m bench.insights``: how long MongoDB takes for what search teams ask, and how much is kept for that.

The application runs in this process over a database that `bench.dataset` fills; what is told is the time of MongoDB's
own commands, as its driver publishes it, and its processor time, of both the least of several runs.
"""

import argparse
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvloop
from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from bench.dataset import DATABASE, Dataset, prepare
from bench.process import cpu_seconds
from gateway.app.application import create_app
from gateway.demo.embedded_mongod import EmbeddedServer, start
from gateway.live.follower import Follower
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.settings import EmbeddedSettings, Settings, load
from gateway.store.client import Database, close, open_client

_HERE = Path(__file__).parent
_READS = frozenset({"aggregate", "find", "getMore", "count"})
# The generated interactions are of sixty days; these are the last thirty.
_RANGE = "2025-06-01T00:00:00Z"
_LIMIT_MS = 60_000

# Each with the milliseconds of MongoDB's time that it may take on a million interactions.
QUESTIONS: Mapping[str, tuple[int, str]] = {
    "top queries of 30 days": (
        300,
        """{ searchStats(where: { firstSeenAt: { gte: "$from" } }, groupBy: [QUERY], first: 20) {
          nodes { key { query } stats { searches clickThroughRate } } } }""",
    ),
    "top items of 30 days": (
        300,
        """{ interactionStats(
          where: { occurredAt: { gte: "$from" } }, groupBy: [{ by: FEATURE }], first: 20, orderBy: { field: CLICKS }
        ) { nodes { key { feature { featureId } } stats { clicks views clicksPerView } } } }""",
    ),
    "daily series in a time zone": (
        500,
        """{ searchStats(where: { firstSeenAt: { gte: "$from" } }, interval: DAY, timeZone: "Europe/Berlin") {
          nodes { series { from stats { searches clickThroughRate } } } } }""",
    ),
    "distinct users and sessions": (
        400,
        """{ searchStats(where: { firstSeenAt: { gte: "$from" } }) { nodes { stats { users sessions } } } }""",
    ),
    "signals of 100 items": (
        50,
        """query ($ids: [ID!]!) { features(featureIds: $ids) { signals(asOf: "$to") { score } } }""",
    ),
    "outcomes of a page of 20": (50, "{ searchRequests(first: 20) { nodes { outcome { clicked } } } }"),
    "clicks per day in a time zone": (
        0,
        """{ interactionStats(
          where: { occurredAt: { gte: "$from" }, interactionType: { eq: CLICK } }, interval: DAY
          timeZone: "Europe/Berlin"
        ) { nodes { series { from stats { clicks } } } } }""",
    ),
    "items clicked for a query, by position": (
        0,
        """{ interactionStats(
          where: { text: { eq: "running shoes" } }, groupBy: [{ by: FEATURE }, { by: POSITION }], first: 20
        ) { nodes { key { position } stats { clicks } } } }""",
    ),
    "arms of an experiment": (
        0,
        """{ interactionStats(where: { occurredAt: { gte: "$from" } }, groupBy: [{ metadata: "experiment" }]) {
          nodes { stats { clicksPerView users } } } }""",
    ),
}


class CommandTimes(CommandListener):
    """The milliseconds of reads since the last `reset`, of commands side by side the longest."""

    def __init__(self) -> None:
        self.milliseconds = 0.0
        self._under_way: dict[int, float] = {}
        self._begun = 0.0

    def reset(self) -> None:
        self.milliseconds = 0.0

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in _READS and event.database_name == DATABASE:
            if not self._under_way:
                self._begun = time.perf_counter()
            self._under_way[event.request_id] = self._begun

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self._ended(event.request_id)

    def failed(self, event: CommandFailedEvent) -> None:
        self._ended(event.request_id)

    def _ended(self, request_id: int) -> None:
        if self._under_way.pop(request_id, None) is not None and not self._under_way:
            self.milliseconds += (time.perf_counter() - self._begun) * 1_000


@asynccontextmanager
async def _application(dataset: Dataset) -> AsyncIterator[httpx.AsyncClient]:
    settings = {"rate_limit_restore": 0, "insights": False, "read_time_limit_ms": _LIMIT_MS}
    # What is slow would be explained beside the next run.
    settings |= {"operation_time_limit_ms": 2 * _LIMIT_MS, "slow_operation_ms": 0}
    app = create_app(load(Settings, mongodb_uri=dataset.uri, mongodb_database=DATABASE, **settings))
    async with app.router.lifespan_context(app):
        headers = {"Authorization": f"Bearer {dataset.key}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench.example", headers=headers) as client:
            yield client


async def _measured(dataset: Dataset, times: CommandTimes, mongod: int, runs: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    async with _application(dataset) as client:
        for name, (_, query) in QUESTIONS.items():
            # Each run is another document: nothing of the one before is kept.
            variables = {"ids": [f"sku-{number:05}" for number in range(100)]} if "$ids" in query else {}
            text = query.replace("$from", _RANGE).replace("$to", "2025-07-01T00:00:00Z")
            least = least_processor = float("inf")
            for _ in range(runs):
                times.reset()
                processor = cpu_seconds(mongod)
                answer = (await client.post("/graphql", json={"query": text, "variables": variables})).json()
                assert "errors" not in answer, answer
                least = min(least, times.milliseconds)
                least_processor = min(least_processor, (cpu_seconds(mongod) - processor) * 1_000)
            figures[name] = {"time": round(least, 1), "processor": round(least_processor, 1)}
    return figures


async def _kept(database: Database, interactions: int) -> dict[str, Any]:
    """The bytes of derived documents for each interaction: as they are, as they are stored, with their indexes."""
    kept = {"bytes": 0, "stored": 0, "indexes": 0}
    for name in (SEARCH_OUTCOMES, ITEM_DAYS):
        sizes = await database.command("collStats", name)
        kept["bytes"] += sizes["size"]
        kept["stored"] += sizes["storageSize"]
        kept["indexes"] += sizes["totalIndexSize"]
    return {name: round(size / interactions, 1) for name, size in kept.items()}


async def _run(mongod: EmbeddedServer, interactions: int, runs: int, times: CommandTimes) -> dict[str, Any]:
    dataset = await prepare(mongod.uri, interactions, deep_rank=1)
    client = open_client(mongod.uri)
    try:
        begun = time.monotonic()
        await Follower(client[DATABASE]).catch_up()
        derived = time.monotonic() - begun
        kept = await _kept(client[DATABASE], interactions)
    finally:
        await close(client)
    figures = await _measured(dataset, times, mongod.pid, runs)
    return {"interactions": interactions, "derivedSeconds": round(derived, 1), "kept": kept, "milliseconds": figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cache", type=float, default=2.0, help="gigabytes of MongoDB's own memory for data")
    parser.add_argument("--data-dir", type=Path, default=_HERE / ".data")
    arguments = parser.parse_args()
    times = CommandTimes()
    monitoring.register(times)
    directory = arguments.data_dir / f"insights-{arguments.interactions}"
    with start(directory, configured=load(EmbeddedSettings).mongod, cache_gigabytes=arguments.cache) as mongod:
        print(json.dumps(uvloop.run(_run(mongod, arguments.interactions, arguments.runs, times)), indent=2))


if __name__ == "__main__":
    main()
