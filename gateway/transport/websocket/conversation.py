"""One websocket's conversation by graphql-transport-ws, from `connection_init` to the close frame."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import OperationType
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from gateway.auth.authenticator import Authenticator
from gateway.auth.open_connections import OpenConnection, OpenConnections
from gateway.errors import AnswersUnread, BadRequest, BadUserInput, GatewayError, TooManySubscriptions, Unavailable
from gateway.errors.formatting import as_gateway_error
from gateway.errors.incidents import as_incident
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer
from gateway.execution.operation_runner import OperationRunner
from gateway.limits import CLOSING_SECONDS, HEARTBEAT_SECONDS, LONG_BODY_BYTES, MAX_OPERATION_ID_LENGTH
from gateway.live.subscriber_queue import Subscriber
from gateway.live.subscriptions import Subscriptions
from gateway.observability.observer import Observer
from gateway.observability.records import OperationRecord, RequestRecord
from gateway.scheduling.cancellation import cancel
from gateway.scheduling.paid_work import CONNECTION_POINTS, PaidWork
from gateway.scheduling.rate_limiter import refusal_points
from gateway.scheduling.unread_bytes import UnreadBytesByCaller
from gateway.transport.exchange.exchange import RECORD
from gateway.transport.websocket import close_codes, messages
from gateway.transport.websocket.close_codes import GOING_AWAY, Close, close_for
from gateway.transport.websocket.credentials import Credentials, HeaderCredentials
from gateway.transport.websocket.messages import MessageReader

_INIT_SECONDS = 5.0
# How long an answer under way is waited for as the process ends.
_ANSWERING_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class ConversationServices:
    """What all conversations share; ``max_operations``: how many each may have under way."""

    authenticator: Authenticator
    operations: OperationRunner
    subscriptions: Subscriptions
    reader: MessageReader
    unread_bytes: UnreadBytesByCaller
    paid_work: PaidWork
    observer: Observer
    max_operations: int


@dataclass(frozen=True, slots=True)
class _RunningOperation:
    """An operation under way, and the events of a subscription."""

    task: asyncio.Task[None]
    events: Subscriber | None = None

    def stop(self) -> None:
        if self.events is not None:
            # At once: the client may subscribe to something else in its place.
            self.events.close()
        self.task.cancel()


class Conversation:
    """A websocket once it is accepted. Messages are handled one by one: a pong means that what was sent before its ping
    is under way."""

    def __init__(self, services: ConversationServices, scope: Scope, receive: Receive, send: Send) -> None:
        self._services = services
        self._header_credentials = HeaderCredentials(Headers(scope=scope))
        self._record: RequestRecord = scope[RECORD]
        self._receive = receive
        self._send = send
        self._credentials: Credentials | None = None
        self._is_acknowledged = False
        self._running: dict[str, _RunningOperation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Future[Close | None] = asyncio.get_running_loop().create_future()

    async def run(self, connections: OpenConnections) -> None:
        """Returns once the connection is closed, by either side."""
        try:
            with connections.opened(self._end) as connection:
                await self._run_until_ended(connection)
        except GatewayError as error:
            await self._close(close_for(error))

    async def _run_until_ended(self, connection: OpenConnection) -> None:
        self._start(self._handle_all(connection))
        self._start(self._require_init())
        self._start(self._keep_alive())
        try:
            close = await self._ending
            if close is not None and close.code == GOING_AWAY and self._answering:
                await asyncio.wait(self._answering, timeout=_ANSWERING_SECONDS)
        finally:
            while self._tasks:
                await cancel(self._tasks)
            # They lead back here by what is called where they aren't read.
            for running in self._running.values():
                running.stop()
            self._running.clear()
        if close is not None:
            await self._close(close)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _end(self, error: GatewayError) -> None:
        self._services.observer.refused(self._record, error.code)
        self._finish(close_for(error))

    def _finish(self, close: Close | None) -> None:
        if not self._ending.done():
            self._ending.set_result(close)

    async def _close(self, close: Close) -> None:
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._send({"type": "websocket.close", "code": close.code, "reason": close.reason})

    async def _require_init(self) -> None:
        await asyncio.sleep(_INIT_SECONDS)
        if self._credentials is None:
            self._finish(Close(close_codes.NOT_INITIALISED_IN_TIME, "Connection initialisation timeout"))

    async def _keep_alive(self) -> None:
        """Keeps the connection from looking idle."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if self._is_acknowledged:
                await self._send_text(messages.PING)

    async def _handle_all(self, connection: OpenConnection) -> None:
        try:
            while await self._handle_next(connection):
                pass
        except Close as close:
            # Its traceback leads here.
            self._finish(close.with_traceback(None))
        except Exception as error:
            self._end(as_gateway_error(error))
        self._finish(None)

    async def _handle_next(self, connection: OpenConnection) -> bool:
        """Whether there was another message. Nothing of it is kept until the next comes, which may take for ever."""
        received = await self._receive()
        if received["type"] == "websocket.disconnect":
            return False
        await self._read(received, connection)
        # Those of other connections come between, however many came at once.
        await asyncio.sleep(0)
        return True

    async def _read(self, received: Message, connection: OpenConnection) -> None:
        context, size = connection.context if self._is_acknowledged else None, len(received.get("text") or "")
        caller = context.caller if context else None
        try:
            message = await self._services.reader.read(received, caller)
            await self._handle(message, connection, size)
        except (Close, BadRequest, BadUserInput):
            if caller is not None:
                self._services.paid_work.charge(caller, refusal_points(size))
            raise

    async def _handle(self, message: Mapping[str, Any], connection: OpenConnection, size: int) -> None:
        match message:
            case {"type": "subscribe" | "complete", "id": str(id)} if len(id) > MAX_OPERATION_ID_LENGTH:
                raise Close(
                    close_codes.INVALID, f"The id of an operation may have at most {MAX_OPERATION_ID_LENGTH} characters"
                )
            case {"type": "connection_init"} if messages.is_payload(message.get("payload")):
                await self._init(message.get("payload") or {}, connection)
            case {"type": "subscribe", "id": str(id), "payload": dict() | BadUserInput() as payload} if id:
                await self._subscribe(id, payload, size, connection)
            case {"type": "complete", "id": str(id)} if id:
                if (running := self._running.pop(id, None)) is not None:
                    running.stop()
            case {"type": "ping"} if messages.is_payload(message.get("payload")):
                await self._send_text(messages.pong(message.get("payload")))
            case {"type": "pong"} if messages.is_payload(message.get("payload")):
                pass
            case _:
                raise Close(close_codes.INVALID, "Invalid message received")

    async def _init(self, payload: Mapping[str, Any], connection: OpenConnection) -> None:
        if self._credentials is not None:
            raise Close(close_codes.INITIALISED_TWICE, "Too many initialisation requests")
        self._credentials = self._header_credentials.joined(payload)
        identified = partial(self._services.observer.identified, self._record)
        context = await self._services.authenticator.context(*self._credentials, refused=identified)
        identified(context)
        connection.enter(context)
        self._services.paid_work.charge(context.caller, CONNECTION_POINTS)
        self._is_acknowledged = True
        await self._send_text(messages.ACK)

    async def _subscribe(
        self, id: str, payload: Mapping[str, Any] | BadUserInput, size: int, connection: OpenConnection
    ) -> None:
        if self._credentials is None or not self._is_acknowledged:
            raise Close(close_codes.UNAUTHORIZED, "Unauthorized")
        if id in self._running:
            raise Close(close_codes.OPERATION_EXISTS, f"Subscriber for {id} already exists")
        observer, operations = self._services.observer, self._services.operations
        record = observer.operation(self._record)
        outcome: AdmittedOperation | Subscriber | Answer
        try:
            if len(self._running) >= (most := self._services.max_operations):
                raise TooManySubscriptions(f"A socket may have at most {most} operations under way.")
            # Anew each time: the key may have been revoked.
            context = await self._services.authenticator.context(*self._credentials)
            connection.enter(context)
            request = messages.request(payload, size)
        except (BadRequest, BadUserInput, TooManySubscriptions, Unavailable) as error:
            if connection.context is not None and not isinstance(error, Unavailable):
                self._services.paid_work.charge(connection.context.caller, refusal_points(size))
            outcome = operations.refuse(record, error)
        else:
            outcome = await operations.admit(request, context, record)
        if isinstance(outcome, AdmittedOperation) and outcome.kind is OperationType.SUBSCRIPTION:
            outcome = await self._services.subscriptions.open(outcome, connection.end)
        match outcome:
            case Answer():
                observer.ended(record)
                await self._send_text(messages.error(id, outcome))
                return
            case Subscriber() as events:
                observer.opened(record)
                running = _RunningOperation(self._start(self._send_events(id, events, record)), events)
                # Not by the task itself: one that is completed right away never begins.
                running.task.add_done_callback(lambda _: events.close())
            case AdmittedOperation():
                running = _RunningOperation(self._start(self._answer(id, outcome)))
                self._answering.add(running.task)
                running.task.add_done_callback(self._answering.discard)
        running.task.add_done_callback(lambda _: observer.ended(record))
        self._running[id] = running

    async def _answer(self, id: str, operation: AdmittedOperation) -> None:
        try:
            answer = await self._services.operations.run(operation)
        except Exception as error:
            answer = self._services.operations.refuse(operation.record, as_incident(error))
        if not self._is_running(id):
            return
        # Once a client has the last message, it may use the id again.
        self._running.pop(id)
        if answer.refusal is not None:
            await self._send_text(messages.error(id, answer))
        elif len(answer.body) < LONG_BODY_BYTES:
            await self._send_answer(id, answer)
        else:
            try:
                with self._services.unread_bytes.of(operation.context.caller.id).held(len(answer.body)):
                    await self._send_answer(id, answer)
            except AnswersUnread as error:
                await self._send_text(messages.error(id, self._services.operations.refuse(operation.record, error)))

    async def _send_answer(self, id: str, answer: Answer) -> None:
        await self._send_text(messages.next_result(id, answer.body))
        # This one waits until that one is on its way.
        await self._send_text(messages.complete(id))

    async def _send_events(self, id: str, events: Subscriber, record: OperationRecord) -> None:
        try:
            async for answer in events:
                if not self._is_running(id):
                    return
                await self._send_text(messages.next_result(id, answer))
                self._services.observer.sent(record, len(answer))
        except GatewayError as error:
            if self._is_running(id):
                self._running.pop(id)
                await self._send_text(messages.error(id, self._services.operations.refuse(record, error)))

    def _is_running(self, id: str) -> bool:
        """Whether the operation of this id is the one that asks: the driver may lose the cancellation of one that its
        client completed, and another may have the id by now."""
        running = self._running.get(id)
        return running is not None and running.task is asyncio.current_task()

    async def _send_text(self, text: str) -> None:
        try:
            await self._send({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError):
            # The client has left, or was given up by the server meanwhile.
            self._finish(None)
