"""Who is told of requests, of commands and of connections, by the settings."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version

from gateway.app.tracing import open_traces
from gateway.observability.log_lines import event_logger
from gateway.observability.metrics_catalogue import LOG_LOST, Metric
from gateway.observability.observer import Observer, Sink
from gateway.observability.request_log import RequestLog
from gateway.observability.slow_commands import SlowCommands
from gateway.settings import Settings
from gateway.store.client import Database
from gateway.store.driver_monitoring import Listener, listeners
from gateway.store.explanations import explanation


class Observation:
    """What one process tells of itself: its log and, where the settings ask for them, its metrics and traces.

    ``listeners``: what its clients of MongoDB are opened with.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sinks: list[Sink] = []
        self.listeners: Sequence[Listener] = ()
        self._meters = None
        if settings.metrics_address is not None:
            # Imported by now: see `gateway.app.metrics_exposition`.
            from gateway.observability.request_metrics import DatabaseMetrics, Meters, RequestMetrics

            self._meters = Meters()
            self._sinks.append(RequestMetrics(self._meters))
            self.listeners = listeners(DatabaseMetrics(self._meters))

        self._traces = open_traces(settings)
        if self._traces is not None:
            self._sinks.append(self._traces)

    async def close(self) -> None:
        """Exports what isn't yet."""
        if self._traces is not None:
            await asyncio.to_thread(self._traces.close)

    def observer(self, database: Database) -> Observer:
        """The Observer of the process, whose slow commands are explained by ``database``."""
        settings = self._settings
        logger = event_logger(settings.log_level, settings.log_format, self._count_lost)
        slow = SlowCommands(logger, partial(explanation, database, values=settings.log_texts))
        log = RequestLog(logger, texts=settings.log_texts, slow_ms=settings.slow_operation_ms, slow=slow)
        return Observer([log, *self._sinks])

    def _count_lost(self) -> None:
        if self._meters is not None:
            self._meters.count(LOG_LOST)

    async def sample(self, gauges: Mapping[Metric, Callable[[], float]]) -> None:
        """Sets what changes without a request, for as long as it isn't cancelled and there are metrics."""
        if self._meters is not None:
            from gateway.observability.request_metrics import sample

            await sample(self._meters, gauges, version("search-interactions-gateway"))
