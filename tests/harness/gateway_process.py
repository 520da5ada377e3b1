"""``gateway serve`` in a process of its own, with a key to use it: for clients that come from outside."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx

from gateway.context import Namespace, Permission
from gateway.store.client import close, open_client
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy
from tests.harness.waiting import PATIENCE

RECORD = """mutation ($input: RecordInteractionsInput!) {
  recordInteractions(input: $input) { results { error { code message } } }
}"""


@dataclass(frozen=True, slots=True)
class GatewayProcess:
    """``key`` may do everything in the namespace of the name ``namespace``, its default."""

    url: str
    key: str
    namespace: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "X-Namespace": self.namespace}

    def data(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of an answer without errors."""
        body = {"query": query, "variables": variables}
        answer = httpx.post(self.url, json=body, headers=self.headers, timeout=PATIENCE).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def record(self, *interactions: Mapping[str, Any]) -> None:
        """Records interactions, each given as a `RecordInteractionInput`."""
        results = self.data(RECORD, {"input": {"interactions": interactions}})["recordInteractions"]["results"]
        assert not any(result["error"] for result in results), results


@contextmanager
def serving(mongodb_uri: str, **settings: object) -> Iterator[GatewayProcess]:
    """A gateway with these settings and two organizations' namespaces ``shop``, in a database that is dropped behind
    it; nothing unforeseen may have been logged."""
    database = f"test_{uuid4().hex}"
    try:
        with running(mongodb_uri, database, **settings) as (process, log):
            key, namespace = asyncio.run(inhabited(mongodb_uri, database))
            yield GatewayProcess(address_of(process, log), key, namespace.name)
            process.terminate()
            process.wait(PATIENCE)
            assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        asyncio.run(_dropped(mongodb_uri, database))


@contextmanager
def running(mongodb_uri: str, database: str, **settings: object) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """``gateway serve`` on this database, with the file that it logs to; ended on leaving."""
    values = {
        "mongodb_uri": mongodb_uri,
        "mongodb_database": database,
        "port": 0,
        "insights": False,
        "jobs": False,
        **settings,
    }
    environment = {f"GATEWAY_{name.upper()}": str(value) for name, value in values.items()}
    with TemporaryDirectory(prefix="gateway-tests-") as directory:
        log = Path(directory, "log")
        with log.open("w") as stderr:
            command = [sys.executable, "-m", "gateway", "serve"]
            process = subprocess.Popen(command, env=os.environ | environment, stdout=stderr, stderr=stderr)
        try:
            yield process, log
        finally:
            process.terminate()
            process.wait(PATIENCE)


def address_of(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where it serves, once it does."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if (line := re.search(r"Serving (\S+)\n", log.read_text())) and _answers(line[1]):
            return line[1]
        time.sleep(0.05)
    raise AssertionError(f"the gateway does not serve: {log.read_text()}")


def workers_of(pid: int) -> set[int]:
    """The processes that serve for this one; of those that end just now, none."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in children if b"spawn_main" in arguments_of(int(child))}


def arguments_of(pid: int) -> bytes:
    """What a process was started with; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _answers(address: str) -> bool:
    try:
        return httpx.get(address.removesuffix("graphql") + "readyz", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False


async def inhabited(mongodb_uri: str, database: str) -> tuple[str, Namespace]:
    client = open_client(mongodb_uri)
    tenancy = Tenancy(client[database])
    await tenancy.create_namespace(await tenancy.create_organization("Initech"), "shop")
    organization = await tenancy.create_organization("Acme")
    namespace, _ = await tenancy.create_namespace(organization, "shop")
    issued = await Keys(client[database]).create(
        organization, name="web", permissions=frozenset(Permission), default_namespace_id=namespace.id
    )
    await close(client)
    return issued.secret, namespace


async def _dropped(mongodb_uri: str, database: str) -> None:
    client = open_client(mongodb_uri)
    await client.drop_database(database)
    await close(client)
