"""The log as it is printed: whose records, and in which form."""

import logging
from typing import Any

from gateway.output.printable import printable_lines
from gateway.output.redaction import redacted


class LogLines(logging.Formatter):
    """The form of a record: its level and message, secrets left out, unprintable characters escaped.

    Where it has more than one line, such as a traceback, the others are indented, so that nothing that a message quotes
    looks like a record of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        prefix = f"{record.levelname}:"
        return f"{prefix:<9} {printable_lines(redacted(super().format(record)))}"


def is_logged(record: logging.LogRecord) -> bool:
    """Whether a record is the gateway's own, or severe: below that, libraries log what clients send, their headers
    included."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == "gateway"


def configuration(level: str) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes: the gateway's records from ``level`` on, and every library's severe ones,
    whatever level it gives its loggers; on stderr."""
    severe = "ERROR" if level == "ERROR" else "WARNING"
    # uvicorn's servers and websockets ask their loggers whether to put together what would be dropped.
    libraries = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "websockets", "pymongo", "asyncio")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": LogLines}},
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
