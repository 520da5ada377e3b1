"""The address of exports: streamed page by page, or one page with a link to the next."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from time import thread_time
from typing import Any, TypeAlias

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gateway.context import Context
from gateway.errors import AnswersUnread, GatewayError, MethodNotAllowed
from gateway.errors.code_statuses import STATUSES
from gateway.errors.formatting import as_gateway_error
from gateway.execution.asked_operations import OperationFailed
from gateway.execution.export_pages import ExportPage, ExportPages
from gateway.interchange.export_formats import PageWriter
from gateway.interchange.json_lines_writer import token_line
from gateway.scheduling.bulk_work import BulkWork
from gateway.scheduling.paid_work import SECONDS_PER_POINT, PaidWork
from gateway.transport.exchange.exchange import Exchange, ExchangePolicy, Headers, Reply
from gateway.transport.exchange.paid_reading import PaidReading
from gateway.transport.exchange.refusal_headers import refusal_headers
from gateway.transport.export.export_parameters import ExportParameters, export_parameters
from gateway.transport.export.exported_steps import ExportedSteps

_ALLOWED = b"GET, OPTIONS"
_JSON = (b"content-type", b"application/json; charset=utf-8")
_HEADERS: Headers = (
    (b"vary", b"Authorization, X-Namespace, Accept-Encoding"),
    (b"cache-control", b"no-store"),
    # Else a proxy may hold back what is sent, or keep all of it.
    (b"x-accel-buffering", b"no"),
)
_Pages: TypeAlias = AsyncIterator[ExportPage]


class ExportEndpoint:
    """An ASGI application for exports. ``page_limit``: how many lines a page may have; ``entry_limit``: how many
    entries the lists and objects of a ``where``.
    """

    def __init__(
        self,
        policy: ExchangePolicy,
        pages: ExportPages,
        paid_work: PaidWork,
        bulk_work: BulkWork,
        *,
        page_limit: int,
        entry_limit: int,
    ) -> None:
        self._policy = policy
        self._pages = pages
        self._paid_work = paid_work
        self._reading = PaidReading(paid_work)
        self._bulk_work = bulk_work
        self._parameters = partial(export_parameters, page_limit=page_limit, entry_limit=entry_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(self._policy, scope, receive, send)
        try:
            await self._answer(exchange)
        finally:
            exchange.end()

    async def _answer(self, exchange: Exchange) -> None:
        try:
            reply = await self._reply(exchange)
        except ClientDisconnect:
            return
        except OperationFailed as failure:
            reply = _failure_reply(failure)
        except Exception as error:
            reply = _refusal_reply(exchange, as_gateway_error(error))
        if reply is not None:
            try:
                await exchange.reply(reply)
            except AnswersUnread as error:
                await exchange.reply(_refusal_reply(exchange, error))

    async def _reply(self, exchange: Exchange) -> Reply | None:
        """What is sent back; None where it was streamed."""
        if exchange.method == "OPTIONS":
            return Reply(204, ((b"allow", _ALLOWED),))
        if exchange.method != "GET":
            raise MethodNotAllowed(f"This address is served by {_ALLOWED.decode()}.")
        context = await exchange.context()
        query = exchange.query_string
        asked, _ = await self._reading.read(partial(self._parameters, query), len(query), exchange, context)
        brings_searches = not asked.question.tells_searches
        writer = asked.format.writer(goes_on=asked.goes_on, brings_searches=brings_searches)
        headers = ((b"content-type", asked.format.media_type.encode()), *_HEADERS)
        if asked.first is not None:
            return await self._one_page(asked, writer, headers, exchange, context)
        with self._bulk_work.begun(context.caller):
            steps = ExportedSteps(exchange)
            try:
                pages = self._pages.pages(asked.question, asked.place, steps, context, size=len(query))
                # What is wrong is told ahead of all else.
                first = await anext(pages)
                parts = self._parts(first, pages, asked, writer, steps, context)
                await exchange.stream(headers, parts, may_code=asked.format.is_text)
            finally:
                await steps.close()
        return None

    async def _one_page(
        self, asked: ExportParameters, writer: PageWriter, headers: Headers, exchange: Exchange, context: Context
    ) -> Reply:
        size = len(exchange.query_string)
        page = await self._pages.page(asked.question, asked.place, exchange, context, first=asked.first, size=size)
        if page.place is not None:
            headers = (*headers, (b"link", f'<{asked.next_page(page.place)}>; rel="next"'.encode()))
        body = writer.begin() + self._written(page, writer, context)
        return Reply(200, headers, body if page.place is not None else body + writer.end())

    async def _parts(
        self,
        first: ExportPage,
        pages: _Pages,
        asked: ExportParameters,
        writer: PageWriter,
        steps: ExportedSteps,
        context: Context,
    ) -> AsyncIterator[bytes]:
        yield writer.begin()
        page: ExportPage | None = first
        while page is not None:
            part = self._written(page, writer, context)
            if asked.tells_tokens and page.place is not None:
                part += token_line(page.place.token)
            yield part
            steps.require_client()
            await self._bulk_work.pause(context.caller, page.seconds)
            page = await anext(pages, None)
        yield writer.end()

    def _written(self, page: ExportPage, writer: PageWriter, context: Context) -> bytes:
        """The bytes of a page, for whose making its key pays."""
        began = thread_time()
        written = writer.page(page.rows)
        self._paid_work.charge(context.caller, int((thread_time() - began) / SECONDS_PER_POINT))
        return written


def _refusal_reply(exchange: Exchange, error: GatewayError) -> Reply:
    return Reply(error.status, (_JSON, *_HEADERS, *refusal_headers(error, _ALLOWED)), exchange.refusal(error).body)


def _failure_reply(failure: OperationFailed) -> Reply:
    errors: Sequence[Any] = failure.errors
    headers = () if failure.refusal is None else refusal_headers(failure.refusal, _ALLOWED)
    status = STATUSES[errors[0]["extensions"]["code"]]
    return Reply(status, (_JSON, *_HEADERS, *headers), orjson.dumps({"errors": errors}))
