"""JSON lines: one interaction per line, in the REST wire shape."""

import sqlite3
from collections.abc import Collection, Iterator
from typing import Any

from gateway.errors import BadUserInput
from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Candidate, Entry, Skipped
from gateway.interchange.lines import Line, Source, Unreadable, parsed
from gateway.interchange.temporary_database import Occurrences
from gateway.interchange.times import first_time
from gateway.model.wire.fields import INTERACTION_TYPES, QUERY_TYPES, VECTOR_INDEXES
from gateway.model.wire.instants import is_instant

LEGACY_TIMES = ("timestamp", "created_at")
"""Names under which older producers say when the interaction happened, read where ``occurred_at`` is absent."""

_QUERY_NAMES = {"vector_index": VECTOR_INDEXES, "type": QUERY_TYPES}


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
    if "interaction_type" in content:
        content["interaction_type"] = _known(content["interaction_type"], INTERACTION_TYPES)
    if isinstance(request := content.get("search_request"), dict) and isinstance(request.get("queries"), list):
        content["search_request"] = request | {"queries": list(map(_known_query, request["queries"]))}
    try:
        # What is RFC 3339 is kept as it was sent.
        if content.get("occurred_at") is not None and not is_instant(content["occurred_at"]):
            content["occurred_at"] = first_time(content, "occurred_at")
        occurred_at = None if content.get("occurred_at") is not None else first_time(content, *LEGACY_TIMES)
    except BadUserInput as error:
        return Skipped(line, error.code, error.message, tuple(map(str, error.path)))
    return Candidate(line, content, occurred_at)


def _known(names: Any, known: Collection[str]) -> Any:
    """The same with names that the contract knows as they are recorded, in whatever letter case they came."""
    match names:
        case list():
            return [_known(name, known) for name in names]
        case str() if names.lower() in known:
            return names.lower()
    return names


def _known_query(query: Any) -> Any:
    if not isinstance(query, dict):
        return query
    return query | {name: _known(query[name], known) for name, known in _QUERY_NAMES.items() if name in query}
