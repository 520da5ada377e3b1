"""GraphQL over server-sent events, each operation over a connection of its own (graphql-sse's distinct connections)."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import Message, Receive, Send

from gateway.auth.open_connections import OpenConnections
from gateway.errors import GatewayError, GoingAway, SubscriberTooSlow
from gateway.errors.formatting import as_gateway_error
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer, refused
from gateway.limits import CLOSING_SECONDS, HEARTBEAT_SECONDS, UNREAD_SECONDS
from gateway.live.subscriber_queue import Subscriber
from gateway.live.subscriptions import Subscriptions
from gateway.observability.observer import Observer
from gateway.scheduling.cancellation import cancel
from gateway.scheduling.paid_work import CONNECTION_POINTS
from gateway.transport.exchange.exchange import Exchange
from gateway.transport.http.replies import COMMENT_EVENT, STREAM_HEADERS, complete_stream, next_event


class EventStreams:
    """The answers to subscriptions as streams of events; one for each process."""

    def __init__(self, subscriptions: Subscriptions, connections: OpenConnections, observer: Observer) -> None:
        self._subscriptions = subscriptions
        self._connections = connections
        self._observer = observer

    async def send(self, operation: AdmittedOperation, exchange: Exchange) -> Answer | None:
        """Sends events until the client leaves or the connection has to end, or gives the answer that refuses it.

        Raises `GoingAway` where no connection may begin.
        """
        ending: asyncio.Future[GatewayError] = asyncio.get_running_loop().create_future()
        with self._connections.opened(ending.set_result, operation.context) as connection:
            events = await self._subscriptions.open(operation, connection.end, least=CONNECTION_POINTS)
            record = operation.record
            del operation
            if isinstance(events, Answer):
                return events
            self._observer.opened(record)
            leaving = asyncio.create_task(_disconnected(exchange.receive))
            told = partial(self._observer.sent, record)
            sending = asyncio.create_task(_send_all(events, exchange.send, told, connection.end))
            try:
                awaited: list[asyncio.Future[Any]] = [sending, leaving, ending]
                await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                has_left = leaving.done()
            finally:
                events.close()
                await cancel([sending, leaving])
            if not has_left and ending.done():
                self._observer.refused(record, ending.result().code)
            is_over = has_left or not ending.done() or await _end_stream(exchange.send, ending.result())
        if not is_over:
            # Its client doesn't read: the kernel cuts the connection off, until when the response is under way.
            await _disconnected(exchange.receive)
        return None


async def _send_all(
    events: Subscriber, send: Send, sent: Callable[[int], None], end: Callable[[GatewayError], None]
) -> None:
    frame = COMMENT_EVENT
    try:
        await send({"type": "http.response.start", "status": 200, "headers": list(STREAM_HEADERS)})
        while True:
            await _send_in_time(send, {"type": "http.response.body", "body": frame, "more_body": True})
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    answer = await anext(events)
                    frame = next_event(answer)
                    sent(len(answer))
            except TimeoutError:
                frame = COMMENT_EVENT
    except Exception as error:
        # Its traceback leads here.
        end(as_gateway_error(error).with_traceback(None))


async def _send_in_time(send: Send, message: Message) -> None:
    try:
        async with asyncio.timeout(UNREAD_SECONDS):
            await send(message)
    except TimeoutError:
        raise SubscriberTooSlow(f"Nothing was read for {UNREAD_SECONDS:g} seconds: events were lost.") from None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end_stream(send: Send, error: GatewayError) -> bool:
    """Ends the stream with an error; whether the client has read so far."""
    # Without an event that says it is complete, clients connect again.
    frames = b"" if isinstance(error, GoingAway) else complete_stream(refused(error).body)
    try:
        async with asyncio.timeout(CLOSING_SECONDS):
            await send({"type": "http.response.body", "body": frames})
    except TimeoutError:
        return False
    return True
