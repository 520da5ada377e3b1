"""Pages of other origins: what browsers are told of who may call the gateway, and read its answers (CORS)."""

from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.transport.exchange.allowed_origins import EVERY, AllowedOrigins
from gateway.transport.exchange.exchange import Headers

# What pages of other origins may read beside the body.
_EXPOSED = (
    "ETag",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "X-Total-Count",
    "Link",
    "WWW-Authenticate",
    "X-Request-Id",
)
_PREFLIGHT_SECONDS = 7_200
_ANY = r"[\s\S]*"
_VARY = (b"vary", b"Origin")
_EXPOSING = (b"access-control-expose-headers", ", ".join(_EXPOSED).encode())
_FOR_ALL = ((b"access-control-allow-origin", EVERY.encode()), _EXPOSING)


class CrossOrigin:
    """An ASGI middleware that answers preflights, and names the origin of an allowed page in every answer to it.

    Caches hand pages what was answered to a request that names no origin: so each of those says that it varies by
    origin, where origins are listed, and that every page may read it, where all are allowed.

    A preflight carries no key: it is answered for each origin that some key may be used at, and the answer to the
    request that follows says whether this one may.
    """

    def __init__(self, app: ASGIApp, *, origins: AllowedOrigins) -> None:
        self._app = app
        self._origins = origins
        options: dict[str, Any] = {
            "allow_methods": ["GET", "POST", "PUT", "DELETE"],
            # Whatever a client's libraries add: such an origin is allowed, and a header that nobody knows does nothing.
            "allow_headers": ["*"],
            "expose_headers": _EXPOSED,
            "max_age": _PREFLIGHT_SECONDS,
        }
        allowed = {"allow_origins": [EVERY]} if origins.are_all else {"allow_origin_regex": _ANY}
        self._allowing = CORSMiddleware(app, **options, **allowed)
        self._refusing = CORSMiddleware(app, allow_methods=options["allow_methods"], allow_headers=["*"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = _origin(scope["headers"])
        answering: ASGIApp
        if origin is None and self._origins.are_all:
            answering, send = self._app, _readable_by_all(send)
        elif origin is None:
            answering = self._refusing if self._origins.are_listed else self._app
        else:
            answering = self._allowing if await self._origins.has(origin) else self._refusing
        await answering(scope, receive, send)


def reading_headers(origins: AllowedOrigins, request_headers: Headers) -> Headers:
    """What lets a page of an allowed origin read a reply that no middleware sees, to a request with such headers."""
    if origins.are_all:
        return _FOR_ALL
    origin = _origin(request_headers)
    if origin is None or not origins.had(origin):
        return (_VARY,) if origins.are_listed else ()
    return ((b"access-control-allow-origin", origin.encode("latin-1")), _EXPOSING, _VARY)


def _readable_by_all(send: Send) -> Send:
    async def send_readable(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_FOR_ALL]}
        await send(message)

    return send_readable


def _origin(request_headers: Headers) -> str | None:
    """The header Origin, the first where there are several, as the answer would name it."""
    for name, value in request_headers:
        if name == b"origin":
            return str(value.decode("latin-1"))
    return None
