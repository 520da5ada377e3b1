"""What is sent back: the status and the headers of an answer; those of most answers are made once."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.context import Budget
from gateway.errors import (
    BadUserInput,
    GatewayError,
    MethodNotAllowed,
    OperationNotResolved,
    OperationTooComplex,
    ParseFailed,
    QueryNotPersisted,
    RateLimited,
    RequestTimeout,
    Unauthenticated,
    Unavailable,
    UnknownCoding,
    ValidationFailed,
)
from gateway.execution.answers import refused
from gateway.transport.http.body_decoding import CODINGS
from gateway.transport.http.event_frames import alone
from gateway.transport.http.media_types import EVENTS, GRAPHQL, JSON
from gateway.transport.http.security_headers import HEADERS

Headers = tuple[tuple[bytes, bytes], ...]

READING = ("GET", "HEAD")
WRITING = ("POST", "OPTIONS")

_WITHOUT_BODY = (204, 304)

# What a client that takes only application/json is told with 200: the request arrived, and was refused as GraphQL.
_GRAPHQL_REFUSALS = (ParseFailed, ValidationFailed, BadUserInput, OperationNotResolved, OperationTooComplex)

VARY = (b"vary", b"Authorization, X-Namespace, Accept, Accept-Encoding")
_NOT_STORED = (b"cache-control", b"no-store")
# As Apollo's server says it: the same address may soon have an answer.
_NOT_FOUND_YET = (b"cache-control", b"private, no-cache, must-revalidate")
_SOON = (b"retry-after", b"1")
_TYPES: Mapping[str, tuple[bytes, bytes]] = {
    media: (b"content-type", f"{media}; charset=utf-8".encode()) for media in (JSON, GRAPHQL, EVENTS)
}
_ANSWERED: Mapping[str, Headers] = {media: (type_, VARY, _NOT_STORED) for media, type_ in _TYPES.items()}
_CLOSING: Headers = (_TYPES[JSON], (b"connection", b"close"))
# Proxies that gather an answer before they pass it on don't do so then. No request waits behind what may never end.
STREAMED: Headers = (*_ANSWERED[EVENTS], *HEADERS, (b"x-accel-buffering", b"no"), (b"connection", b"close"))


@dataclass(frozen=True, slots=True)
class Reply:
    """``own``: the headers besides those that every answer has, and its length."""

    status: int
    own: Headers
    body: bytes = b""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """All that are sent."""
        headers = [*self.own, *HEADERS]
        if self.status not in _WITHOUT_BODY:
            headers.append((b"content-length", b"%d" % len(self.body)))
        return headers


def answered(body: bytes, media: str, budget: Budget | None = None) -> Reply:
    """The reply with an answer that nobody may keep."""
    return Reply(200, (*_ANSWERED[media], *_left(budget)), alone(body) if media == EVENTS else body)


def kept(body: bytes, media: str, *, cache_control: bytes, tag: bytes, known: bool) -> Reply:
    """The reply with an answer that may be kept; without it where the client has it: ``known``."""
    validity: Headers = ((b"cache-control", cache_control), (b"etag", tag), VARY)
    return Reply(304, validity) if known else Reply(200, (_TYPES[media], *validity), body)


def _left(budget: Budget | None) -> Headers:
    if budget is None:
        return ()
    return (
        (b"ratelimit-limit", b"%d" % budget.rate.burst),
        (b"ratelimit-remaining", b"%d" % budget.remaining),
        (b"ratelimit-reset", b"%d" % budget.reset_seconds),
    )


def refusal(error: GatewayError, body: bytes, media: str, method: str) -> Reply:
    """The reply to a request that was refused as a whole.

    In an event it is told of the document and its variables: to a browser's EventSource a status tells nothing.
    """
    if media == EVENTS:
        if isinstance(error, (*_GRAPHQL_REFUSALS, QueryNotPersisted)):
            return answered(body, media)
        media = GRAPHQL
    status = 200 if media == JSON and isinstance(error, _GRAPHQL_REFUSALS) else error.status
    match error:
        case QueryNotPersisted():
            return Reply(status, (_TYPES[media], VARY, _NOT_FOUND_YET), body)
        case RequestTimeout():
            return Reply(status, (*_ANSWERED[media], (b"connection", b"close")), body)
        case MethodNotAllowed():
            return Reply(status, (*_ANSWERED[media], (b"allow", allowed(method))), body)
        case Unauthenticated():
            return Reply(status, (*_ANSWERED[media], (b"www-authenticate", b"Bearer")), body)
        case UnknownCoding():
            return Reply(status, (*_ANSWERED[media], (b"accept-encoding", CODINGS.encode())), body)
        case RateLimited():
            waiting = (b"retry-after", b"%d" % error.retry_after)
            return Reply(status, (*_ANSWERED[media], waiting, *_left(error.budget)), body)
    return Reply(status, _ANSWERED[media], body)


def closing(error: GatewayError) -> Reply:
    """The reply that refuses a request whatever it asks for, and ends its connection."""
    own = (*_CLOSING, _SOON) if isinstance(error, Unavailable) else _CLOSING
    return Reply(error.status, own, refused(error).body)


def allowed(method: str) -> bytes:
    """The methods to use when this one was refused: where reading is, the operation is one that writes."""
    return ", ".join(WRITING if method in READING else (*READING, *WRITING)).encode()
