"""What docs/backup.md tells, done with two servers: files copied under a lock, and documents dumped and restored."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import bson
import pytest

from gateway.demo import embedded_mongod
from gateway.store.client import Client, Document, close, open_client
from gateway.store.index_creation import create_indexes
from tests.conftest import data_folder
from tests.harness.gateway_process import GatewayProcess, address_of, inhabited, running
from tests.harness.waiting import eventually

# As the page names them.
DERIVED = {"search_outcomes", "item_days"}

PERCOLATOR = """mutation {
  createPercolator(input: { name: "p", where: { interactionType: { eq: VIEW } } }) { percolator { name } }
}"""
STORED = """{
  interactions { totalCount }
  searchStats { totals { requests } }
  percolators { nodes { name } }
  viewer { organization { name } }
}"""


@dataclass(frozen=True, slots=True)
class Backup:
    """Of a database with six interactions, of one search: a copy of the server's files, and a dump."""

    database: str
    key: str
    files: Path
    dump: Path


@pytest.fixture(scope="module")
def backup() -> Iterator[Backup]:
    with TemporaryDirectory(prefix="gateway-tests-", dir=data_folder()) as folder:
        backup = Backup(f"test_{uuid4().hex}", "", Path(folder, "copied"), Path(folder, "dump"))
        with embedded_mongod.start(Path(folder, "original"), is_open=True) as server:
            key = written(server.uri, backup.database)

            async def save(client: Client) -> None:
                await client.admin.command("fsync", lock=True)
                database = Path(folder, "original", embedded_mongod.DATABASE_FOLDER)
                copy = backup.files / embedded_mongod.DATABASE_FOLDER
                shutil.copytree(database, copy, ignore=shutil.ignore_patterns("mongod.lock"))
                await client.admin.command("fsyncUnlock")
                await dumped(client, backup)

            with_client(server.uri, save)
        yield Backup(backup.database, key, backup.files, backup.dump)


def written(uri: str, database: str) -> str:
    """The key of a gateway that has recorded, and derived what statistics are read from."""
    with running(uri, database, insights=True) as (process, log):
        key, namespace = asyncio.run(inhabited(uri, database))
        gateway = GatewayProcess(address_of(process, log), key, namespace.name)
        gateway.data(PERCOLATOR)
        record(gateway, range(6))
        assert eventually(lambda: stored(gateway) == expected(6))
    return key


def record(gateway: GatewayProcess, numbers: range) -> None:
    search = {"searchRequestId": "s1", "text": "shoes", "collections": ["products"]}
    gateway.record(
        *(
            {"interactionId": f"i{number}", "featureId": "f", "interactionType": "VIEW", "searchRequest": search}
            for number in numbers
        )
    )


def stored(gateway: GatewayProcess) -> dict[str, Any]:
    return gateway.data(STORED)


def expected(interactions: int) -> dict[str, Any]:
    return {
        "interactions": {"totalCount": interactions},
        "searchStats": {"totals": {"requests": 1}},
        "percolators": {"nodes": [{"name": "p"}]},
        "viewer": {"organization": {"name": "Acme"}},
    }


def with_client(uri: str, work: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        client = open_client(uri)
        await work(client)
        await close(client)

    asyncio.run(run())


async def dumped(client: Client, backup: Backup) -> None:
    """A file of BSON for each collection, as mongodump writes."""
    backup.dump.mkdir()
    for name in await client[backup.database].list_collection_names():
        if name not in DERIVED and not name.startswith("system."):
            # Of bytes, whatever its type says.
            batches: Any = client[backup.database][name].find_raw_batches()
            backup.dump.joinpath(f"{name}.bson").write_bytes(b"".join([batch async for batch in batches]))


def command(uri: str, database: str, *arguments: str) -> int:
    environment = {"GATEWAY_MONGODB_URI": uri, "GATEWAY_MONGODB_DATABASE": database}
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments], env=os.environ | environment, check=False, capture_output=True
    ).returncode


def assert_served(uri: str, backup: Backup) -> None:
    """By a gateway that takes the keys that there were, and goes on."""
    with running(uri, backup.database, insights=True) as (process, log):
        gateway = GatewayProcess(address_of(process, log), backup.key, "shop")
        assert stored(gateway) == expected(6)
        # What was recorded before is known as such.
        record(gateway, range(4, 8))
        assert eventually(lambda: stored(gateway) == expected(8))
    assert command(uri, backup.database, "insights", "check") == 0


@pytest.mark.slow
def test_a_server_on_copied_files_has_everything(backup: Backup) -> None:
    with embedded_mongod.start(backup.files, is_open=True) as server:
        assert_served(server.uri, backup)


@pytest.mark.slow
def test_what_was_dumped_is_restored_and_what_is_derived_made_anew(backup: Backup) -> None:
    names = {file.stem for file in backup.dump.iterdir()}
    assert {"interactions", "search_requests", "keys", "percolators", "percolator_matches", "audit"} <= names
    assert names & DERIVED == set()

    async def restore(client: Client) -> None:
        for file in backup.dump.iterdir():
            documents: list[Document] = bson.decode_all(file.read_bytes())
            if documents:
                await client[backup.database][file.stem].insert_many(documents)
        # Behind all else, as `mongorestore` makes them.
        await create_indexes(client[backup.database])

    with (
        TemporaryDirectory(prefix="gateway-tests-", dir=data_folder()) as folder,
        embedded_mongod.start(Path(folder), is_open=True) as server,
    ):
        with_client(server.uri, restore)
        assert command(server.uri, backup.database, "insights", "rebuild") == 0
        assert command(server.uri, backup.database, "conditions", "check") == 0
        assert_served(server.uri, backup)
