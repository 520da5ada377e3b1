"""What one request, and each of its operations, did so far: the values that logs, metrics and traces are made of."""

from collections.abc import Sequence
from hashlib import sha256
from time import perf_counter
from typing import Any, Protocol

from gateway.context import Context


class CommandTracer(Protocol):
    """What makes spans of the commands of one operation; it may neither wait nor raise."""

    def command_began(self, name: str, collection: str) -> Any:
        """What `command_ended` is told. ``collection``: empty where the command is the database's."""
        ...

    def command_ended(self, span: Any, error: str) -> None:
        """``error``: empty where there was none."""
        ...


class RequestRecord:
    """One request over HTTP, or one websocket.

    ``id``: its own, or what its sender calls it. ``transport``: ``"http"`` or ``"websocket"``. ``path``: without the
    query, which may hold anything. ``client``: the name and version that the sending application gives itself.
    ``scheme``: of its URL. ``trace_id``: of its trace, 32 hexadecimal digits: that of ``parent``, the ``traceparent``
    header, else a new one; ``trace_state``: the ``tracestate`` header.
    ``status``: of the reply over HTTP, 499 where the client left ahead of it; ``sent_bytes``: of the reply's body.
    ``codes``: why the request was refused as a whole. ``span``: what a tracer keeps with it.
    """

    __slots__ = (
        "began",
        "client",
        "codes",
        "context",
        "id",
        "method",
        "operations",
        "parent",
        "path",
        "scheme",
        "seconds",
        "sent_bytes",
        "span",
        "status",
        "trace_id",
        "trace_state",
        "transport",
    )

    def __init__(
        self,
        id: str,
        transport: str,
        method: str,
        path: str,
        *,
        scheme: str = "http",
        client: tuple[str, str] = ("", ""),
        parent: str | None = None,
        trace_id: str = "",
        trace_state: str = "",
    ) -> None:
        self.id = id
        self.transport = transport
        self.method = method
        self.path = path
        self.scheme = scheme
        self.client = client
        self.parent = parent
        self.trace_id = trace_id
        self.trace_state = trace_state
        self.began = perf_counter()
        self.seconds = 0.0
        self.status = 0
        self.sent_bytes = 0
        self.codes: Sequence[str] = ()
        self.context: Context | None = None
        # Of a websocket, only those that go on; each is told of once it has ended.
        self.operations: list[OperationRecord] = []
        self.span: Any = None


class OperationRecord:
    """One operation of a request.

    ``kind``: ``"query"``, ``"mutation"`` or ``"subscription"``, empty where that was never known. ``text``: of its
    document, where it was sent; ``hash``: the SHA-256 of that, where it isn't kept any longer. ``way``: ``"shaped"``,
    or why the executor had to answer. ``known``: how much of what was sent was known: ``"request"``, ``"document"``,
    or nothing: ``"new"``. ``codes``: of its errors.
    ``estimated``, ``actual``: the points that it might have cost, and did. ``documents``, ``read_bytes``,
    ``written_bytes``: what came from MongoDB and went there; ``answer_bytes``: of the answer, or of all events.
    ``waited``: the seconds in which it had to wait for its turn; ``in_mongodb``: those in which any of its commands was
    under way. ``commands``: those that it sent; ``ended_commands``: of each its name, its seconds, and the code of the
    error that ended it. ``events``: how many answers a subscription had; ``is_open``: whether it has subscribed.
    ``span``: what a tracer keeps with it, who is told of its commands.
    """

    __slots__ = (
        "actual",
        "answer_bytes",
        "began",
        "codes",
        "commands",
        "document_id",
        "documents",
        "ended_commands",
        "estimated",
        "events",
        "hash",
        "in_mongodb",
        "is_open",
        "kind",
        "known",
        "name",
        "read_bytes",
        "request",
        "seconds",
        "span",
        "text",
        "waited",
        "way",
        "written_bytes",
    )

    def __init__(self, request: RequestRecord) -> None:
        self.request = request
        self.began = perf_counter()
        self.seconds = 0.0
        self.kind = ""
        self.name: str | None = None
        self.text: str | None = None
        self.hash = ""
        self.document_id: str | None = None
        self.way = ""
        self.known = ""
        self.codes: Sequence[str] = ()
        self.estimated = self.actual = 0
        self.documents = self.read_bytes = self.written_bytes = self.answer_bytes = 0
        self.waited = self.in_mongodb = 0.0
        self.commands: Sequence[Any] = ()
        self.ended_commands: Sequence[tuple[str, float, str]] = ()
        self.events = 0
        self.is_open = False
        self.span: CommandTracer | None = None


def document_hash(operation: OperationRecord) -> str:
    """The SHA-256 of the document's text, in hex; empty where that was never sent."""
    return operation.hash if operation.text is None else sha256(operation.text.encode()).hexdigest()
