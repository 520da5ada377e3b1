"""Events of an export of UBI, which an import records as the interactions that they were.

They have two attributes more: ``interaction_id``, and ``interaction``, which holds what UBI's fields don't say, or say
otherwise. Where ``is_from_ubi`` stands beside them, what else is in the event is the interaction's metadata.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from gateway.interchange.ubi_events import interaction
from gateway.interchange.ubi_fields import Path, at, without
from gateway.interchange.ubi_queries import Search
from gateway.model.wire import format_instant
from gateway.model.wire.fields import MAX_ID

ID: Final = "interaction_id"
UNTOLD: Final = "interaction"
FROM_UBI: Final = "is_from_ubi"

_ID_PATH: Final[Path] = ("event_attributes", ID)
_UNTOLD_PATH: Final[Path] = ("event_attributes", UNTOLD)
_FROM_UBI_PATH: Final[Path] = ("event_attributes", FROM_UBI)
# An import of UBI keeps what has no field of its own under these names.
_OF_UBI: Final = ("event_attributes", "action_name", "message", "message_type", "user_query")
# What an event says of its search, which is recorded with that.
_OF_SEARCH: Final = ("query_id", "user_query", "application")


def exported_id(event: Mapping[str, Any]) -> str | None:
    """The id of an exported event's interaction; None for other events, whatever attributes they have."""
    id = at(event, _ID_PATH)
    is_exported = isinstance(id, str) and 1 <= len(id) <= MAX_ID and isinstance(at(event, _UNTOLD_PATH), dict)
    return id if is_exported else None


def exported_interaction(event: Mapping[str, Any]) -> dict[str, Any]:
    """The interaction of an exported event in the wire shape, without its id; of its search request it has the id, if
    it was recorded with that alone. Raises what `interaction` does."""
    is_from_ubi = at(event, _FROM_UBI_PATH) is True
    paths = [_ID_PATH, _UNTOLD_PATH, *([_FROM_UBI_PATH] if is_from_ubi else [])]
    return {**told_by(without(event, paths), is_from_ubi=is_from_ubi), **event["event_attributes"][UNTOLD]}


def may_return(metadata: Mapping[str, Any]) -> bool:
    """Whether an interaction's metadata came from UBI, and can go back into an event."""
    attributes = metadata.get("event_attributes", {})
    is_free = isinstance(attributes, dict) and attributes.keys().isdisjoint((ID, UNTOLD, FROM_UBI))
    # An event's query is its search request, and no metadata.
    return is_free and "query_id" not in metadata and any(name in metadata for name in _OF_UBI)


def told_by(event: Mapping[str, Any], *, is_from_ubi: bool) -> dict[str, Any]:
    """What UBI's own fields of an exported event say of an interaction, but for its search request; ``is_from_ubi``:
    with whatever else is there as its metadata. Raises what `interaction` does."""
    # It is read by itself: whether it is a repetition was known when it was recorded.
    told = interaction(event, Search(None), line=0)
    if isinstance(occurred_at := told.get("occurred_at"), datetime):
        told["occurred_at"] = format_instant(occurred_at)
    metadata = {name: value for name, value in told.pop("metadata").items() if name not in _OF_SEARCH}
    return {**told, "metadata": metadata} if is_from_ubi else told
