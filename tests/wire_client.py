"""A served application as a client sees it that writes its own bytes."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import ASGIApp

from gateway.limits import ConnectionLimits
from gateway.transport.server import Configuration, Server


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        """The code of its one error."""
        [error] = self.json["errors"]
        return str(error["extensions"]["code"])


@dataclass(frozen=True, slots=True)
class Served:
    """``server`` accepts connections on ``port``."""

    server: Server
    port: int

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Wire"]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(20):
                yield Wire(reader, writer)
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    async def answers(self, sent: bytes) -> list[Response]:
        """All that is answered to these bytes until the server closes the connection."""
        async with self.connected() as wire:
            wire.send(sent)
            answers = []
            while (response := await wire.response()) is not None:
                answers.append(response)
            return answers


@dataclass(frozen=True, slots=True)
class Wire:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, sent: bytes) -> None:
        self.writer.write(sent)

    async def response(self) -> Response | None:
        """The next response; None where the server closed the connection before it."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None
        status, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        found = re.fullmatch(r"HTTP/1.1 (\d{3}) .*", status)
        assert found, status
        return Response(int(found[1]), headers, await self.reader.readexactly(int(headers["content-length"])))


@asynccontextmanager
async def serving(app: ASGIApp, limits: ConnectionLimits) -> AsyncIterator[Served]:
    """Serves ``app``, whose lifespan is another's, in this event loop."""
    listener = socket.create_server(("127.0.0.1", 0))
    started = asyncio.Event()
    server = Server(Configuration(app, limits, log_level="error", lifespan="off"), started.set)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await started.wait()
    try:
        yield Served(server, listener.getsockname()[1])
    finally:
        server.should_exit = True
        await task
