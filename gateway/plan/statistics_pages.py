"""Pages of groups, and the cursors of groups: the value that they are ordered by, their key, and the time of the page.

A page behind a cursor leaves out what came since the first page: what is new would move groups from one to another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson.errors import BSONError

from gateway.errors import InvalidCursor
from gateway.insights.group_pipelines import GroupPlace
from gateway.plan import opaque_text


def in_utc(time: datetime) -> datetime:
    """A time as it was read, which is in UTC and doesn't say so."""
    return time.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class GroupEdge:
    """A group in its place in a connection."""

    document: Mapping[str, Any]
    tag: str

    @property
    def cursor(self) -> str:
        group = self.document
        place = opaque_text.encode_bson({"v": group["value"], "k": group["_id"], "t": group["as_of"]})
        return opaque_text.encode([1, self.tag, place])


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A page of groups, in order. ``totals``: the statistics of all in scope; an error stands in their place. ``tag``:
    what cursors of this order, of these groups, are known by. ``total``: as of `gateway.plan.paging.Page`."""

    documents: Sequence[Mapping[str, Any]]
    tag: str
    has_next_page: bool
    has_previous_page: bool
    total: int | None = None
    totals: Mapping[str, Any] | None = None

    @property
    def key(self) -> str:
        """As of `gateway.plan.paging.Page`: it is nested in nothing."""
        return ""

    @property
    def edges(self) -> list[GroupEdge]:
        return [GroupEdge(document, self.tag) for document in self.documents]

    @property
    def page_info(self) -> "GroupPage":
        """Itself: it has what Relay's PageInfo has."""
        return self

    @property
    def start_cursor(self) -> str | None:
        return GroupEdge(self.documents[0], self.tag).cursor if self.documents else None

    @property
    def end_cursor(self) -> str | None:
        return GroupEdge(self.documents[-1], self.tag).cursor if self.documents else None


def decode_group_cursor(tag: str, text: str, argument: str) -> GroupPlace:
    """The place of a cursor given out for groups with this tag; raises `InvalidCursor` for anything else."""
    try:
        match opaque_text.decode(text):
            case [1, str(given), str(encoded)]:
                match opaque_text.decode_bson(encoded):
                    case {"v": value, "k": dict(key), "t": datetime() as as_of}:
                        if given != tag:
                            message = "The cursor was given out for other groups, or another ordering of them."
                            raise InvalidCursor(message, path=(argument,))
                        return GroupPlace(value, key, as_of)
    except (ValueError, OverflowError, BSONError):
        pass
    raise InvalidCursor("This is not a cursor that this gateway gave out.", path=(argument,))
