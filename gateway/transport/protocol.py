"""HTTP/1.1 from bytes on, stricter than the server's own protocol: what two parsers may read differently is refused.

A message that could be framed in two ways is answered 400, and one that is too large or too slow 431, 413 or 408, each
as a GraphQL error and with the connection closed. The parser (llhttp) itself refuses both Content-Length and
Transfer-Encoding, repeated or malformed ones, folded lines, control characters and bare CR or LF.
"""

import asyncio
from base64 import b64decode
from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.errors import BadRequest, GatewayError, HeadersTooLarge, PayloadTooLarge, RequestTimeout, Unavailable
from gateway.limits import ConnectionLimits
from gateway.transport.reply import closing
from gateway.transport.socketprotocol import NO_HANDSHAKE

# How long a closing connection's unread input is discarded: closed at once, the answer could be lost with it.
_LINGER_SECONDS = 2.0
_TOO_MANY = "Too many connections; try again."
_FRAMING = frozenset((b"host", b"content-length", b"transfer-encoding"))


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
        self._answering: RequestResponseCycle | None = None
        self._refusal: GatewayError | None = None
        self._ending = False
        # What is being read: the part (counted on) of a message, the bytes of its head and those fed since it began.
        self._part = 0
        self._in_message = self._in_head = False
        self._head_bytes = self._fed_bytes = 0
        self._framing: list[tuple[bytes, bytes]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timed_part = 0
        self._unsent_bytes = 0

    # Reading

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._time_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
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
        elif self._in_head and self._fed_bytes > self._limits.header_bytes:
            self._refuse(self._headers_too_large())
        elif self._fed_bytes > 2 * self._limits.body_bytes + self._limits.header_bytes:
            self._refuse(self._body_too_large())
        elif self._timed_part != self._part:
            self._time_reading()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._part += 1
        self._in_message = self._in_head = True
        self._head_bytes = 0
        self._framing = []

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + len(b": \r\n"))
        # After the body come trailers: they are no headers, whatever their names.
        if self._in_head:
            super().on_header(name, value)
            header = self.headers[-1]
            if header[0] in _FRAMING:
                self._framing.append(header)

    def on_headers_complete(self) -> None:
        self._require_one_framing()
        self._part += 1
        self._in_head = False
        super().on_headers_complete()
        if self.parser.should_upgrade() and not self._should_upgrade():
            # Whatever else came with it has been dropped by the parser.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._in_message = False
        super().on_message_complete()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.header_bytes:
            raise self._noted(self._headers_too_large())

    def _headers_too_large(self) -> GatewayError:
        return HeadersTooLarge(f"Address and headers may have at most {self._limits.header_bytes:,} bytes.")

    def _body_too_large(self) -> GatewayError:
        return PayloadTooLarge(f"The body may have at most {self._limits.body_bytes:,} bytes.")

    def _require_one_framing(self) -> None:
        """Raises BadRequest where another parser might see another request, or another end of it; PayloadTooLarge where
        the body is announced as such."""
        version, method, upgrade = (
            self.parser.get_http_version(),
            self.parser.get_method(),
            self.parser.should_upgrade(),
        )
        values: dict[bytes, list[bytes]] = {}
        for name, value in self._framing:
            values.setdefault(name, []).append(value)
        hosts, lengths, codings = (values.get(name, []) for name in (b"host", b"content-length", b"transfer-encoding"))
        if version not in ("1.0", "1.1"):
            raise self._noted(BadRequest("Only HTTP/1.1 and HTTP/1.0 are spoken here."))
        if method == b"CONNECT":
            raise self._noted(BadRequest("This is no proxy."))
        if len(hosts) != 1 and not (version == "1.0" and not hosts):
            raise self._noted(BadRequest("A request has exactly one header Host."))
        if codings and (lengths or version == "1.0" or [coding.lower() for coding in codings] != [b"chunked"]):
            raise self._noted(BadRequest("The only Transfer-Encoding taken is `chunked`, without a Content-Length."))
        if lengths and (len(lengths) > 1 or lengths[0].strip(b" \t") != b"%d" % int(lengths[0])):
            raise self._noted(BadRequest("A Content-Length is one plain decimal number."))
        if lengths and int(lengths[0]) > self._limits.body_bytes:
            raise self._noted(self._body_too_large())
        if upgrade and (method != b"GET" or codings or (lengths and int(lengths[0]) > 0)):
            raise self._noted(BadRequest("A request with a body can't ask for an upgrade: send it without `Upgrade`."))

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

        await app(scope, receive, sending)

    def on_response_complete(self) -> None:
        if self._answering is not None and self._answering.more_body:
            self._end()
            return
        super().on_response_complete()
        if self.transport.is_closing():
            # The last of the answer may wait for a client that doesn't read.
            self._time_sending(self._limits.keep_alive_seconds)

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self._time_sending(self._limits.keep_alive_seconds)
        super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        # A request of which a part has come is waited for; `read_seconds` bounds that.
        if not self._in_head:
            super().shutdown()

    def handle_websocket_upgrade(self) -> None:
        self._stop_timer()
        # The server counts websockets, and refuses requests for them, but not further websockets.
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._refuse(Unavailable(_TOO_MANY))
        elif not _is_handshake(self.headers):
            self._refuse(NO_HANDSHAKE)
        else:
            super().handle_websocket_upgrade()

    # Refusing

    def _noted(self, refusal: GatewayError) -> GatewayError:
        self._refusal = refusal
        return refusal

    def _refuse(self, refusal: GatewayError) -> None:
        self._refusal = refusal
        self.send_400_response("")

    def send_400_response(self, msg: str) -> None:
        """Refuses the message that is being read, and ends the connection behind what is being answered."""
        refusal = self._refusal or BadRequest("This is not a valid HTTP/1.1 request.")
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
            self.flow.resume_reading()
            self._time_sending(_LINGER_SECONDS)

    # Time

    def _time_reading(self) -> None:
        self._stop_timer()
        self._timed_part = self._part
        self._timer = self.loop.call_later(self._limits.read_seconds, self._reading_took_too_long)

    def _reading_took_too_long(self) -> None:
        if self.flow.read_paused:
            self._time_reading()
        elif self._in_message:
            seconds = f"{self._limits.read_seconds:g}"
            self._refuse(RequestTimeout(f"The request did not arrive within {seconds} seconds."))
        elif self._answering is None or self._answering.response_complete:
            self.transport.close()

    def _time_sending(self, seconds: float) -> None:
        """Cuts the connection unless the client has read some of what it is sent, each ``seconds``."""
        self._stop_timer()
        self._unsent_bytes = self.transport.get_write_buffer_size()
        self._timer = self.loop.call_later(seconds, self._sending_took_too_long, seconds)

    def _sending_took_too_long(self, seconds: float) -> None:
        if 0 < self.transport.get_write_buffer_size() < self._unsent_bytes:
            self._time_sending(seconds)
        else:
            self.transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _is_handshake(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether a client's opening handshake is one (RFC 6455, section 4.2.1): the library behind tells its own words."""
    keys = [value for name, value in headers if name == b"sec-websocket-key"]
    versions = [value.strip() for name, value in headers if name == b"sec-websocket-version"]
    try:
        return versions == [b"13"] and [len(b64decode(key.strip(), validate=True)) for key in keys] == [16]
    except ValueError:
        return False


async def _overloaded(_scope: Scope, _receive: Receive, send: Send) -> None:
    reply = closing(Unavailable(_TOO_MANY))
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": reply.body})
