"""The metrics of one process, counted as records end."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.observability import metrics_catalogue
from gateway.observability.metrics_catalogue import CATALOGUE, Metric
from gateway.observability.observer import Sink
from gateway.observability.records import OperationRecord, RequestRecord

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
_ROUTES = frozenset(
    {
        "/graphql",
        "/",
        "/start",
        "/insights",
        "/livez",
        "/readyz",
        "/healthcheck",
        "/openapi.json",
        "/export",
        "/features/search/interactions",
        "/namespaces",
        "/namespaces/indexes",
    }
)
# Of addresses that hold a name or an id, by what is ahead of that.
_TEMPLATES = {
    "/graphql/assets/": "/graphql/assets/{name}",
    "/insights/assets/": "/insights/assets/{name}",
    "/features/search/interactions/": "/features/search/interactions/{interaction_id}",
    "/namespaces/": "/namespaces/{namespace}",
}
_NAMES, _NAMES_OF_ORGANIZATION = 200, 20
_SAMPLE_SECONDS = 1.0


class Meters:
    """The metrics of the catalogue in this process. Where several processes count, each count is written to a mapped
    file: so what is only added up is added here first, and written by `flush`."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._metrics = {metric.name: _made(metric, registry) for metric in CATALOGUE}
        self._children: dict[tuple[str, ...], Any] = {}
        self._counts: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Counts a value of a histogram."""
        self._child((metric.name, *labels)).observe(value)

    def count(self, metric: Metric, *labels: str, amount: float = 1) -> None:
        """Adds to a counter or a gauge, by the next `flush`."""
        self._counts[(metric.name, *labels)] += amount

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Sets a gauge."""
        self._child((metric.name, *labels)).set(value)

    def flush(self) -> None:
        """Writes what was counted."""
        counts, self._counts = self._counts, defaultdict(float)
        for key, amount in counts.items():
            self._child(key).inc(amount)

    def _child(self, key: tuple[str, ...]) -> Any:
        child = self._children.get(key)
        if child is None:
            name, *labels = key
            made = self._metrics[name]
            child = self._children[key] = made.labels(*labels) if labels else made
        return child


def _made(metric: Metric, registry: CollectorRegistry) -> Any:
    match metric.kind:
        case "histogram":
            return Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets)
        case "counter":
            return Counter(metric.name, metric.help, metric.labels, registry=registry)
        case "gauge":
            return Gauge(
                metric.name,
                metric.help,
                metric.labels,
                registry=registry,
                multiprocess_mode="livesum" if metric.of_workers == "sum" else "livemax",
            )


class RequestMetrics(Sink):
    """What is counted of requests and operations."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._names: dict[str, set[str]] = {}
        self._name_count = 0

    def subscription_opened(self, operation: OperationRecord) -> None:
        self._meters.count(metrics_catalogue.SUBSCRIPTIONS)

    def event_sent(self) -> None:
        self._meters.count(metrics_catalogue.SUBSCRIPTION_EVENTS)

    def operation_ended(self, operation: OperationRecord) -> None:
        count, observe, codes = self._meters.count, self._meters.observe, operation.codes
        for code in set(codes):
            count(metrics_catalogue.ERRORS, code)
        if not operation.kind:
            return
        count(metrics_catalogue.DOCUMENTS, operation.known)
        for name, seconds, error in operation.ended_commands:
            observe(metrics_catalogue.DB_DURATION, seconds, name, error)
        if operation.document_id:
            count(metrics_catalogue.PERSISTED)
        count(metrics_catalogue.POINTS_ESTIMATED, amount=operation.estimated)
        if operation.kind == "subscription":
            self._end_subscription(operation)
            return
        way = "shaped" if operation.way == "shaped" else "executed" if operation.way else "refused"
        if way == "executed":
            count(metrics_catalogue.EXECUTED, operation.way[:100])
        observe(metrics_catalogue.OPERATION_DURATION, operation.seconds, operation.kind, way, self._name(operation))
        observe(metrics_catalogue.OVERHEAD, max(0.0, operation.seconds - operation.in_mongodb), operation.kind)
        count(metrics_catalogue.WAITING, amount=operation.waited)
        count(metrics_catalogue.POINTS, amount=operation.actual)
        count(metrics_catalogue.STORED_DOCUMENTS, amount=operation.documents)
        count(metrics_catalogue.READ_BYTES, amount=operation.read_bytes)
        count(metrics_catalogue.WRITTEN_BYTES, amount=operation.written_bytes)

    def _end_subscription(self, operation: OperationRecord) -> None:
        if operation.is_open:
            self._meters.count(metrics_catalogue.SUBSCRIPTIONS, amount=-1)
            self._meters.count(
                metrics_catalogue.SUBSCRIPTIONS_ENDED, next(iter(operation.codes or operation.request.codes), "client")
            )

    def request_ended(self, request: RequestRecord) -> None:
        for code in set(request.codes):
            self._meters.count(metrics_catalogue.ERRORS, code)
        if request.transport == "http":
            method = request.method if request.method in _METHODS else "_OTHER"
            route = _route(request.path)
            status = str(request.status)
            self._meters.observe(metrics_catalogue.HTTP_DURATION, request.seconds, method, route, status)

    def _name(self, operation: OperationRecord) -> str:
        """The operation's name, as long as few have one: clients choose them."""
        context, name = operation.request.context, operation.name
        if not name or context is None:
            return ""
        names = self._names.setdefault(context.caller.organization.id, set())
        if name in names:
            return name
        if len(names) >= _NAMES_OF_ORGANIZATION or self._name_count >= _NAMES:
            return "other"
        names.add(name)
        self._name_count += 1
        return name


def _route(path: str) -> str:
    if path in _ROUTES:
        return path
    return next((template for prefix, template in _TEMPLATES.items() if path.startswith(prefix)), "other")


class DatabaseMetrics:
    """What is counted of connections: a `gateway.store.driver_monitoring.ConnectionMonitor`."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def connections_changed(self, state: str, difference: int) -> None:
        self._meters.count(metrics_catalogue.DB_CONNECTIONS, state, amount=difference)

    def connection_waited(self, seconds: float) -> None:
        self._meters.observe(metrics_catalogue.DB_WAIT, seconds)


async def sample(meters: Meters, gauges: Mapping[Metric, Callable[[], float]], version: str) -> None:
    """Writes what was counted, and sets what changes without a request: every second for as long as it isn't
    cancelled, and once more then."""
    meters.set(metrics_catalogue.BUILD, 1, version)
    try:
        while True:
            for metric, value in gauges.items():
                meters.set(metric, value())
            meters.flush()
            await asyncio.sleep(_SAMPLE_SECONDS)
    finally:
        meters.flush()
