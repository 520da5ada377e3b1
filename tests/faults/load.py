"""Continuous writes and reads through a gateway, with everything that was answered."""

import asyncio
import itertools
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

RECORD = """mutation ($input: RecordInteractionsInput!) {
  recordInteractions(input: $input) { results { created error { code } interaction { interactionId } } }
}"""
READ = "{ interactions(first: 3) { totalCount(upTo: 10) nodes { interactionId } } }"
BATCH = 4


@dataclass
class Load:
    """Writers record batches under ids of their own, each until it is acknowledged; a reader reads; a prober probes.

    ``acknowledged``: the ids that a client was told are recorded; ``created``: how often each was told to be new.
    ``unclean``: answers that are neither a result nor an `UNAVAILABLE`. ``broken``: connections that failed.
    """

    address: str
    key: str
    acknowledged: set[str] = field(default_factory=set)
    created: Counter[str] = field(default_factory=Counter)
    unclean: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    refused: int = 0
    longest_seconds: float = 0.0
    last_acknowledged: float = 0.0
    probes: list[tuple[float, int]] = field(default_factory=list)
    _ending: bool = False
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def start(self, writers: int = 4) -> None:
        self._tasks = [asyncio.create_task(self._write(number)) for number in range(writers)]
        self._tasks += [asyncio.create_task(self._read()), asyncio.create_task(self._probe())]

    async def stop(self) -> None:
        """Ends once every batch that was begun is acknowledged."""
        self._ending = True
        await asyncio.gather(*self._tasks)

    async def _write(self, writer: int) -> None:
        async with self._client() as client:
            for batch in itertools.count():
                ids = [f"{writer}-{batch}-{number}" for number in range(BATCH)]
                recorded = False
                while not recorded:
                    recorded = await self._record(client, ids)
                    await asyncio.sleep(0 if recorded else 0.05)
                if self._ending:
                    return

    async def _record(self, client: httpx.AsyncClient, ids: list[str]) -> bool:
        interactions = [{"interactionId": id, "featureId": "f", "interactionType": "VIEW", "position": 1} for id in ids]
        data = await self._ask(client, RECORD, {"input": {"interactions": interactions}})
        if data is None or data["recordInteractions"] is None:
            return False
        results = data["recordInteractions"]["results"]
        if any(result["error"] for result in results):
            self.unclean.append(f"refused in a batch: {results}")
            return True
        self.acknowledged.update(result["interaction"]["interactionId"] for result in results)
        self.created.update(result["interaction"]["interactionId"] for result in results if result["created"])
        self.last_acknowledged = time.monotonic()
        return True

    async def _read(self) -> None:
        async with self._client() as client:
            while not self._ending:
                await self._ask(client, READ, {})
                await asyncio.sleep(0.05)

    async def _ask(self, client: httpx.AsyncClient, query: str, variables: dict[str, Any]) -> Any:
        """The data of an answer; None where it is a clean `UNAVAILABLE`, or unclean, or there is none."""
        began = time.monotonic()
        try:
            response = await client.post("/graphql", json={"query": query, "variables": variables})
        except httpx.TransportError as error:
            self.broken.append(f"{type(error).__name__}: {error}")
            return None
        self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
        if response.headers.get("content-type", "").startswith("application/") and response.status_code in (200, 503):
            answer = response.json()
            codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
            if codes == {"UNAVAILABLE"}:
                self.refused += 1
                return None
            if not codes and response.status_code == 200:
                return answer["data"]
        self.unclean.append(f"{response.status_code} {response.text[:500]}")
        return None

    async def _probe(self) -> None:
        async with self._client() as client:
            while not self._ending:
                status = 0
                with suppress(httpx.TransportError):
                    status = (await client.get("/readyz")).status_code
                self.probes.append((time.monotonic(), status))
                await asyncio.sleep(0.1)

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=self.address, headers=headers, timeout=60)

    def first_probe(self, status: int, since: float) -> float | None:
        """Seconds after ``since`` at which the readiness first had this status."""
        return next((at - since for at, found in self.probes if at >= since and found == status), None)
