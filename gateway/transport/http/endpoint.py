"""GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/): POST, GET and what they are asked about."""

from typing import Protocol

from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import AnswersUnread, MethodNotAllowed
from gateway.errors.formatting import as_gateway_error
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer
from gateway.execution.operation_runner import OperationRunner
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.transport.exchange.exchange import Exchange, ExchangePolicy, Reply
from gateway.transport.exchange.negotiation import EVENTS, GRAPHQL, JSON, names_type, preferred_type, prefers_page
from gateway.transport.http.batching import answer_batch
from gateway.transport.http.caching import entity_tag, names_tag
from gateway.transport.http.event_streams import EventStreams
from gateway.transport.http.replies import (
    READING_METHODS,
    WRITING_METHODS,
    allowed_methods,
    answer_reply,
    cacheable_reply,
    refusal_reply,
)
from gateway.transport.http.request_reader import Batch, RequestReader, parameter_names

_METHODS = frozenset((*READING_METHODS, *WRITING_METHODS))


class Page(Protocol):
    """The page shown to a browser that visits the graph's address."""

    def response(self) -> Response:
        """The page, with its own headers."""
        ...


class GraphQLEndpoint:
    """The one endpoint of the graph: an ASGI application for every method.

    ``cache_control``: the header of answers to queries by GET whose documents are persisted; others are never kept.
    """

    def __init__(
        self,
        policy: ExchangePolicy,
        requests: RequestReader,
        operations: OperationRunner,
        streams: EventStreams,
        *,
        cache_control: bytes,
        page: Page | None,
    ) -> None:
        self._policy = policy
        self._requests = requests
        self._operations = operations
        self._streams = streams
        self._cache_control = cache_control
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(self._policy, scope, receive, send)
        try:
            await self._answer(exchange, scope, receive, send)
        finally:
            exchange.end()

    async def _answer(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        accept = exchange.list_header("accept")
        if exchange.method == "OPTIONS":
            await exchange.reply(Reply(204, ((b"allow", allowed_methods("OPTIONS")),)))
        elif self._page is not None and _is_visit(exchange, accept):
            await self._page.response()(scope, receive, send)
        else:
            is_stream = names_type(accept, EVENTS)
            media = preferred_type(accept, (JSON, GRAPHQL)) or (EVENTS if is_stream else GRAPHQL)
            try:
                reply = await self._reply(exchange, media, may_stream=is_stream and exchange.method != "HEAD")
            except ClientDisconnect:
                return
            except Exception as error:
                reply = _uncached_reply(exchange.refusal(as_gateway_error(error)), media, exchange.method)
            if reply is not None:
                try:
                    await exchange.reply(reply)
                except AnswersUnread as error:
                    await exchange.reply(_uncached_reply(exchange.refusal(error), media, exchange.method))

    async def _reply(self, exchange: Exchange, media: str, *, may_stream: bool) -> Reply | None:
        """What is sent back; None where a stream of events was."""
        if exchange.method not in _METHODS:
            raise MethodNotAllowed("GraphQL is served by GET and POST.")
        context = await exchange.context()
        is_reading = exchange.method in READING_METHODS
        if is_reading:
            request: GraphQLRequest | Batch = await self._requests.read_query_string(exchange, context)
        else:
            request = await self._requests.read_body(exchange, context)
        if isinstance(request, tuple):
            return _uncached_reply(
                await answer_batch(self._operations, request, context, exchange.operation, exchange.left),
                media,
                exchange.method,
            )
        outcome = await self._operations.admit(request, context, exchange.operation(), exchange.left)
        if isinstance(outcome, AdmittedOperation):
            if may_stream and outcome.kind is OperationType.SUBSCRIPTION:
                stream = self._streams.send(outcome, exchange)
                # For as long as that goes on, it alone keeps of the request what it needs.
                del request, outcome
                refusal = await stream
                return None if refusal is None else _uncached_reply(refusal, media, exchange.method)
            outcome = await self._operations.run(outcome)
        is_persisted = is_reading and request.document_id is not None and media != EVENTS
        if is_persisted and outcome.refusal is None and not outcome.codes:
            tag = entity_tag(outcome.body)
            is_current = names_tag(exchange.list_header("if-none-match"), tag)
            return cacheable_reply(
                outcome.body, media, cache_control=self._cache_control, tag=tag, is_current=is_current
            )
        return _uncached_reply(outcome, media, exchange.method)


def _is_visit(exchange: Exchange, accept: str) -> bool:
    """A browser's visit, with no request to answer."""
    return (
        exchange.method in READING_METHODS
        and prefers_page(accept)
        and parameter_names(exchange.query_string).isdisjoint(("query", "documentId", "extensions"))
    )


def _uncached_reply(answer: Answer, media: str, method: str) -> Reply:
    if answer.refusal is None:
        return answer_reply(answer.body, media, answer.budget)
    return refusal_reply(answer.refusal, answer.body, media, method)
