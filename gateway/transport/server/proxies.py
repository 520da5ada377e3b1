"""A request behind proxies, as its client sent it."""

from collections.abc import Collection, Mapping
from ipaddress import IPv4Network, IPv6Network

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.transport.server.forwarding import Address, address_of, forwarded, forwarded_prefix, forwarding_headers


class BehindProxies:
    """An ASGI middleware by which the application sees the client, the scheme, the host and the path that the proxies
    in front of it got.

    ``trusted``: where proxies are that are believed. ``base_path``: what clients' paths begin with, whether or not a
    proxy leaves it out; the path of the graph is behind it, or without it, as for whoever asks past the proxies.
    """

    # uvicorn's middleware knows neither Forwarded nor hosts nor prefixes, and takes what is no network for a name.

    def __init__(
        self, app: ASGIApp, *, trusted: Collection[IPv4Network | IPv6Network] = (), base_path: str = ""
    ) -> None:
        self._app = app
        self._trusted = tuple(trusted)
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope if scope["type"] == "lifespan" else self._as_sent(scope), receive, send)

    def _as_sent(self, scope: Scope) -> Scope:
        peer = address_of(scope["client"][0]) if scope["client"] else None
        prefix = None
        if peer is not None and self._trusts(peer):
            headers = forwarding_headers(scope["headers"])
            scope, prefix = self._told(scope, headers), forwarded_prefix(headers)
        return _below(scope, prefix or self._base_path, self._base_path)

    def _told(self, scope: Scope, headers: Mapping[str, str]) -> Scope:
        hop = forwarded(headers, self._trusts)
        if hop is None:
            return scope
        told = dict(scope)
        if hop.client is not None:
            told["client"] = (str(hop.client[0]), hop.client[1])
        if hop.scheme is not None:
            told["scheme"] = hop.scheme.replace("http", "ws") if scope["type"] == "websocket" else hop.scheme
        if hop.host is not None:
            others = [header for header in scope["headers"] if header[0] != b"host"]
            told["headers"] = [*others, (b"host", hop.host.encode())]
        return told

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _below(scope: Scope, root_path: str, base_path: str) -> Scope:
    """The request with ``root_path`` as ASGI has it: the beginning of its path."""
    if not root_path:
        return scope
    path: str = scope["path"]
    for beginning in (root_path, base_path):
        if beginning and (path == beginning or path.startswith(f"{beginning}/")):
            path = path.removeprefix(beginning)
            break
    return {**scope, "root_path": root_path, "path": root_path + path}
