"""By which names clients may call the gateway.

To a browser, a page whose host's name has come to lead here is of one origin with the gateway (DNS rebinding).
"""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import Forbidden
from gateway.observability.observer import Observer
from gateway.transport.exchange.exchange import RECORD
from gateway.transport.http.health import HEALTH_PATHS
from gateway.transport.http.replies import closing_reply
from gateway.transport.websocket.socket_endpoint import refuse_websocket

_REFUSAL = Forbidden("The gateway isn't called by this host's name.")


class KnownHosts:
    """An ASGI middleware that refuses requests whose Host is none of ``hosts``, over HTTP and for websockets, and tells
    its ``observer``.

    A name stands for itself with any port. Health is told to everybody: orchestrators ask by addresses.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], observer: Observer) -> None:
        self._app = app
        self._observer = observer
        self._hosts = frozenset(_name(host) for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._is_known(scope) or _asks_for_health(scope):
            await self._app(scope, receive, send)
            return
        self._observer.refused(scope[RECORD], _REFUSAL.code)
        if scope["type"] == "websocket":
            await receive()
            await refuse_websocket(receive, send, _REFUSAL)
        else:
            reply = closing_reply(_REFUSAL)
            await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

    def _is_known(self, scope: Scope) -> bool:
        match Headers(scope=scope).getlist("host"):
            case [host]:
                return _name(host) in self._hosts
        return False


def _asks_for_health(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")).encode() in HEALTH_PATHS


def _name(host: str) -> str:
    """The name, or the address, without a port; an IPv6 address is in brackets."""
    host = host.strip().lower()
    if host.startswith("[") and "]" in host:
        return host.partition("]")[0] + "]"
    if host.count(":") > 1:
        return f"[{host}]"
    return host.partition(":")[0].removesuffix(".")
