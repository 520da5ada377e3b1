"""The log as it is printed: whose records, and in which form."""

import logging
import sys
from collections.abc import Callable
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from gateway.output.printable import printable, printable_lines
from gateway.output.redaction import redacted

LogFormat = Literal["text", "json"]

# What every record has, in this order.
_STAMPED: tuple[Processor, ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
)


class LineRenderer:
    """The last of structlog's processors: a record in one of both forms, without a line's end, secrets left out and
    unprintable characters escaped.

    As JSON it is one line. As text, the lines of an event below the first, such as those of a traceback, are indented,
    so that nothing that a message quotes looks like a record of its own.
    """

    def __init__(self, form: LogFormat) -> None:
        self._form = form
        self._pairs = structlog.processors.LogfmtRenderer(bool_as_flag=False)

    def __call__(self, logger: Any, name: str, event: EventDict) -> str:
        if self._form == "json":
            first = {"time": event.pop("time"), "level": event.pop("level"), "event": event.pop("event")}
            return printable(redacted(orjson.dumps({**first, **event}, default=str).decode()))
        time, prefix, text = event.pop("time"), f"{event.pop('level').upper()}:", event.pop("event")
        if event:
            text = f"{text} {self._pairs(logger, name, event)}"
        return f"{time} {prefix:<9} {printable_lines(redacted(text))}"


class LineWriter:
    """The last step of a line: each is written at once, so that lines of several processes don't run into each other.

    One that can't be, since the disk is full or nobody reads any longer, is ``lost``, and the request that it tells of
    goes on. ``stream``: None where standard error was closed, in which all are.
    """

    # By which structlog hands it what is rendered.
    __slots__ = ("_lost", "_stream", "debug", "error", "info", "warning")

    def __init__(self, stream: TextIO | None, lost: Callable[[], None]) -> None:
        self._stream = stream
        self._lost = lost
        self.debug = self.info = self.warning = self.error = self._write

    def _write(self, line: str) -> None:
        if self._stream is None:
            self._lost()
            return
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._lost()


def event_logger(level: str, form: LogFormat, lost: Callable[[], None] = lambda: None) -> FilteringBoundLogger:
    """What logs events with fields, from ``level`` on; on stderr. ``lost`` is called for each that can't be written."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        LineWriter(sys.stderr, lost),
        processors=[*_STAMPED, LineRenderer(form)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )
    return logger


class LogLines(logging.Formatter):
    """The form of what is logged by name: by modules of the gateway, and by libraries."""

    def __init__(self, form: LogFormat = "text") -> None:
        super().__init__()
        self._render = LineRenderer(form)
        self._names_logger = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        event: EventDict = {"event": super().format(record)}
        if self._names_logger:
            event["logger"] = record.name
        for processor in _STAMPED:
            event = processor(None, record.levelname.lower(), event)  # type: ignore[assignment]
        return self._render(None, "", event)


# What uvicorn says of each request that the server refuses, for whatever reason: the request's own record names it.
REFUSED_BY_SERVER = "Invalid HTTP request received."


def is_logged(record: logging.LogRecord) -> bool:
    """Whether a record is the gateway's own, or severe: below that, libraries log what clients send, their headers
    included."""
    if record.msg == REFUSED_BY_SERVER:
        return False
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == "gateway"


def configuration(level: str, form: LogFormat = "text") -> dict[str, Any]:
    """What `logging.config.dictConfig` takes: the gateway's records from ``level`` on, and every library's severe ones,
    whatever level it gives its loggers; on stderr."""
    severe = "ERROR" if level == "ERROR" else "WARNING"
    # uvicorn's servers and websockets ask their loggers whether to put together what would be dropped.
    libraries = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "websockets", "pymongo", "asyncio")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": LogLines, "form": form}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "filters": [is_logged],
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": severe, "handlers": ["stderr"]},
        # Said, too, as uvicorn takes its loggers' records for itself where it logs no addresses.
        "loggers": {"gateway": {"level": level}, **{name: {"level": severe, "propagate": True} for name in libraries}},
    }
