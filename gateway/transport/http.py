"""GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/): POST, GET and what they are asked about."""

from collections.abc import Mapping

from starlette.requests import ClientDisconnect
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
from gateway.operation import Answer, Operations, refused
from gateway.transport.graphiql import Page
from gateway.transport.media import GRAPHQL, HTML, JSON, preferred
from gateway.transport.parsing import from_body, from_query, parameter_names, require_json

_READING = ("GET", "HEAD")
_WRITING = ("POST", "OPTIONS")

# What a client that takes only application/json is told with 200: the request arrived, and was refused as GraphQL.
_GRAPHQL_REFUSALS = (ParseFailed, ValidationFailed, BadUserInput, OperationNotResolved, OperationTooComplex)

_READ = ("accept", "authorization", "x-namespace", "content-type", "content-encoding")
_READ_BYTES = frozenset(name.encode() for name in _READ)


class Endpoint:
    """The one endpoint of the graph: an ASGI application for every method.

    It reads the few headers that count in one pass and sends its answer in two messages, without a request or a
    response object between: at a page of twenty those are a tenth of all that is done here.
    """

    def __init__(self, access: Access, operations: Operations, *, body_limit: int, page: Page | None) -> None:
        self._access = access
        self._operations = operations
        self._body_limit = body_limit
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, headers = scope["method"], _headers(scope)
        accept = ", ".join(headers["accept"])
        if method == "OPTIONS":
            await _send(send, method, 204, {"Allow": _allowed(method)}, b"")
        elif self._page is not None and _asks_for_page(scope, accept):
            await self._page.response()(scope, receive, send)
        else:
            try:
                answer = await self._answer(scope, headers, receive)
            except GatewayError as error:
                answer = refused(error)
            except ClientDisconnect:
                return
            except Exception as error:
                answer = refused(masked(error))
            media = preferred(accept, (JSON, GRAPHQL)) or GRAPHQL
            await _send(send, method, *_status(answer, media, method), answer.body)

    async def _answer(self, scope: Scope, headers: Mapping[str, list[str]], receive: Receive) -> Answer:
        if scope["method"] not in (*_READING, *_WRITING):
            raise MethodNotAllowed("GraphQL is served by GET and POST.")
        context = await self._access.context(
            _single(headers, "authorization", Unauthenticated), _single(headers, "x-namespace", BadRequest)
        )
        if scope["method"] in _READING:
            request = from_query(scope["query_string"])
        else:
            require_json(_single(headers, "content-type", BadRequest), _single(headers, "content-encoding", BadRequest))
            request = from_body(await self._body(receive))
        return await self._operations.answer(request, context)

    async def _body(self, receive: Receive) -> bytes:
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._body_limit:
                raise PayloadTooLarge(f"The body may have at most {self._body_limit:,} bytes.")
            more = message.get("more_body", False)
        return b"".join(chunks)


def _headers(scope: Scope) -> dict[str, list[str]]:
    """The values of the headers that count, in the order sent."""
    found: dict[str, list[str]] = {name: [] for name in _READ}
    for name, value in scope["headers"]:
        if name in _READ_BYTES:
            found[name.decode("latin-1")].append(value.decode("latin-1"))
    return found


def _single(headers: Mapping[str, list[str]], name: str, refusal: type[GatewayError]) -> str | None:
    values = headers[name]
    if len(values) > 1:
        raise refusal(f"The header {name.title()} may be sent only once.")
    return values[0] if values else None


def _asks_for_page(scope: Scope, accept: str) -> bool:
    """A browser's visit: HTML is wanted before JSON, and there is no request to answer."""
    return (
        scope["method"] in _READING
        and parameter_names(scope["query_string"]).isdisjoint(("query", "extensions"))
        and preferred(accept, (JSON, GRAPHQL, HTML)) == HTML
    )


def _allowed(method: str) -> str:
    """The methods to use when this one was refused: where reading is, the operation is one that writes."""
    return ", ".join(_WRITING if method in _READING else (*_READING, *_WRITING))


def _status(answer: Answer, media: str, method: str) -> tuple[int, dict[str, str]]:
    headers = {
        "Content-Type": f"{media}; charset=utf-8",
        "Vary": "Authorization, X-Namespace, Accept",
        "Cache-Control": "no-store",
    }
    refusal, status = answer.refusal, 200
    if refusal is not None and not (media == JSON and isinstance(refusal, _GRAPHQL_REFUSALS)):
        status = refusal.status
    if isinstance(refusal, MethodNotAllowed):
        headers["Allow"] = _allowed(method)
    elif isinstance(refusal, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return status, headers


async def _send(send: Send, method: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if status != 204:
        encoded.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
