"""Every index of the listed collections, declared once: created by the store, chosen by the compiler.

An index serves ``equality`` on one path (none: the namespace alone) in the order of ``order``, both ways. No index
holds two paths that may both be arrays: MongoDB refuses a document that has arrays at two paths of one index
("cannot index parallel arrays"), so each has at most one path besides scalars that the gateway writes itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a collection: equality on the path ``equality``, if any, then the order of the path ``order``."""

    kind: Kind
    name: str
    equality: str | None
    order: str

    @property
    def keys(self) -> tuple[tuple[str, int], ...]:
        prefix = (("namespace_id", 1),) + (((self.equality, 1),) if self.equality else ())
        return (*prefix, (self.order, -1), ("_id", -1))


# The most selective first: of several equalities in one filter, the first index that serves one is walked.
INDEXES = (
    Index(INTERACTION, "id", "interaction_id", "occurred_at"),
    Index(INTERACTION, "search_request", "search_request_id", "occurred_at"),
    Index(INTERACTION, "session", "effective_session_id", "occurred_at"),
    Index(INTERACTION, "user", "user_id", "occurred_at"),
    Index(INTERACTION, "feature", "feature_id", "occurred_at"),
    Index(INTERACTION, "text", "text_tokens", "occurred_at"),
    Index(INTERACTION, "condition", "condition_tokens", "occurred_at"),
    Index(INTERACTION, "collection", "search_request.collections", "occurred_at"),
    Index(INTERACTION, "type", "interaction_type", "occurred_at"),
    Index(INTERACTION, "time", None, "occurred_at"),
    Index(INTERACTION, "search_request_position", "search_request_id", "position"),
    Index(INTERACTION, "session_position", "effective_session_id", "position"),
    Index(INTERACTION, "feature_position", "feature_id", "position"),
    Index(SEARCH_REQUEST, "id", "search_request_id", "first_seen_at"),
    Index(SEARCH_REQUEST, "session", "search_request.session_id", "first_seen_at"),
    Index(SEARCH_REQUEST, "user", "search_request.user_id", "first_seen_at"),
    Index(SEARCH_REQUEST, "effective_session", "effective_session_id", "first_seen_at"),
    Index(SEARCH_REQUEST, "text", "text_tokens", "first_seen_at"),
    Index(SEARCH_REQUEST, "condition", "condition_tokens", "first_seen_at"),
    Index(SEARCH_REQUEST, "collection", "search_request.collections", "first_seen_at"),
    Index(SEARCH_REQUEST, "time", None, "first_seen_at"),
)


@cache
def indexes_for(kind: Kind, order: str) -> Sequence[Index]:
    """The indexes of a kind that walk in this order, the most selective first."""
    return [index for index in INDEXES if index.kind is kind and index.order == order]
