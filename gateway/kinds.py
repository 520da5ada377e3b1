"""The two kinds of documents that are listed, and the orders in which they can be walked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """A total order: by ``path``, ties by ``_id``; null and missing share the lowest place."""

    name: str
    path: str
    descending: bool

    @property
    def tag(self) -> str:
        """What binds a cursor to this order."""
        return f"{self.name}.{'desc' if self.descending else 'asc'}"


@dataclass(frozen=True, slots=True)
class Kind:
    """A collection whose documents have a namespace, an id of their own and a time."""

    type_name: str
    collection: str
    id_path: str
    time_path: str


INTERACTION = Kind("Interaction", "interactions", "interaction_id", "occurred_at")
SEARCH_REQUEST = Kind("SearchRequest", "search_requests", "search_request_id", "first_seen_at")


def time_order(kind: Kind, *, descending: bool) -> Order:
    return Order(f"{kind.collection}.{kind.time_path}", kind.time_path, descending)


def position_order(*, descending: bool) -> Order:
    return Order("interactions.position", "position", descending)
