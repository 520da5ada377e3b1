"""Another organization's light clients beside the attack, and how long each of their requests takes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from statistics import median, quantiles

import orjson
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.fairness.http_client import Answered, HttpClient, asking, get

KINDS = ("read", "write", "event", "health")
READ = "{ interactions(first: 5) { nodes { interactionId featureId occurredAt } } }"
WRITE = """mutation ($id: ID!) {
  recordInteraction(input: { interactionId: $id, featureId: "p1", interactionType: CLICK }) { created }
}"""
EVENTS = "subscription { interactionRecorded { interactionId } }"
# Between two requests of a kind: light clients are many, and each of them asks seldom.
_PAUSE_SECONDS = 0.04
# After which an answer counts as none, and its time as this.
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Latency:
    """How long requests of a kind took, in milliseconds."""

    count: int
    median_ms: float
    p95_ms: float
    slowest_ms: float

    @classmethod
    def of(cls, seconds: list[float]) -> "Latency":
        if not seconds:
            return cls(0, 0.0, 0.0, 0.0)
        ordered = sorted(1000 * each for each in seconds)
        p95 = quantiles(ordered, n=20, method="inclusive")[-1] if len(ordered) > 1 else ordered[0]
        return cls(len(ordered), median(ordered), p95, ordered[-1])


@dataclass(slots=True)
class Neighbour:
    """The light clients: one reads, one writes, one hears of each write, and one asks for health."""

    port: int
    key: str
    _seconds: dict[str, list[float]] = field(default_factory=dict)
    _written: dict[str, float] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)
    _is_over: bool = False
    _heard_all: asyncio.Event = field(default_factory=asyncio.Event)
    failed: int = 0

    async def beside(self, attacking: Awaitable[None]) -> Mapping[str, Latency]:
        """What the light requests were like while this lasted."""
        self._seconds = {kind: [] for kind in KINDS}
        self._written.clear()
        self._is_over = False
        headers = {"Authorization": f"Bearer {self.key}"}
        read = asking(READ, headers)
        health = get("/healthcheck", {})
        async with self._listening(), asyncio.TaskGroup() as group:
            group.create_task(self._keep_asking("read", lambda: read))
            group.create_task(self._keep_asking("health", lambda: health))
            group.create_task(self._keep_asking("write", lambda: self._write(headers)))
            try:
                await attacking
            finally:
                self._is_over = True
        return {kind: Latency.of(seconds) for kind, seconds in self._seconds.items()}

    def _write(self, headers: Mapping[str, str]) -> bytes:
        id = f"beside-{time.time_ns()}-{next(self._numbers)}"
        self._written[id] = time.perf_counter()
        return asking(WRITE, headers, id=id)

    async def _keep_asking(self, kind: str, request: Callable[[], bytes]) -> None:
        client = HttpClient(self.port)
        while not self._is_over:
            begun = time.perf_counter()
            answer: Answered | None = None
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    answer = await client.ask(request(), keep=True)
            self._seconds[kind].append(time.perf_counter() - begun)
            if answer is None or answer.status != 200 or b'"errors"' in answer.body:
                self.failed += 1
            await asyncio.sleep(_PAUSE_SECONDS)
        await client.close()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        """Subscribed, with the time from each write to its event kept."""
        async with connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            compression=None,
            additional_headers={"Authorization": f"Bearer {self.key}"},
        ) as socket:
            await socket.send('{"type": "connection_init"}')
            await socket.recv()
            await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": EVENTS}}).decode())
            # What is written before the subscription is under way is none of its events.
            await socket.send('{"type": "ping"}')
            while orjson.loads(await socket.recv())["type"] != "pong":
                pass

            async def hear() -> None:
                async for message in socket:
                    event = orjson.loads(message)
                    if event["type"] != "next":
                        continue
                    id = event["payload"]["data"]["interactionRecorded"]["interactionId"]
                    if (begun := self._written.pop(id, None)) is not None:
                        self._seconds["event"].append(time.perf_counter() - begun)
                    if not self._written:
                        self._heard_all.set()

            hearing = asyncio.create_task(hear())
            try:
                yield
                await self._last_events()
            finally:
                hearing.cancel()

    async def _last_events(self) -> None:
        """Waits for the events of what was written; those that don't come took as long as the patience."""
        if self._written:
            self._heard_all.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._heard_all.wait()
        self._seconds["event"] += [time.perf_counter() - begun for begun in self._written.values()]
