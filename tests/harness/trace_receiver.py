"""A collector of traces on loopback: what the gateway exports, as it arrives."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as EncodedSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.harness.waiting import soon


@dataclass(frozen=True, slots=True)
class Span:
    """A span as it was exported.

    ``kind``: ``"SERVER"`` or ``"CLIENT"``; ``parent``, ``links``: ids of others, the first empty where there is none.
    """

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    state: str
    attributes: dict[str, Any]
    is_error: bool
    links: list[str]


@dataclass
class TraceReceiver:
    """``raw``: all that came, ``resource``: what describes the service."""

    endpoint: str = ""
    spans: list[Span] = field(default_factory=list)
    raw: bytes = b""
    resource: dict[str, Any] = field(default_factory=dict)

    async def tree(self, has_all: Callable[[list[Span]], bool]) -> list[Span]:
        """All spans so far, in the order in which they began, once these are those waited for."""
        await soon(lambda: has_all(self.spans))
        return list(self.spans)

    def receive(self, body: bytes) -> None:
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = _values(resource.resource.attributes)
            for scope in resource.scope_spans:
                self.spans += map(_span, scope.spans)


@contextmanager
def trace_receiver() -> Iterator[TraceReceiver]:
    receiver = TraceReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.receive(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def _span(span: EncodedSpan) -> Span:
    return Span(
        name=span.name,
        kind=EncodedSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        state=span.trace_state,
        attributes=_values(span.attributes),
        is_error=span.status.code == Status.StatusCode.STATUS_CODE_ERROR,
        links=[link.span_id.hex() for link in span.links],
    )


def _values(attributes: Any) -> dict[str, Any]:
    def value(attribute: KeyValue) -> Any:
        return getattr(attribute.value, str(attribute.value.WhichOneof("value")))

    return {attribute.key: value(attribute) for attribute in attributes}
