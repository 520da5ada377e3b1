"""Replies to requests that are refused ahead of the application, in the form of the address that they were sent to."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote

from starlette.routing import BaseRoute, Match, Route

from gateway.errors import GatewayError
from gateway.transport.exchange.allowed_origins import AllowedOrigins
from gateway.transport.exchange.exchange import Headers, Reply
from gateway.transport.exchange.exchange_endpoint import ExchangeEndpoint
from gateway.transport.http.replies import closing_reply
from gateway.transport.server.cross_origin import reading_headers


class ClosingReplies:
    """The replies of what is served at ``routes``; those of other addresses are in the graph's form. Pages of
    ``origins`` may read them."""

    def __init__(self, routes: Sequence[BaseRoute], origins: AllowedOrigins) -> None:
        self._routes = [route for route in routes if isinstance(route, Route)]
        self._origins = origins

    def __call__(self, address: bytes, request_headers: Headers, refusal: GatewayError) -> Reply:
        """The reply that ends the connection; ``address`` and ``request_headers``: as much of them as has arrived."""
        formed = self._formed(address, refusal)
        reading = reading_headers(self._origins, request_headers)
        return replace(formed, own_headers=(*formed.own_headers, *reading))

    def _formed(self, address: bytes, refusal: GatewayError) -> Reply:
        plain = closing_reply(refusal)
        endpoint = self._endpoint(unquote(address.partition(b"?")[0].decode("latin-1")))
        if endpoint is None:
            return plain
        formed = endpoint.refusal(refusal)
        names = {name for name, _ in formed.own_headers}
        missing = (header for header in plain.own_headers if header[0] not in names)
        return replace(formed, own_headers=(*formed.own_headers, *missing))

    def _endpoint(self, path: str) -> ExchangeEndpoint | None:
        scope = {"type": "http", "method": "GET", "path": path}
        found = (route.endpoint for route in self._routes if route.matches(scope)[0] is not Match.NONE)
        endpoint = next(found, None)
        return endpoint if isinstance(endpoint, ExchangeEndpoint) else None
