"""A dear request sent in a loop: ``python -m tests.fairness.attack`` reads what to send, and prints what became of it.

A process of its own, of low priority: what it costs to send and to read isn't what is measured.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

import orjson
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.fairness.http_client import HttpClient, asking, get, post
from tests.fairness.inputs import NUMBER

TRANSPORTS = ("post", "get", "batch", "websocket", "sse", "unread")
BATCH = 10
# Of one websocket, each with another operation; as many event streams as connections.
_SUBSCRIPTIONS = 10
_PATIENCE_SECONDS = 30.0
_NICE = 10
RECORD = """mutation ($id: ID!) {
  recordInteraction(
    input: { interactionId: $id, featureId: "written", interactionType: VIEW, searchRequestId: "rich0" }
  ) { created }
}"""


@dataclass(frozen=True, slots=True)
class Attack:
    """What is sent, by whom and for how long; ``first``: the number of its first request, unlike any sent before."""

    port: int
    key: str
    operation: str
    body: dict[str, Any]
    transport: str
    connections: int
    seconds: float
    first: int

    def rendered(self) -> Iterator[bytes]:
        """The bodies of its requests, each with a number of its own where there is one in it."""
        parts = orjson.dumps(self.body).split(NUMBER.encode())
        for number in count(self.first):
            yield (b"%08d" % number).join(parts)

    @property
    def headers(self) -> dict[str, str]:
        accept = "text/event-stream" if self.transport == "sse" else "application/graphql-response+json"
        return {"Authorization": f"Bearer {self.key}", "Accept": accept}


@dataclass(slots=True)
class Outcome:
    """What became of an attack: ``answers`` by status or kind, and ``lost`` requests that got none; ``events`` of
    subscriptions. ``sample``: the beginning of one answer."""

    seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    events: int = 0
    bytes_read: int = 0
    sample: str = ""

    @property
    def requests(self) -> int:
        return sum(self.answers.values()) + self.lost

    def saw(self, status: str, body: bytes, size: int) -> None:
        if not self.answers:
            self.sample = body[:300].decode(errors="replace")
        self.answers[status] = self.answers.get(status, 0) + 1
        self.bytes_read += size


def fits(operation: str, body: dict[str, Any], transport: str) -> bool:
    """Whether such a request may be sent so."""
    match transport:
        case "get":
            return operation == "query" and len(_query_string(orjson.dumps(body))) < 60_000
        case "batch":
            return operation != "subscription" and len(orjson.dumps(body)) < 900_000
        case "post" | "unread":
            return operation != "subscription"
        case "sse":
            return operation != "mutation"
    return True


async def run(attack: Attack) -> Outcome:
    """Sends until the time is over, and waits for the answers that are under way."""
    outcome, bodies = Outcome(), attack.rendered()
    begun = time.perf_counter()
    until = begun + attack.seconds
    async with AsyncExitStack() as stack:
        if attack.operation == "subscription":
            asks = await _recordings(attack, bodies, outcome, stack)
        elif attack.transport == "websocket":
            asks = [
                _over_socket(await stack.enter_async_context(_socket(attack)), bodies, outcome)
                for _ in range(attack.connections)
            ]
        else:
            asks = [_over_http(attack, bodies, outcome) for _ in range(attack.connections)]

        async def keep_asking(ask: Callable[[], Awaitable[None]]) -> None:
            while time.perf_counter() < until:
                try:
                    async with asyncio.timeout(_PATIENCE_SECONDS):
                        await ask()
                except (OSError, asyncio.IncompleteReadError, ConnectionClosed, TimeoutError):
                    outcome.lost += 1
                    await asyncio.sleep(0.05)

        async with asyncio.TaskGroup() as group:
            for ask in asks:
                group.create_task(keep_asking(ask))
        outcome.seconds = time.perf_counter() - begun
    return outcome


def _over_http(attack: Attack, bodies: Iterator[bytes], outcome: Outcome) -> Callable[[], Awaitable[None]]:
    client = HttpClient(attack.port)

    async def ask() -> None:
        if attack.transport == "unread":
            await client.leave_unread(_http_request(attack, bodies), attack.seconds)
            outcome.saw("unread", b"", 0)
            return
        is_first = not outcome.answers
        answer = await client.ask(_http_request(attack, bodies), keep=is_first)
        outcome.saw(str(answer.status), answer.body, answer.size)

    return ask


def _http_request(attack: Attack, bodies: Iterator[bytes]) -> bytes:
    body = next(bodies)
    if attack.transport == "get":
        return get(f"/graphql?{_query_string(body)}", attack.headers)
    if attack.transport == "batch":
        times = min(BATCH, 1_900_000 // len(body))
        body = b"[" + b",".join([body, *(next(bodies) for _ in range(times - 1))]) + b"]"
    return post(body, attack.headers)


def _query_string(body: bytes) -> str:
    request = orjson.loads(body)
    return urlencode(request | {"variables": json.dumps(request["variables"], separators=(",", ":"))})


def _socket(attack: Attack) -> connect:
    return connect(
        f"ws://127.0.0.1:{attack.port}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        compression=None,
        max_size=None,
        open_timeout=_PATIENCE_SECONDS,
        additional_headers={"Authorization": f"Bearer {attack.key}"},
    )


async def _acknowledged(socket: ClientConnection) -> None:
    await socket.send('{"type": "connection_init"}')
    while b"connection_ack" not in _bytes(await socket.recv()):
        pass


def _over_socket(socket: ClientConnection, bodies: Iterator[bytes], outcome: Outcome) -> Callable[[], Awaitable[None]]:
    numbers = count()

    async def ask() -> None:
        number = next(numbers)
        if not number:
            await _acknowledged(socket)
        message = b'{"id":"%d","type":"subscribe","payload":%b}' % (number, next(bodies))
        await socket.send(message.decode())
        while True:
            answer = _bytes(await socket.recv())
            outcome.bytes_read += len(answer)
            if b'"type":"error"' in answer[:200] or b'"type":"complete"' in answer[:200]:
                outcome.saw("error" if b'"type":"error"' in answer[:200] else "complete", answer, 0)
                return

    return ask


async def _recordings(
    attack: Attack, bodies: Iterator[bytes], outcome: Outcome, stack: AsyncExitStack
) -> list[Callable[[], Awaitable[None]]]:
    """Subscribes over every connection; what is asked from then on are recordings, one after the other."""
    group = await stack.enter_async_context(asyncio.TaskGroup())

    async def listen(connection: ClientConnection) -> None:
        await _acknowledged(connection)
        for number in range(_SUBSCRIPTIONS):
            message = b'{"id":"%d","type":"subscribe","payload":%b}' % (number, next(bodies))
            await connection.send(message.decode())
        async for received in connection:
            outcome.events += b'"type":"next"' in _bytes(received)[:200]
            outcome.bytes_read += len(received)

    async def stream() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", attack.port)
        try:
            writer.write(post(next(bodies), attack.headers))
            while chunk := await reader.read(1 << 18):
                outcome.events += chunk.count(b"event: next")
                outcome.bytes_read += len(chunk)
        finally:
            writer.transport.abort()

    async def survive(listening: Awaitable[None]) -> None:
        try:
            await listening
        except (OSError, ConnectionClosed, TimeoutError):
            outcome.lost += 1

    tasks = [
        group.create_task(
            survive(stream() if attack.transport == "sse" else listen(await stack.enter_async_context(_socket(attack))))
        )
        for _ in range(attack.connections)
    ]
    stack.callback(lambda: [task.cancel() for task in tasks])
    client, headers, numbers = HttpClient(attack.port), {"Authorization": f"Bearer {attack.key}"}, count(attack.first)

    async def record() -> None:
        request = asking(RECORD, headers, id=f"written{next(numbers):08}")
        answer = await client.ask(request, keep=not outcome.answers)
        outcome.saw(str(answer.status), answer.body, answer.size)

    return [record]


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


def main() -> None:
    os.nice(_NICE)
    outcome = uvloop.run(run(Attack(**json.load(sys.stdin))))
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
