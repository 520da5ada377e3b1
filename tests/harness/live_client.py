"""The gateway behind a real server on loopback, and the two ways to be told what is recorded: as peers of the protocols
see them, message by message and frame by frame."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.app.serving import Configuration, open_listener
from gateway.limits import CONNECTION_DEFAULTS, ConnectionLimits
from gateway.model import secret_keys
from gateway.transport.websocket.socket_endpoint import PROTOCOL
from tests.harness.gateway_client import Gateway
from tests.harness.waiting import PATIENCE

RECORDED = """subscription ($where: InteractionWhere) {
  interactionRecorded(where: $where) { interactionId interactionType }
}"""
RECORD = """mutation ($input: RecordInteractionInput!) {
  recordInteraction(input: $input) { created interaction { interactionId } }
}"""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[sockets.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: ASGIApp, *, send_buffer: int | None = None, connections: int | None = None) -> AsyncIterator[str]:
    """The host and port at which a started application is served; ``send_buffer``: the kernel's, in bytes."""
    limits = ConnectionLimits(connections=connections or CONNECTION_DEFAULTS.connections)
    config = Configuration(app, limits, log_level="error", lifespan="off")
    config.timeout_graceful_shutdown = 1
    server = _Server(config)
    with open_listener("127.0.0.1", 0) as listener:
        if send_buffer is not None:
            listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, send_buffer)
        serving = asyncio.create_task(server.serve([listener]))
        await server.ready.wait()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


class Socket:
    """A client of graphql-transport-ws."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, message: object) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())

    async def hear(self) -> Any:
        """The next message that is no heartbeat."""
        async with asyncio.timeout(PATIENCE):
            while (message := orjson.loads(await self.connection.recv())) == {"type": "ping"}:
                pass
        return message

    async def closed(self) -> tuple[int, str]:
        """The code and the reason of the close frame, whatever comes before it."""
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        code, reason = self.connection.close_code, self.connection.close_reason
        assert code is not None
        assert reason is not None
        return code, reason

    async def init(self, key: str, **more: str) -> None:
        await self.say({"type": "connection_init", "payload": {"Authorization": f"Bearer {key}", **more}})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(
        self, id: str, query: str = RECORDED, variables: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        payload = {"query": query, "variables": variables, **more}
        await self.say({"id": id, "type": "subscribe", "payload": payload})

    async def begun(self) -> None:
        """Once all that was asked for is under way."""
        await self.say({"type": "ping"})
        assert await self.hear() == {"type": "pong"}

    async def event(self, id: str = "1") -> Any:
        message = await self.hear()
        assert (message.get("id"), message["type"]) == (id, "next"), message
        return message["payload"]

    async def recorded(self, id: str = "1") -> str:
        """The id of the next interaction that is told of."""
        return str((await self.event(id))["data"]["interactionRecorded"]["interactionId"])


@asynccontextmanager
async def socket(
    address: str, *, host: str = "", path: str = "graphql", protocols: tuple[str, ...] = (PROTOCOL,), **options: Any
) -> AsyncIterator[Socket]:
    """Connected to what is served there; ``host``: what the client calls it."""
    subprotocols = [Subprotocol(name) for name in protocols]
    if host:
        options["host"], options["port"] = address.split(":")
    async with connect(
        f"ws://{host or address}/{path}", subprotocols=subprotocols or None, compression=None, **options
    ) as connection:
        yield Socket(connection)


@dataclass
class Stream:
    """A client of graphql-sse; ``raw`` is all that has arrived."""

    response: httpx.Response
    raw: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._chunks = self.response.aiter_raw()
        self._read = 0

    async def frame(self) -> str | None:
        """The next frame; None where the stream has ended."""
        async with asyncio.timeout(PATIENCE):
            while (end := self.raw.find(b"\n\n", self._read)) < 0:
                try:
                    self.raw += await anext(self._chunks)
                except StopAsyncIteration:
                    return None
        frame, self._read = self.raw[self._read : end].decode(), end + 2
        return frame

    async def event(self) -> tuple[str, Any] | None:
        """The next event's name and data, without comments; None where the stream has ended."""
        async with asyncio.timeout(PATIENCE):
            while (frame := await self.frame()) == ":":
                pass
        if frame is None:
            return None
        name, data = (line.partition(": ")[2] for line in frame.split("\n"))
        return name, orjson.loads(data) if data else None

    async def recorded(self) -> str:
        """The id of the next interaction that is told of."""
        event = await self.event()
        assert event is not None
        assert event[0] == "next", event
        return str(event[1]["data"]["interactionRecorded"]["interactionId"])


@asynccontextmanager
async def stream(
    address: str,
    key: str,
    query: str = RECORDED,
    variables: Mapping[str, Any] | None = None,
    *,
    accept: str = "text/event-stream",
    method: str = "POST",
    namespace: str | None = None,
) -> AsyncIterator[Stream]:
    body: dict[str, Any] = {"query": query, "variables": variables}
    sent = {"Authorization": f"Bearer {key}", "Accept": accept, **({"X-Namespace": namespace} if namespace else {})}
    request: dict[str, Any] = {"json": body}
    if method == "GET":
        request = {"params": {"query": query, "variables": orjson.dumps(variables).decode()}}
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as http,
        http.stream(method, f"http://{address}/graphql", headers=sent, **request) as response,
    ):
        yield Stream(response)


async def record(gateway: Gateway, interaction_id: str, *, key: str | None = None, **fields: Any) -> None:
    input = {"interactionId": interaction_id, "featureId": "p1", "interactionType": "CLICK", **fields}
    await gateway.data(RECORD, {"input": input}, key=key)


def key_id(key: str) -> str:
    presented = secret_keys.parse(key)
    assert presented is not None
    return presented.key_id
