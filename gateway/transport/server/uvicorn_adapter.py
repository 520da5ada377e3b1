"""What ASGI can't see, on top of uvicorn: how messages are framed, how heads arrive, and how the server ends."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from gateway.errors import BadRequest, GatewayError, RequestTimeout
from gateway.transport.exchange.exchange import Reply
from gateway.transport.exchange.paced_sending import ABORT
from gateway.transport.http.heads import body_too_large, head_too_large, refusal_of_head
from gateway.transport.http.replies import closing_reply
from gateway.transport.server.accepting import stop_accepting

# What the application's lifespan may yield under this name is called, and awaited, as soon as the server is to end.
ENDING = "ending"
# What it yields under this one is told of each request that never reaches the application: its method, its address, why
# it is refused, and the reply; and gives the id that the client is told of it.
REFUSED = "refused"
# What it yields under this one gives the reply to such a request, by its address, its headers and why it is refused.
REFUSAL_REPLY = "refusal_reply"
# A refused client has so long to read why: closed with bytes of it unread, the connection would be reset.
_LINGER_SECONDS, _FRAGMENTS = 2.0, 1_000


class HttpProtocol(HttpToolsProtocol):
    """A connection that ends where a request could be read in two ways, its head is too large or too slow, or there is
    none left, by ``config``'s ``limits`` and ``capacity``; ``app_state["draining"]`` is set while the server ends."""

    config: Any
    _answering: RequestResponseCycle | None = None
    _refusal: GatewayError | None = None
    _message_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.config.capacity.add(self, self.connections)
        self._require_progress(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.config.capacity.leave(self)
        if self._answering is not None:  # uvicorn notifies the last of pipelined requests only.
            self._answering.disconnected = True
            self._answering.message_event.set()

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        message = self.scope
        super().data_received(data)
        # Where a message began within these bytes, some of them may be of the one before.
        self._message_bytes = self._message_bytes + len(data) if self.scope is message else 0
        if self._message_bytes > self.config.limits.header_bytes and self._is_in_head:
            self._refuse(head_too_large(self.config.limits))
        elif self._message_bytes > self.config.limits.header_bytes + 2 * self.config.limits.body_bytes:
            self._refuse(body_too_large(self.config.limits))

    @property
    def _is_in_head(self) -> bool:
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    def _require_progress(self, message: object) -> None:
        """Ends a connection on which a head has been arriving, or none, ever since ``message`` was the latest."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        is_idle = self.cycle is None or (self.cycle.response_complete and self.timeout_keep_alive_task is None)
        if not is_idle or message is not self.scope:
            self.loop.call_later(self.config.limits.read_seconds, self._require_progress, self.scope)
        elif self._is_in_head:
            self._refuse(RequestTimeout("The request did not arrive in time."))
        else:
            self.transport.close()

    def on_headers_complete(self) -> None:
        line = (self.parser.get_method(), self.url, self.parser.get_http_version())
        upgrade = self.parser.should_upgrade()
        refusal = refusal_of_head(line, self.headers, self.config.limits, asks_for_upgrade=upgrade)
        if upgrade and self._should_upgrade() and self.cycle is not None and not self.cycle.response_complete:
            # The answer to the one before would be written among its frames, and then the idle connection be closed.
            refusal = refusal or BadRequest("A websocket may not be asked for behind a request that isn't answered.")
        if line[2] == "1.0":
            self.expect_100_continue = False  # Nor may it be answered (RFC 9110, section 10.1.1).
        self._refusal = refusal or self.config.capacity.use(self, self.url, self.connections, self.tasks, self.pipeline)
        if self._refusal is not None:
            self.scope["method"] = line[0].decode("ascii")
            raise self._refusal
        self.scope["extensions"] = {ABORT: {"call": self.transport.abort}}
        answered = self.cycle
        super().on_headers_complete()
        if self.cycle is not answered:
            self.cycle.transport = AnswerWrites(self.transport, self.loop)  # type: ignore[assignment]
        if not upgrade:
            self.headers = []  # What follows are trailers, which are no headers of the request.
            self.cycle.keep_alive &= "draining" not in self.app_state
        elif not self._should_upgrade():
            self.cycle.keep_alive = False  # The parser drops what follows.

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self.config.capacity.wait(self)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal or BadRequest("This is not a valid HTTP/1.1 request."))

    def _refuse(self, refusal: GatewayError) -> None:
        """Reads no more, and refuses the request that is being read; behind one that is being answered it only ends."""
        self._refusal = refusal
        self.pipeline.clear()
        answering = self._answering
        if answering is not None and not answering.response_complete:
            if answering.response_started or not answering.more_body:
                answering.keep_alive = False
                return
            answering.disconnected = True
        if answering is None or not answering.response_started or answering.scope is not self.scope:
            reply = self._closing_reply(refusal)
            own = (*self.server_state.default_headers, *reply.headers, *self._observed(refusal, reply))
            headers = [b"%b: %b\r\n" % header for header in own]
            self.transport.write(b"".join([STATUS_LINE[reply.status], *headers, b"\r\n", reply.body]))
        self.config.capacity.wait(self)  # It takes no room while it lingers.
        self.flow.resume_reading()
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _closing_reply(self, refusal: GatewayError) -> Reply:
        formed = self.app_state.get(REFUSAL_REPLY)
        # Garbage may come ahead of any address.
        if formed is None or self.scope is None:
            return closing_reply(refusal)
        reply: Reply = formed(self.url, self.scope["headers"], refusal)
        return reply

    def _observed(self, refusal: GatewayError, reply: Reply) -> Sequence[tuple[bytes, bytes]]:
        """The header with the id by which whoever observes requests knows the one that is refused."""
        observe = self.app_state.get(REFUSED)
        if observe is None:
            return ()
        # Garbage may come ahead of any.
        method, address = ("", b"") if self.scope is None else (self.scope.get("method", ""), self.url)
        return ((b"x-request-id", observe(method, address, refusal, reply)),)


class AnswerWrites:
    """A transport as one answer is written to it: what is first, its head, waits for its body where that comes with it.

    Each write is a call of the kernel, of which a page of 20 takes ten, and a packet.
    """

    __slots__ = ("_is_first", "_loop", "_transport", "_waiting")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._is_first = True
        self._waiting = b""

    def write(self, data: bytes) -> None:
        if self._is_first:
            self._is_first = False
            self._waiting = data
            self._loop.call_soon(self._flush)
        elif self._waiting:
            together, self._waiting = self._waiting + data, b""
            self._transport.write(together)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._waiting:
            self._transport.write(self._waiting)
            self._waiting = b""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A connection of which nothing more is read while its client doesn't read, nor a message in endless parts."""

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()

    def handle_cont(self, event: Frame) -> None:
        super().handle_cont(event)
        if len(self.frames) > _FRAGMENTS:
            self.conn.fail(CloseCode.POLICY_VIOLATION, f"A message may have at most {_FRAGMENTS:,} fragments.")
            self.handle_parser_exception()


class DrainingServer(uvicorn.Server):
    """A server that, as it ends, refuses new connections and answers the last requests of those there are."""

    config: Any

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await stop_accepting(self.servers, sockets or (), is_shared=self.config.workers > 1)
        self.lifespan.state["draining"] = True
        if ENDING in self.lifespan.state:
            await self.lifespan.state[ENDING]()
        await asyncio.sleep(self.config.limits.drain_seconds)
        await super().shutdown(sockets)
