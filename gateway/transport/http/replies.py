"""What is replied: the status and the headers of an answer, those of most answers made once; and events of a stream."""

from collections.abc import Mapping

from gateway.context import Budget
from gateway.errors import (
    BadUserInput,
    GatewayError,
    OperationNotResolved,
    OperationTooComplex,
    ParseFailed,
    QueryNotPersisted,
    Unavailable,
    ValidationFailed,
)
from gateway.execution.answers import refused
from gateway.transport.exchange.exchange import Headers, Reply
from gateway.transport.exchange.negotiation import EVENTS, GRAPHQL, JSON
from gateway.transport.exchange.refusal_headers import CLOSE, rate_limit_headers, refusal_headers
from gateway.transport.exchange.security_headers import HEADERS

READING_METHODS = ("GET", "HEAD")
WRITING_METHODS = ("POST", "OPTIONS")

# What a client that takes only application/json gets with status 200: the request arrived, and was refused as GraphQL.
_GRAPHQL_REFUSALS = (ParseFailed, ValidationFailed, BadUserInput, OperationNotResolved, OperationTooComplex)

_VARY = (b"vary", b"Authorization, X-Namespace, Accept, Accept-Encoding")
_NOT_STORED = (b"cache-control", b"no-store")
# As Apollo's server sends it: the same address may soon have an answer.
_NOT_FOUND_YET = (b"cache-control", b"private, no-cache, must-revalidate")
_SOON = (b"retry-after", b"1")
_TYPES: Mapping[str, tuple[bytes, bytes]] = {
    media: (b"content-type", f"{media}; charset=utf-8".encode()) for media in (JSON, GRAPHQL, EVENTS)
}
_UNCACHED: Mapping[str, Headers] = {media: (type_, _VARY, _NOT_STORED) for media, type_ in _TYPES.items()}
# Proxies that gather an answer before they pass it on don't do so then. No request waits behind what may never end.
STREAM_HEADERS: Headers = (*_UNCACHED[EVENTS], *HEADERS, (b"x-accel-buffering", b"no"), CLOSE)

# Lines of events end in LF: clients split them at two of them.
COMMENT_EVENT = b":\n\n"
_COMPLETE_EVENT = b"event: complete\ndata: \n\n"


def next_event(body: bytes) -> bytes:
    """One answer as an event; JSON as it is encoded has no line breaks."""
    return b"event: next\ndata: " + body + b"\n\n"


def complete_stream(body: bytes) -> bytes:
    """One answer as a whole stream: for clients that take nothing else."""
    return next_event(body) + _COMPLETE_EVENT


def answer_reply(body: bytes, media: str, budget: Budget | None = None) -> Reply:
    """The reply with an answer that nobody may keep."""
    headers = (*_UNCACHED[media], *rate_limit_headers(budget))
    return Reply(200, headers, complete_stream(body) if media == EVENTS else body)


def cacheable_reply(body: bytes, media: str, *, cache_control: bytes, tag: bytes, is_current: bool) -> Reply:
    """The reply with an answer that may be kept; without it where what the client has ``is_current``."""
    validity: Headers = ((b"cache-control", cache_control), (b"etag", tag), _VARY)
    return Reply(304, validity) if is_current else Reply(200, (_TYPES[media], *validity), body)


def refusal_reply(error: GatewayError, body: bytes, media: str, method: str) -> Reply:
    """The reply to a request that was refused as a whole.

    What is wrong with the document and its variables comes in an event: to a browser's EventSource a status says
    nothing.
    """
    if media == EVENTS:
        if isinstance(error, (*_GRAPHQL_REFUSALS, QueryNotPersisted)):
            return answer_reply(body, media)
        media = GRAPHQL
    status = 200 if media == JSON and isinstance(error, _GRAPHQL_REFUSALS) else error.status
    if isinstance(error, QueryNotPersisted):
        return Reply(status, (_TYPES[media], _VARY, _NOT_FOUND_YET), body)
    return Reply(status, (*_UNCACHED[media], *refusal_headers(error, allowed_methods(method))), body)


def closing_reply(error: GatewayError) -> Reply:
    """The reply that refuses a request whatever it asks for, and ends its connection."""
    headers = (_TYPES[JSON], CLOSE)
    return Reply(error.status, (*headers, _SOON) if isinstance(error, Unavailable) else headers, refused(error).body)


def allowed_methods(method: str) -> bytes:
    """The methods to use when this one was refused: where reading is, the operation is one that writes."""
    return ", ".join(WRITING_METHODS if method in READING_METHODS else (*READING_METHODS, *WRITING_METHODS)).encode()
