"""Websockets from the handshake's bytes on: what arrives is read in turns, so that no client holds up the others.

bytes → slices (one in each turn) → frames → the next message, once the application has taken the one before

While a message waits to be taken, or the client doesn't read what it is sent, nothing is read of it: neither its
messages nor its pings pile up. What breaks the protocol closes the connection with the protocol's code.
"""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Event
from websockets.server import ServerProtocol

from gateway.errors import BadRequest, Forbidden, GatewayError, GoingAway, HeadersTooLarge
from gateway.transport.http.replies import closing
from gateway.transport.server.lingering_close import LINGER_SECONDS, Parting
from gateway.transport.server.read_turns import Backlog, Turns

MAX_MESSAGE_BYTES = 1_000_000
# With this in a message to the client, the messages of the client may be so long from then on.
MAX_BYTES = "max_bytes"

# At six bytes a frame, so much takes less than a millisecond.
_SLICE_BYTES = 512
# What no client needs: they ping every few seconds, and split what is long into parts that are worth a packet.
_CONTROL_FRAMES_A_SECOND = 100
_FRAGMENTS = 1_000
NO_HANDSHAKE = BadRequest("This is not a valid handshake of a websocket of version 13.")


class SocketProtocol(WebSocketsSansIOProtocol):
    """One connection. ``config.turns`` are its `Turns`; of a client that isn't known yet, messages may have as many
    bytes as headers: ``config.limits.header_bytes``."""

    def __init__(
        self,
        config: Any,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = _Connection(max_size=min(config.limits.header_bytes, MAX_MESSAGE_BYTES), logger=self.logger)
        self._turns: Turns = config.turns
        self._unread = Backlog(_SLICE_BYTES)
        self._events: deque[Event] = deque()
        self._control_frames = self._fragments = 0
        self._counted_since = 0.0
        self._failed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._parting = Parting(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._parting.stop()
        super().connection_lost(exc)

    # Reading

    def data_received(self, data: bytes) -> None:
        if self._failed:
            return
        self._unread.add(data)
        self.transport.pause_reading()
        self._turns.ask(self)

    def read_on(self) -> bool:
        """Reads a slice, at most to the next message; whether there is more to read now."""
        if not self._may_read():
            return False
        if self._unread and not self._events:
            self.conn.receive_data(self._unread.slice())
            self._events.extend(self.conn.events_received())
            if self.conn.parser_exc is not None:
                self.handle_parser_exception()
            elif self.conn.handshake_exc is not None and not self.handshake_initiated:
                self._refuse(b"".join(self.conn.data_to_send()) or _serialized(NO_HANDSHAKE))
        while self._events and self._may_read():
            self._take(self._events.popleft())
        if not self._may_read():
            return False
        if self._unread or self._events:
            return True
        self.transport.resume_reading()
        return False

    def _may_read(self) -> bool:
        """Not while a handshake or a message waits for the application, nor while the client doesn't read; what comes
        before its answer to a close frame is read in any case."""
        if self._failed or self.transport.is_closing():
            return False
        if not self.handshake_initiated or self.close_sent:
            return True
        return self.handshake_complete and self.queue.empty() and self.writable.is_set()

    def _take(self, event: Event) -> None:
        if isinstance(event, Frame) and (excess := self._excess(event)):
            self._fail(CloseCode.POLICY_VIOLATION, excess)
            return
        self.conn.events.append(event)
        self.handle_events()

    def _excess(self, frame: Frame) -> str | None:
        """Why there are too many frames; None where there are not."""
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            now = self.loop.time()
            if now - self._counted_since >= 1:
                self._counted_since, self._control_frames = now, 0
            self._control_frames += 1
            if self._control_frames > _CONTROL_FRAMES_A_SECOND:
                return f"More than {_CONTROL_FRAMES_A_SECOND} control frames came within a second."
        elif frame.opcode is not Opcode.CLOSE:
            # Behind the server's close frame nothing is taken for a message any longer.
            self._fragments = self._fragments + 1 if frame.opcode is Opcode.CONT or self.close_sent else 1
            if self._fragments > _FRAGMENTS:
                return f"A message may have at most {_FRAGMENTS:,} fragments."
        return None

    def send_receive_event_to_app(self) -> None:
        data, self.frames = b"".join(self.frames), []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "bytes":
            self.queue.put_nowait({"type": "websocket.receive", "bytes": data})
        else:
            try:
                self.queue.put_nowait({"type": "websocket.receive", "text": data.decode()})
            except UnicodeDecodeError as error:
                self._fail(CloseCode.INVALID_DATA, f"{error.reason} at position {error.start}")
        self._turns.end()

    async def receive(self) -> Any:
        message = await self.queue.get()
        self._turns.ask(self)
        return message

    # Writing

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.accept":
            self._turns.ask(self)
        elif message["type"] == "websocket.close":
            self._turns.ask(self)
            self._part(self.close_timeout + LINGER_SECONDS)
        elif message["type"] == "websocket.http.response.body":
            self.handshake_complete = self.close_sent
        self.conn.max_message_size = message.get(MAX_BYTES, self.conn.max_message_size)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._turns.ask(self)

    # Ending

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.conn.fail(code, reason)
        self.handle_parser_exception()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.close_sent:
            self._part()

    def handle_parser_exception(self) -> None:
        """Closes the connection that `conn` has failed; what still arrives is discarded until the client has closed it
        too: closed at once, the close frame could be lost."""
        close = self.conn.close_sent
        assert close is not None, "frames are read once the connection is open"
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        self._failed = self.close_sent = True
        self._events.clear()
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        self.transport.resume_reading()
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._part()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._part()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        if self.transport.is_closing():
            self._part()

    def shutdown(self) -> None:
        if not self.handshake_complete and self.initial_response is None:
            self._refuse(_serialized(GoingAway()))
        super().shutdown()
        self._part()

    def _refuse(self, response: bytes) -> None:
        """Ends a handshake that the application knows nothing of, or never will."""
        self.handshake_initiated = self.handshake_complete = self.close_sent = self.disconnected = True
        self.transport.write(response)
        self.transport.close()
        self._part()

    def _part(self, seconds: float | None = None) -> None:
        if self in self.connections:
            self._parting.begin(seconds or LINGER_SECONDS)


class _Connection(ServerProtocol):
    """The library's half of a connection, which tells in its own words what is wrong with a handshake."""

    def reject(self, status: Any, text: str) -> Response:
        match HTTPStatus(status):
            case HTTPStatus.REQUEST_URI_TOO_LONG | HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
                return _response(HeadersTooLarge("Address and headers are too long, or too many, for a websocket."))
            case HTTPStatus.FORBIDDEN:
                return _response(Forbidden("There is no websocket for this request."))
            case HTTPStatus.INTERNAL_SERVER_ERROR:
                return _response(GatewayError("Something went wrong here."))
        return _response(NO_HANDSHAKE)


def _serialized(error: GatewayError) -> bytes:
    return _response(error).serialize()


def _response(error: GatewayError) -> Response:
    reply = closing(error)
    headers = Headers([(name.decode(), value.decode()) for name, value in reply.headers])
    return Response(reply.status, HTTPStatus(reply.status).phrase, headers, reply.body)
