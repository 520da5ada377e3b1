"""One request over HTTP and its reply, whatever is asked: the headers that count, the caller, the body, the coding."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gateway.auth.authenticator import Authenticator
from gateway.context import Context
from gateway.errors import BadRequest, GatewayError, PayloadTooLarge, RequestTimeout, Unauthenticated, UnknownCoding
from gateway.execution.answers import Answer, refused
from gateway.limits import LONG_BODY_BYTES, ConnectionLimits
from gateway.observability.observer import Observer
from gateway.observability.records import OperationRecord, RequestRecord
from gateway.scheduling.deadlines import Deadline
from gateway.scheduling.unread_bytes import UnreadBytesByCaller
from gateway.scheduling.used_connections import UsedConnections
from gateway.transport.exchange.compression import SHORTEST_BYTES, compressed
from gateway.transport.exchange.negotiation import preferred_coding
from gateway.transport.exchange.paced_sending import send_paced
from gateway.transport.exchange.security_headers import HEADERS
from gateway.transport.exchange.streamed_reply import StreamedReply

Headers = tuple[tuple[bytes, bytes], ...]

_READ = (
    "accept",
    "accept-encoding",
    "authorization",
    "x-namespace",
    "origin",
    "content-type",
    "content-encoding",
    "if-none-match",
    "x-algolia-application-id",
    "x-algolia-api-key",
)
_NAMES = {name.encode(): name for name in _READ}
# What is beyond all that clients send in a list is not looked at.
_LONGEST_LIST = 1_000
_WITHOUT_BODY = (204, 304)
# Where the scope of a request has its record, from `gateway.transport.server.request_observation`.
RECORD = "gateway.record"


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, the headers besides those that every answer has, and a body; ``restrictions``: of browsers."""

    status: int
    own_headers: Headers
    body: bytes = b""
    restrictions: Headers = HEADERS

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """All that are sent."""
        headers = [*self.own_headers, *self.restrictions]
        if self.status not in _WITHOUT_BODY:
            headers.append((b"content-length", b"%d" % len(self.body)))
        return headers


class ExchangePolicy:
    """The policy of all exchanges: who authenticates a caller, how many connections its organization may use, what may
    wait for its key's clients, who is told of it, and the limits of a body. One for each event loop."""

    def __init__(
        self,
        authenticator: Authenticator,
        used_connections: UsedConnections,
        unread_bytes: UnreadBytesByCaller,
        observer: Observer,
        limits: ConnectionLimits,
    ) -> None:
        self.authenticator = authenticator
        self.used_connections = used_connections
        self.unread_bytes = unread_bytes
        self.observer = observer
        self.body_bytes = limits.body_bytes
        self.body_deadline = Deadline(limits.read_seconds)


class Exchange:
    """A request, and the way to reply to it.

    The few headers that count are read in one pass, and the reply is sent in two messages, without a request or a
    response object between: at a page of twenty those are a tenth of all that is done here.
    """

    __slots__ = (
        "_caller_id",
        "_headers",
        "_organization_id",
        "_policy",
        "_scope",
        "method",
        "query_string",
        "receive",
        "received_bytes",
        "record",
        "send",
    )

    def __init__(self, policy: ExchangePolicy, scope: Scope, receive: Receive, send: Send) -> None:
        self._policy = policy
        self._scope = scope
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self.record: RequestRecord = scope[RECORD]
        self.receive = receive
        self.send = send
        self._organization_id: str | None = None
        self._caller_id = ""
        # Of the body.
        self.received_bytes = 0
        self._headers: dict[str, list[str]] = {}
        for encoded_name, value in scope["headers"]:
            name = _NAMES.get(encoded_name)
            if name is not None:
                self._headers.setdefault(name, []).append(value.decode("latin-1").strip(" \t"))

    def list_header(self, name: str) -> str:
        """A header that is a list, however often it was sent; empty where there is none."""
        return ", ".join(self._headers.get(name, ()))[:_LONGEST_LIST]

    def header(self, name: str) -> str | None:
        """A header that may be sent once; raises what `only_value` does."""
        values = self._headers.get(name)
        return None if values is None else values[0] if len(values) == 1 else only_value(name, values)

    async def context(self, namespace: str | None = None, authorization: str | None = None) -> Context:
        """Who asks, and for which namespace, to be asked once; ``namespace``: the one that the address names, by name
        or id, instead of the header, and so ``authorization``. Raises what `Authenticator.context`, `header` and
        `UsedConnections.begin` do."""
        named = self.header("x-namespace") if namespace is None else namespace
        if authorization is None:
            authorization = self.header("authorization")
        identified = partial(self._policy.observer.identified, self.record)
        context = await self._policy.authenticator.context(
            authorization, named, self.header("origin"), refused=identified
        )
        # Ahead of all by which it may be refused.
        identified(context)
        organization_id = context.caller.organization.id
        self._policy.used_connections.begin(organization_id)
        self._organization_id, self._caller_id = organization_id, context.caller.id
        return context

    def operation(self) -> OperationRecord:
        """The record of another operation that is asked for."""
        return self._policy.observer.operation(self.record)

    def step(self) -> OperationRecord:
        """The record of an operation that is one of many which a reply is made of, to be `ended` by itself."""
        return OperationRecord(self.record)

    def ended(self, step: OperationRecord) -> None:
        """Nothing more becomes of such an operation."""
        self._policy.observer.ended(step)

    def refusal(self, error: GatewayError) -> Answer:
        """The answer to a request that is refused as a whole."""
        self._policy.observer.refused(self.record, error.code)
        return refused(error)

    def end(self) -> None:
        """Ends the use of the connection; whatever became of the request, this is called."""
        if self._organization_id is not None:
            self._policy.used_connections.end(self._organization_id)

    async def body(self) -> bytes:
        """The whole body.

        Raises `UnknownCoding` where it is in a content coding, `PayloadTooLarge`, `RequestTimeout`, and
        `ClientDisconnect` where the client leaves before its end.
        """
        coding = self.header("content-encoding")
        if coding and coding.lower() != "identity":
            raise UnknownCoding("The body must be sent as it is, without a Content-Encoding.")
        try:
            with self._policy.body_deadline.block():
                return await self._whole_body()
        except TimeoutError:
            raise RequestTimeout("The body did not arrive in time.") from None

    async def _whole_body(self) -> bytes:
        body, chunks = b"", []
        is_whole = False
        while not is_whole:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body = message.get("body", b"")
            self.received_bytes += len(body)
            if self.received_bytes > self._policy.body_bytes:
                raise PayloadTooLarge(f"The body may have at most {self._policy.body_bytes:,} bytes.")
            chunks.append(body)
            is_whole = not message.get("more_body", False)
        return body if len(chunks) == 1 else b"".join(chunks)

    async def left(self) -> None:
        """Raises `ClientDisconnect` once the client has left; for when its body was read."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
        raise ClientDisconnect

    async def reply(self, reply: Reply) -> None:
        """Sends it, in the coding that the client prefers where it is long enough.

        Raises `AnswersUnread`, before anything is sent, where it is so long that it would have to wait to be read, and
        too much does.
        """
        if len(reply.body) >= LONG_BODY_BYTES:
            # The body is held in its caller's hands too, as it was before it was compressed.
            with self._policy.unread_bytes.of(self._caller_id).held(len(reply.body)):
                await self._send(reply)
        else:
            await self._send(reply)

    async def stream(self, own_headers: Headers, parts: AsyncIterator[bytes], *, may_code: bool = True) -> None:
        """Sends a body in parts, as they come and are read; where one can't be had, the connection is ended, so that
        nobody takes what was sent for whole. ``may_code``: in the coding that the client prefers.
        """
        coding = preferred_coding(self.list_header("accept-encoding")) if may_code else None
        stream = StreamedReply(self._policy.unread_bytes.of(self._caller_id), self._scope, self.receive, self.send)
        error = await stream.send((*own_headers, *HEADERS), parts, coding)
        if error is not None:
            self.refusal(error)

    async def _send(self, reply: Reply) -> None:
        coding = preferred_coding(self.list_header("accept-encoding")) if len(reply.body) >= SHORTEST_BYTES else None
        if coding is not None:
            headers = (*reply.own_headers, (b"content-encoding", coding.encode()))
            reply = Reply(reply.status, headers, await compressed(reply.body, coding), reply.restrictions)
        await self.send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        if len(reply.body) >= LONG_BODY_BYTES and self.method != "HEAD":
            await send_paced(reply.body, self._scope, self.receive, self.send)
        else:
            await self.send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else reply.body})


def only_value(name: str, values: Sequence[str]) -> str | None:
    """The value of a header of this name, in lower case; None where there is none.

    Raises `BadRequest` where it was sent more than once, `Unauthenticated` for credentials.
    """
    if len(values) > 1:
        refusal = Unauthenticated if name == "authorization" else BadRequest
        raise refusal(f"The header {name.title()} may be sent only once.")
    return values[0] if values else None
