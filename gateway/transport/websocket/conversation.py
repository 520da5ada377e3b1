"""One websocket's conversation by graphql-transport-ws, from `connection_init` to the close frame."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import OperationType
from starlette.datastructures import Headers
from starlette.types import Receive, Send

from gateway.auth.authenticator import Authenticator
from gateway.auth.open_connections import OpenConnection, OpenConnections
from gateway.errors import BadRequest, GatewayError, TooManySubscriptions, Unavailable
from gateway.errors.formatting import foreseen, masked
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer, refused
from gateway.execution.operations import OperationRunner
from gateway.live.subscriber import Subscriber
from gateway.live.subscriptions import Subscriptions
from gateway.scheduling.cancellation import cancel
from gateway.scheduling.cpu_gate import LONG_BYTES, CpuGate
from gateway.transport.http.headers import single
from gateway.transport.http.request_parsing import from_object
from gateway.transport.timeouts import HEARTBEAT_SECONDS, LAST_WORD_SECONDS
from gateway.transport.websocket import messages
from gateway.transport.websocket.close_codes import GOING_AWAY, Close, close_for

_INIT_SECONDS = 5.0
# How long an answer under way is waited for as the process ends.
_ANSWERING_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class _Running:
    """An operation under way; ``events``: what a subscription is told."""

    task: asyncio.Task[None]
    events: Subscriber | None = None

    def stop(self) -> None:
        if self.events is not None:
            # At once: the client may subscribe to something else in its place.
            self.events.close()
        self.task.cancel()


class Conversation:
    """One connection. Messages are taken one by one: a pong tells that what was sent before its ping has begun."""

    def __init__(
        self,
        access: Authenticator,
        operations: OperationRunner,
        subscriptions: Subscriptions,
        cpu_gate: CpuGate,
        headers: Headers,
        receive: Receive,
        send: Send,
        *,
        max_operations: int,
        entry_limit: int,
        unauthenticated_bytes: int,
    ) -> None:
        self._unauthenticated_bytes = unauthenticated_bytes
        self._access = access
        self._operations = operations
        self._subscriptions = subscriptions
        self._cpu_gate = cpu_gate
        self._headers = headers
        self._receive = receive
        self._send = send
        self._max_operations = max_operations
        self._entry_limit = entry_limit
        self._credentials: tuple[str | None, str | None] | None = None
        self._acknowledged = False
        self._running: dict[str, _Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Future[Close | None] = asyncio.get_running_loop().create_future()

    async def run(self, sessions: OpenConnections) -> None:
        """Returns once the connection is closed, by either side."""
        try:
            with sessions.opened(lambda error: self._finish(close_for(error))) as session:
                await self._attend(session)
        except GatewayError as error:
            await self._close(close_for(error))

    async def _attend(self, session: OpenConnection) -> None:
        self._start(self._take_all(session))
        self._start(self._require_init())
        self._start(self._keep_alive())
        try:
            close = await self._ending
            if close is not None and close.code == GOING_AWAY and self._answering:
                await asyncio.wait(self._answering, timeout=_ANSWERING_SECONDS)
        finally:
            while self._tasks:
                await cancel(self._tasks)
        if close is not None:
            await self._close(close)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _finish(self, close: Close | None) -> None:
        if not self._ending.done():
            self._ending.set_result(close)

    async def _close(self, close: Close) -> None:
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(LAST_WORD_SECONDS):
                await self._send({"type": "websocket.close", "code": close.code, "reason": close.reason})

    async def _require_init(self) -> None:
        """Closes the socket where nobody says who connects."""
        await asyncio.sleep(_INIT_SECONDS)
        if self._credentials is None:
            self._finish(Close(4408, "Connection initialisation timeout"))

    async def _keep_alive(self) -> None:
        """Keeps the connection from looking idle."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if self._acknowledged:
                await self._say(messages.PING)

    async def _take_all(self, session: OpenConnection) -> None:
        try:
            while (received := await self._receive())["type"] != "websocket.disconnect":
                size = len(received.get("text") or "")
                if size > self._unauthenticated_bytes and not self._acknowledged:
                    raise Close(1009, "Message too long for a connection that isn't acknowledged")
                read = partial(messages.read, received, self._entry_limit)
                message = await self._cpu_gate.do(read) if size > LONG_BYTES else read()
                await self._take(message, session, size)
        except Close as close:
            self._finish(close)
        except Exception as error:
            self._finish(close_for(foreseen(error)))
        self._finish(None)

    async def _take(self, message: Mapping[str, Any], session: OpenConnection, size: int) -> None:
        match message:
            case {"type": "connection_init"} if messages.is_payload(message.get("payload")):
                await self._init(message.get("payload") or {}, session)
            case {"type": "subscribe", "id": str(id), "payload": dict(payload)} if id:
                await self._subscribe(id, payload, size, session)
            case {"type": "complete", "id": str(id)} if id:
                if (running := self._running.pop(id, None)) is not None:
                    running.stop()
            case {"type": "ping"} if messages.is_payload(message.get("payload")):
                await self._say(messages.pong(message.get("payload")))
            case {"type": "pong"} if messages.is_payload(message.get("payload")):
                pass
            case _:
                raise Close(4400, "Invalid message received")

    async def _init(self, payload: Mapping[str, Any], session: OpenConnection) -> None:
        if self._credentials is not None:
            raise Close(4429, "Too many initialisation requests")
        self._credentials = (
            self._credential(payload, "authorization"),
            self._credential(payload, "x-namespace"),
        )
        session.enter(await self._access.context(*self._credentials))
        self._acknowledged = True
        await self._say(messages.ACK)

    def _credential(self, payload: Mapping[str, Any], name: str) -> str | None:
        """What a header of this name would say: the payload's field, or that of its ``headers``, or else the header."""
        for fields in (payload, payload.get("headers")):
            for key, value in fields.items() if isinstance(fields, dict) else ():
                if key.lower() == name and value is not None:
                    if not isinstance(value, str):
                        raise BadRequest(f"`{key}` must be a string.")
                    return value
        return single(name, self._headers.getlist(name))

    async def _subscribe(self, id: str, payload: Mapping[str, Any], size: int, session: OpenConnection) -> None:
        if self._credentials is None or not self._acknowledged:
            raise Close(4401, "Unauthorized")
        if id in self._running:
            raise Close(4409, f"Subscriber for {id} already exists")
        request = from_object(payload, size=size)
        try:
            if len(self._running) >= self._max_operations:
                raise TooManySubscriptions(f"A socket may have at most {self._max_operations} operations under way.")
            # Anew each time: the key may have been revoked.
            context = await self._access.context(*self._credentials)
            session.enter(context)
        except (TooManySubscriptions, Unavailable) as error:
            await self._say(messages.error(id, refused(error)))
            return
        outcome: AdmittedOperation | Subscriber | Answer = await self._operations.admit(request, context)
        if isinstance(outcome, AdmittedOperation) and outcome.kind is OperationType.SUBSCRIPTION:
            outcome = await self._subscriptions.open(outcome, session.end)
        match outcome:
            case Answer():
                await self._say(messages.error(id, outcome))
            case Subscriber() as events:
                telling = self._start(self._tell(id, events))
                self._running[id] = _Running(telling, events)
                # Not by the task itself: one that is completed right away never begins.
                telling.add_done_callback(lambda _: events.close())
            case AdmittedOperation():
                answering = self._start(self._answer(id, outcome))
                self._running[id] = _Running(answering)
                self._answering.add(answering)
                answering.add_done_callback(self._answering.discard)

    async def _answer(self, id: str, ready: AdmittedOperation) -> None:
        try:
            answer = await self._operations.run(ready)
        except Exception as error:
            answer = refused(masked(error))
        if not self._is_running(id):
            return
        # Once a client has the last message, it may use the id again.
        self._running.pop(id)
        if answer.refusal is not None:
            await self._say(messages.error(id, answer))
        else:
            await self._say(messages.following(id, answer.body))
            await self._say(messages.complete(id))

    async def _tell(self, id: str, events: Subscriber) -> None:
        try:
            async for answer in events:
                if not self._is_running(id):
                    return
                await self._say(messages.following(id, answer))
        except GatewayError as error:
            if self._is_running(id):
                self._running.pop(id)
                await self._say(messages.error(id, refused(error)))

    def _is_running(self, id: str) -> bool:
        """Whether the operation of this id is the one that asks: the driver may lose the cancellation of one that its
        client completed, and another may have the id by now."""
        running = self._running.get(id)
        return running is not None and running.task is asyncio.current_task()

    async def _say(self, text: str, **more: Any) -> None:
        try:
            await self._send({"type": "websocket.send", "text": text, **more})
        except (OSError, RuntimeError):
            # The client has left, or was given up by the server meanwhile.
            self._finish(None)
