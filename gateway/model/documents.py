"""Stored documents: made of what was recorded, and turned back into it.

A stored interaction holds the recorded object's own keys at its top level, beside the keys that the gateway owns. A
recorded key that has an owned name stands in ``shadowed``, so nothing recorded is lost:

    {"_id": UUID, "namespace_id": "ns_…", "occurred_at": datetime, …, "feature_id": "p1", "search_request": {…},
     "shadowed": {"occurred_at": "2024-05-01T14:00:00+02:00"}}

An interaction recorded with the id of a search request has that id in ``shadowed``; the search request embedded in it
is then a copy for reading, which the recorded object did not have.

A **stub** is a search request of which no more is known than its id, because an interaction that names it came first:
its recorded part is ``{"search_request_id": "…"}``, with the ``collections`` where the interaction says those, and
`STUB` is true. What records it in full takes its place; until the interactions that copied the stub have got their
copies, `STUB` holds the id of that completion.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from bson import DBRef

from gateway.context import Namespace
from gateway.model.document_ids import document_id, first_session_id
from gateway.model.filter_trees import canonical_json, condition_rows, condition_tokens
from gateway.model.query_texts import query_text, text_tokens
from gateway.model.wire import (
    AwaitedSearchRequest,
    RecordedInteraction,
    RecordedSearchRequest,
    filter_trees,
    in_milliseconds,
)

Document: TypeAlias = dict[str, Any]

STUB: Final = "stub"
"""Of search requests alone, whose recorded part stands by itself."""

OF_STUBS: Final[Document] = {
    "shadowed.search_request_id": {"$exists": True},
    # Not what has lost its copy as the search request was erased.
    "search_request.search_request_id": {"$exists": True},
    "search_request.queries": {"$exists": False},
}
"""The filter for the interactions of a search request that `copies_stub` is true of."""

# Where a document that was looked for among several types has the declared name of its own: no stored key has a NUL.
TYPE_FIELD = "\0type"
# Where a document has its place in an order, if that isn't what is read of it: an `UndecodedPlace`.
PLACE_FIELD = "\0place"
# The gateway's own: what a client records under one of these names stands in "shadowed".
OWNED_FIELDS = frozenset(
    {
        "_id",
        "namespace_id",
        "occurred_at",
        "effective_session_id",
        "search_request_id",
        "first_seen_at",
        "conditions",
        "condition_tokens",
        "query_text",
        "text_tokens",
        "shadowed",
        TYPE_FIELD,
        PLACE_FIELD,
        # Not used by the gateway: the driver would read a document with "$ref" and "$id" as a database reference.
        "$ref",
    }
)
_OF_REQUEST = ("conditions", "condition_tokens", "query_text", "text_tokens")
# What `derived_fields` gives; an interaction has those of the stored search request that it copies.
DERIVED_FIELDS = ("effective_session_id", *_OF_REQUEST)
_COPIED = ("search_request_id", "first_seen_at", *_OF_REQUEST)
# What an interaction has of its search request, beside that one's id.
COPIED_FIELDS = ("search_request", "first_seen_at", *_OF_REQUEST)


def search_request_document(
    namespace: Namespace,
    search_request_id: str,
    recorded: RecordedSearchRequest,
    *,
    first_seen_at: datetime,
    session_id: Any = None,
) -> Document:
    """What is stored of a search request under the id that `gateway.model.document_ids` gives it.

    ``session_id`` is that of the interaction it came with; it counts, and is kept, where the search request has none.
    """
    document: Document = {
        "_id": document_id(namespace.id, "search_request", search_request_id),
        "search_request_id": search_request_id,
        "first_seen_at": in_milliseconds(first_seen_at),
        "search_request": recorded.raw,
    }
    if effective_session_id(document) is None and (session := first_session_id(session_id)) is not None:
        document["session_id"] = session
    return document | derived_fields(document) | {"namespace_id": namespace.id}


def stub_document(namespace: Namespace, awaited: AwaitedSearchRequest, *, first_seen_at: datetime) -> Document:
    """What is stored of a search request that an interaction names, and nobody has recorded yet."""
    recorded = RecordedSearchRequest(awaited.raw)
    stub = search_request_document(namespace, awaited.search_request_id, recorded, first_seen_at=first_seen_at)
    return {**stub, STUB: True, "namespace_id": namespace.id}


def copies_stub(interaction: Mapping[str, Any]) -> bool:
    """Whether what a stored interaction has of its search request is a stub's: a full one has queries."""
    named, copy = shadowed_fields(interaction).get("search_request_id"), interaction.get("search_request")
    return named is not None and isinstance(copy, Mapping) and "queries" not in copy


def is_stub(document: Mapping[str, Any]) -> bool:
    """Whether a stored search request waits for its first full record."""
    return document.get(STUB) is True


def interaction_document(
    namespace: Namespace, recorded: RecordedInteraction, *, occurred_at: datetime, request: Document | None
) -> Document:
    """What is stored of an interaction.

    ``occurred_at`` counts where the recorded object has none; ``request`` is the stored document of its search request.
    """
    raw = recorded.raw
    document = {
        "_id": document_id(namespace.id, "interaction", recorded.interaction_id),
        "occurred_at": recorded.occurred_at or in_milliseconds(occurred_at),
        **{name: value for name, value in raw.items() if name not in OWNED_FIELDS},
        "interaction_id": recorded.interaction_id,
    }
    shadowed = {name: raw[name] for name in raw if name in OWNED_FIELDS}
    if request is not None:
        document |= copied_fields(request)
        if recorded.search_request_id is not None:
            if "search_request" in raw:
                shadowed["search_request"] = raw["search_request"]
            document["search_request"] = request["search_request"]
    if (session := effective_session_id(document)) is not None:
        document["effective_session_id"] = session
    if shadowed:
        document["shadowed"] = shadowed
    # Last, so that nothing recorded can replace it.
    document["namespace_id"] = namespace.id
    return document


def copied_fields(request: Mapping[str, Any]) -> Document:
    """What an interaction has of a stored search request, beside its recorded part."""
    # What was stored before a derived field was thought of lacks it.
    copied = request if all(name in request for name in _COPIED) else {**request, **derived_fields(request)}
    return {name: copied[name] for name in _COPIED}


def without_search_request(document: Mapping[str, Any], stand_in: Any) -> Document:
    """The document of an interaction without what it copies of a stored search request; ``stand_in`` is where that, or
    its session, would be read."""
    kept = {name: value for name, value in document.items() if name not in _COPIED} | {"search_request_id": stand_in}
    if shadowed_fields(document).get("search_request_id") is not None:
        # It was recorded with the id alone.
        del kept["search_request"]
        if effective_session_id(kept) is None:
            kept["effective_session_id"] = stand_in
    return kept


def effective_session_id(document: Mapping[str, Any]) -> str | None:
    """A document's own session, else its search request's."""
    search_request = document.get("search_request")
    of_request = search_request.get("session_id") if isinstance(search_request, Mapping) else None
    return first_session_id(document.get("session_id"), of_request)


def derived_fields(document: Mapping[str, Any]) -> Document:
    """The `DERIVED_FIELDS` of a document of either collection, from its recorded part; what it should not have is
    missing. Never raises, whatever is stored.

    ``conditions`` has a row per condition of every tree in the search request; see `gateway.model.filter_trees`.
    ``query_text`` is its text, by which equal searches are told; see `gateway.model.query_texts`.
    """
    fields: Document = {}
    if (session := effective_session_id(document)) is not None:
        fields["effective_session_id"] = session
    if isinstance(search_request := document.get("search_request"), Mapping):
        rows = condition_rows(tree for _, tree in filter_trees(search_request))
        text = query_text(search_request)
        fields |= {
            "conditions": rows,
            "condition_tokens": condition_tokens(rows),
            "query_text": text,
            "text_tokens": text_tokens(search_request, text),
        }
    return fields


def shadowed_fields(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was recorded under names that the gateway owns; nothing where others stored what is no object there."""
    shadowed = document.get("shadowed")
    return shadowed if isinstance(shadowed, Mapping) else {}


def recorded_interaction(document: Mapping[str, Any]) -> Document:
    """The interaction exactly as recorded, in the wire shape, with its ``interaction_id`` in any case; a database
    reference in it is still one (see `without_references`)."""
    shadowed = shadowed_fields(document)
    recorded = {name: value for name, value in document.items() if name not in OWNED_FIELDS}
    if shadowed.get("search_request_id") is not None:
        recorded.pop("search_request", None)
    return {**recorded, **shadowed}


def same_interaction(stored: Mapping[str, Any], candidate: Mapping[str, Any]) -> bool:
    """Whether ``candidate`` records ``stored`` again: both have the same content, where a time that the candidate
    leaves out does not count."""
    stored_content, content = recorded_interaction(stored), recorded_interaction(candidate)
    stored_content.pop("occurred_at", None)
    if content.pop("occurred_at", None) is not None and stored["occurred_at"] != candidate["occurred_at"]:
        return False
    return _same_content(stored_content, content)


def same_search_request(stored: Mapping[str, Any], recorded: RecordedSearchRequest) -> bool:
    """Whether the search request of a stored document has the content of ``recorded``."""
    content = stored["search_request"]
    return content is recorded.raw or _same_content(content, recorded.raw)


def without_references(value: Any) -> Any:
    """``value`` with every database reference in it turned back into the object that was recorded: the driver reads any
    embedded ``{"$ref": …, "$id": …}`` as a `DBRef`."""
    match value:
        case dict():
            return {name: without_references(item) for name, item in value.items()}
        case list():
            return [without_references(item) for item in value]
        case DBRef():
            return without_references(dict(value.as_doc()))
    return value


def _same_content(stored: Any, recorded: Any) -> bool:
    # The same spelling is the same content; comparing it is far cheaper than making it canonical.
    return repr(stored) == repr(recorded) or canonical_json(stored) == canonical_json(recorded)
