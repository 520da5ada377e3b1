"""Which index a listing walks, and the intervals of it: the one place that decides how documents are found.

A page behind a cursor is the union of intervals of one index (for a descending order: equal values with a lower
``_id``, and lower values). MongoDB merges them in order, so that it examines about as many keys as it answers, at any
depth, however many elements share a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from math import isnan, nan
from typing import Any

from bson import DatetimeMS

from gateway.context import Namespace
from gateway.errors import BadUserInput
from gateway.model.bson_order import sort_key
from gateway.model.indexes import Index, indexes_for
from gateway.model.kinds import Kind, Order
from gateway.plan.commands import Document, Scan
from gateway.plan.cursors import Tie, Value
from gateway.plan.paging import Window
from gateway.plan.predicate import Conjunct, Lookup, Predicate, TimeBound

# The last time that there is, and what sorts ahead of every number.
_LAST_TIME, _NO_NUMBER = DatetimeMS(2**63 - 1), nan
_TIGHTER = {"$gt": max, "$gte": max, "$lt": min, "$lte": min}


@dataclass(frozen=True, slots=True)
class AccessPath:
    """The way to what a predicate demands, by one index. ``lookup``: the equality that the index serves; ``examined``:
    what is filtered document by document."""

    index: Index
    lookup: Lookup | None
    examined: tuple[Conjunct, ...]

    @property
    def residual(self) -> tuple[Document, ...]:
        """The filters of what is examined in the documents themselves."""
        return tuple(conjunct.filter for conjunct in self.examined if not conjunct.of_outcome)

    @property
    def of_outcome(self) -> tuple[Document, ...]:
        """The filters of what is examined in their search requests' outcomes."""
        return tuple(conjunct.filter for conjunct in self.examined if conjunct.of_outcome)

    @property
    def unindexed(self) -> tuple[str, ...]:
        """The names of what is examined, each once."""
        return tuple(dict.fromkeys(conjunct.name for conjunct in self.examined))


def choose_access_path(kind: Kind, order: Order, predicate: Predicate, joined: str = "") -> AccessPath:
    """The path in ``order`` through the most selective index; ``joined``: a path whose equality a join adds.

    Raises `BadUserInput` where no index serves the order.
    """
    index, chosen = _choice(kind, order, predicate, joined)
    rest = tuple(conjunct for number, conjunct in enumerate(predicate.conjuncts) if number != chosen)
    return AccessPath(
        index,
        None if chosen is None else predicate.conjuncts[chosen].lookup,
        rest,
    )


def _choice(kind: Kind, order: Order, predicate: Predicate, joined: str) -> tuple[Index, int | None]:
    by_time = order.path == kind.time_path
    for index in indexes_for(kind, order.path):
        if joined:
            if index.equality == joined:
                return index, None
            continue
        if index.equality is None:
            return index, None
        for number, conjunct in enumerate(predicate.conjuncts):
            lookup = conjunct.lookup
            if lookup and lookup.field == index.equality and (by_time or lookup.is_of_one):
                return index, number
    raise BadUserInput(
        "POSITION orders only within one feature, session or search request: filter by `eq` on one of them.",
        path=("orderBy", "field"),
    )


def scan_of_ids(namespace: Namespace, kind: Kind, ids: Sequence[Any], predicate: Predicate) -> Scan:
    """Those of the documents with these values of ``_id`` that match."""
    residual = tuple(conjunct.filter for conjunct in predicate.conjuncts)
    return Scan(namespace, kind, Lookup("_id", tuple(ids)), intervals(kind, predicate.times, None), residual)


def intervals(kind: Kind, times: Sequence[TimeBound], window: Window | None) -> tuple[Document, ...]:
    """The intervals of an index that hold the window's elements within these times."""
    filters: list[Document] = [{}] if window is None else _intervals(window)
    for bound in times:
        filters = [_within(interval, kind.time_path, bound) for interval in filters]
    return tuple(filters)


def _within(interval: Document, path: str, bound: TimeBound) -> Document:
    operands = interval.get(path, {})
    other = operands.get(bound.operator)
    value = bound.value if other is None else _TIGHTER[bound.operator](other, bound.value)
    return {**interval, path: {**operands, bound.operator: value}}


def sort(order: Order, *, descending: bool) -> tuple[tuple[str, int], ...]:
    direction = -1 if descending else 1
    return ((order.path, direction), ("_id", direction))


@dataclass(frozen=True, slots=True)
class _Interval:
    """An interval of an order.

    ``operands``: what the ordered value is compared with as filters do, like with like; ``bounds`` hold across types,
    as in sorting: path, operator and value of each. ``without``: types of which it has none.
    """

    operands: Mapping[str, Value] = field(default_factory=dict)
    bounds: tuple[tuple[str, str, Value | Tie], ...] = ()
    without: tuple[type, ...] = ()

    def __and__(self, other: "_Interval") -> "_Interval":
        return _Interval({**self.operands, **other.operands}, self.bounds + other.bounds, self.without + other.without)

    @property
    def compared(self) -> list[tuple[str, Value]]:
        """All that the ordered value is compared with."""
        return [*self.operands.items(), *((operator, value) for at, operator, value in self.bounds if at != "_id")]

    def excludes(self, other: "_Interval") -> bool:
        return any(isinstance(value, self.without) for _, value in other.compared)

    def document(self, window: Window) -> Document:
        path = window.order.path
        tests: list[Document] = [{operator: [f"${at}", {"$literal": value}]} for at, operator, value in self.bounds]
        if compared := self.compared:
            # A list is sorted by one of its elements: by others it would come again.
            place = sort_key(path, highest=window.descending)
            in_place: list[Document] = [{operator: [place, {"$literal": value}]} for operator, value in compared]
            tests.append({"$or": [{"$not": [{"$isArray": f"${path}"}]}, _all(in_place)]})
        operands: Document = {path: self.operands} if self.operands else {}
        return {**operands, "$expr": _all(tests)} if tests else operands


def _intervals(window: Window) -> list[Document]:
    """The intervals of the order between the window's cursors, in the direction of fetching."""
    path = window.order.path
    ahead, behind = ("$lt", "$gt") if window.descending else ("$gt", "$lt")
    start, stop = (window.before, window.after) if window.backwards else (window.after, window.before)
    if start and stop and start.value == stop.value:
        bounds = (("_id", ahead, start.tie), ("_id", behind, stop.tie))
        return [_Interval({"$eq": start.value}, bounds).document(window)]
    beyond_start = _beyond(path, ahead, start.value) if start else [_Interval()]
    beyond_stop = _beyond(path, behind, stop.value) if stop else [_Interval()]
    parts = _both(beyond_start, beyond_stop)
    if window.descending:
        parts.reverse()
    if start:
        parts = [*_both([_Interval({"$eq": start.value}, (("_id", ahead, start.tie),))], beyond_stop), *parts]
    if stop:
        parts += _both([_Interval({"$eq": stop.value}, (("_id", behind, stop.tie),))], beyond_start)
    return [part.document(window) for part in parts]


def _beyond(path: str, operator: str, value: Value) -> list[_Interval]:
    """The intervals beyond a value, in ascending order.

    Expressions compare across types as sorting does, but for lists: those stand behind all numbers and ahead of all
    times. Where they would be left out, numbers and times are compared as filters do, which look at elements.
    """
    match operator, value:
        # Nothing is lower than null, though to MongoDB's expressions a missing value is.
        case "$lt", None:
            return []
        case "$gt", datetime():
            return [_Interval({"$gt": value}), _Interval(bounds=((path, "$gt", _LAST_TIME),), without=(datetime,))]
        case "$lt", int() | float() if not isinstance(value, bool) and not isnan(value):
            none = _Interval(bounds=((path, "$lte", _NO_NUMBER),), without=(int, float))
            return [none, _Interval({"$lt": value})]
    return [_Interval(bounds=((path, operator, value),))]


def _both(some: Sequence[_Interval], others: Sequence[_Interval]) -> list[_Interval]:
    """What is in both, in their order; none that can have nothing."""
    return [one & other for one, other in product(some, others) if not (one.excludes(other) or other.excludes(one))]


def _all(conditions: Sequence[Document]) -> Document:
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}
