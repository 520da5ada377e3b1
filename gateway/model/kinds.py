"""The two kinds of documents that are listed, and the orders in which they can be listed."""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Order:
    """A total order of documents: by ``path``, ties by ``_id``; null and missing values are the lowest.

    ``tag`` is what a cursor names it by.
    """

    tag: str
    path: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A collection whose documents have a namespace, an id of their own and a time. ``user_path``: where they name the
    user whose they are; "": they are nobody's."""

    type_name: str
    collection: str
    id_path: str
    time_path: str
    user_path: str = ""


INTERACTION = Kind("Interaction", "interactions", "interaction_id", "occurred_at", "user_id")
SEARCH_REQUEST = Kind(
    "SearchRequest", "search_requests", "search_request_id", "first_seen_at", "search_request.user_id"
)


@cache
def time_order(kind: Kind, *, descending: bool) -> Order:
    return _order(kind, kind.time_path, descending)


@cache
def position_order(*, descending: bool) -> Order:
    return _order(INTERACTION, "position", descending)


@cache
def session_order(path: str, *, descending: bool) -> Order:
    """Of sessions, which are no kind of documents: they follow from those."""
    return Order(f"sessions.{path}.{'desc' if descending else 'asc'}", path, descending)


def _order(kind: Kind, path: str, descending: bool) -> Order:
    return Order(f"{kind.collection}.{path}.{'desc' if descending else 'asc'}", path, descending)
