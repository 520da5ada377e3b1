"""Who is told of requests, by the settings."""

from functools import partial

from gateway.observability.log_lines import event_logger
from gateway.observability.observer import Observer, Sink
from gateway.observability.request_log import RequestLog
from gateway.observability.slow_commands import SlowCommands
from gateway.settings import Settings
from gateway.store.client import Database
from gateway.store.explanations import explanation


def open_observer(settings: Settings, database: Database) -> Observer:
    """The Observer of one process."""
    logger = event_logger(settings.log_level, settings.log_format)
    slow = SlowCommands(logger, partial(explanation, database, values=settings.log_texts))
    sinks: list[Sink] = [RequestLog(logger, texts=settings.log_texts, slow_ms=settings.slow_operation_ms, slow=slow)]
    return Observer(sinks)
