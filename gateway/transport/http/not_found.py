"""What is answered at every other address: refusals in the form of the graph's."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import MethodNotAllowed, NotFound
from gateway.execution.answers import refused
from gateway.transport.exchange.negotiation import JSON
from gateway.transport.exchange.security_headers import with_security_headers

NOTHING_HERE = NotFound("Nothing is at this address; the graph is at /graphql.")


async def refuse(_request: Request, error: Exception) -> Response:
    """Starlette's 404 or 405 as a GraphQL error."""
    assert isinstance(error, HTTPException)
    refusal = (
        MethodNotAllowed("What is at this address is read by GET.")
        if error.status_code == MethodNotAllowed.status
        else NOTHING_HERE
    )
    headers = {"Cache-Control": "no-store", **(error.headers or {})}
    return with_security_headers(Response(refused(refusal).body, refusal.status, headers, f"{JSON}; charset=utf-8"))
