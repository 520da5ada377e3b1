"""The commands that clients send to MongoDB, as MongoDB's drivers publish them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from bson import Binary
from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

Command = dict[str, Any]

_READS = {"find", "aggregate", "count", "distinct"}
_WRITES = {"insert", "update", "delete", "findAndModify"}
_SAID = {"filter", "query", "projection", "sort", "limit", "hint", "pipeline", "documents", "deletes", "updates"}
# Who asks is looked up before an operation, and not always.
_ACCESS = {"keys"}
# What an entry of the audit log has besides what it tells of: its own id, its time, and who asked.
_OF_ENTRIES = {"_id", "at", "actor"}


class _Log(CommandListener):
    def __init__(self) -> None:
        self.logs: list[list[Command]] = []

    def started(self, event: CommandStartedEvent) -> None:
        name = event.command_name
        target = event.command[name] if name in _READS | _WRITES else None
        if target is None or target in _ACCESS or event.command.get("singleBatch"):
            return
        said = {key: value for key, value in event.command.items() if key in _SAID}
        if target == "audit":
            said["documents"] = [
                {key: value for key, value in entry.items() if key not in _OF_ENTRIES} for entry in said["documents"]
            ]
        for log in self.logs:
            log.append({name: target, **said})

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


_LOG = _Log()
# For every client that is made from now on; there is no taking it back.
monitoring.register(_LOG)


@contextmanager
def commands() -> Iterator[list[Command]]:
    """Fills the list with the reads and writes that are sent meanwhile, by any client: command and collection (1: the
    database), and what they ask. Those that look up a key, or a namespace's name, are left out."""
    log: list[Command] = []
    _LOG.logs.append(log)
    try:
        yield log
    finally:
        # By identity: two logs may hold the same.
        _LOG.logs[:] = [one for one in _LOG.logs if one is not log]


def as_json(sent: list[Command]) -> list[Command]:
    """The commands as JSON, in which a UUID is its text, however it was given; of other binary data there is none."""
    told: list[Command] = orjson.loads(orjson.dumps(sent, default=Binary.as_uuid))
    return told


def modulo(values: Mapping[str, str], told: Any) -> Any:
    """``told`` with every string, also within strings, that is a key of ``values`` as its value."""
    match told:
        case str():
            for given, name in values.items():
                told = told.replace(given, name)
            return told
        case Mapping():
            return {modulo(values, key): modulo(values, value) for key, value in told.items()}
        case list() | tuple():
            return [modulo(values, item) for item in told]
    return told
