"""``python -m bench.recording``: what following what is written costs, beside recording it.

Two gateways, one that derives insights and one with GATEWAY_INSIGHTS=false, each on a database of its own in one
MongoDB, are sent the same batches in turns. A turn ends once all of it is derived, so that its processor time has all
that follows. What a gateway takes in the same time when nothing is recorded is no part of it: on a busy machine turns
take long.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.process import cpu_seconds
from bench.servers import serving
from gateway.context import Permission
from gateway.demo.data import interactions
from gateway.demo.embedded_mongod import start
from gateway.model.kinds import INTERACTION
from gateway.settings import EmbeddedSettings, load
from gateway.store.change_stream import InsertWatch
from gateway.store.client import close, open_client
from gateway.store.derivation_state import DerivationState
from gateway.store.index_creation import IndexCreation
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy

_MUTATION = "mutation ($input: RecordInteractionsInput!) { recordInteractions(input: $input) { createdCount } }"
_LOOK_SECONDS = 0.02
_REST_SECONDS = 20.0
# Conditions would be recorded and derived, too; without them the ratio is no better.
_SEARCH = ("search_request_id", "collections", "session_id", "user_id", "result_count")
_OWN = ("interaction_id", "feature_id", "position", "score", "duration_ms", "metadata", "session_id", "user_id")


def _input(wire: Mapping[str, Any]) -> dict[str, Any]:
    """An interaction as the mutation takes it, with its search."""
    input = _renamed(wire, _OWN) | {"occurredAt": wire["occurred_at"]}
    type_ = wire["interaction_type"]
    input["interactionType"] = (type_ if isinstance(type_, str) else type_[0]).upper()
    if search := wire.get("search_request"):
        queries = [
            {"vectorIndex": query["vector_index"].upper(), "value": query["value"], "type": query["type"].upper()}
            for query in search["queries"]
        ]
        input["searchRequest"] = _renamed(search, _SEARCH) | {"queries": queries}
    return input


def _renamed(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    def camel(name: str) -> str:
        first, *others = name.split("_")
        return first + "".join(map(str.capitalize, others))

    return {camel(name): values[name] for name in names if name in values}


@dataclass(slots=True)
class Recorder:
    """A gateway to record through. ``own``, ``database``: processor seconds of its process and of MongoDB, by turn;
    ``idle``: those of its process for each second in which nothing is recorded."""

    uri: str
    name: str
    derives: bool
    key: str = ""
    pid: int = 0
    port: int = 0
    idle: float = 0.0
    own: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)

    async def prepare(self) -> None:
        client = open_client(self.uri)
        tenancy, database = Tenancy(client[self.name]), client[self.name]
        await IndexCreation(database).run()
        organization = await tenancy.create_organization("bench")
        namespace, _ = await tenancy.create_namespace(organization, "shop")
        permissions = frozenset({Permission.READ, Permission.WRITE})
        keys = Keys(database)
        issued = await keys.create(
            organization, name="bench", permissions=permissions, default_namespace_id=namespace.id
        )
        self.key = issued.secret
        await close(client)

    async def rest(self) -> None:
        own, began = cpu_seconds(self.pid), time.monotonic()
        await asyncio.sleep(_REST_SECONDS)
        self.idle = (cpu_seconds(self.pid) - own) / (time.monotonic() - began)

    async def turn(self, batches: Sequence[Sequence[Mapping[str, Any]]], mongod: int) -> None:
        own, database, began = cpu_seconds(self.pid), cpu_seconds(mongod), time.monotonic()
        address, headers = f"http://127.0.0.1:{self.port}", {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=600) as client:
            for batch in batches:
                variables = {"input": {"interactions": batch}}
                answer = await client.post("/graphql", json={"query": _MUTATION, "variables": variables})
                created = (answer.json().get("data") or {}).get("recordInteractions", {}).get("createdCount")
                assert created == len(batch), answer.text
        if self.derives:
            await self._derived()
        self.own.append(cpu_seconds(self.pid) - own - self.idle * (time.monotonic() - began))
        self.database.append(cpu_seconds(mongod) - database)

    async def _derived(self) -> None:
        client = open_client(self.uri)
        written, state = await InsertWatch(client[self.name], INTERACTION).now(), DerivationState(client[self.name])
        while True:
            progress = await state.read()
            if progress.derived_until is not None and progress.derived_until >= written and not progress.waiting:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        await close(client)


def _batches(turns: int, batches: int, size: int) -> Iterator[list[list[Mapping[str, Any]]]]:
    wires = interactions((turns + 1) * batches * size, seed=2, namespace="shop", until=datetime.now(UTC))
    for _ in range(turns + 1):
        yield [[_input(wire) for wire in islice(wires, size)] for _ in range(batches)]


async def _measured(recorders: Sequence[Recorder], mongod: int, arguments: argparse.Namespace) -> dict[str, Any]:
    await asyncio.gather(*(recorder.rest() for recorder in recorders))
    for number, batches in enumerate(_batches(arguments.turns, arguments.batches, arguments.size)):
        for recorder in recorders if number % 2 else recorders[::-1]:
            await recorder.turn(batches, mongod)
    interactions_of_turn = arguments.batches * arguments.size
    figures: dict[str, Any] = {}
    for recorder in recorders:
        figures[f"{recorder.name} gateway at rest"] = round(recorder.idle, 4)
        # The first turn warms up.
        for name, seconds in (("gateway", recorder.own[1:]), ("mongod", recorder.database[1:])):
            figures[f"{recorder.name} {name} µs"] = round(median(seconds) / interactions_of_turn * 1e6)
    on, off = recorders
    figures["gateway ratio"] = _ratio(on.own, off.own)
    figures["mongod ratio"] = _ratio(on.database, off.database)
    return figures


def _ratio(on: Sequence[float], off: Sequence[float]) -> list[float]:
    """The median over the turns, the least and the greatest."""
    ratios = [mine / other for mine, other in zip(on[1:], off[1:], strict=True)]
    return [round(number, 2) for number in (median(ratios), min(ratios), max(ratios))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--size", type=int, default=100)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        mongod = stack.enter_context(
            start(Path(directory), configured=load(EmbeddedSettings).mongod, cache_gigabytes=1)
        )
        recorders = [Recorder(mongod.uri, "derives", derives=True), Recorder(mongod.uri, "doesnt", derives=False)]
        for recorder in recorders:
            asyncio.run(recorder.prepare())
            server = serving(
                "gateway", mongod.uri, database=recorder.name, GATEWAY_INSIGHTS=str(recorder.derives).lower()
            )
            running = stack.enter_context(server)
            recorder.pid, recorder.port = running.pid, running.port
        print(json.dumps(asyncio.run(_measured(recorders, mongod.pid, arguments)), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
