"""GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/): POST, GET and what they are asked about."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gateway.auth.authenticator import Authenticator
from gateway.auth.open_connections import OpenConnections
from gateway.errors import MethodNotAllowed, PayloadTooLarge, RequestTimeout
from gateway.errors.formatting import foreseen
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer, refused
from gateway.execution.operations import OperationRunner
from gateway.live.subscriptions import Subscriptions
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.scheduling.cpu_gate import LONG_BYTES, CpuGate
from gateway.scheduling.deadlines import Deadline
from gateway.transport.http.batching import answer_batch
from gateway.transport.http.body_decoding import coding_of, decoded
from gateway.transport.http.caching import entity_tag, is_known
from gateway.transport.http.content_coding import SHORTEST_BYTES, accepted, coded
from gateway.transport.http.event_streams import EventStreams
from gateway.transport.http.headers import single
from gateway.transport.http.media_types import EVENTS, GRAPHQL, HTML, JSON, names, preferred
from gateway.transport.http.replies import READING, WRITING, Reply, allowed, answered, kept, refusal
from gateway.transport.http.request_parsing import Batch, from_body, from_query, parameter_names, require_json
from gateway.transport.http.security_headers import secured
from gateway.transport.pages.graphiql import GraphiQLPage

_READ = (
    "accept",
    "accept-encoding",
    "authorization",
    "x-namespace",
    "content-type",
    "content-encoding",
    "if-none-match",
)
_NAMES = {name.encode(): name for name in _READ}
_LONGEST_LIST = 1_000
_METHODS = frozenset((*READING, *WRITING))


class GraphQLEndpoint:
    """The one endpoint of the graph: an ASGI application for every method.

    It reads the few headers that count in one pass and sends its answer in two messages, without a request or a
    response object between: at a page of twenty those are a tenth of all that is done here.

    ``batch_limit``: how many requests one body may hold, ``entry_limit``: how many entries of lists and objects each.
    ``cache_control``: what is said of answers to queries by GET whose documents are persisted; others are never kept.
    """

    def __init__(
        self,
        access: Authenticator,
        operations: OperationRunner,
        subscriptions: Subscriptions,
        sessions: OpenConnections,
        cpu_gate: CpuGate,
        *,
        body_limit: int,
        body_seconds: float,
        batch_limit: int,
        entry_limit: int,
        cache_control: bytes,
        page: GraphiQLPage | None,
    ) -> None:
        self._access = access
        self._operations = operations
        self._cpu_gate = cpu_gate
        self._streams = EventStreams(subscriptions, sessions)
        self._body_limit = body_limit
        self._body_deadline = Deadline(body_seconds)
        self._read = partial(from_body, batch_limit=batch_limit, entry_limit=entry_limit)
        self._entry_limit = entry_limit
        self._cache_control = cache_control
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, headers = scope["method"], _headers(scope)
        accept = _list(headers, "accept")
        if method == "OPTIONS":
            await _send(send, method, Reply(204, ((b"allow", allowed(method)),)))
        elif self._page is not None and _asks_for_page(scope, accept):
            await self._page.response()(scope, receive, secured(send))
        else:
            streams = names(accept, EVENTS)
            media = preferred(accept, (JSON, GRAPHQL)) or (EVENTS if streams else GRAPHQL)
            try:
                stream = partial(self._streams, receive=receive, send=send) if streams and method != "HEAD" else None
                reply = await self._reply(scope, headers, media, receive, stream)
                if reply is None:
                    return
            except ClientDisconnect:
                return
            except Exception as error:
                reply = _unkept(refused(foreseen(error)), media, method)
            coding = accepted(_list(headers, "accept-encoding")) if len(reply.body) >= SHORTEST_BYTES else None
            await _send(send, method, reply, coding)

    async def _reply(
        self,
        scope: Scope,
        headers: Mapping[str, list[str]],
        media: str,
        receive: Receive,
        stream: Callable[[AdmittedOperation], Awaitable[Answer | None]] | None,
    ) -> Reply | None:
        """What is sent back; None where ``stream``, which answers subscriptions, has sent it."""
        method = scope["method"]
        if method not in _METHODS:
            raise MethodNotAllowed("GraphQL is served by GET and POST.")
        context = await self._access.context(_single(headers, "authorization"), _single(headers, "x-namespace"))
        request: GraphQLRequest | Batch | None
        if method in READING:
            request = from_query(scope["query_string"], entry_limit=self._entry_limit)
        else:
            require_json(_single(headers, "content-type"))
            coding = coding_of(_single(headers, "content-encoding"))
            try:
                with self._body_deadline.each():
                    body = await self._body(receive)
            except TimeoutError:
                raise RequestTimeout("The body did not arrive in time.") from None
            if coding is not None:
                body = await decoded(body, coding, self._body_limit)
            request = self._operations.known_request(body)
            if request is None:
                read = partial(self._read, body)
                request = await self._cpu_gate.do(read) if len(body) > LONG_BYTES else read()
        if isinstance(request, tuple):
            return _unkept(await answer_batch(self._operations, request, context), media, method)
        answer: AdmittedOperation | Answer | None = await self._operations.admit(request, context)
        if isinstance(answer, AdmittedOperation):
            streamed = stream if answer.kind is OperationType.SUBSCRIPTION else None
            answer = await (streamed or self._operations.run)(answer)
        if answer is None:
            return None
        persisted = method in READING and request.document_id is not None and media != EVENTS
        if persisted and answer.refusal is None and not answer.partial:
            tag = entity_tag(answer.body)
            known = is_known(tag, ", ".join(headers.get("if-none-match", ())))
            return kept(answer.body, media, cache_control=self._cache_control, tag=tag, known=known)
        return _unkept(answer, media, method)

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
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        known = _NAMES.get(name)
        if known is not None:
            found.setdefault(known, []).append(value.decode("latin-1").strip(" \t"))
    return found


def _list(headers: Mapping[str, list[str]], name: str) -> str:
    """A header that is a list, as one; what is beyond all that clients send is not looked at."""
    return ", ".join(headers.get(name, ()))[:_LONGEST_LIST]


def _single(headers: Mapping[str, list[str]], name: str) -> str | None:
    return single(name, headers.get(name, ()))


def _asks_for_page(scope: Scope, accept: str) -> bool:
    """A browser's visit: HTML is wanted before JSON, and there is no request to answer."""
    return (
        scope["method"] in READING
        and preferred(accept, (JSON, GRAPHQL, HTML)) == HTML
        and parameter_names(scope["query_string"]).isdisjoint(("query", "documentId", "extensions"))
    )


def _unkept(answer: Answer, media: str, method: str) -> Reply:
    if answer.refusal is None:
        return answered(answer.body, media, answer.budget)
    return refusal(answer.refusal, answer.body, media, method)


async def _send(send: Send, method: str, reply: Reply, coding: str | None = None) -> None:
    if coding is not None:
        own = (*reply.own, (b"content-encoding", coding.encode()))
        reply = Reply(reply.status, own, await coded(reply.body, coding))
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
