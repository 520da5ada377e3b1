"""OpenSearch User Behavior Insights (UBI) in the ``_bulk`` format: pairs of an action line and a document line.

Documents of an index named ``…ubi_queries`` are searches, those of ``…ubi_events`` what people did with them. A search
request is put together from all that a file says of one ``query_id``, so the file is read twice: once to gather,
once to give entries. What is gathered is on disk meanwhile.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gateway.errors import BadUserInput
from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Candidate, Entry, SearchCandidate, Skipped
from gateway.interchange.lines import Line, Source, Unreadable, parsed
from gateway.interchange.position_base import PositionBase, PositionOrigins
from gateway.interchange.temporary_database import Occurrences
from gateway.interchange.times import first_time
from gateway.interchange.ubi_events import interaction
from gateway.interchange.ubi_fields import APPLICATION_PATH, position_of, text_at
from gateway.interchange.ubi_queries import Searches

_WITH_DOCUMENT = frozenset({"index", "create"})
_WITHOUT_DOCUMENT = frozenset({"update", "delete"})


class Kind(Enum):
    """What a UBI document is of; the values are how the names of their indexes end."""

    QUERY = "ubi_queries"
    EVENT = "ubi_events"


@dataclass(frozen=True, slots=True)
class Document:
    """A document line of a UBI file."""

    line: Line
    kind: Kind
    content: dict[str, Any]


def entries(
    source: Source, database: sqlite3.Connection, position_base: PositionBase = PositionBase.ZERO
) -> Iterator[Entry]:
    """What each line of ``source`` is; an event's id is a hash of its line and of how often that came before."""
    source.make_rereadable()
    searches, origins = Searches(database), PositionOrigins(position_base)
    for document in _documents(source):
        if isinstance(document, Document):
            gather = searches.add_query if document.kind is Kind.QUERY else searches.add_event
            gather(document.content, document.line.number)
            if document.kind is Kind.EVENT:
                origins.observe(text_at(document.content, APPLICATION_PATH), position_of(document.content)[0])
    occurrences = Occurrences(database, "ubi_events")
    for document in _documents(source):
        if not isinstance(document, Document):
            yield document
        elif document.kind is Kind.QUERY:
            yield _search(document, searches)
        else:
            yield _event(document, searches, occurrences, origins)


def _search(row: Document, searches: Searches) -> Entry:
    search = searches.of_query(row.content, row.line.number)
    if search.wire is None:
        return Skipped(row.line, BadUserInput.code, "the row has neither a query_id nor a user_query")
    if search.row_line != row.line.number:
        return Auxiliary(row.line, AuxiliaryKind.SUPERSEDED)
    try:
        made_at = first_time(row.content, "timestamp")
    except BadUserInput as error:
        return Skipped(row.line, error.code, error.message, tuple(map(str, error.path)))
    return SearchCandidate(row.line, search.wire, made_at)


def _event(event: Document, searches: Searches, occurrences: Occurrences, origins: PositionOrigins) -> Entry:
    interaction_id = occurrences.identify(event.content)
    search = searches.of_event(event.content, event.line.number)
    try:
        origin = origins.origin(text_at(event.content, APPLICATION_PATH))
        wire = interaction(event.content, search, line=event.line.number, first_position=origin)
    except BadUserInput as error:
        return Skipped(event.line, error.code, error.message, tuple(map(str, error.path)))
    return Candidate(event.line, {"interaction_id": interaction_id, **wire})


def _documents(source: Source) -> Iterator[Document | Auxiliary | Skipped]:
    """The documents of a bulk file, and what became of its other lines, each line once.

    A line that is missing or broken costs its own pair only: an action line is told from a document by its shape.
    """
    action: tuple[Line, str] | None = None
    for line in source.lines():
        if line.blank:
            yield Auxiliary(line, AuxiliaryKind.BLANK)
            continue
        try:
            content = parsed(line)
        except Unreadable as error:
            yield Skipped(line, error.reason, error.message)
            if action is not None:
                yield Auxiliary(action[0], AuxiliaryKind.ACTION)
            action = None
            continue
        verb, index = _action(content)
        if verb is not None:
            if action is not None:
                yield _lacks_document(action[0])
            action = (line, index) if verb in _WITH_DOCUMENT else None
            if action is None:
                yield Skipped(line, "UNSUPPORTED_ACTION", f"only index and create are imported, not {verb}")
        elif action is None:
            yield Skipped(line, "NO_ACTION_LINE", "the document has no action line of an imported kind before it")
        else:
            yield Auxiliary(action[0], AuxiliaryKind.ACTION)
            yield _document(line, action[1], content)
            action = None
    if action is not None:
        yield _lacks_document(action[0])


def _action(content: dict[str, Any]) -> tuple[str | None, str]:
    """The verb and index of an action line, which is an object with a verb as its only key; else None."""
    if len(content) == 1:
        ((verb, target),) = content.items()
        if verb in _WITH_DOCUMENT | _WITHOUT_DOCUMENT and isinstance(target, dict):
            return verb, str(target.get("_index"))
    return None, ""


def _document(line: Line, index: str, content: dict[str, Any]) -> Document | Skipped:
    for kind in Kind:
        if index.endswith(kind.value):
            return Document(line, kind, content)
    return Skipped(line, "UNKNOWN_INDEX", "the index's name ends in neither ubi_queries nor ubi_events")


def _lacks_document(line: Line) -> Skipped:
    return Skipped(line, "NO_DOCUMENT_LINE", "the action line has no document after it")
