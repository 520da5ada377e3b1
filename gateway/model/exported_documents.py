"""Stored documents as lines of an export: what was recorded, with the ids and times that the gateway gave it.

What a line says beside the recorded object stands where that has no place of its own for it, so that an import of the
line stores the same again: ``occurred_at`` where none was recorded, and the ``search_request_id`` of a search request
that was recorded whole and without an id. Nobody may record that beside a whole search request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from gateway.errors import GatewayError
from gateway.model.document_ids import told_id_text
from gateway.model.documents import Document, copies_stub, is_stub, recorded_interaction, shadowed_fields

_TIME, _REQUEST, _REQUEST_ID = "occurred_at", "search_request", "search_request_id"
_IDS = ("interaction_id", "feature_id", "session_id", "user_id", _REQUEST_ID)


class Part(Enum):
    """What an export tells, one part after the other; the values stand in tokens."""

    SEARCHES = "searches"
    INTERACTIONS = "interactions"
    JUDGMENTS = "judgments"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class ExportedLine:
    """A line of `Part.SEARCHES` or `Part.INTERACTIONS`; ``search``: the line of the interaction's search request, where
    that was asked for and there is one."""

    part: Part
    content: Document
    search: Document | None = None

    @property
    def interaction_id(self) -> Any:
        return self.content.get("interaction_id")

    @property
    def search_request_id(self) -> Any:
        return self.content.get(_REQUEST_ID)

    @property
    def readable(self) -> "ExportedLine":
        """The same for formats in which an id is a text: as it was recorded, what another program stored may be a
        number, or an object of Extended JSON."""
        search = None if self.search is None else _with_id_texts(self.search)
        return ExportedLine(self.part, _with_id_texts(self.content), search)

    @property
    def search_line(self) -> "ExportedLine | None":
        return None if self.search is None else ExportedLine(Part.SEARCHES, self.search)


class EncodedLine(NamedTuple):
    """A line as its JSON, with what orders it among others; as of `ExportedLine`."""

    encoded: bytes
    interaction_id: str | None
    search_request_id: str | None
    search_line: "EncodedLine | None" = None


@dataclass(frozen=True, slots=True)
class ExportedJudgment:
    """A judgment of an item for a query; ``grade``: 0 or 1."""

    query: str
    feature_id: str
    rating: float
    grade: int


Line = ExportedLine | EncodedLine
Row = Line | ExportedJudgment


def exported_interaction(document: Mapping[str, Any]) -> Document:
    """The line of an interaction. Raises the error that stands in the place of what is withheld, and no other."""
    line = recorded_interaction(document)
    if line.get(_TIME) is None and _TIME in document:
        line[_TIME] = document[_TIME]
    if _REQUEST in line and line[_REQUEST] is None:
        # Where it stands once the line was recorded: behind the time.
        line[_REQUEST] = line.pop(_REQUEST)
    id, request = document.get(_REQUEST_ID), line.get(_REQUEST)
    if isinstance(id, GatewayError):
        raise id
    if id is not None and line.get(_REQUEST_ID) is None and not _has_id(request):
        line[_REQUEST_ID] = id
    return line


def exported_search_request(document: Mapping[str, Any]) -> Document:
    """The line of a search request, also of one that an interaction holds a copy of.

    It has the session of the interaction with which the search request was first recorded, where that counts; of a
    stub, it lacks the search request itself.
    """
    line = {name: document[name] for name in (_REQUEST_ID, "first_seen_at") if name in document}
    if is_stub(document) or copies_stub(document):
        return line
    request = document.get(_REQUEST)
    has_own_session = isinstance(request, Mapping) and request.get("session_id") is not None
    # Whoever named it by its id alone may have been in another session.
    is_named = shadowed_fields(document).get(_REQUEST_ID) is not None
    if not has_own_session and not is_named and document.get("session_id") is not None:
        line["session_id"] = document["session_id"]
    return {**line, _REQUEST: request}


def _with_id_texts(line: Document) -> Document:
    changed: Document = {name: text for name in _IDS if (text := _text_of_other(line.get(name))) is not None}
    if line.get(_REQUEST).__class__ is dict and (request := _with_id_texts(line[_REQUEST])) is not line[_REQUEST]:
        changed[_REQUEST] = request
    return {**line, **changed} if changed else line


def _text_of_other(told: Any) -> str | None:
    return None if told is None or told.__class__ is str else told_id_text(told)


def _has_id(request: Any) -> bool:
    return isinstance(request, Mapping) and isinstance(request.get(_REQUEST_ID), str)
