"""The messages of graphql-transport-ws, as text: what a client sends is read strictly."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
from starlette.types import Message

from gateway.context import Caller
from gateway.errors import BadRequest, BadUserInput, NestedTooDeeply
from gateway.errors.tracebacks import untraced
from gateway.execution.answers import Answer
from gateway.model.wire.unfit_values import UnfitValue, unfit_value
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.preparation.json_requests import from_object, parsed_json
from gateway.scheduling.cpu_gate import LONG_BYTES, CpuGate
from gateway.scheduling.paid_work import PaidWork, message_points
from gateway.transport.websocket import close_codes
from gateway.transport.websocket.close_codes import Close

MAX_MESSAGE_BYTES = 1_000_000

# What clients write ahead of the payload.
_OPERATION = re.compile(r'\s*\{((?:\s*"(?:id|type)"\s*:\s*"(?:[^"\\]|\\.)*"\s*,){2})\s*"payload"')

_OPERATION_MEMBERS: Mapping[str, type] = {"query": str, "operationName": str, "variables": dict, "extensions": dict}

ACK, PING = '{"type":"connection_ack"}', '{"type":"ping"}'


class MessageReader:
    """The reader of what clients send; to read a long message is ``paid_work`` once it is known who sends it, and
    waits for the ``cpu_gate`` before.

    ``entry_limit``: how many entries the lists and objects of a message may have. ``unacknowledged_bytes``: how many
    bytes it may have as long as it isn't known who sends it.
    """

    def __init__(self, cpu_gate: CpuGate, paid_work: PaidWork, *, entry_limit: int, unacknowledged_bytes: int) -> None:
        self._cpu_gate = cpu_gate
        self._paid_work = paid_work
        self._entry_limit = entry_limit
        self._unacknowledged_bytes = unacknowledged_bytes

    async def read(self, received: Message, caller: Caller | None) -> Mapping[str, Any]:
        """The message, paid for where it asks nothing; ``caller``: who sends it, once that is acknowledged.

        Raises `Close`, `BadRequest` for what isn't JSON, `BadUserInput` for what is too much to be read and names no
        operation ahead of that, or what `PaidWork.run` does.
        """
        text = received.get("text")
        if text is None:
            raise Close(close_codes.INVALID, "Invalid message received: it is not text")
        if len(text) > self._unacknowledged_bytes and caller is None:
            raise Close(close_codes.TOO_LONG, "The message is too long for a connection that isn't acknowledged.")
        parse = partial(parsed_json, text.encode(), "message", max_entries=self._entry_limit)
        try:
            if len(text) <= LONG_BYTES:
                message, unfit = parse()
            elif caller is None:
                message, unfit = await self._cpu_gate.run(parse, None)
            else:
                message, unfit = (await self._paid_work.run(parse, caller, len(text))).outcome
        except (BadUserInput, NestedTooDeeply) as error:
            return _without_payload(text, untraced(error))
        if not isinstance(message, dict):
            raise Close(close_codes.INVALID, "Invalid message received: it is not an object")
        whole: Mapping[str, Any] = message if unfit is None else _without_unfit(message, unfit)
        if caller is not None and whole.get("type") != "subscribe":
            self._paid_work.charge(caller, message_points(len(text)))
        return whole


def _without_payload(text: str, error: BadUserInput | NestedTooDeeply) -> Mapping[str, Any]:
    """A message that is too much to be read, with that as an error in the place of its operation's payload; raises it
    where nothing ahead of the payload tells the operation."""
    if (ahead := _OPERATION.match(text)) is not None:
        with suppress(ValueError):
            members = json.loads(f"{{{ahead[1].rstrip().removesuffix(',')}}}")
            if members.get("type") == "subscribe":
                return {**members, "payload": BadUserInput(error.message)}
    raise error


def _without_unfit(message: Mapping[str, Any], unfit: UnfitValue) -> Mapping[str, Any]:
    """A message of which something is unfit, with that as an error in the place of an operation's payload; what asks
    for nothing is as it was. Raises `Close` for a message that begins the connection, or none of the protocol."""
    match message:
        case {"type": "subscribe"}:
            of_payload = unfit_value(message.get("payload"))
            of_id = unfit_value(message.get("id"))
            if of_payload is None and of_id is None:
                return message
            return {**message, "payload": of_payload.error() if of_payload else unfit.error()}
        case {"type": "complete" | "ping" | "pong"}:
            return message
    raise Close(close_codes.INVALID, f"Invalid message received: {unfit.message}")


def is_payload(payload: object) -> bool:
    """Whether it is an object, or left out."""
    return payload is None or isinstance(payload, dict)


def request(payload: Mapping[str, Any] | BadUserInput, size: int) -> GraphQLRequest:
    """The request in the payload of an operation, of a message of so many bytes.

    Raises `Close` for one that hasn't the form which the protocol gives it. What else is wrong concerns the operation
    alone: `BadRequest`, or the error that stands in its place.
    """
    if isinstance(payload, BadUserInput):
        raise payload
    try:
        return from_object(payload, size=size)
    except BadRequest as error:
        has_form = all(isinstance(payload.get(name), type_ | None) for name, type_ in _OPERATION_MEMBERS.items())
        if has_form and any(payload.get(name) is not None for name in ("query", "documentId", "extensions")):
            raise
        raise Close(close_codes.INVALID, error.message) from None


def pong(payload: Mapping[str, Any] | None) -> str:
    return _text({"type": "pong"} | ({"payload": payload} if payload is not None else {}))


def next_result(id: str, body: bytes) -> str:
    """An answer of the operation, as it is encoded."""
    return (b'{"id":' + orjson.dumps(id) + b',"type":"next","payload":' + body + b"}").decode()


def complete(id: str) -> str:
    return orjson.dumps({"id": id, "type": "complete"}).decode()


def error(id: str, refusal: Answer) -> str:
    return _text({"id": id, "type": "error", "payload": orjson.loads(refusal.body)["errors"]})


def _text(message: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(message).decode()
    except TypeError:
        # A client's own id or payload, which goes back as it came: escaped.
        return json.dumps(message, separators=(",", ":"))
