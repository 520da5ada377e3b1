"""Relay's cursor connections over keysets: cursors, windows and pages. Values only, no I/O.

A cursor holds the place of an element in an order (the ordered value and ``_id``), so that a page is found by an
index seek, whatever its depth, and stays where it is while others insert. Rules: the GraphQL Cursor Connections
Specification (https://relay.dev/graphql/connections.htm), section "Pagination algorithm".
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from bson import ObjectId

from gateway.errors import BadUserInput, InvalidCursor
from gateway.kinds import Order

DEFAULT_PAGE_SIZE = 10
MAX_PAGE_SIZE = 100

_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands in an order; ``value`` None is the shared place of null and missing."""

    value: datetime | int | float | None
    tie: UUID | ObjectId | str


def encode_cursor(order: Order, place: Place) -> str:
    value: Any = place.value
    if isinstance(value, datetime):
        value = [(value - _EPOCH) // _MILLISECOND]
    tie = place.tie
    kind = "u" if isinstance(tie, UUID) else "o" if isinstance(tie, ObjectId) else "s"
    payload = orjson.dumps([_VERSION, order.tag, value, f"{kind}{tie}"])
    return base64.urlsafe_b64encode(payload).rstrip(b"=").decode()


def decode_cursor(order: Order, text: str, argument: str) -> Place:
    """The place of a cursor given out for this order.

    Raises `InvalidCursor` for anything else, also for a cursor of another order.
    """
    try:
        parts = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        match parts:
            case [1, order.tag, value, str(tie)]:
                return Place(_value(value), _tie(tie))
            case [1, str(), _, str()]:
                raise InvalidCursor("The cursor was given out for another ordering.", path=(argument,))
    except (binascii.Error, ValueError, TypeError, OverflowError):
        pass
    raise InvalidCursor("This is not a cursor that this gateway gave out.", path=(argument,))


def _value(encoded: Any) -> datetime | int | float | None:
    match encoded:
        case [int(milliseconds)]:
            return _EPOCH + milliseconds * _MILLISECOND
        case None:
            return None
        case int() | float() if not isinstance(encoded, bool) and abs(encoded) < 2**63:
            return encoded
    raise ValueError(encoded)


def _tie(encoded: str) -> UUID | ObjectId | str:
    match encoded[:1]:
        case "u":
            return UUID(encoded[1:])
        case "o":
            return ObjectId(encoded[1:])
        case "s":
            return encoded[1:]
    raise ValueError(encoded)


@dataclass(frozen=True, slots=True)
class Window:
    """Which elements of an ordered connection are asked for; at least one of ``first`` and ``last`` is set."""

    order: Order
    first: int | None
    last: int | None
    after: Place | None
    before: Place | None

    @property
    def backwards(self) -> bool:
        return self.first is None

    @property
    def limit(self) -> int:
        """How many elements to fetch: one more than the page holds tells whether there is another."""
        return (self.last if self.first is None else self.first) + 1  # type: ignore[operator]

    @property
    def descending(self) -> bool:
        """The direction in which the elements are fetched."""
        return self.order.descending != self.backwards


def window(arguments: Mapping[str, Any], order: Order) -> Window:
    """The window that ``first``, ``after``, ``last`` and ``before`` describe.

    Raises `BadUserInput` for a size below 0 or above 100 and `InvalidCursor` for a bad cursor.
    """
    first, last = _size(arguments, "first"), _size(arguments, "last")
    if first is None and last is None:
        first = DEFAULT_PAGE_SIZE
    return Window(order, first, last, _place(arguments, "after", order), _place(arguments, "before", order))


def _size(arguments: Mapping[str, Any], name: str) -> int | None:
    size: int | None = arguments.get(name)
    if size is not None and not 0 <= size <= MAX_PAGE_SIZE:
        raise BadUserInput(f"`{name}` must be between 0 and {MAX_PAGE_SIZE}, not {size}.", path=(name,))
    return size


def _place(arguments: Mapping[str, Any], name: str, order: Order) -> Place | None:
    cursor: str | None = arguments.get(name)
    return None if cursor is None else decode_cursor(order, cursor, name)


@dataclass(frozen=True, slots=True)
class Edge:
    document: Mapping[str, Any]
    order: Order

    @property
    def cursor(self) -> str:
        return encode_cursor(self.order, Place(self.document.get(self.order.path), self.document["_id"]))


@dataclass(frozen=True, slots=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    edges: Sequence[Edge]

    @property
    def start_cursor(self) -> str | None:
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        return self.edges[-1].cursor if self.edges else None


@dataclass(frozen=True, slots=True)
class Page:
    """``documents`` in the connection's order. ``total`` is a count that stopped at some bound, None when unknown."""

    order: Order
    documents: Sequence[Mapping[str, Any]]
    has_next_page: bool
    has_previous_page: bool
    total: int | None = None

    @property
    def edges(self) -> list[Edge]:
        return [Edge(document, self.order) for document in self.documents]

    @property
    def page_info(self) -> PageInfo:
        return PageInfo(self.has_next_page, self.has_previous_page, self.edges)


def page(asked: Window, fetched: Sequence[Mapping[str, Any]], total: int | None = None) -> Page:
    """The page of a window from at most ``asked.limit`` documents in the direction of `Window.descending`.

    Behind a cursor that was given the gateway doesn't look again: a cursor is only given out for an element, so
    there is one on its far side.
    """
    first, last = asked.first, asked.last
    if first is None:
        assert last is not None
        documents = fetched[:last][::-1]
    else:
        documents = fetched[:first]
        if last is not None:
            documents = documents[max(0, len(documents) - last) :]
    return Page(
        asked.order,
        documents,
        has_next_page=asked.before is not None if first is None else len(fetched) > first,
        has_previous_page=asked.after is not None if last is None else len(fetched) > last,
        total=total,
    )
