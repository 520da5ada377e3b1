"""Who is subscribed through a gateway while things fail: all that is told, as it comes."""

import asyncio
from dataclasses import dataclass, field

import httpx
import orjson
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

SUBSCRIPTION = "subscription { interactionRecorded { interactionId featureId } }"


@dataclass
class Listener:
    """``told``: the ids in the order in which they came; ``unclean``: whatever else did."""

    address: str
    key: str
    told: list[str] = field(default_factory=list)
    unclean: list[str] = field(default_factory=list)
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    async def begin(self) -> None:
        self._task = asyncio.create_task(self._listen())
        async with asyncio.timeout(30):
            await self._begun.wait()

    async def end(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        raise NotImplementedError

    def _hear(self, payload: bytes | str) -> None:
        answer = orjson.loads(payload)
        if "errors" in answer:
            self.unclean.append(str(answer))
        else:
            self.told.append(answer["data"]["interactionRecorded"]["interactionId"])


class SocketListener(Listener):
    async def _listen(self) -> None:
        address = f"{self.address.replace('http', 'ws')}/graphql"
        async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None) as socket:
            await socket.send(_message(type="connection_init", payload={"Authorization": f"Bearer {self.key}"}))
            await socket.send(_message(type="subscribe", id="1", payload={"query": SUBSCRIPTION}))
            await socket.send(_message(type="ping"))
            async for text in socket:
                match orjson.loads(text):
                    case {"type": "next", "payload": payload}:
                        self._hear(orjson.dumps(payload))
                    case {"type": "pong"}:
                        self._begun.set()
                    case {"type": "connection_ack" | "ping"}:
                        pass
                    case other:
                        self.unclean.append(str(other))
        self.unclean.append(f"closed: {socket.close_code} {socket.close_reason}")


class StreamListener(Listener):
    async def _listen(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "text/event-stream"}
        body = {"query": SUBSCRIPTION}
        async with (
            httpx.AsyncClient(timeout=60) as http,
            http.stream("POST", f"{self.address}/graphql", json=body, headers=headers) as response,
        ):
            self._begun.set()
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    self._hear(line.removeprefix("data: "))
                elif line not in ("", ":", "event: next"):
                    self.unclean.append(line)
        self.unclean.append("ended")


def _message(**message: object) -> str:
    return orjson.dumps(message).decode()
