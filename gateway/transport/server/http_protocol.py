"""HTTP/1.1 from bytes on, stricter than the server's own protocol: what two parsers may read differently is refused.

A message that could be framed in two ways is answered 400, and one that is too large or too slow 431, 413 or 408, each
as a GraphQL error and with the connection closed. The parser (llhttp) itself refuses both Content-Length and
Transfer-Encoding, repeated or malformed ones, folded lines, control characters and bare CR or LF.

What arrives is read in turns, as websockets are, a slice in each; nothing is read while a request behind the one that
is being answered waits.
"""

import asyncio
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.errors import BadRequest, GatewayError, RequestTimeout, Unavailable
from gateway.limits import ConnectionLimits
from gateway.transport.http.replies import closing
from gateway.transport.server import framing
from gateway.transport.server.flow import Flow
from gateway.transport.server.lingering_close import LINGER_SECONDS, Parting
from gateway.transport.server.read_turns import Backlog, Turns
from gateway.transport.server.websocket_protocol import NO_HANDSHAKE

# Of the smallest requests, so much takes two or three milliseconds.
_SLICE_BYTES = 2_048
_SHORT_BYTES = 16_384
_TOO_MANY = "Too many connections; try again."


class Protocol(HttpToolsProtocol):
    """One connection. ``config.limits`` are its `ConnectionLimits`; ``app_state["draining"]`` is set while the server
    ends."""

    def __init__(
        self,
        config: Any,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits: ConnectionLimits = config.limits
        self._turns: Turns = config.turns
        self._unread = Backlog(_SLICE_BYTES)
        # Whether what has arrived waits for something other than its turn.
        self._held = False
        self._answering: RequestResponseCycle | None = None
        self._ending = False
        # What is being read: the part (counted on) of a message, and the bytes fed since that began.
        self._part = 0
        self._in_message = False
        self._head = framing.Head(self._limits)
        self._fed_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timed_part = 0

    # Reading

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._parting = Parting(transport)
        self.flow = Flow(transport, partial(self._turns.ask, self))
        self._time_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._parting.stop()
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        self._unread.clear()
        if self._answering is not None and not self._answering.response_complete:
            # The server knows of the last request only.
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        if len(data) <= _SLICE_BYTES and not self._unread:
            self._feed(data)
            return
        self._unread.add(data)
        if len(data) <= _SHORT_BYTES:
            # As most requests that are longer than a slice: not worth a turn of its own, unless others follow it.
            while self._may_read() and self._unread and not self._ending:
                self._feed(self._unread.slice())
            if not self._unread:
                return
        self.transport.pause_reading()
        self._turns.ask(self)

    def read_on(self) -> bool:
        """Reads a slice of what has arrived; whether there is more to read now."""
        if self._may_read() and self._unread and not self._ending:
            self._feed(self._unread.slice())
        self._held = not self._may_read()
        if self._held:
            return False
        if self._unread and not self._ending:
            return True
        self.transport.resume_reading()
        return False

    def _may_read(self) -> bool:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return False
        return self._ending or not (self.flow.read_paused or self.pipeline)

    def _feed(self, data: bytes) -> None:
        part = self._part
        super().data_received(data)
        if self._ending or self.transport.is_closing():
            return
        self._fed_bytes = self._fed_bytes + len(data) if part == self._part else 0
        if not self._in_message:
            # Blank lines before a request gain no time.
            if part != self._part:
                self._stop_timer()
            elif self._timer is None:
                self._time_reading()
        elif self._head.arriving and self._fed_bytes > self._limits.header_bytes:
            self._refuse(framing.head_too_large(self._limits))
        elif self._fed_bytes > 2 * self._limits.body_bytes + self._limits.header_bytes:
            self._refuse(framing.body_too_large(self._limits))
        elif self._timed_part != self._part:
            self._time_reading()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._part += 1
        self._in_message = True
        self._head.begin()

    def on_url(self, url: bytes) -> None:
        self._head.count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head.count(len(name) + len(value) + len(b": \r\n"), lines=1)
        # After the body come trailers: they are no headers, whatever their names.
        if self._head.arriving:
            super().on_header(name, value)
            header = self.headers[-1]
            if header[0] in framing.NAMES:
                self._head.add(header)

    def on_headers_complete(self) -> None:
        self._head.complete(
            version=self.parser.get_http_version(),
            method=self.parser.get_method(),
            upgrade=self.parser.should_upgrade(),
        )
        self._part += 1
        super().on_headers_complete()
        if self.parser.should_upgrade() and not self._should_upgrade():
            # Whatever else came with it has been dropped by the parser.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._in_message = False
        super().on_message_complete()

    # Answering

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        chosen = _overloaded if app is service_unavailable else app
        super()._start_asgi_task(cycle, partial(self._answer, cycle, chosen))

    async def _answer(
        self, cycle: RequestResponseCycle, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and (cycle.more_body or self.app_state.get("draining")):
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
                await send(message)
                # Told; but closed by `on_response_complete`, which first reads what is unread.
                cycle.keep_alive = cycle.more_body
            else:
                await send(message)
            if not (cycle.keep_alive or cycle.more_body or self._ending):
                # Nothing else is answered on this connection; but that its client leaves has to be noticed.
                self._ending = True
                self.pipeline.clear()
                self._turns.ask(self)

        await app(scope, receive, sending)
        if cycle.response_started and not cycle.response_complete and not cycle.disconnected:
            # Its client was given up: closed otherwise, the connection would wait for what was sent to be read.
            cycle.disconnected = True
            self.transport.abort()

    def on_response_complete(self) -> None:
        if self._answering is not None and self._answering.more_body:
            self._end()
            return
        super().on_response_complete()
        if self._held:
            self._turns.ask(self)
        if self.transport.is_closing():
            # The last of the answer may wait for a client that doesn't read.
            self._time_sending(self._limits.keep_alive_seconds)

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self._time_sending(self._limits.keep_alive_seconds)
        super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        # A request of which a part has come is waited for; `read_seconds` bounds that.
        if not (self._head.arriving or self._unread):
            super().shutdown()

    def handle_websocket_upgrade(self) -> None:
        self._stop_timer()
        self._unread.clear()
        # The server counts websockets, and refuses requests for them, but not further websockets.
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._refuse(Unavailable(_TOO_MANY))
        elif not framing.is_handshake(self.headers):
            self._refuse(NO_HANDSHAKE)
        else:
            super().handle_websocket_upgrade()

    # Refusing

    def send_400_response(self, msg: str) -> None:
        """Refuses what the parser could not read, or what was refused while it read."""
        self._refuse(self._head.refusal or BadRequest("This is not a valid HTTP/1.1 request."))

    def _refuse(self, refusal: GatewayError) -> None:
        """Refuses the message that is being read, and ends the connection behind what is being answered."""
        answering = self._answering
        if answering is not None and not answering.response_complete:
            if not answering.more_body or answering.response_started:
                self._ending = True
                self.pipeline.clear()
                answering.keep_alive = False
                return
            answering.disconnected = True
            answering.message_event.set()
        reply = closing(refusal)
        lines = [name + b": " + value + b"\r\n" for name, value in (*self.server_state.default_headers, *reply.headers)]
        self.transport.write(b"".join([STATUS_LINE[reply.status], *lines, b"\r\n", reply.body]))
        self._end()

    def _end(self) -> None:
        """Closes once the client has, or has had the time to read its answer."""
        self._ending = True
        self._unset_keepalive_if_required()
        if not self.transport.is_closing():
            self.transport.write_eof()
            self._turns.ask(self)
            self._time_sending(LINGER_SECONDS)

    # Time

    def _time_reading(self) -> None:
        self._stop_timer()
        self._timed_part = self._part
        self._timer = self.loop.call_later(self._limits.read_seconds, self._reading_took_too_long)

    def _reading_took_too_long(self) -> None:
        if self.flow.read_paused or self._unread:
            self._time_reading()
        elif self._in_message:
            seconds = f"{self._limits.read_seconds:g}"
            self._refuse(RequestTimeout(f"The request did not arrive within {seconds} seconds."))
        elif self._answering is None or self._answering.response_complete:
            self.transport.close()

    def _time_sending(self, seconds: float) -> None:
        self._stop_timer()
        self._parting.begin(seconds)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def _overloaded(_scope: Scope, _receive: Receive, send: Send) -> None:
    reply = closing(Unavailable(_TOO_MANY))
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": reply.body})
