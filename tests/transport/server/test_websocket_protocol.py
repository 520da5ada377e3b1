"""Websockets from the first byte on: what arrives in a flood, in pieces or against the protocol; who doesn't read."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
import pytest_asyncio
from websockets.frames import Close, Frame, Opcode

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import ConnectionLimits
from gateway.transport.server.uvicorn_adapter import WebSocketProtocol
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.waiting import PATIENCE
from tests.harness.wire_client import Served, Wire, nothing_logged, secured, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

UPGRADE = [
    "GET /graphql HTTP/1.1",
    "Host: a",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]
PROTOCOL = "Sec-WebSocket-Protocol: graphql-transport-ws"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(gateway: Gateway) -> AsyncIterator[Served]:
    async with serving(gateway.app, ConnectionLimits(drain_seconds=0)) as served:
        yield served


def frame(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def message(**fields: Any) -> bytes:
    return frame(Opcode.TEXT, orjson.dumps(fields))


def init(gateway: Gateway) -> bytes:
    return message(type="connection_init", payload={"Authorization": f"Bearer {gateway.key}"})


@dataclass(frozen=True)
class RawSocket:
    """A websocket whose client writes its own bytes."""

    wire: Wire

    def send(self, sent: bytes) -> None:
        self.wire.send(sent)

    async def frame(self) -> tuple[int, bytes]:
        first, length = await self.wire.reader.readexactly(2)
        if length > 125:
            size = 2 if length == 126 else 8
            length = int.from_bytes(await self.wire.reader.readexactly(size), "big")
        return first & 15, await self.wire.reader.readexactly(length)

    async def hear(self) -> Any:
        opcode, data = await self.frame()
        assert opcode == Opcode.TEXT, data
        return orjson.loads(data)

    async def closed(self) -> tuple[int, str]:
        """The code and the reason of the close frame, whatever comes before it."""
        while True:
            opcode, data = await self.frame()
            if opcode == Opcode.CLOSE:
                close = Close.parse(data)
                return close.code, close.reason


@asynccontextmanager
async def connected(served: Served, *headers: str) -> AsyncIterator[RawSocket]:
    async with served.connected() as wire:
        wire.send("\r\n".join([*UPGRADE, PROTOCOL, *headers, "\r\n"]).encode())
        assert b" 101 " in await wire.reader.readuntil(b"\r\n\r\n")
        yield RawSocket(wire)


PART = frame(Opcode.CONT, b"x", fin=False)
FLOODS = {
    "tiny parts": frame(Opcode.TEXT, b"x", fin=False) + PART * 900_000,
    "empty parts": frame(Opcode.TEXT, fin=False) + frame(Opcode.CONT, fin=False) * 900_000,
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_message_of_endless_parts_ends_its_connection(
    flood: str, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with nothing_logged(caplog):
        async with connected(served) as client:
            client.send(FLOODS[flood][:200_000])
            assert await client.closed() == (1008, "A message may have at most 1,000 fragments.")
        async with connected(served) as client:
            client.send(FLOODS[flood])
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await client.closed()


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
async def test_control_frames_keep_no_connection_open_that_nobody_answers_for(opcode: Opcode, served: Served) -> None:
    async def flood(client: RawSocket) -> None:
        while True:
            client.send(frame(opcode, b"x" * 125) * 100)
            await asyncio.sleep(0.001)

    async with connected(served) as client:
        flooding = asyncio.create_task(flood(client))
        assert (await client.closed())[0] == 4408
        flooding.cancel()


async def test_a_flood_of_messages_is_answered_in_order(gateway: Gateway, served: Served) -> None:
    async with connected(served) as client:
        client.send(init(gateway))
        assert await client.hear() == {"type": "connection_ack"}
        client.send(b"".join(message(type="ping", payload={"n": n}) for n in range(3_000)))
        for n in range(3_000):
            assert await client.hear() == {"type": "pong", "payload": {"n": n}}


async def test_what_follows_the_end_is_not_read(served: Served) -> None:
    async with connected(served) as client:
        client.send(frame(Opcode.BINARY) * 300_000)
        assert (await client.closed())[0] == 4400
        with suppress(ConnectionResetError):
            assert await client.wire.reader.read() == b""


async def test_pings_in_good_measure_are_answered(served: Served) -> None:
    async with connected(served) as client:
        client.send(b"".join(frame(Opcode.PING, b"%d" % n) for n in range(100)))
        for n in range(100):
            assert await client.frame() == (Opcode.PONG, b"%d" % n)


@pytest.mark.parametrize("size", [1, 7, 512, 513, 1_000_000])
async def test_in_whatever_pieces_it_arrives_everything_is_taken_in_order(
    size: int, gateway: Gateway, served: Served
) -> None:
    first, last = "é".encode()
    sent = b"".join(
        [
            message(type="ping", payload={"at": 1}),
            frame(Opcode.TEXT, b'{"type": "ping", "payload": {"at": "%c' % first, fin=False),
            frame(Opcode.PING, b"beat"),
            frame(Opcode.CONT, fin=False),
            frame(Opcode.CONT, b'%c"}}' % last),
            message(type="ping", payload={"at": "x" * 50 * size}) if size < 1_000 else b"",
            message(type="ping", payload={"at": 3}),
        ]
    )
    async with connected(served) as client:
        client.send(init(gateway))
        assert await client.hear() == {"type": "connection_ack"}
        for at in range(0, len(sent), size):
            client.send(sent[at : at + size])
            await asyncio.sleep(0)
        expected = [1, "é", *(["x" * 50 * size] if size < 1_000 else []), 3]
        heard = [await client.frame() for _ in range(len(expected) + 1)]
        assert [orjson.loads(data)["payload"]["at"] for opcode, data in heard if opcode == Opcode.TEXT] == expected
        assert (Opcode.PONG, b"beat") in heard
        client.send(frame(Opcode.CLOSE, struct.pack("!H", 1000)))
        assert (await client.closed())[0] == 1000
        assert await client.wire.reader.read() == b""


VIOLATIONS = {
    "text that is no UTF-8": (frame(Opcode.TEXT, b"\xff\xfe"), 1007),
    "text that ends within a character": (frame(Opcode.TEXT, b"\xc3"), 1007),
    "parts that are no UTF-8": (frame(Opcode.TEXT, b"\xc3", fin=False) + frame(Opcode.CONT, b"x"), 1007),
    "a reason that is no UTF-8": (b"\x88\x83\0\0\0\0\x03\xe8\xff", 1007),
    "a reserved bit": (b"\xf1\x80\0\0\0\0", 1002),
    "no mask": (b"\x81\x01x", 1002),
    "an unknown opcode": (b"\x83\x80\0\0\0\0", 1002),
    "a long ping": (b"\x89\xfe\x00\x7e\0\0\0\0" + b"x" * 126, 1002),
    "half a ping": (b"\x09\x80\0\0\0\0", 1002),
    "a part of nothing": (frame(Opcode.CONT, b"x"), 1002),
    "a message within another": (frame(Opcode.TEXT, b"x", fin=False) + frame(Opcode.TEXT, b"x"), 1002),
    "the end within a message": (frame(Opcode.TEXT, b"x", fin=False) + frame(Opcode.CLOSE), 1002),
    "half a code": (frame(Opcode.CLOSE, b"x"), 1002),
    "a code that is none": (b"\x88\x82\0\0\0\0" + struct.pack("!H", 999), 1002),
    "a terabyte": (b"\x81\xff" + struct.pack("!Q", 1 << 40) + b"\0\0\0\0", 1009),
    "a length of all ones": (b"\x81\xff" + b"\xff" * 8 + b"\0\0\0\0", 1009),
    "a long message of nobody": (frame(Opcode.TEXT, b"x" * 70_000), 1009),
    "a long message of nobody in parts": (
        frame(Opcode.TEXT, b"x" * 40_000, fin=False) + frame(Opcode.CONT, b"x" * 40_000),
        1009,
    ),
}


@pytest.mark.parametrize("violation", VIOLATIONS)
async def test_who_breaks_the_protocol_is_told_by_its_code(
    violation: str, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    sent, code = VIOLATIONS[violation]
    # Text that isn't UTF-8 uvicorn logs itself.
    with nothing_logged(caplog) if code != 1007 or "reason" in violation else nullcontext():
        async with connected(served) as client:
            client.send(sent)
            assert (await client.closed())[0] == code
            assert await client.wire.reader.read() == b""


async def test_a_violation_behind_the_servers_close_frame_ends_the_connection(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with nothing_logged(caplog):
        async with connected(served) as client:
            client.send(message(type="nonsense"))
            assert (await client.closed())[0] == 4400
            client.send(frame(Opcode.TEXT, b"x") + b"\xff\xff")
            assert await client.wire.reader.read() == b""


REFUSED: dict[str, tuple[list[str], int, str]] = {
    "a page of elsewhere": ([PROTOCOL, "Origin: https://evil.example"], 403, "FORBIDDEN"),
    "a page of nowhere": ([PROTOCOL, "Origin: null"], 403, "FORBIDDEN"),
    "another address": (["GET /other HTTP/1.1", PROTOCOL], 404, "NOT_FOUND"),
    "the address of health": (["GET /readyz HTTP/1.1", PROTOCOL], 404, "NOT_FOUND"),
    "an address that is no text": (["GET /%ff HTTP/1.1", PROTOCOL], 404, "NOT_FOUND"),
    "a long header": ([PROTOCOL, "X-A: " + "y" * 9_000], 431, "HEADERS_TOO_LARGE"),
    "a long address": ([f"GET /graphql?{'y' * 9_000} HTTP/1.1", PROTOCOL], 431, "HEADERS_TOO_LARGE"),
    "many headers": ([PROTOCOL, *(f"X-{n}: 1" for n in range(200))], 431, "HEADERS_TOO_LARGE"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_handshake_is_refused_as_any_request_is(
    case: str, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    headers, status, code = REFUSED[case]
    lines = [*headers[:1], *UPGRADE[1:], *headers[1:]] if headers[0].startswith("GET") else [*UPGRADE, *headers]
    with nothing_logged(caplog):
        [response] = await served.answers("\r\n".join([*lines, "\r\n"]).encode())
    assert (response.status, response.code) == (status, code)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["connection"] == "close"
    assert secured(response)


async def test_what_the_library_takes_for_no_handshake_is_refused(served: Served) -> None:
    for headers in (["Sec-WebSocket-Protocol: a b"], [PROTOCOL, "Origin: http://a", "Origin: http://b"]):
        [response] = await served.answers("\r\n".join([*UPGRADE, *headers, "\r\n"]).encode())
        assert response.status == 400


async def test_whoever_reads_nothing_is_cut_off_with_what_waits(gateway: Gateway) -> None:
    limits = ConnectionLimits(drain_seconds=0)
    async with serving(gateway.app, limits, unread_seconds=1) as served, connected(served) as client:
        client.send(init(gateway))
        assert await client.hear() == {"type": "connection_ack"}
        # asyncio stops reading once it has read a bit.
        pinging = message(type="ping", payload={"x": "y" * 500_000})
        for _ in range(40):
            client.send(pinging)
        connections = served.server.server_state.connections
        [connection] = [protocol for protocol in connections if isinstance(protocol, WebSocketProtocol)]
        async with asyncio.timeout(PATIENCE):
            while connections:
                assert connection.transport.get_write_buffer_size() < 2_000_000
                await asyncio.sleep(0.02)


async def test_pongs_that_are_not_read_are_not_gathered(gateway: Gateway, served: Served) -> None:
    async with connected(served) as client:
        client.send(init(gateway))
        assert await client.hear() == {"type": "connection_ack"}
        client.wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        [connection] = [
            protocol for protocol in served.server.server_state.connections if isinstance(protocol, WebSocketProtocol)
        ]
        client.send(frame(Opcode.PING, b"x" * 125) * 200_000)
        # Neither side's kernel takes more: what the client has sent waits with itself.
        async with asyncio.timeout(PATIENCE):
            while not connection.transport.get_write_buffer_size():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        unsent = client.wire.writer.transport.get_write_buffer_size()
        assert unsent > 1_000_000
        assert connection.transport.get_write_buffer_size() < 2_000_000
