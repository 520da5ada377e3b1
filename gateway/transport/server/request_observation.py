"""Every request over HTTP, and every websocket, from when it arrives until nothing more becomes of it."""

import re
from secrets import token_hex

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.observability.observer import Observer
from gateway.observability.records import RequestRecord
from gateway.output.redaction import redacted
from gateway.transport.exchange.exchange import RECORD, Reply

# What applications call themselves by, as Apollo's and Hive's clients send it.
_NAMES = {b"apollographql-client-name", b"graphql-client-name"}
_VERSIONS = {b"apollographql-client-version", b"graphql-client-version"}
_READ = frozenset((*_NAMES, *_VERSIONS, b"x-request-id", b"traceparent", b"tracestate"))
_MAX_CLIENT = 100
_MAX_TRACE_STATE = 512
_ID = re.compile(r"[\w.:/+=@~-]{1,128}", re.ASCII)
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACE_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
# As nginx logs it.
_CLIENT_LEFT = 499


class RequestObservation:
    """An ASGI middleware that keeps a `RequestRecord` of each request in its scope, tells its ``observer`` of the
    beginning and the end, and answers with the request's id in X-Request-Id.

    The id is what the client sent in that header, else the trace's of its ``traceparent``, else a new one.
    """

    def __init__(self, app: ASGIApp, *, observer: Observer) -> None:
        self._app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        scope[RECORD] = record = _record(scope)
        self._observer.received(record)
        sending = _ObservedSending(send, record.id.encode())
        try:
            await self._app(scope, receive, sending)
        finally:
            self._observer.replied(record, status=sending.status or _CLIENT_LEFT, size=sending.size)


class RefusalObservation:
    """What tells an ``observer`` of requests that the server refuses ahead of the application: unreadable ones, those
    that are too large or too slow, and those for which there is no room. Nothing of their headers is known."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def __call__(self, method: str, address: bytes, refusal: GatewayError, reply: Reply) -> bytes:
        """The new id of the request."""
        trace_id = token_hex(16)
        path = address.partition(b"?")[0].decode("latin-1")
        record = RequestRecord(trace_id, "http", method, path, trace_id=trace_id)
        self._observer.received(record)
        self._observer.refused(record, refusal.code)
        self._observer.replied(record, status=reply.status, size=len(reply.body))
        return trace_id.encode()


class _ObservedSending:
    """The ``send`` of one request, which notes the status and counts the body's bytes."""

    __slots__ = ("_id", "_send", "size", "status")

    def __init__(self, send: Send, id: bytes) -> None:
        self._send = send
        self._id = id
        self.status = 0
        self.size = 0

    async def __call__(self, message: Message) -> None:
        match message["type"]:
            case "http.response.body":
                self.size += len(message.get("body", b""))
            case "http.response.start" | "websocket.http.response.start":
                self.status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", self._id)]}
            case "websocket.accept":
                self.status = 101
        await self._send(message)


def _record(scope: Scope) -> RequestRecord:
    name = version = id = trace_state = ""
    parent: str | None = None
    for header, value in scope["headers"]:
        if header not in _READ:
            continue
        text = value.decode("latin-1").strip()
        if header == b"x-request-id":
            # Nor one with a key in it, which traces would hold.
            id = text if _ID.fullmatch(text) and redacted(text) == text else ""
        elif header == b"traceparent":
            parent = text if _TRACE_PARENT.fullmatch(text) else None
        elif header == b"tracestate":
            trace_state = f"{trace_state},{text}" if trace_state else text
        elif header in _NAMES:
            name = text[:_MAX_CLIENT]
        else:
            version = text[:_MAX_CLIENT]
    trace_id = parent[3:35] if parent else token_hex(16)
    return RequestRecord(
        id or trace_id,
        scope["type"],
        scope.get("method", "GET"),
        # As the gateway knows it, whatever is before it for clients; some write a key into it.
        redacted(scope["path"].removeprefix(scope.get("root_path", ""))),
        scheme=scope.get("scheme", "http"),
        client=(name, version),
        parent=parent,
        trace_id=trace_id,
        trace_state=trace_state if len(trace_state) <= _MAX_TRACE_STATE else "",
    )
