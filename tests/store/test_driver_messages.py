"""What comes on a connection of the driver is cut into its messages, however it comes."""

import asyncio
from collections.abc import AsyncIterator
from struct import pack

import pytest
from pymongo.errors import ProtocolError
from pymongo.pool_shared import _CancellationContext

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import close, open_client
from gateway.store.pymongo_adapter.message_protocol import MessageProtocol

MESSAGE, MOST_BYTES = 2013, 48_000_000
NEVER = 1_000_000.0


@pytest.fixture
async def connected() -> AsyncIterator[tuple[MessageProtocol, asyncio.StreamWriter]]:
    """A protocol, and who writes to it."""
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _reader, writer: accepted.set_result(writer), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    _, protocol = await asyncio.get_running_loop().create_connection(MessageProtocol, host, port)
    writer = await accepted
    try:
        yield protocol, writer
    finally:
        protocol.close()
        await protocol.wait_closed()
        writer.close()
        server.close()


def message(content: bytes, answered_id: int = 7) -> bytes:
    return pack("<iiii", 16 + len(content), 1, answered_id, MESSAGE) + content


async def read(protocol: MessageProtocol, request_id: int | None = 7) -> bytes:
    content, kind = await protocol.read(request_id, MOST_BYTES, NEVER, _CancellationContext())
    assert kind == MESSAGE
    return bytes(content)


async def test_a_message_that_comes_byte_by_byte_is_one(
    connected: tuple[MessageProtocol, asyncio.StreamWriter],
) -> None:
    protocol, _ = connected
    whole = message(b"abc") + message(b"d")
    for at in range(len(whole)):
        protocol.data_received(whole[at : at + 1])
    assert [await read(protocol), await read(protocol)] == [b"abc", b"d"]


@pytest.mark.parametrize("cut", range(1, 38))
async def test_messages_that_come_together_are_read_one_by_one(
    connected: tuple[MessageProtocol, asyncio.StreamWriter], cut: int
) -> None:
    protocol, _ = connected
    whole = message(b"abc") + message(b"d") + message(b"ef")
    protocol.data_received(whole[:cut])
    protocol.data_received(whole[cut:])
    assert [await read(protocol) for _ in range(3)] == [b"abc", b"d", b"ef"]


async def test_a_long_message_is_whole(connected: tuple[MessageProtocol, asyncio.StreamWriter]) -> None:
    protocol, writer = connected
    content = bytes(range(256)) * 20_000
    writer.write(message(content) + message(b"next"))
    assert await read(protocol) == content
    assert await read(protocol) == b"next"


@pytest.mark.parametrize("length", [-1, 0, 16, MOST_BYTES + 1, 2**31 - 1])
async def test_what_has_no_length_of_a_message_ends_the_connection(
    connected: tuple[MessageProtocol, asyncio.StreamWriter], length: int
) -> None:
    protocol, writer = connected
    writer.write(pack("<iiii", length, 1, 7, MESSAGE) + b"abc")
    with pytest.raises(ProtocolError, match=rf"Message length \({length}\)"):
        await read(protocol)
    with pytest.raises(OSError, match="already closed"):
        await read(protocol)


async def test_the_answer_to_something_else_is_refused(
    connected: tuple[MessageProtocol, asyncio.StreamWriter],
) -> None:
    protocol, writer = connected
    writer.write(message(b"abc", answered_id=6))
    with pytest.raises(ProtocolError, match="Got response id 6 but expected 7"):
        await read(protocol)


async def test_what_nobody_waits_for_is_not_read_on(
    connected: tuple[MessageProtocol, asyncio.StreamWriter],
) -> None:
    protocol, _ = connected
    protocol.data_received(message(b"abc"))
    assert not protocol.transport.is_reading()
    assert await read(protocol) == b"abc"
    assert protocol.transport.is_reading()


async def test_who_waits_is_told_that_the_connection_has_ended(
    connected: tuple[MessageProtocol, asyncio.StreamWriter],
) -> None:
    protocol, writer = connected
    reading = asyncio.create_task(read(protocol))
    writer.write(message(b"abc")[:-1])
    await writer.drain()
    writer.close()
    with pytest.raises(OSError, match="connection closed"):
        await reading


async def test_compressed_messages_are_read(mongod: EmbeddedServer, database_name: str) -> None:
    client = open_client(f"{mongod.uri}&compressors=zlib")
    try:
        collection = client[database_name]["c"]
        await collection.insert_one({"_id": 1, "text": "x" * 100_000})
        found = await collection.find_one({})
        assert found is not None
        assert found["text"] == "x" * 100_000
    finally:
        await close(client)
