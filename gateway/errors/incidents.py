"""Errors that nobody foresaw: what is told of them, and what is logged, which is bounded for each answer."""

import logging
import traceback
from uuid import uuid4

from gateway.errors import Unforeseen
from gateway.output.redaction import redacted

_LOG = logging.getLogger(__name__)
_MAX_LOGGED = 2_000
# More kinds of errors in one answer, such as those whose messages quote what is stored, share the last one's number.
_MAX_KINDS = 5


class _Incident:
    """Errors of one answer that are alike; ``original``: the first of them."""

    __slots__ = ("count", "error", "original")

    def __init__(self, original: BaseException) -> None:
        self.original = original
        self.error = Unforeseen(uuid4().hex)
        self.count = 0

    def log(self) -> None:
        text = redacted("".join(traceback.format_exception(self.original)))[-_MAX_LOGGED:]
        others = f" (and {self.count - 1:,} more in this answer)" if self.count > 1 else ""
        _LOG.error("incident %s%s: %s", self.error.facts["incident"], others, text)


class Incidents:
    """The unforeseen errors of one answer: those of one class, with one message, from one line are one incident."""

    def __init__(self) -> None:
        self._by_kind: dict[object, _Incident] = {}
        self._latest: _Incident | None = None

    def of(self, original: BaseException) -> Unforeseen:
        """What is told of an error."""
        kind = type(original), str(original)[:_MAX_LOGGED], _raised_at(original)
        incident = self._by_kind.get(kind)
        if incident is None and len(self._by_kind) == _MAX_KINDS:
            incident = self._latest
        if incident is None:
            incident = self._by_kind[kind] = self._latest = _Incident(original)
        incident.count += 1
        return incident.error

    def log(self) -> None:
        """Logs each incident with how many errors it stands for."""
        for incident in self._by_kind.values():
            incident.log()


def as_incident(original: BaseException) -> Unforeseen:
    """What is told of an unforeseen error: the incident under which the log has the rest."""
    incidents = Incidents()
    error = incidents.of(original)
    incidents.log()
    return error


def _raised_at(error: BaseException) -> tuple[str, int] | None:
    """The file and line that raised it."""
    entry = error.__traceback__
    if entry is None:
        return None
    while entry.tb_next is not None:
        entry = entry.tb_next
    return entry.tb_frame.f_code.co_filename, entry.tb_lineno
