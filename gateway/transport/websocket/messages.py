"""The messages of graphql-transport-ws, as text: what a client sends is read strictly."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson
from starlette.types import Message

from gateway.execution.answers import Answer
from gateway.preparation.json_requests import from_json
from gateway.scheduling.cpu_gate import LONG_BYTES, CpuGate
from gateway.transport.websocket import close_codes
from gateway.transport.websocket.close_codes import Close

MAX_MESSAGE_BYTES = 1_000_000

ACK, PING = '{"type":"connection_ack"}', '{"type":"ping"}'


class MessageReader:
    """The reader of what clients send; long messages wait for the ``cpu_gate``.

    ``entry_limit``: how many entries the lists and objects of a message may have. ``unacknowledged_bytes``: how many
    bytes it may have as long as it isn't known who sends it.
    """

    def __init__(self, cpu_gate: CpuGate, *, entry_limit: int, unacknowledged_bytes: int) -> None:
        self._cpu_gate = cpu_gate
        self._entry_limit = entry_limit
        self._unacknowledged_bytes = unacknowledged_bytes

    async def read(self, received: Message, *, is_acknowledged: bool) -> Mapping[str, Any]:
        """The message. Raises `Close`, `BadRequest` for what isn't JSON, or `BadUserInput` for too many entries."""
        text = received.get("text")
        if text is None:
            raise Close(close_codes.INVALID, "Invalid message received: it is not text")
        if len(text) > self._unacknowledged_bytes and not is_acknowledged:
            raise Close(close_codes.TOO_LONG, "The message is too long for a connection that isn't acknowledged.")
        parse = partial(from_json, text.encode(), "message", max_entries=self._entry_limit)
        message = await self._cpu_gate.run(parse) if len(text) > LONG_BYTES else parse()
        if not isinstance(message, dict):
            raise Close(close_codes.INVALID, "Invalid message received: it is not an object")
        return message


def is_payload(payload: object) -> bool:
    """Whether it is an object, or left out."""
    return payload is None or isinstance(payload, dict)


def pong(payload: Mapping[str, Any] | None) -> str:
    return orjson.dumps({"type": "pong"} | ({"payload": payload} if payload else {})).decode()


def next_result(id: str, body: bytes) -> str:
    """An answer of the operation, as it is encoded."""
    return (b'{"id":' + orjson.dumps(id) + b',"type":"next","payload":' + body + b"}").decode()


def complete(id: str) -> str:
    return orjson.dumps({"id": id, "type": "complete"}).decode()


def error(id: str, refusal: Answer) -> str:
    return orjson.dumps({"id": id, "type": "error", "payload": orjson.loads(refusal.body)["errors"]}).decode()
