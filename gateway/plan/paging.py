"""Relay's cursor connections over keysets: cursors, windows and pages. Values only, no I/O.

A cursor holds the place of an element in an order (the ordered value and ``_id``), so that a page is found by an
index seek, whatever its depth, and stays where it is while others insert. Rules: the GraphQL Cursor Connections
Specification (https://relay.dev/graphql/connections.htm), section "Pagination algorithm". That leaves open whether
there are elements on the far side of a cursor that was given; here there always are, the cursor's own to begin with.
One step is not taken: a cursor whose element isn't among those listed is not ignored, but stands for its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TypeAlias
from uuid import UUID

from bson import Binary, DatetimeMS, ObjectId
from bson.errors import BSONError

from gateway.errors import BadUserInput, InvalidCursor, UnreadableDocument
from gateway.model.bson_values import is_uuid, uuid_text, uuid_value
from gateway.model.kinds import Order
from gateway.plan import opaque_text

DEFAULT_PAGE_SIZE = 10
# The arguments that are cursors.
CURSORS = ("after", "before")

_VERSION = 1

# Times beyond Python's years are only found in documents that others wrote, and so are strings and booleans.
Value: TypeAlias = datetime | DatetimeMS | int | float | str | bool | None
# Of binary values only UUIDs, which may also be decoded already; a place that was decoded has them as they are read.
Tie: TypeAlias = Binary | UUID | ObjectId | str | int


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands in an order; ``value`` None is the shared place of null and missing."""

    value: Value
    tie: Tie


def encode_cursor(order: Order, value: Any, tie: Any) -> str:
    """The cursor of the place of these stored values, the ordered one and ``_id``.

    Raises `UnreadableDocument` where they have no place in any order.
    """
    # What nearly all elements have is spelled as JSON spells it; the rest is marked.
    if value.__class__ is not datetime:
        value = _marked_value(value)
    tie = uuid_text(tie) if is_uuid(tie) else _marked_tie(tie)
    return opaque_text.encode([_VERSION, order.tag, value, tie])


def decode_cursor(order: Order, text: str, argument: str) -> Place:
    """The place of a cursor given out for this order.

    Raises `InvalidCursor` for anything else, also for a cursor of another order.
    """
    try:
        match opaque_text.decode(text):
            case [1, order.tag, value, tie]:
                return Place(_value(value), _tie(tie))
            case [1, str(), _, _]:
                raise InvalidCursor("The cursor was given out for another ordering.", path=(argument,))
    except (ValueError, OverflowError, BSONError):
        pass
    raise InvalidCursor("This is not a cursor that this gateway gave out.", path=(argument,))


def _marked_value(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case str():
            return ["s", value]
        case float():
            return value if isfinite(value) else ["f", str(value)]
        case datetime():
            return value
        case DatetimeMS():
            return ["t", int(value)]
    raise UnreadableDocument("What is stored here has no place in this order.")


def _value(encoded: Any) -> Value:
    match encoded:
        case str():
            return datetime.fromisoformat(encoded).astimezone(UTC)
        case ["s", str(text)]:
            return text
        case ["f", "nan" | "inf" | "-inf" as number]:
            return float(number)
        case ["t", int(milliseconds)]:
            return DatetimeMS(_integer(milliseconds))
        case int():
            return _integer(encoded)
        case None | float():
            return encoded
    raise ValueError(encoded)


def _integer(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError(number)
    return number


def _marked_tie(tie: Any) -> Any:
    match tie:
        case UUID():
            return str(tie)
        case ObjectId():
            return ["o", str(tie)]
        case str():
            return ["s", tie]
        case int():
            return tie
    raise UnreadableDocument("What is stored here has no place in this order.")


def _tie(encoded: Any) -> Tie:
    match encoded:
        case str():
            return uuid_value(encoded)
        case ["o", str(text)]:
            return ObjectId(text)
        case ["s", str(text)]:
            return text
        case int():
            return _integer(encoded)
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
        """How many elements to fetch: one more than was asked for tells whether there is another."""
        return max(self.first or 0, self.last or 0) + 1

    @property
    def descending(self) -> bool:
        """The direction in which the elements are fetched."""
        return self.order.descending != self.backwards

    def at(self, cursors: Mapping[str, str]) -> "Window":
        """The same with other cursors, by argument; raises `InvalidCursor`."""
        after = _place(cursors, "after", self.order) or self.after
        before = _place(cursors, "before", self.order) or self.before
        return Window(self.order, self.first, self.last, after, before)


def window(arguments: Mapping[str, Any], order: Order, page_size: int) -> Window:
    """The window that ``first``, ``after``, ``last`` and ``before`` describe.

    Raises `BadUserInput` for a size below 0 or above ``page_size`` and `InvalidCursor` for a bad cursor.
    """
    first, last = _size(arguments, "first", page_size), _size(arguments, "last", page_size)
    if first is None and last is None:
        first = DEFAULT_PAGE_SIZE
    return Window(order, first, last, _place(arguments, "after", order), _place(arguments, "before", order))


def _size(arguments: Mapping[str, Any], name: str, most: int) -> int | None:
    size: int | None = arguments.get(name)
    if size is not None and not 0 <= size <= most:
        raise BadUserInput(f"`{name}` must be between 0 and {most:,}, not {size}.", path=(name,))
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
        return encode_cursor(self.order, self.document.get(self.order.path), self.document["_id"])


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
    def page_info(self) -> "Page":
        """Itself: it has what Relay's PageInfo has."""
        return self

    @property
    def start_cursor(self) -> str | None:
        return self._cursor(0)

    @property
    def end_cursor(self) -> str | None:
        return self._cursor(-1)

    def _cursor(self, index: int) -> str | None:
        return Edge(self.documents[index], self.order).cursor if self.documents else None


def page(asked: Window, fetched: Sequence[Mapping[str, Any]], total: int | None = None) -> Page:
    """The page of a window from the first ``asked.limit`` documents in the direction of `Window.descending`."""
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
