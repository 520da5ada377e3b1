"""What is answered at every other address: refusals in the form of the graph's."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import MethodNotAllowed, NotFound
from gateway.execution.answers import refused
from gateway.observability.observer import Observer
from gateway.transport.exchange.exchange import RECORD
from gateway.transport.exchange.negotiation import JSON
from gateway.transport.exchange.security_headers import with_security_headers

NOTHING_HERE = NotFound("Nothing is at this address; the graph is at /graphql.")


class ElsewhereRefusal:
    """Starlette's 404 or 405 as a GraphQL error: a handler of exceptions, which tells the ``observer``."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    async def __call__(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        refusal = (
            MethodNotAllowed("What is at this address is read by GET.")
            if error.status_code == MethodNotAllowed.status
            else NOTHING_HERE
        )
        self._observer.refused(request.scope[RECORD], refusal.code)
        headers = {"Cache-Control": "no-store", **(error.headers or {})}
        return with_security_headers(Response(refused(refusal).body, refusal.status, headers, f"{JSON}; charset=utf-8"))
