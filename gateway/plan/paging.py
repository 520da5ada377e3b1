"""Relay's cursor connections over keysets: windows and pages. Values only, no I/O.

Rules: the GraphQL Cursor Connections Specification (https://relay.dev/graphql/connections.htm), section "Pagination
algorithm". That leaves open whether there are elements on the far side of a cursor among the arguments; here there
always are, the cursor's own to begin with. One step is not taken: a cursor whose element isn't among those listed is
not ignored, but stands for its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import BadUserInput
from gateway.model.bson_order import ordered_element
from gateway.model.documents import PLACE_FIELD
from gateway.model.kinds import Order
from gateway.plan.cursors import Place, decode_cursor, encode_cursor

DEFAULT_PAGE_SIZE = 10
# The arguments that are cursors.
CURSORS = ("after", "before")


def counted_up_to(bounds: Mapping[Any, int | Exception]) -> int:
    """How far elements are counted for totals with these bounds, of which some may be wrong; 0: not at all."""
    return max((bound for bound in bounds.values() if not isinstance(bound, Exception)), default=0)


@dataclass(frozen=True, slots=True)
class Window:
    """The elements of an ordered connection that its pagination arguments select: the first or the last so many behind
    one place and ahead of another. At least one of ``first`` and ``last`` is set."""

    order: Order
    first: int | None
    last: int | None
    after: Place | None
    before: Place | None

    @classmethod
    def of(cls, arguments: Mapping[str, Any], order: Order, page_size: int) -> "Window":
        """The window that ``first``, ``after``, ``last`` and ``before`` describe.

        Raises `BadUserInput` for a size below 0 or above ``page_size`` and `InvalidCursor` for a bad cursor.
        """
        first, last = size_of(arguments, "first", page_size), size_of(arguments, "last", page_size)
        if first is None and last is None:
            first = DEFAULT_PAGE_SIZE
        return cls(order, first, last, _place(arguments, "after", order), _place(arguments, "before", order))

    @property
    def backwards(self) -> bool:
        return self.first is None

    @property
    def limit(self) -> int:
        """How many elements to fetch: one more than is answered tells whether there is another."""
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


def size_of(arguments: Mapping[str, Any], name: str, most: int) -> int | None:
    """The argument that says how many elements; raises `BadUserInput` below 0 and above ``most``."""
    size: int | None = arguments.get(name)
    if size is not None and not 0 <= size <= most:
        raise BadUserInput(f"`{name}` must be between 0 and {most:,}, not {size}.", path=(name,))
    return size


def _place(arguments: Mapping[str, Any], name: str, order: Order) -> Place | None:
    cursor: str | None = arguments.get(name)
    # An empty one is as good as none: forms and clients' first pages send it.
    return decode_cursor(order, cursor, name) if cursor else None


@dataclass(frozen=True, slots=True)
class Edge:
    """A document in its place in a connection; ``highest``: where a list is ordered, its highest element is its
    place."""

    document: Mapping[str, Any]
    order: Order
    highest: bool = False

    @property
    def cursor(self) -> str:
        document = self.document
        if PLACE_FIELD in document:
            value, tie = document[PLACE_FIELD]
        else:
            value, tie = document.get(self.order.path), document["_id"]
        if value.__class__ is list:
            value = ordered_element(value, highest=self.highest)
        return encode_cursor(self.order, value, tie)


# Not frozen, which would take twice as long to make: a join has one for each parent.
@dataclass(slots=True)
class Page:
    """A page of a connection: ``documents`` in its order. ``total`` is a count that stopped at some bound, None where
    nothing was counted, or it took too long. ``highest``: as of `Edge`. ``key``: of a nested connection, what its
    parent is joined on."""

    order: Order
    documents: Sequence[Mapping[str, Any]]
    has_next_page: bool
    has_previous_page: bool
    total: int | None = None
    highest: bool = False
    key: str = ""

    @property
    def edges(self) -> list[Edge]:
        return [Edge(document, self.order, self.highest) for document in self.documents]

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
        return Edge(self.documents[index], self.order, self.highest).cursor if self.documents else None


def page(window: Window, fetched: Sequence[Mapping[str, Any]], total: int | None = None, key: str = "") -> Page:
    """The page of a window from the first ``window.limit`` documents in the direction of `Window.descending`; ``key``:
    as of `Page`."""
    first, last, count = window.first, window.last, len(fetched)
    if first is None:
        assert last is not None
        documents = fetched[:last][::-1]
    else:
        documents = fetched[:first] if count > first else fetched
        if last is not None:
            documents = documents[max(0, len(documents) - last) :]
    return Page(
        window.order,
        documents,
        has_next_page=window.before is not None if first is None else count > first,
        has_previous_page=window.after is not None if last is None else count > last,
        total=total,
        highest=window.descending,
        key=key,
    )
