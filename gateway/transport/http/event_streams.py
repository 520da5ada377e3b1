"""GraphQL over server-sent events, each operation over a connection of its own (graphql-sse's distinct connections)."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import Message, Receive, Send

from gateway.auth.open_connections import OpenConnections
from gateway.errors import GatewayError, GoingAway, SubscriberTooSlow
from gateway.errors.formatting import foreseen
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer, refused
from gateway.live.subscriber import Subscriber
from gateway.live.subscriptions import Subscriptions
from gateway.scheduling.cancellation import cancel
from gateway.transport.http.event_frames import COMMENT, alone, event
from gateway.transport.http.replies import STREAMED
from gateway.transport.timeouts import HEARTBEAT_SECONDS, LAST_WORD_SECONDS, UNREAD_SECONDS


class EventStreams:
    """Answers subscriptions; one for each process."""

    def __init__(self, subscriptions: Subscriptions, sessions: OpenConnections) -> None:
        self._subscriptions = subscriptions
        self._sessions = sessions

    async def __call__(self, ready: AdmittedOperation, receive: Receive, send: Send) -> Answer | None:
        """Sends events until the client leaves or the session ends, or gives the answer that refuses it.

        Raises `GoingAway` where no session may begin.
        """
        ending: asyncio.Future[GatewayError] = asyncio.get_running_loop().create_future()
        with self._sessions.opened(ending.set_result, ready.context) as session:
            events = await self._subscriptions.open(ready, session.end)
            if isinstance(events, Answer):
                return events
            leaving = asyncio.create_task(_left(receive))
            sending = asyncio.create_task(_send_all(events, send, session.end))
            try:
                awaited: list[asyncio.Future[Any]] = [sending, leaving, ending]
                await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                left = leaving.done()
            finally:
                events.close()
                await cancel([sending, leaving])
            # Whoever has left is told nothing.
            is_read = left or not ending.done() or await _last_word(send, ending.result())
        if not is_read:
            # The kernel cuts the connection off; until then the response is under way.
            await _left(receive)
        return None


async def _send_all(events: Subscriber, send: Send, end: Callable[[GatewayError], None]) -> None:
    frame = COMMENT
    try:
        await send({"type": "http.response.start", "status": 200, "headers": list(STREAMED)})
        while True:
            await _send_in_time(send, {"type": "http.response.body", "body": frame, "more_body": True})
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    frame = event(await anext(events))
            except TimeoutError:
                frame = COMMENT
    except Exception as error:
        end(foreseen(error))


async def _send_in_time(send: Send, message: Message) -> None:
    try:
        async with asyncio.timeout(UNREAD_SECONDS):
            await send(message)
    except TimeoutError:
        raise SubscriberTooSlow(f"Nothing was read for {UNREAD_SECONDS:g} seconds: events were lost.") from None


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _last_word(send: Send, error: GatewayError) -> bool:
    """Ends the stream with an error; whether the client took it."""
    # Without an event that says it is complete, clients connect again.
    said = b"" if isinstance(error, GoingAway) else alone(refused(error).body)
    try:
        async with asyncio.timeout(LAST_WORD_SECONDS):
            await send({"type": "http.response.body", "body": said})
    except TimeoutError:
        return False
    return True
