"""OpenSearch User Behavior Insights (UBI): in the ``_bulk`` format, pairs of an action line and a document line, or
documents alone, one per line.

Documents of an index named ``…ubi_queries`` are searches, those of ``…ubi_events`` what people did with them; where a
name goes on behind that, as ``ubi_events-2024.05`` does, it makes no difference. A search
request is put together from all that a file says of one ``query_id``, so the file is read twice: once to gather,
once to give entries. What is gathered is on disk meanwhile.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any

from gateway.errors import BadUserInput
from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Candidate, Entry, SearchCandidate, Skipped
from gateway.interchange.lines import Line, Unreadable, parsed
from gateway.interchange.position_base import PositionBase, PositionOrigins
from gateway.interchange.sources import Lines
from gateway.interchange.temporary_database import Occurrences
from gateway.interchange.ubi_events import interaction
from gateway.interchange.ubi_exported_events import exported_id, exported_interaction
from gateway.interchange.ubi_exported_queries import made_at
from gateway.interchange.ubi_fields import APPLICATION_PATH, position_of, text_at
from gateway.interchange.ubi_queries import Search, Searches, require_recordable
from gateway.interchange.vocabulary import UnknownName, Vocabulary, spelled

_WITH_DOCUMENT = frozenset({"index", "create"})
_WITHOUT_DOCUMENT = frozenset({"update", "delete"})
_INDEX = re.compile(r".*(ubi_queries|ubi_events)(?![A-Za-z0-9])", re.DOTALL)


class Kind(Enum):
    """What a UBI document is of; the values are what the names of their indexes have."""

    QUERY = "ubi_queries"
    EVENT = "ubi_events"


@dataclass(frozen=True, slots=True)
class Document:
    """A document line of a UBI file."""

    line: Line
    kind: Kind
    content: dict[str, Any]


class Gathered:
    """All that files say of their queries, and from where they count positions; it is in the temporary ``database``
    from the first reading on."""

    def __init__(self, database: sqlite3.Connection, position_base: PositionBase = PositionBase.ZERO) -> None:
        self.searches = Searches(database)
        self.origins = PositionOrigins(position_base)
        self.occurrences = Occurrences(database, "ubi_events")

    def read(self, source: Lines) -> None:
        """Reads the files for the first time."""
        source.make_rereadable()
        for document in _documents(source):
            if isinstance(document, Document):
                gather = self.searches.add_query if document.kind is Kind.QUERY else self.searches.add_event
                gather(document.content, document.line.place)
                if document.kind is Kind.EVENT and exported_id(document.content) is None:
                    application = text_at(document.content, APPLICATION_PATH)
                    self.origins.observe(application, position_of(document.content)[0])

    def entries(self, source: Lines) -> Iterator[Entry]:
        """What each line of the files is, once they were read."""
        for document in _documents(source):
            if not isinstance(document, Document):
                yield document
            elif document.kind is Kind.QUERY:
                yield _search(document, self.searches)
            else:
                yield _event(document, self.searches, self.occurrences, self.origins)


def entries(
    source: Lines, database: sqlite3.Connection, position_base: PositionBase = PositionBase.ZERO
) -> Iterator[Entry]:
    """What each line of ``source`` is; an event's id is a hash of its line and of how often that came before."""
    gathered = Gathered(database, position_base)
    gathered.read(source)
    yield from gathered.entries(source)


def _search(row: Document, searches: Searches) -> Entry:
    try:
        require_recordable(row.content)
        search = searches.of_query(row.content, row.line.place)
        if search.wire is None:
            return Skipped(row.line, BadUserInput.code, "the row has neither a query_id nor a user_query")
        if search.row_line != row.line.place:
            return Auxiliary(row.line, AuxiliaryKind.SUPERSEDED)
        first_seen_at = made_at(row.content)
    except BadUserInput as error:
        return Skipped(row.line, error.code, error.message, tuple(map(str, error.path)))
    return SearchCandidate(row.line, search.wire, first_seen_at, search.id, search.session_id, search.unknown)


def _event(event: Document, searches: Searches, occurrences: Occurrences, origins: PositionOrigins) -> Entry:
    if (id := exported_id(event.content)) is not None:
        return _exported_event(event, id, searches)
    interaction_id = occurrences.identify(event.content)
    search = searches.of_event(event.content, event.line.place)
    try:
        origin = origins.origin(text_at(event.content, APPLICATION_PATH))
        wire = interaction(event.content, search, line=event.line.place, first_position=origin)
    except BadUserInput as error:
        return Skipped(event.line, error.code, error.message, tuple(map(str, error.path)))
    unknown = [*search.unknown]
    spelled(wire["interaction_type"], Vocabulary.INTERACTION_TYPE, unknown)
    candidate = Candidate(
        event.line, {"interaction_id": interaction_id, **wire}, search_request_id=search.id, unknown=unknown
    )
    if search.row_line is None and (query_id := text_at(event.content, ("query_id",))) is not None:
        candidate.naming = partial(_naming, event, interaction_id, search, query_id, origin)
    return candidate


def _naming(event: Document, interaction_id: str, search: Search, query_id: str, origin: int) -> dict[str, Any]:
    """The interaction of an event with the id of its search request alone: all else that it says is its metadata."""
    named = replace(search, wire={"search_request_id": query_id, "queries": [], "collections": []})
    wire = interaction(event.content, named, line=event.line.place, first_position=origin)
    del wire["search_request"]
    return {"interaction_id": interaction_id, **wire, "search_request_id": query_id}


def _exported_event(event: Document, id: str, searches: Searches) -> Entry:
    try:
        wire = {**exported_interaction(event.content), "interaction_id": id}
    except BadUserInput as error:
        return Skipped(event.line, error.code, error.message, tuple(map(str, error.path)))
    unknown: list[UnknownName] = []
    wire["interaction_type"] = spelled(wire["interaction_type"], Vocabulary.INTERACTION_TYPE, unknown)
    query_id = text_at(event.content, ("query_id",))
    if query_id is None or "search_request_id" in wire:
        return Candidate(event.line, wire, unknown=unknown)
    search = searches.of_event(event.content, event.line.place)
    if search.row_line is None:
        # It may be in another file, or recorded already.
        wire["search_request_id"] = query_id
        return Candidate(event.line, wire, unknown=unknown)
    wire["search_request"] = search.wire
    return Candidate(event.line, wire, search_request_id=search.id, unknown=[*search.unknown, *unknown])


def _documents(source: Lines) -> Iterator[Document | Auxiliary | Skipped]:
    """The documents of a bulk file, and what became of its other lines, each line once.

    A line that is missing or broken costs its own pair only: an action line is told from a document by its shape.
    """
    action: tuple[Line, str | None] | None = None
    for line in source.lines():
        if action is not None and action[0].file != line.file:
            yield _lacks_document(action[0])
            action = None
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
        else:
            if action is not None:
                yield Auxiliary(action[0], AuxiliaryKind.ACTION)
            yield _document(line, action, content)
            action = None
    if action is not None:
        yield _lacks_document(action[0])


def is_action(content: dict[str, Any]) -> bool:
    """Whether this is an action line of a bulk file."""
    return _action(content)[0] is not None


def kind_of(content: dict[str, Any]) -> Kind | None:
    """What a document is of, as its shape tells; None for what is neither."""
    if "action_name" in content:
        return Kind.EVENT
    return Kind.QUERY if "user_query" in content or "query_response_id" in content else None


def unwrapped(content: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The document of a line, and its index where the line is a hit of a search, as dumps of an index have them."""
    if isinstance(document := content.get("_source"), dict) and isinstance(index := content.get("_index"), str):
        return document, index
    return content, None


def _action(content: dict[str, Any]) -> tuple[str | None, str | None]:
    """The verb and index of an action line, which is an object with a verb as its only key; else None."""
    if len(content) == 1:
        ((verb, target),) = content.items()
        if verb in _WITH_DOCUMENT | _WITHOUT_DOCUMENT and isinstance(target, dict):
            index = target.get("_index")
            return verb, None if index is None else str(index)
    return None, None


def _document(line: Line, action: tuple[Line, str | None] | None, content: dict[str, Any]) -> Document | Skipped:
    """``action``: the line before, and the index that it names; where none is named, the document's shape tells what it
    is of."""
    content, index = unwrapped(content)
    if index is None and action is not None:
        index = action[1]
    if index is None and (kind := kind_of(content)) is not None:
        return Document(line, kind, content)
    if index is not None and (named := _INDEX.match(index)):
        return Document(line, Kind(named[1]), content)
    if action is None and index is None:
        return Skipped(line, "NO_ACTION_LINE", "no action line says what the document is, nor does its shape")
    return Skipped(line, "UNKNOWN_INDEX", "the index's name has neither ubi_queries nor ubi_events")


def _lacks_document(line: Line) -> Skipped:
    return Skipped(line, "NO_DOCUMENT_LINE", "the action line has no document after it")
