"""What derived documents are recomputed by: the keys that a change of a recorded document touches."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from gateway.model.bson_values import is_text
from gateway.model.document_ids import id_text


class SearchKey(NamedTuple):
    """A search: its outcome follows from the search request with this id, and from the interactions that name it."""

    namespace_id: str
    search_request_id: str


class VisitKey(NamedTuple):
    """A visit: what its searches' outcomes have of their neighbours follows from all of them."""

    namespace_id: str
    visit: str


class ItemKey(NamedTuple):
    """An item on the UTC day that begins at ``day``."""

    namespace_id: str
    feature_id: str
    day: datetime


Key: TypeAlias = SearchKey | VisitKey | ItemKey

_KINDS: Mapping[str, type[Key]] = {"search": SearchKey, "visit": VisitKey, "item": ItemKey}

SEARCH_REQUEST_READ = ("namespace_id", "search_request_id")
INTERACTION_READ = (*SEARCH_REQUEST_READ, "feature_id", "occurred_at")
"""What `search_keys` and `item_keys` read of documents."""


def search_keys(document: Mapping[str, Any]) -> Iterator[SearchKey]:
    """The search that a search request or an interaction counts in; none for what has no readable id of one."""
    namespace_id, id = document.get("namespace_id"), id_text(document.get("search_request_id"))
    if is_text(namespace_id) and id is not None:
        yield SearchKey(namespace_id, id)


def item_keys(interaction: Mapping[str, Any]) -> Iterator[ItemKey]:
    """The item's day that an interaction counts in; none for what has no item or no time."""
    namespace_id, id = interaction.get("namespace_id"), id_text(interaction.get("feature_id"))
    at = interaction.get("occurred_at")
    if is_text(namespace_id) and id is not None and isinstance(at, datetime):
        yield ItemKey(namespace_id, id, at.replace(hour=0, minute=0, second=0, microsecond=0))


def stored_key(key: Key) -> list[Any]:
    """A key as it is stored while it waits; see `key_of`."""
    return [next(name for name, kind in _KINDS.items() if isinstance(key, kind)), *key]


def key_of(stored: list[Any]) -> Key:
    kind, *parts = stored
    return _KINDS[kind](*parts)
