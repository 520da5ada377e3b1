"""A load generator with little work of its own: keep-alive connections on loopback, each with one request under way.

It reads no more of an answer than its status and length, so it is only for servers that send a Content-Length.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from bench.dataset import Dataset

_HOST = "127.0.0.1"
_PATIENCE_SECONDS = 60.0

NextRequest = Callable[[], bytes]


@dataclass(slots=True)
class Run:
    """What a run of requests was like: each request's seconds, and those from the first to the last answer."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return len(self.latencies)


class LoadError(Exception):
    """An answer that isn't one, or none."""


class Connections:
    """``concurrency`` connections to one server, open until closed."""

    def __init__(self, protocols: Sequence["_Connection"]) -> None:
        self._protocols = protocols

    @classmethod
    async def open(cls, port: int, concurrency: int) -> "Connections":
        loop = asyncio.get_running_loop()
        opened = [await loop.create_connection(_Connection, _HOST, port) for _ in range(concurrency)]
        return cls([protocol for _, protocol in opened])

    def close(self) -> None:
        for protocol in self._protocols:
            protocol.close()

    async def answer(self, request: bytes) -> bytes:
        """The body of the answer to one request; raises `LoadError` unless its status is 200."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await self._protocols[0].ask(request)

    async def run(self, next_request: NextRequest, *, seconds: float, requests: int) -> Run:
        """Sends requests on every connection until the time is over or there were as many; waits for all answers.

        Raises `LoadError` for an answer whose status isn't 200 and for none within a minute.
        """
        run = Run()
        begun = time.perf_counter()
        left = iter(range(requests))
        until = begun + seconds
        async with asyncio.timeout(seconds + _PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            for protocol in self._protocols:
                group.create_task(_keep_asking(protocol, next_request, run, left, until))
        run.seconds = time.perf_counter() - begun
        return run


async def _keep_asking(
    protocol: "_Connection", next_request: NextRequest, run: Run, left: Iterator[int], until: float
) -> None:
    now = time.perf_counter()
    while now < until and next(left, None) is not None:
        await protocol.ask(next_request())
        then, now = now, time.perf_counter()
        run.latencies.append(now - then)


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = bytearray()
        self._expected = 0
        self._begin = 0
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._expected:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            if not head.startswith(b"http/1.1 200 ") or not length.strip().isdigit():
                self._fail(LoadError(bytes(self._buffer[:1_000]).decode(errors="replace")))
                return
            self._begin = end + 4
            self._expected = self._begin + int(length)
        if len(self._buffer) >= self._expected:
            body = bytes(self._buffer[self._begin : self._expected])
            self._buffer.clear()
            self._expected = 0
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(LoadError("the connection was closed"))

    def _fail(self, error: LoadError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def http_request(dataset: Dataset, path: str, body: bytes) -> bytes:
    """A POST of JSON with the dataset's key."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {_HOST}\r\nAuthorization: Bearer {dataset.key}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
