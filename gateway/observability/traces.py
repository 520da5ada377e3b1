"""Spans of requests, of their operations, and of the commands of those: named as OpenTelemetry's conventions say."""

from collections.abc import Mapping
from importlib.metadata import version
from time import perf_counter, time_ns
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.observability.observer import Sink
from gateway.observability.records import OperationRecord, RequestRecord, document_hash
from gateway.observability.request_log import MAX_PATH, QUIET_PATHS, level
from gateway.output.redaction import redacted

_NAME = "search-interactions-gateway"
# https://opentelemetry.io/docs/specs/semconv/http/http-spans/
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
_ROUTE = "/graphql"
# Never the current one: a server may begin a request while it ends another.
_NOTHING = Context()
_ERROR = Status(StatusCode.ERROR)


class Traces(Sink):
    """The spans of what is sampled, exported by and by: one of each request, with one of each of its operations, with
    one of each of the commands that it sends to the ``database``.

    No span holds a header, a variable, what a command asks or, but for ``texts``, what a document says.
    Where spans go, which requests are sampled and how the service is called is said by OpenTelemetry's own variables,
    which its SDK reads: a wrong one raises ValueError, or is warned of.
    """

    def __init__(self, database: str, *, texts: bool) -> None:
        self._database = database
        self._texts = texts
        self._ids = _TraceIds()
        self._provider = TracerProvider(resource=_resource(), id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._sampler = self._provider.sampler
        self._tracer = self._provider.get_tracer(_NAME, version(_NAME))
        self._propagator = TraceContextTextMapPropagator()

    def close(self) -> None:
        """Exports what is left, or gives up after seconds."""
        self._provider.shutdown()

    def request_began(self, request: RequestRecord) -> None:
        if request.path.startswith(QUIET_PATHS):
            return
        method = request.method if request.method in _METHODS else "HTTP"
        name = f"{method} {_ROUTE}" if request.path == _ROUTE else method
        parent = self._remote(request)
        # The same decision as below, by the same ids: a span that isn't recorded takes two to three times as long.
        decision = self._sampler.should_sample(parent, int(request.trace_id, 16), name, SpanKind.SERVER).decision
        if decision is Decision.DROP:
            return
        if request.parent is None:
            self._ids.following = request.trace_id
        span = self._tracer.start_span(name, parent, SpanKind.SERVER)
        if span.is_recording():
            request.span = span

    def operation_admitted(self, operation: OperationRecord) -> None:
        span = self._operation_span(operation)
        if span is None:
            return
        operation.span = _OperationSpan(span, self._tracer, self._database)
        if self._texts and operation.text is not None:
            span.set_attribute("graphql.document", operation.text)

    def operation_ended(self, operation: OperationRecord) -> None:
        if isinstance(operation.span, _OperationSpan):
            span: Span | None = operation.span.span
        else:
            # What was refused has none yet, nor has what isn't sampled.
            span = None if operation.kind else self._operation_span(operation)
        if span is None:
            return
        span.set_attributes(_operation_attributes(operation))
        if codes := operation.codes or operation.request.codes:
            _set_error(span, codes[0], is_failure=level(codes) != "info")
        span.end()

    def request_ended(self, request: RequestRecord) -> None:
        if request.span is None:
            return
        span: Span = request.span
        span.set_attributes(_request_attributes(request))
        is_failure = request.status >= 500
        if is_failure or request.codes:
            _set_error(span, request.codes[0] if request.codes else str(request.status), is_failure=is_failure)
        span.end()

    def _remote(self, request: RequestRecord) -> Context:
        """With the span that the sender of a request names."""
        if request.parent is None:
            return _NOTHING
        carrier = {"traceparent": request.parent, "tracestate": request.trace_state}
        return self._propagator.extract(carrier, _NOTHING)

    def _operation_span(self, operation: OperationRecord) -> Span | None:
        """None where it isn't sampled."""
        request, links, parent = operation.request, [], _NOTHING
        own: Span | None = request.span
        if request.transport == "http" or request.parent is not None:
            if own is None:
                return None
            parent = trace.set_span_in_context(own, _NOTHING)
        elif own is not None:
            # A websocket is open for hours: a trace of all of it would be too long to be read, or kept.
            links = [Link(own.get_span_context())]
        since = time_ns() - int((perf_counter() - operation.began) * 1e9)
        name = operation.kind or "GraphQL Operation"
        span = self._tracer.start_span(name, parent, SpanKind.SERVER, links=links, start_time=since)
        return span if span.is_recording() else None


class _OperationSpan:
    """The span of an operation, and the `CommandTracer` of that; ``database``: to which its commands are sent."""

    __slots__ = ("_database", "_tracer", "span")

    def __init__(self, span: Span, tracer: Tracer, database: str) -> None:
        self.span = span
        self._tracer = tracer
        self._database = database

    def command_began(self, name: str, collection: str) -> Span:
        attributes = {"db.system.name": "mongodb", "db.operation.name": name, "db.namespace": self._database}
        if collection:
            attributes["db.collection.name"] = collection
        title = f"{name} {collection or self._database}"
        parent = trace.set_span_in_context(self.span, _NOTHING)
        return self._tracer.start_span(title, parent, SpanKind.CLIENT, attributes)

    def command_ended(self, span: Span, error: str) -> None:
        if error:
            _set_error(span, error, is_failure=True)
        span.end()


class _TraceIds(RandomIdGenerator):
    """Ids of traces: that which is ``following`` for the next, of which a client is told, else random ones."""

    def __init__(self) -> None:
        self.following = ""

    def generate_trace_id(self) -> int:
        trace_id, self.following = self.following, ""
        return int(trace_id, 16) if trace_id else super().generate_trace_id()


def _resource() -> Resource:
    """The service, as OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES describe it."""
    described = OTELResourceDetector().detect().attributes
    return Resource.create({"service.name": _NAME, "service.version": version(_NAME), **described})


def _set_error(span: Span, kind: str, *, is_failure: bool) -> None:
    span.set_attribute("error.type", kind)
    if is_failure:
        span.set_status(_ERROR)


def _request_attributes(request: RequestRecord) -> Mapping[str, Any]:
    is_known = request.method in _METHODS
    attributes: dict[str, Any] = {
        "http.request.method": request.method if is_known else "_OTHER",
        "url.scheme": request.scheme,
        "url.path": redacted(request.path)[:MAX_PATH],
        "search_gateway.request.id": request.id,
    }
    if request.path == _ROUTE:
        attributes["http.route"] = _ROUTE
    if request.status:
        attributes["http.response.status_code"] = request.status
    if request.context is not None:
        attributes["search_gateway.organization.id"] = request.context.caller.organization.id
        attributes["search_gateway.namespace.id"] = request.context.namespace.id
    return attributes


def _operation_attributes(operation: OperationRecord) -> Mapping[str, Any]:
    """Nothing of what was refused ahead of its admission."""
    if not operation.kind:
        return {}
    attributes: dict[str, Any] = {
        "graphql.operation.type": operation.kind,
        "search_gateway.operation.hash": document_hash(operation),
        "search_gateway.operation.estimated": operation.estimated,
        "search_gateway.operation.cost": operation.actual,
        "search_gateway.operation.documents": operation.documents,
        "search_gateway.operation.waiting_ms": round(operation.waited * 1_000, 3),
    }
    if operation.name:
        attributes["graphql.operation.name"] = operation.name
    if operation.way:
        attributes["search_gateway.operation.way"] = operation.way
    if operation.kind == "subscription":
        attributes["search_gateway.operation.events"] = operation.events
    return attributes
