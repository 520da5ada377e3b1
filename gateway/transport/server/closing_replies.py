"""Replies to requests that are refused ahead of the application, in the form of the address that they were sent to."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote

from starlette.routing import BaseRoute, Match, Route

from gateway.errors import GatewayError
from gateway.transport.exchange.exchange import Reply
from gateway.transport.exchange.exchange_endpoint import ExchangeEndpoint
from gateway.transport.http.replies import closing_reply


class ClosingReplies:
    """The replies of what is served at ``routes``; those of other addresses are in the graph's form."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = [route for route in routes if isinstance(route, Route)]

    def __call__(self, address: bytes, refusal: GatewayError) -> Reply:
        """The reply that ends the connection; ``address``: as much of it as has arrived."""
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
