"""JSON lines: one interaction or search request per line, in the REST wire shape or in the graph's camelCase."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from gateway.errors import BadUserInput
from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Candidate, Entry, SearchCandidate, Skipped
from gateway.interchange.graph_names import as_wire, is_of_graph
from gateway.interchange.lines import Line, Unreadable, parsed_and_judged
from gateway.interchange.sources import Lines
from gateway.interchange.temporary_database import Occurrences
from gateway.interchange.times import first_time
from gateway.interchange.vocabulary import UnknownName, Vocabulary, is_spelled, spell_request, spelled
from gateway.model.document_ids import told_id_text
from gateway.model.wire.fields import MAX_ID
from gateway.model.wire.instants import is_instant

LEGACY_TIMES: Final = ("timestamp", "created_at")
"""Names under which older producers say when the interaction happened, read where ``occurred_at`` is absent."""

EXPORT_TOKEN: Final = "export_token"
"""The only key of a line that says where an export goes on from."""

_OF_INTERACTION: Final = ("feature_id", "interaction_type", "interaction_id")
_IDS_OF_REQUEST: Final = ("search_request_id", "session_id", "user_id")
_IDS: Final = ("interaction_id", "feature_id", *_IDS_OF_REQUEST)
_KEPT_REQUESTS: Final = 1_000
_LONGEST_KEPT: Final = 5_000


class WireLines:
    """What objects in the wire shape, or in the graph's, are; the temporary ``database`` remembers those without an
    id."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._occurrences = Occurrences(database, "jsonl_lines")
        # One search often led to many lines: those of one content are one object, so that it is judged and made once.
        self._requests: dict[bytes, tuple[dict[str, Any], list[UnknownName]]] = {}

    def entry(self, line: Line, content: dict[str, Any], *, is_plain: bool = False) -> Entry:
        """``is_plain``: as of `Candidate`."""
        wire = as_wire(content) if is_of_graph(content) else content
        _spell_ids(wire, _IDS)
        try:
            if _is_search(wire):
                return self._search(line, wire, is_plain=is_plain)
            return self._interaction(line, wire, content, is_plain=is_plain)
        except BadUserInput as error:
            return Skipped(line, error.code, error.message, tuple(map(str, error.path)))

    def _interaction(self, line: Line, wire: dict[str, Any], content: dict[str, Any], *, is_plain: bool) -> Candidate:
        if wire.get("interaction_id") is None:
            wire["interaction_id"] = self._occurrences.identify(content)
        unknown: list[UnknownName] = []
        request = wire.get("search_request")
        request_id = None
        if isinstance(request, dict):
            wire["search_request"], of_request = self._request(request, is_plain=is_plain)
            unknown += of_request
            if wire.get("search_request_id") == request.get("search_request_id"):
                # As it is exported, where another program stored the one within as a number.
                wire.pop("search_request_id", None)
            if wire.get("search_request_id") is not None and request.get("search_request_id") is None:
                # As it is exported, where the id was derived, or is beside it for another reason.
                request_id = _id(wire, "search_request_id")
                del wire["search_request_id"]
        if "interaction_type" in wire:
            wire["interaction_type"] = spelled(wire["interaction_type"], Vocabulary.INTERACTION_TYPE, unknown)
        return Candidate(line, wire, _occurred_at(wire), request_id, unknown, is_plain)

    def _search(self, line: Line, wire: dict[str, Any], *, is_plain: bool) -> SearchCandidate:
        made_at = first_time(wire, "first_seen_at", "occurred_at", *LEGACY_TIMES)
        request, unknown = self._request(wire["search_request"], is_plain=is_plain)
        id, session_id = _id(wire, "search_request_id"), _id(wire, "session_id")
        return SearchCandidate(line, request, made_at, id, session_id, unknown, is_plain)

    def _request(self, request: dict[str, Any], *, is_plain: bool) -> tuple[dict[str, Any], list[UnknownName]]:
        """The search request with its names as they are recorded, and those that are unknown."""
        _spell_ids(request, _IDS_OF_REQUEST)
        unknown: list[UnknownName] = []
        spelling = orjson.dumps(request) if is_plain else b""
        if not spelling or len(spelling) > _LONGEST_KEPT:
            spell_request(request, unknown)
            return request, unknown
        kept = self._requests.get(spelling)
        if kept is None:
            if not is_spelled(spelling):
                spell_request(request, unknown)
            if len(self._requests) >= _KEPT_REQUESTS:
                self._requests.clear()
            kept = self._requests[spelling] = (request, unknown)
        return kept


def entries(source: Lines, database: sqlite3.Connection) -> Iterator[Entry]:
    """What each line of ``source`` is, in order; a line without ``interaction_id`` gets one by its content."""
    wire_lines = WireLines(database)
    for line in source.lines():
        if line.blank:
            yield Auxiliary(line, AuxiliaryKind.BLANK)
            continue
        try:
            content, is_plain = parsed_and_judged(line)
        except Unreadable as error:
            yield Skipped(line, error.reason, error.message)
            continue
        if len(content) == 1 and EXPORT_TOKEN in content:
            yield Auxiliary(line, AuxiliaryKind.TOKEN)
        else:
            yield wire_lines.entry(line, content, is_plain=is_plain)


def _is_search(wire: Mapping[str, Any]) -> bool:
    """Whether a line has nothing but a search request."""
    return isinstance(wire.get("search_request"), dict) and not any(name in wire for name in _OF_INTERACTION)


def _spell_ids(content: dict[str, Any], names: Sequence[str]) -> None:
    """Puts the text that an id reads as in the place of a number, or of what an export tells an ObjectId as."""
    for name in names:
        value = content.get(name)
        if value is not None and value.__class__ is not str and (text := told_id_text(value)) is not None:
            content[name] = text


def _id(wire: Mapping[str, Any], name: str) -> str | None:
    id = wire.get(name)
    if id is not None and not (isinstance(id, str) and 1 <= len(id) <= MAX_ID):
        raise BadUserInput(f"Value should be a string of 1 to {MAX_ID} characters", path=(name,))
    return id


def _occurred_at(content: dict[str, Any]) -> datetime | None:
    """When the interaction happened, where it isn't said as RFC 3339, which is kept as it was sent."""
    value = content.get("occurred_at")
    if value is None:
        return first_time(content, *LEGACY_TIMES)
    if not is_instant(value):
        content["occurred_at"] = first_time(content, "occurred_at")
    return None
