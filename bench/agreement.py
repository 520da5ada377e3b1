"""What makes the figures comparable, asserted before anything is measured: the variants answer the same bytes, and the
hand-written handler sends MongoDB the gateway's commands."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from bench import requests
from bench.dataset import DATABASE, Dataset
from bench.load import Connections
from bench.operations import Operation
from bench.servers import VARIANTS, Server
from gateway.store.client import Database, close, open_client

# Of a command in the profile, what differs from one time to the next, and what the driver adds where it knows one
# server.
_PASSING = {"lsid", "$clusterTime", "txnNumber", "$readPreference"}


class DisagreementError(Exception):
    """The variants can't be compared."""


async def check(servers: Sequence[Server], operations: Sequence[Operation], dataset: Dataset) -> dict[str, int]:
    """The length of each operation's answer in bytes; raises `DisagreementError` where the variants differ."""
    client = open_client(dataset.uri)
    try:
        return {
            operation.name: await _agreed(client[DATABASE], servers, operation, dataset) for operation in operations
        }
    finally:
        await close(client)


async def _agreed(database: Database, servers: Sequence[Server], operation: Operation, dataset: Dataset) -> int:
    given: dict[str, bytes] = {}
    commands: dict[str, list[Mapping[str, Any]]] = {}
    for server in servers:
        if not VARIANTS[server.variant].answers(operation.name):
            continue
        connections = await Connections.open(server.port, 1)
        try:
            next_request = requests.known(dataset, operation, server.variant)
            # Until each does what it does for as long as it is measured.
            for _ in range(3):
                await connections.answer(next_request())
            await _profile(database, on=True)
            given[server.variant] = await connections.answer(next_request())
            await _profile(database, on=False)
            commands[server.variant] = await _commands(database)
        finally:
            connections.close()
    first = servers[0].variant
    for variant, answer in given.items():
        if not _same(answer, given[first], spaced=VARIANTS[variant].spaced):
            raise DisagreementError(f"{operation.name}: {variant} and {first} answer different bytes")
        if not commands[variant] or commands[variant] != commands[first]:
            raise DisagreementError(f"{operation.name}: {commands[variant]} of {variant}, {commands[first]} of {first}")
    if b'"errors"' in given[first][:20]:
        raise DisagreementError(f"{operation.name}: {given[first][:1_000]!r}")
    return len(given[first])


def _same(answer: bytes, other: bytes, *, spaced: bool) -> bool:
    return answer == other or (spaced and bool(orjson.loads(answer) == orjson.loads(other)))


async def _profile(database: Database, *, on: bool) -> None:
    if on:
        await database.drop_collection("system.profile")
    await database.command("profile", 2 if on else 0, filter={"appName": "search-interactions-gateway"})


async def _commands(database: Database) -> list[Mapping[str, Any]]:
    """What the interactions and search requests were asked since the profile began."""
    found = database["system.profile"].find({"op": {"$in": ["query", "command"]}}, {"command": 1}).sort("ts", 1)
    commands = [document["command"] for document in await found.to_list()]
    return [
        {name: value for name, value in command.items() if name not in _PASSING}
        for command in commands
        # Not the look-up of the key, whose cache may have expired in between; a join is asked of the whole database.
        if command.get("find") in ("interactions", "search_requests") or command.get("aggregate") == 1
    ]
