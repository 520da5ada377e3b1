"""The commands that clients send to MongoDB, as MongoDB's drivers publish them."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from bson import Binary, DatetimeMS, Timestamp, decode
from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

Command = dict[str, Any]

# What the driver sends on its own account: to open, keep and close connections, sessions and cursors.
_OF_THE_DRIVER = {"hello", "isMaster", "ismaster", "saslStart", "saslContinue", "endSessions", "killCursors"}
# What the driver adds to every command: its session, its routing, and what the client is configured with.
_ENVELOPE = {"$clusterTime", "$db", "$readPreference", "lsid", "readConcern", "txnNumber", "writeConcern"}
# Who asks is looked up before an operation, and only where it isn't known from the seconds before.
_AUTHENTICATION = "gateway.auth"
# What keys have spent is noted every few seconds, whatever is asked meanwhile.
_SPENT_POINTS = "gateway.scheduling.spent_points"
# What an entry of the audit log has besides what it tells of: its own id, its time, and who asked.
_OF_ENTRIES = {"_id", "at", "actor"}
# A job likewise, by whose id the log knows it.
_OF_JOBS = {"_id", "job_id", "created_at"}
_JOB_ID = re.compile("job_[0-9a-f]{24}")


class _Log(CommandListener):
    def __init__(self) -> None:
        self.logs: list[list[Command]] = []
        self._opening: set[int] = set()
        self._change_streams: set[int] = set()

    def started(self, event: CommandStartedEvent) -> None:
        name, command = event.command_name, event.command
        if name == "aggregate" and command["pipeline"] and "$changeStream" in command["pipeline"][0]:
            self._opening.add(event.request_id)
        if not self.logs or name in _OF_THE_DRIVER or _is_sent_by(_AUTHENTICATION, _SPENT_POINTS):
            return
        if name == "getMore":
            # A change stream asks about once a second, for as long as it is open.
            if command["getMore"] not in self._change_streams:
                self._log({"getMore": command["collection"]})
            return
        logged = {key: value for key, value in command.items() if key not in _ENVELOPE}
        if command[name] == "audit" and name == "insert":
            logged["documents"] = [_entry(entry) for entry in logged["documents"]]
        if command[name] == "jobs" and name == "insert":
            logged["documents"] = [
                {key: value for key, value in job.items() if key not in _OF_JOBS} for job in logged["documents"]
            ]
        self._log(logged)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if event.request_id in self._opening:
            self._opening.remove(event.request_id)
            self._change_streams.add(event.reply["cursor"]["id"])

    def failed(self, event: CommandFailedEvent) -> None:
        self._opening.discard(event.request_id)

    def _log(self, command: Command) -> None:
        for log in self.logs:
            log.append(command)


def _entry(entry: Mapping[str, Any]) -> Command:
    kept = {key: value for key, value in entry.items() if key not in _OF_ENTRIES}
    return {**kept, "object_id": _JOB_ID.sub("<job>", kept["object_id"])}


def _is_sent_by(*names: str) -> bool:
    """Whether code of any of these packages and modules is waiting for what the driver is about to send."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        module = f"{frame.f_globals.get('__name__', '')}."
        if any(module.startswith(f"{name}.") for name in names):
            return True
    return False


_LOG = _Log()
# For every client that is made from now on; there is no taking it back.
monitoring.register(_LOG)


@contextmanager
def commands() -> Iterator[list[Command]]:
    """Fills the list with all commands that are sent meanwhile, by any client, whatever their shape: each its name and
    collection (1: the database) first, then what it asks.

    Left out are the driver's own (connections, sessions, the end of cursors, a change stream's waiting) and, by the
    code that sends them, those that authenticate a caller.
    """
    log: list[Command] = []
    _LOG.logs.append(log)
    try:
        yield log
    finally:
        # By identity: two logs may hold the same.
        _LOG.logs[:] = [other for other in _LOG.logs if other is not log]


def as_json(sent: list[Command]) -> list[Command]:
    """The commands as JSON, in which a UUID is its text, however it was given, and a time of the database's own clock
    a constant; of other binary data there is none."""
    encoded: list[Command] = orjson.loads(orjson.dumps(sent, default=_jsonable))
    return encoded


def _jsonable(value: Any) -> Any:
    match value:
        case Timestamp():
            return "<time>"
        case DatetimeMS():
            return int(value)
        case bytes() if not isinstance(value, Binary) or value.subtype == 0:
            # The filter of a job.
            return decode(value)
    return Binary.as_uuid(value)


def modulo(values: Mapping[str, str], part: Any) -> Any:
    """``part`` with every string, also within strings, that is a key of ``values`` as its value."""
    match part:
        case str():
            for text, name in values.items():
                part = part.replace(text, name)
            return part
        case Mapping():
            return {modulo(values, key): modulo(values, value) for key, value in part.items()}
        case list() | tuple():
            return [modulo(values, item) for item in part]
    return part
