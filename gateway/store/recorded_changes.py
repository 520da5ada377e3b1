"""What happens to interactions and percolators, one change after the other, as far as matching needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from bson import Timestamp

from gateway.model.bson_values import is_text
from gateway.model.document_ids import id_text
from gateway.model.kinds import INTERACTION
from gateway.model.percolators import PERCOLATOR
from gateway.store.client import Document

IMAGE_READ: Final = (INTERACTION.id_path, PERCOLATOR.id_path)
"""What is read of the images of changes, beside the namespace."""

WHOLE: Final = "percolator"
"""Where a change of a percolator has the whole of it."""

_COMPLETED: Final = "completed"
# An update is told as what differs: fields of the search request, each by its path.
_UPDATED_FIELDS: Final = {"$objectToArray": {"$ifNull": ["$updateDescription.updatedFields", {}]}}
_IN_SEARCH_REQUEST: Final = {"$eq": [{"$indexOfBytes": ["$$field.k", "search_request."]}, 0]}

CHANGE_PROJECTION: Final[Mapping[str, Any]] = {
    "clusterTime": 1,
    "documentKey._id": 1,
    WHOLE: {"$cond": [{"$eq": ["$ns.coll", PERCOLATOR.collection]}, "$fullDocument", "$$REMOVE"]},
    _COMPLETED: {
        "$cond": [
            {"$and": [{"$eq": ["$ns.coll", INTERACTION.collection]}, {"$eq": ["$operationType", "update"]}]},
            {"$anyElementTrue": [{"$map": {"input": _UPDATED_FIELDS, "as": "field", "in": _IN_SEARCH_REQUEST}}]},
            "$$REMOVE",
        ]
    },
}


@dataclass(frozen=True, slots=True)
class InteractionInserted:
    """An interaction that was recorded. ``id``: its ``_id``; ``at``: by the database's clock."""

    namespace_id: str
    id: Any
    at: Timestamp


@dataclass(frozen=True, slots=True)
class InteractionReplaced(InteractionInserted):
    """An interaction, by its own id too, that was recorded with other content, or whose search request was, or came
    later: what it matched before may not match any more."""

    interaction_id: str


@dataclass(frozen=True, slots=True)
class InteractionDeleted:
    """An interaction, by its own id, that was deleted."""

    namespace_id: str
    interaction_id: str
    at: Timestamp


@dataclass(frozen=True, slots=True)
class PercolatorSaved:
    """A percolator as it was stored then."""

    namespace_id: str
    document: Document


@dataclass(frozen=True, slots=True)
class PercolatorDeleted:
    """A percolator that was deleted."""

    namespace_id: str
    percolator_id: str


RecordedChange: TypeAlias = InteractionInserted | InteractionDeleted | PercolatorSaved | PercolatorDeleted


def recorded_change(change: Mapping[str, Any]) -> RecordedChange | None:
    """What a change of a change stream is; None for what matching doesn't care for, or can't know."""
    collection, operation = change["ns"]["coll"], change["operationType"]
    after, before = change.get("fullDocument") or {}, change.get("fullDocumentBeforeChange") or {}
    namespace_id = (before if operation == "delete" else after).get("namespace_id")
    if not is_text(namespace_id):
        return None
    match collection, operation:
        case INTERACTION.collection, "insert":
            return InteractionInserted(namespace_id, change["documentKey"]["_id"], change["clusterTime"])
        case INTERACTION.collection, "replace" | "update":
            if operation == "update" and not change.get(_COMPLETED):
                return None
            id = id_text(after.get(INTERACTION.id_path))
            at = change["clusterTime"]
            return None if id is None else InteractionReplaced(namespace_id, change["documentKey"]["_id"], at, id)
        case INTERACTION.collection, "delete":
            id = id_text(before.get(INTERACTION.id_path))
            return None if id is None else InteractionDeleted(namespace_id, id, change["clusterTime"])
        case PERCOLATOR.collection, "insert" | "replace" | "update":
            return PercolatorSaved(namespace_id, change[WHOLE]) if change.get(WHOLE) else None
        case PERCOLATOR.collection, "delete":
            return PercolatorDeleted(namespace_id, before[PERCOLATOR.id_path])
    return None
