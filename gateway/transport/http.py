"""GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/), POST and GET."""

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from gateway.access import Access
from gateway.errors import (
    BadRequest,
    GatewayError,
    MethodNotAllowed,
    PayloadTooLarge,
    Unauthenticated,
)
from gateway.failures import masked
from gateway.operation import Answer, Operations, Request, refused
from gateway.transport.graphiql import Page
from gateway.transport.media import GRAPHQL, HTML, JSON, preferred
from gateway.transport.parsing import from_body, from_query

ALLOWED = "GET, POST, OPTIONS"

# What a client that takes only application/json is told with 200: the request arrived, and was refused as GraphQL.
_GRAPHQL_REFUSALS = (
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "OPERATION_RESOLUTION_FAILURE",
)


class Endpoint:
    """The one endpoint of the graph."""

    def __init__(self, access: Access, operations: Operations, *, body_limit: int, page: Page | None) -> None:
        self._access = access
        self._operations = operations
        self._body_limit = body_limit
        self._page = page

    async def handle(self, http: HttpRequest) -> Response:
        if self._page is not None and _asks_for_page(http):
            return self._page.response()
        media = preferred(http.headers.get("accept"), (JSON, GRAPHQL))
        try:
            if http.method not in ("GET", "POST"):
                raise MethodNotAllowed("GraphQL is served by GET and POST.")
            context = await self._access.context(
                _single(http, "authorization", Unauthenticated), _single(http, "x-namespace", BadRequest)
            )
            answer = await self._operations.answer(await self._request(http), context)
        except GatewayError as error:
            answer = refused(error)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            answer = refused(masked(error))
        return _response(answer, media or GRAPHQL)

    async def _request(self, http: HttpRequest) -> Request:
        if http.method == "GET":
            return from_query(http.query_params)
        return from_body(http.headers.get("content-type"), await self._body(http))

    async def _body(self, http: HttpRequest) -> bytes:
        chunks, size = [], 0
        async for chunk in http.stream():
            size += len(chunk)
            if size > self._body_limit:
                raise PayloadTooLarge(f"The body may have at most {self._body_limit:,} bytes.")
            chunks.append(chunk)
        return b"".join(chunks)


def _asks_for_page(http: HttpRequest) -> bool:
    """A browser's visit: HTML is asked for by name, and there is no request to answer."""
    return (
        http.method == "GET"
        and HTML in http.headers.get("accept", "")
        and "query" not in http.query_params
        and "extensions" not in http.query_params
    )


def _single(http: HttpRequest, name: str, refusal: type[GatewayError]) -> str | None:
    values = http.headers.getlist(name)
    if len(values) > 1:
        raise refusal(f"The header {name.title()} may be sent only once.")
    return values[0] if values else None


def _response(answer: Answer, media: str) -> Response:
    headers = {"Vary": "Authorization, X-Namespace, Accept", "Cache-Control": "no-store"}
    status = 200
    match answer.refusal:
        case None:
            pass
        case MethodNotAllowed() as error:
            status, headers["Allow"] = error.status, "POST" if "POST" in error.message else ALLOWED
        case Unauthenticated() as error:
            status, headers["WWW-Authenticate"] = error.status, "Bearer"
        case GatewayError() as error:
            status = 200 if media == JSON and error.code in _GRAPHQL_REFUSALS else error.status
    return Response(answer.body, status, headers, media_type=f"{media}; charset=utf-8")
