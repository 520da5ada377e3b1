"""What is wrong with stored documents, each fault in a sentence: with their ids and times, and with what is derived."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.model.bson_values import is_text
from gateway.model.document_ids import document_id, id_text, search_request_id_of
from gateway.model.documents import DERIVED_FIELDS, derived_fields, shadowed_fields
from gateway.model.extended_json import text_form
from gateway.model.kinds import SEARCH_REQUEST, Kind
from gateway.store.client import Document

READ: Final = (
    "namespace_id",
    "interaction_id",
    "session_id",
    "search_request",
    "search_request_id",
    "shadowed",
    *DERIVED_FIELDS,
)
"""What has to be read of a document for what is derived and for its ids."""

TIMES: Final = ("occurred_at", "first_seen_at")


@dataclass(frozen=True, slots=True)
class DerivedChanges:
    """What sets the derived fields of a document right: those to ``set``, with their values, and those to ``unset``."""

    set: Mapping[str, Any]
    unset: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.set or self.unset)


@dataclass(frozen=True, slots=True)
class WrongDocument:
    """A document with faults. ``id`` and ``namespace_id``: as they read; "" where there is none."""

    collection: str
    id: str
    namespace_id: str
    faults: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "collection": self.collection,
            "id": self.id,
            "namespaceId": self.namespace_id,
            "faults": list(self.faults),
        }


def derived_changes(document: Document) -> DerivedChanges:
    """Of a document, of which `READ` has to be read."""
    fields = derived_fields(document)
    changed = {name: value for name, value in fields.items() if document.get(name) != value}
    return DerivedChanges(changed, tuple(name for name in DERIVED_FIELDS if name in document and name not in fields))


def wrong_document(kind: Kind, document: Document, changes: DerivedChanges) -> WrongDocument | None:
    """The document with all its faults, `TIMES` among them; None where it has none."""
    faults = (*own_faults(kind, document), *_derived_faults(document, changes))
    if not faults:
        return None
    namespace_id = document.get("namespace_id")
    return WrongDocument(
        kind.collection,
        str(text_form(document["_id"])),
        namespace_id if is_text(namespace_id) else "",
        faults,
    )


def own_faults(kind: Kind, document: Document) -> Iterator[str]:
    """Those that nothing sets right: clients and other documents refer to ids, and a time is nowhere else."""
    namespace_id, id = document.get("namespace_id"), id_text(document.get(kind.id_path))
    for name, value in (("namespace_id", namespace_id), (kind.id_path, id)):
        if not is_text(value):
            yield f"`{name}` {_instead(document, name)}, so that no namespace has this document: adopt it."
    if not isinstance(document.get(kind.time_path), datetime):
        yield f"`{kind.time_path}` {_instead(document, kind.time_path, 'a time')}, so that it comes last in every list."
    if is_text(namespace_id) and id is not None:
        yield from _identity_faults(kind, document, namespace_id, id)


def _identity_faults(kind: Kind, document: Document, namespace_id: str, id: str) -> Iterator[str]:
    request = document.get("search_request")
    is_search = kind is SEARCH_REQUEST
    if document["_id"] != document_id(namespace_id, "search_request" if is_search else "interaction", id):
        yield f"`_id` isn't that of `{kind.id_path}` {id!r} in its namespace: recorded again, it would be there twice."
    if is_search:
        # An id derived with the session of an interaction cannot be derived again from the request alone.
        recorded_id = request.get("search_request_id") if isinstance(request, Mapping) else None
        if recorded_id is not None and id_text(recorded_id) != id:
            yield f"`search_request_id` is {id!r}, and its search request says {recorded_id!r}."
        return
    told, request_id = document.get("search_request_id"), shadowed_fields(document).get("search_request_id")
    if request_id is None and isinstance(request, Mapping):
        # An id that was given beside a request without one, as exports do, cannot be derived from it.
        is_given = isinstance(told, str) and request.get("search_request_id") is None
        request_id = told if is_given else search_request_id_of(namespace_id, request, document.get("session_id"))
    reads_same = (text := id_text(told)) is not None and text == id_text(request_id)
    if told != request_id and not reads_same:
        yield f"`search_request_id` is {told!r}, and its content gives {request_id!r}."


def _derived_faults(document: Document, changes: DerivedChanges) -> Iterator[str]:
    for name in changes.set:
        state = "isn't what its content gives" if name in document else "is missing"
        yield f"`{name}` {state}: rebuild it."
    for name in changes.unset:
        yield f"`{name}` is there, and its content gives none: rebuild it."


def _instead(document: Document, name: str, expected: str = "a text") -> str:
    return f"is no {expected.removeprefix('a ')}" if name in document else "is missing"
