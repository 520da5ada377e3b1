"""Exports over connections: clients that leave or don't read, a database that is killed, others beside them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pymongo.errors import PyMongoError

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.execution import export_pages
from gateway.model.wire import validate_interaction
from gateway.store.client import close, open_client
from gateway.transport.exchange import paced_sending
from tests.execution.test_user_isolation import OTHERS, OWN, USER, gateway_with_tokens, token_of
from tests.harness.gateway_client import Gateway, new_gateway, open_gateway
from tests.harness.live_client import served
from tests.harness.mongod_process import started
from tests.harness.waiting import PATIENCE, soon

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
# More than the buffers between have room for.
COUNT = 200
LAST_CHUNK = b"0\r\n\r\n"


def interaction(number: int) -> Any:
    return validate_interaction(
        {
            "interaction_id": f"i{number:03}",
            "feature_id": "p",
            "interaction_type": "view",
            "metadata": {"note": f"{number:03}" * 5_000},
            "occurred_at": f"2024-05-01T12:{number // 60:02}:{number % 60:02}Z",
        }
    )


async def record(gateway: Gateway) -> None:
    await gateway.writer.record(gateway.namespace, list(map(interaction, range(COUNT))), NOON)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, page_limit=10, key_exports=1) as gateway:
        await record(gateway)
        yield gateway


class Client:
    """A client that reads when it is asked to, and whose kernel takes little before."""

    def __init__(self, address: str) -> None:
        host, port = address.split(":")
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.connect((host, int(port)))
        self._socket.setblocking(False)
        self.received = b""

    async def ask(self, key: str) -> None:
        head = (
            f"GET /export?format=jsonl HTTP/1.1\r\nHost: gateway.example\r\nAuthorization: Bearer {key}\r\n"
            "Connection: close\r\n\r\n"
        )
        await asyncio.get_running_loop().sock_sendall(self._socket, head.encode())

    async def begun(self) -> int:
        """The status, once something is answered."""
        while b"\r\n\r\n" not in self.received:
            self.received += await asyncio.get_running_loop().sock_recv(self._socket, 1_000)
        return int(self.received.split()[1])

    async def read(self) -> bytes:
        """All that comes until the connection ends."""
        parts = [self.received]
        with suppress(ConnectionResetError):
            async with asyncio.timeout(PATIENCE):
                while part := await asyncio.get_running_loop().sock_recv(self._socket, 1_000_000):
                    parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def exporting(address: str, key: str) -> AsyncIterator[Client]:
    """A client to whom an export is on its way."""
    client = Client(address)
    try:
        await client.ask(key)
        assert await client.begun() == 200
        yield client
    finally:
        client.close()


async def status(address: str, key: str) -> int:
    client = Client(address)
    try:
        await client.ask(key)
        return await client.begun()
    finally:
        client.close()


async def test_an_export_that_is_read_slowly_is_whole(gateway: Gateway) -> None:
    async with served(gateway.app, send_buffer=4_096) as address, exporting(address, gateway.key) as client:
        answer = await client.read()
    assert answer.endswith(LAST_CHUNK)
    assert answer.count(b'"interaction_id":"i') == COUNT


async def test_a_key_has_only_so_many_under_way_until_its_clients_leave(gateway: Gateway) -> None:
    async with served(gateway.app, send_buffer=4_096) as address:
        async with exporting(address, gateway.key):
            assert await status(address, gateway.key) == 429
            assert await status(address, gateway.other_key) == 200
            # What isn't exported is answered as ever.
            assert await gateway.data("{ interactions(first: 1) { nodes { featureId } } }")

        async def is_over() -> bool:
            return await status(address, gateway.key) == 200

        await soon(is_over)


async def test_who_does_not_read_is_cut_off(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced_sending, "READING_GRACE_SECONDS", 0.2)
    monkeypatch.setattr(paced_sending, "LEAST_BYTES_PER_SECOND", 1_000_000_000)
    async with served(gateway.app, send_buffer=4_096) as address, exporting(address, gateway.key) as client:

        async def is_over() -> bool:
            return await status(address, gateway.key) == 200

        await soon(is_over)
        assert not (await client.read()).endswith(LAST_CHUNK)


@pytest.fixture
def mortal_mongod(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[EmbeddedServer]:
    """One that a test may end."""
    with started(tmp_path, pytestconfig) as server:
        yield server


@pytest.mark.slow
async def test_an_export_whose_database_is_gone_does_not_end_as_if_it_were_whole(
    mortal_mongod: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_pages, "PAUSES_WHILE_UNAVAILABLE", (0.1,))
    client = open_client(mortal_mongod.uri)
    async with open_gateway(client["test"], mortal_mongod.uri, page_limit=10) as gateway:
        await record(gateway)
        async with served(gateway.app, send_buffer=4_096) as address, exporting(address, gateway.key) as reader:
            with suppress(PyMongoError):
                await client["admin"].command("shutdown", force=True, timeoutSecs=0)
            answer = await reader.read()
    await close(client)
    assert 0 < answer.count(b'"interaction_id":"i') < COUNT
    assert not answer.endswith(LAST_CHUNK)


async def test_a_token_that_is_restricted_to_a_user_exports_what_is_theirs(
    mongod: EmbeddedServer, tmp_path: Path
) -> None:
    async with gateway_with_tokens(mongod, tmp_path) as gateway:
        await gateway.writer.record(gateway.namespace, OWN, NOON)
        headers = {"Authorization": f"Bearer {token_of(USER)}"}

        async def exported(format: str) -> list[bytes]:
            answer = await gateway.http.get("/export", params={"format": format}, headers=headers)
            assert answer.status_code == 200
            return answer.content.splitlines()

        formats = ("jsonl", "csv", "ubi", "qrels", "topics", "workbench", "quepid", "ranx")
        before = {format: await exported(format) for format in formats}
        assert [json.loads(line)["interaction_id"] for line in before["jsonl"][1:]] == ["own-i", "own-j"]
        await gateway.writer.record(gateway.namespace, OTHERS, NOON)
        assert {format: await exported(format) for format in formats} == before
