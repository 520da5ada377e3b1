"""The messages of graphql-transport-ws, as text: what a client sends is read strictly."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Message

from gateway.execution.answers import Answer
from gateway.transport.http.request_parsing import from_json
from gateway.transport.websocket.close_codes import Close

MAX_MESSAGE_BYTES = 1_000_000

ACK, PING = '{"type":"connection_ack"}', '{"type":"ping"}'


def read(received: Message, entry_limit: int) -> Mapping[str, Any]:
    """The message that a client sent. Raises `Close`, `BadRequest` for what isn't JSON, or `BadUserInput` for more than
    ``entry_limit`` entries of lists and objects."""
    text = received.get("text")
    if text is None:
        raise Close(4400, "Invalid message received: it is not text")
    message = from_json(text.encode(), "message", most=entry_limit)
    if not isinstance(message, dict):
        raise Close(4400, "Invalid message received: it is not an object")
    return message


def is_payload(payload: object) -> bool:
    """Whether it is an object, or left out."""
    return payload is None or isinstance(payload, dict)


def pong(payload: Mapping[str, Any] | None) -> str:
    return orjson.dumps({"type": "pong"} | ({"payload": payload} if payload else {})).decode()


def following(id: str, body: bytes) -> str:
    """An answer of the operation, as it is encoded."""
    return (b'{"id":' + orjson.dumps(id) + b',"type":"next","payload":' + body + b"}").decode()


def complete(id: str) -> str:
    return orjson.dumps({"id": id, "type": "complete"}).decode()


def error(id: str, refusal: Answer) -> str:
    return orjson.dumps({"id": id, "type": "error", "payload": orjson.loads(refusal.body)["errors"]}).decode()
