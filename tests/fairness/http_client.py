"""A client that costs little itself: one keep-alive connection, one request under way, answers read and thrown away."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import orjson

_HEAD_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer's status, how long it is, and itself where it was kept."""

    status: int
    size: int
    body: bytes


class HttpClient:
    """One connection to the gateway at ``port``, made anew where it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes, *, keep: bool = False) -> Answered:
        """The answer; raises `OSError` or `IncompleteReadError` where there is none."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=_HEAD_BYTES)
        reader, writer = self._streams
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            body = await _body(reader, head, keep=keep)
        except BaseException:
            await self.close()
            raise
        if b"\r\nconnection: close" in head:
            await self.close()
        return Answered(int(head.split(None, 2)[1]), body[0], body[1])

    async def leave_unread(self, request: bytes, seconds: float) -> None:
        """Sends a request, and reads nothing of its answer for so long but what the kernel takes."""
        _, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1)
        try:
            writer.write(request)
            await writer.drain()
            await asyncio.sleep(seconds)
        finally:
            writer.transport.abort()

    async def close(self) -> None:
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()


async def _body(reader: asyncio.StreamReader, head: bytes, *, keep: bool) -> tuple[int, bytes]:
    if b"content-length:" not in head:
        return 0, b""
    size = left = int(head.partition(b"content-length:")[2].split(None, 1)[0])
    kept = []
    while left:
        chunk = await reader.read(min(left, 1 << 18))
        if not chunk:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(chunk)
        if keep:
            kept.append(chunk)
    return size, b"".join(kept)


def post(body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST of JSON to the graph."""
    framing = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return _head("POST /graphql", {**framing, **headers}) + body


def get(target: str, headers: Mapping[str, str]) -> bytes:
    """A GET of this address."""
    return _head(f"GET {target}", headers)


def asking(query: str, headers: Mapping[str, str], **variables: object) -> bytes:
    """A POST of an operation and its variables."""
    return post(orjson.dumps({"query": query, "variables": variables}), headers)


def _head(line: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
