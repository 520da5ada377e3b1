"""Another program's documents, read as what is recorded: by the names of the wire shape, or as they are mapped."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from bson import ObjectId

from gateway.interchange.field_mapping import Assignment, complete, put
from gateway.interchange.graph_names import as_wire, is_of_graph
from gateway.interchange.jsonl import LEGACY_TIMES
from gateway.interchange.number_texts import number_text
from gateway.model.document_ids import id_text
from gateway.model.extended_json import id_spelling, plain_value
from gateway.model.wire import format_instant
from gateway.model.wire.declared_fields import DeclaredField, declared_fields, unannotated
from gateway.model.wire.fields import Interaction, SearchRequest

_ID: Final = "_id"
_TIMES: Final = ("occurred_at", "first_seen_at", *LEGACY_TIMES)
_OF_INTERACTION: Final = ("feature_id", "interaction_type")


class DocumentShape:
    """The reading of documents by ``assignments`` of paths in them to fields; ``type``: what interactions are whose
    documents don't say, None: those are refused.

    ``times_of_ids``: how many documents had no time but that of their ObjectId. ``is_plain``: no name that a mapping
    gives is one that BSON hasn't.
    """

    def __init__(self, assignments: Sequence[Assignment] = (), type: str | None = None) -> None:
        self._assignments = sorted(assignments, key=lambda assignment: assignment.depth)
        self._mapped = {assignment.column for assignment in assignments}
        self._has_search_columns = any(assignment.field[0] == "search_request" for assignment in assignments)
        self._type = type
        self.times_of_ids = 0
        self.is_plain = not any("$" in str(step) for assignment in assignments for step in assignment.field)

    def content(self, id: Any, document: Mapping[str, Any]) -> dict[str, Any]:
        """What a document with this ``_id`` says, in the wire shape, not yet validated; ``document``: as `plain_value`
        gives it. What isn't mapped is kept under its own name.

        An interaction without an id has that of its document, and what has no time the time of its ObjectId. Raises
        `BadUserInput` where two assignments get in each other's way.
        """
        content, mapped = self._named(document), dict[str, Any]()
        for assignment in self._assignments:
            value = _value_at(document, assignment.column)
            if value is not None:
                typed = _typed(assignment, value)
                put(mapped, assignment.field, typed)
                # What a document says by itself stands back.
                put(content, assignment.field, typed, replaces=True)
        if self._has_search_columns:
            complete(content)
        if self._type is not None and content.get("interaction_type") is None:
            content["interaction_type"] = self._type
        if content.get("interaction_id") is None and any(name in content for name in _OF_INTERACTION):
            content["interaction_id"] = _id(id)
        if isinstance(id, ObjectId) and all(content.get(name) is None for name in _TIMES):
            content["occurred_at"] = format_instant(id.generation_time)
            self.times_of_ids += 1
        return content

    def _named(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """What isn't mapped, by its name."""
        content = {name: value for name, value in document.items() if name != _ID and name not in self._mapped}
        return _with_texts(as_wire(content) if is_of_graph(content) else content, _fields())


@cache
def _fields() -> Mapping[str, DeclaredField]:
    """Those of a document in the wire shape: the id of its search request may stand beside that."""
    id = "search_request_id"
    return {**declared_fields(Interaction), id: declared_fields(SearchRequest)[id]}


def _with_texts(content: Mapping[str, Any], fields: Mapping[str, DeclaredField]) -> dict[str, Any]:
    """The content of a wire object with numbers as texts where it declares a text."""
    return {name: _with_text(value, fields.get(name)) for name, value in content.items()}


def _with_text(value: Any, declared: DeclaredField | None) -> Any:
    if declared is None or isinstance(value, str):
        return value
    if (model := declared.model) is not None:
        match value:
            case Mapping():
                return _with_texts(value, declared_fields(model))
            case list():
                return [_with_text(item, declared) for item in value]
    if unannotated(declared.type) is not str:
        return value
    # What reads as an id where it is stored has the same one when it is copied.
    return id_text(value) or number_text(value) or value


def _value_at(document: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path, of which a number counts in a list; of a key with dots, what that has."""
    if path in document:
        return document[path]
    value: Any = document
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _typed(assignment: Assignment, value: Any) -> Any:
    """The value as its field has it: ids that are numbers as texts, numbers that are texts as numbers."""
    if isinstance(value, str):
        return assignment.value(value)
    return _with_text(value, assignment.declared)


def _id(stored: Any) -> str:
    """An ``_id`` of any type as a text."""
    value = plain_value(stored)
    return value if isinstance(value, str) else id_text(value) or id_spelling(stored)
