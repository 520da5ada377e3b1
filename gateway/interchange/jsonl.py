"""JSON lines: one interaction per line, in the REST wire shape."""

import sqlite3
from collections.abc import Iterator

from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Candidate, Entry, Skipped
from gateway.interchange.lines import Line, Source, Unreadable, parsed
from gateway.interchange.temporary_database import Occurrences
from gateway.interchange.times import first_time

LEGACY_TIMES = ("timestamp", "created_at")
"""Names under which older producers say when the interaction happened, read where ``occurred_at`` is absent."""


def entries(source: Source, database: sqlite3.Connection) -> Iterator[Entry]:
    """What each line of ``source`` is, in order; a line without ``interaction_id`` gets one by its content."""
    occurrences = Occurrences(database, "jsonl_lines")
    for line in source.lines():
        yield Auxiliary(line, AuxiliaryKind.BLANK) if line.blank else _entry(line, occurrences)


def _entry(line: Line, occurrences: Occurrences) -> Entry:
    try:
        content = parsed(line)
    except Unreadable as error:
        return Skipped(line, error.reason, error.message)
    if content.get("interaction_id") is None:
        content["interaction_id"] = occurrences.identify(content)
    return Candidate(line, content, first_time(content, *LEGACY_TIMES))
