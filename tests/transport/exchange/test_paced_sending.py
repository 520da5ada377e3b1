"""Long answers whose clients don't read: how many bytes wait for those of a key, and how slow they may be."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import orjson
import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.wire import validate_interaction
from gateway.transport.exchange import paced_sending
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import served
from tests.harness.waiting import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "{ interactions(first: 20) { nodes { searchRequest { json } } } }"
SHORT = "{ viewer { keyName } }"
READERS = 30


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """One long answer has 2 MB; 5 MB may wait for the clients of a key."""
    async with new_gateway(mongod.uri, key_buffer_bytes=5_000_000) as gateway:
        recordings = [
            validate_interaction(
                {
                    "interaction_id": f"i{number}",
                    "feature_id": "f",
                    "interaction_type": "view",
                    "search_request": {"queries": [], "collections": [], "note": f"{number}" * 50_000},
                }
            )
            for number in range(10, 30)
        ]
        await gateway.writer.record(gateway.namespace, recordings, datetime(2024, 5, 1, tzinfo=UTC))
        yield gateway


class Client:
    """A client that reads when it is asked to, and whose kernel takes little before."""

    def __init__(self, address: str) -> None:
        host, port = address.split(":")
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.connect((host, int(port)))
        self._socket.setblocking(False)
        self._received = bytearray()

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._socket.close()

    async def ask(self, key: str, query: str) -> None:
        body = orjson.dumps({"query": query})
        head = (
            "POST /graphql HTTP/1.1\r\nHost: gateway.example\r\nContent-Type: application/json\r\n"
            f"Accept: application/graphql-response+json\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        await asyncio.get_running_loop().sock_sendall(self._socket, head.encode() + body)

    async def begun(self) -> None:
        """Returns once something is answered."""
        self._received += await asyncio.get_running_loop().sock_recv(self._socket, 1)

    async def read(self) -> tuple[int, int, bytes]:
        """The status, how many bytes the body should have, and those that come until the connection ends."""
        try:
            async with asyncio.timeout(PATIENCE):
                while chunk := await asyncio.get_running_loop().sock_recv(self._socket, 1_000_000):
                    self._received += chunk
        except ConnectionResetError:
            pass
        head, _, body = bytes(self._received).partition(b"\r\n\r\n")
        [length] = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        return int(head.split()[1]), int(length.split(b":")[1]), body


async def test_no_more_waits_than_may_for_the_clients_of_a_key(shop: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    # However long it takes to serve others.
    monkeypatch.setattr(paced_sending, "READING_GRACE_SECONDS", PATIENCE)
    async with served(shop.app, send_buffer=4_096) as address, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(address)) for _ in range(READERS)]
        for client in clients:
            await client.ask(shop.key, LONG)
        for client in clients:
            await client.begun()
        # Others are served meanwhile, those of this key too: a short answer doesn't wait.
        for key in (shop.key, shop.other_key):
            async with Client(address) as other:
                await other.ask(key, SHORT)
                assert (await other.read())[0] == 200
        async with Client(address) as other:
            await other.ask(shop.other_key, LONG)
            assert (await other.read())[0] == 200
        answers = [await client.read() for client in clients]
    assert all(len(body) == length for _, length, body in answers)
    statuses = [status for status, _, _ in answers]
    assert statuses.count(200) == 2
    assert statuses.count(429) == READERS - 2
    [error] = next(orjson.loads(body) for status, _, body in answers if status == 429)["errors"]
    assert error["extensions"]["code"] == "ANSWERS_UNREAD"
    assert "5,000,000 bytes" in error["message"]


async def test_who_reads_too_slowly_is_cut_off_and_makes_room(shop: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced_sending, "READING_GRACE_SECONDS", 0.2)
    monkeypatch.setattr(paced_sending, "LEAST_BYTES_PER_SECOND", 100_000_000)
    async with served(shop.app, send_buffer=4_096) as address, AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(Client(address)) for _ in range(2)]
        for client in slow:
            await client.ask(shop.key, LONG)
        for client in slow:
            await client.begun()
        monkeypatch.setattr(paced_sending, "READING_GRACE_SECONDS", PATIENCE)
        statuses = {429}
        while 200 not in statuses:
            async with Client(address) as quick:
                await quick.ask(shop.key, LONG)
                status, length, body = await quick.read()
                statuses.add(status)
        assert len(body) == length > 2_000_000
        for client in slow:
            status, length, body = await client.read()
            assert status == 200
            assert len(body) < length
