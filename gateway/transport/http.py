"""GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/): POST, GET and what they are asked about."""

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.access import Access
from gateway.errors import (
    BadRequest,
    BadUserInput,
    GatewayError,
    MethodNotAllowed,
    OperationNotResolved,
    OperationTooComplex,
    ParseFailed,
    PayloadTooLarge,
    Unauthenticated,
    ValidationFailed,
)
from gateway.failures import masked
from gateway.operation import Answer, Operations, Request, refused
from gateway.transport.graphiql import Page
from gateway.transport.media import GRAPHQL, HTML, JSON, preferred
from gateway.transport.parsing import from_body, from_query, require_json

_READING = ("GET", "HEAD")
_WRITING = ("POST", "OPTIONS")

# What a client that takes only application/json is told with 200: the request arrived, and was refused as GraphQL.
_GRAPHQL_REFUSALS = (ParseFailed, ValidationFailed, BadUserInput, OperationNotResolved, OperationTooComplex)


class Endpoint:
    """The one endpoint of the graph: an ASGI application for every method."""

    def __init__(self, access: Access, operations: Operations, *, body_limit: int, page: Page | None) -> None:
        self._access = access
        self._operations = operations
        self._body_limit = body_limit
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._response(HttpRequest(scope, receive))
        await response(scope, receive, send)

    async def _response(self, http: HttpRequest) -> Response:
        accept = ", ".join(http.headers.getlist("accept"))
        if http.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": _allowed(http.method)})
        if self._page is not None and _asks_for_page(http, accept):
            return self._page.response()
        try:
            answer = await self._answer(http)
        except GatewayError as error:
            answer = refused(error)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            answer = refused(masked(error))
        return _answered(answer, preferred(accept, (JSON, GRAPHQL)) or GRAPHQL, http.method)

    async def _answer(self, http: HttpRequest) -> Answer:
        if http.method not in (*_READING, *_WRITING):
            raise MethodNotAllowed("GraphQL is served by GET and POST.")
        context = await self._access.context(
            _single(http, "authorization", Unauthenticated), _single(http, "x-namespace", BadRequest)
        )
        return await self._operations.answer(await self._request(http), context)

    async def _request(self, http: HttpRequest) -> Request:
        if http.method in _READING:
            return from_query(http.scope["query_string"])
        require_json(_single(http, "content-type", BadRequest), _single(http, "content-encoding", BadRequest))
        return from_body(await self._body(http))

    async def _body(self, http: HttpRequest) -> bytes:
        chunks, size = [], 0
        async for chunk in http.stream():
            size += len(chunk)
            if size > self._body_limit:
                raise PayloadTooLarge(f"The body may have at most {self._body_limit:,} bytes.")
            chunks.append(chunk)
        return b"".join(chunks)


def _asks_for_page(http: HttpRequest, accept: str) -> bool:
    """A browser's visit: HTML is wanted before JSON, and there is no request to answer."""
    return (
        http.method in _READING
        and http.query_params.keys().isdisjoint(("query", "extensions"))
        and preferred(accept, (JSON, GRAPHQL, HTML)) == HTML
    )


def _allowed(method: str) -> str:
    """The methods to use when this one was refused: where reading is, the operation is one that writes."""
    return ", ".join(_WRITING if method in _READING else (*_READING, *_WRITING))


def _single(http: HttpRequest, name: str, refusal: type[GatewayError]) -> str | None:
    values = http.headers.getlist(name)
    if len(values) > 1:
        raise refusal(f"The header {name.title()} may be sent only once.")
    return values[0] if values else None


def _answered(answer: Answer, media: str, method: str) -> Response:
    headers = {"Vary": "Authorization, X-Namespace, Accept", "Cache-Control": "no-store"}
    refusal, status = answer.refusal, 200
    if refusal is not None and not (media == JSON and isinstance(refusal, _GRAPHQL_REFUSALS)):
        status = refusal.status
    if isinstance(refusal, MethodNotAllowed):
        headers["Allow"] = _allowed(method)
    elif isinstance(refusal, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(answer.body, status, headers, media_type=f"{media}; charset=utf-8")
