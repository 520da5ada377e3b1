"""A served application as a client sees it that writes its own bytes."""

import asyncio
import logging
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from starlette.types import ASGIApp

from gateway.app.serving import Configuration, set_user_timeout
from gateway.app.worker_processes import ReadyServer
from gateway.limits import ConnectionLimits
from tests.harness.waiting import PATIENCE

# Seconds of its thread's time for which the event loop may do one thing: other processes of the machine don't count.
LONGEST_GAP = 0.25


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

    server: ReadyServer
    port: int

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Wire"]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(PATIENCE):
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
        line = re.fullmatch(r"HTTP/1.1 (\d{3}) .*", status)
        assert line, status
        return Response(int(line[1]), headers, await self.reader.readexactly(int(headers["content-length"])))


@asynccontextmanager
async def serving(app: ASGIApp, limits: ConnectionLimits, *, unread_seconds: float = 60) -> AsyncIterator[Served]:
    """Serves ``app``, whose lifespan is another's, in this event loop."""
    listener = socket.create_server(("127.0.0.1", 0))
    set_user_timeout(listener, unread_seconds)
    started = asyncio.Event()
    server = ReadyServer(Configuration(app, limits, log_level="error", lifespan="off"), started.set)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await started.wait()
    try:
        yield Served(server, listener.getsockname()[1])
    finally:
        server.should_exit = True
        await task


def secured(response: Response) -> bool:
    names = ("x-content-type-options", "referrer-policy", "x-frame-options", "cross-origin-resource-policy")
    return "server" not in response.headers and {"content-security-policy", *names} <= response.headers.keys()


@asynccontextmanager
async def others_have_their_turn() -> AsyncIterator[None]:
    """Notices when the event loop, in which the server runs, doesn't turn."""
    ended, longest = False, 0.0

    async def tick() -> None:
        nonlocal longest
        last = time.thread_time()
        while not ended:
            await asyncio.sleep(0.002)
            now = time.thread_time()
            longest, last = max(longest, now - last), now

    ticking = asyncio.create_task(tick())
    yield
    ended = True
    await ticking
    assert longest < LONGEST_GAP


@contextmanager
def nothing_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("uvicorn.error", "gateway")]
    for logger in loggers:
        logger.addHandler(caplog.handler)
    yield
    for logger in loggers:
        logger.removeHandler(caplog.handler)
    assert not caplog.records
