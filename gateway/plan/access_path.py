"""Which index a listing walks, and the intervals of it: the one place that decides how documents are found.

A page behind a cursor is the union of intervals of one index (for a descending order: equal values with a lower
``_id``, and lower values). MongoDB merges them in order, so that it examines about as many keys as it answers, at any
depth, however many elements share a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.context import Reach
from gateway.errors import BadUserInput
from gateway.model.indexes import Index, indexes_for
from gateway.model.kinds import Kind, Order
from gateway.model.undecoded_values import UNDEFINED, UndecodedValue, under
from gateway.plan.commands import Document, Scan
from gateway.plan.cursors import Place, Tie, Value
from gateway.plan.paging import Window
from gateway.plan.predicate import Conjunct, Lookup, Predicate, TimeBound

_Bound = tuple[str, str, Value | Tie]

# What is missing is sorted as null, and `undefined` below it. To expressions what is missing is `undefined`; a filter
# for null finds all three.
_CONDITIONS: Mapping[tuple[str, Value], Document] = {
    ("$eq", None): {"$eq": None, "$not": {"$type": "undefined"}},
    ("$lt", None): {"$type": ["minKey", "undefined"]},
    ("$eq", UNDEFINED): {"$type": "undefined"},
    ("$lt", UNDEFINED): {"$type": "minKey"},
    ("$gt", UNDEFINED): {"$not": {"$type": ["minKey", "undefined"]}},
}
# Classes of values of which MongoDB sorts alike what is equal; of objects the order of keys counts as well. Of the
# first three it tells all others apart.
_TOLD_APART = (datetime, int, str)
_ALIKE = (*_TOLD_APART, bool, UndecodedValue, type(None))
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


def scan_of_ids(reach: Reach, kind: Kind, ids: Sequence[Any], predicate: Predicate) -> Scan:
    """Those of the documents with these values of ``_id`` that match."""
    residual = tuple(conjunct.filter for conjunct in predicate.conjuncts)
    return Scan(reach, kind, Lookup("_id", tuple(ids)), intervals(kind, predicate.times, None), residual)


def intervals(kind: Kind, times: Sequence[TimeBound], window: Window | None) -> tuple[Document, ...]:
    """The intervals of an index that hold the window's elements within these times."""
    filters: list[Document] = [{}] if window is None else _intervals(window)
    bounds: dict[str, Any] = {}
    for bound in times:
        other = bounds.get(bound.operator)
        bounds[bound.operator] = bound.value if other is None else _TIGHTER[bound.operator](other, bound.value)
    if bounds:
        filters = [{**interval, kind.time_path: {**interval.get(kind.time_path, {}), **bounds}} for interval in filters]
    return tuple(filters)


def filter_of(window: Window) -> Document:
    """The filter for the window's elements, where no index has to hold each interval; empty without cursors."""
    filters = _intervals(window)
    # Beside what else is in its document, which may have an `$or` of its own.
    return {} if filters == [{}] else {"$and": [{"$or": filters}]}


def sort(order: Order, *, descending: bool) -> tuple[tuple[str, int], ...]:
    direction = -1 if descending else 1
    return ((order.path, direction), ("_id", direction))


def _intervals(window: Window) -> list[Document]:
    """The intervals of the order between the window's cursors, in the direction of fetching."""
    path = window.order.path
    ahead, behind = ("$lt", "$gt") if window.descending else ("$gt", "$lt")
    start, stop = (window.before, window.after) if window.backwards else (window.after, window.before)
    beyond_start = [(path, ahead, start.value)] if start else []
    beyond_stop = [(path, behind, stop.value)] if stop else []
    parts: list[Document] = [_interval(path, [*beyond_start, *beyond_stop])]
    if start:
        tied = [(path, "$eq", start.value), ("_id", ahead, start.tie)]
        if stop and _are_alike(start.value, stop.value):
            return [_interval(path, [*tied, ("_id", behind, stop.tie)])]
        if stop and _may_be_alike(start.value, stop.value):
            parts.insert(0, _interval(path, tied, _on_side_of(stop, path, behind)))
        else:
            parts.insert(0, _interval(path, [*tied, *beyond_stop]))
    if stop:
        parts.append(_interval(path, [(path, "$eq", stop.value), ("_id", behind, stop.tie), *beyond_start]))
    return parts


def _are_alike(value: Value, other: Value) -> bool:
    return value.__class__ is other.__class__ and value.__class__ in _ALIKE and bool(value == other)


def _may_be_alike(value: Value, other: Value) -> bool:
    """Whether MongoDB may sort values alike that differ here, as it does with 1 and 1.0."""
    if value.__class__ is other.__class__ and value.__class__ in _TOLD_APART:
        return False
    # Those that have conditions are like nothing else.
    return not any(one is None or (one.__class__ is UndecodedValue and one == UNDEFINED) for one in (value, other))


def _on_side_of(place: Place, path: str, operator: str) -> Document:
    """The expression for what is on one side of a place."""
    value, tie = under("$literal", place.value), under("$literal", place.tie)
    of_tie = {"$and": [{"$eq": [f"${path}", value]}, {operator: ["$_id", tie]}]}
    return {"$or": [{operator: [f"${path}", value]}, of_tie]}


def _interval(path: str, bounds: Sequence[_Bound], *expressions: Document) -> Document:
    """The filter for what is within these bounds of an order by ``path`` and ``_id``, and of which ``expressions`` are
    true."""
    if not bounds:
        return {}
    ordered: dict[str, Any] = {}
    conditions, compared = list[Document](), list(expressions)
    for at, operator, value in bounds:
        is_plain = at != path or not (value is None or value.__class__ is UndecodedValue)
        condition = None if is_plain else _CONDITIONS.get((operator, value))
        if condition is not None:
            conditions.append({path: condition})
        elif operator != "$eq":
            # As expressions, which compare across types as sorting does.
            compared.append({operator: [f"${at}", under("$literal", value)]})
        elif is_plain:
            ordered["$eq"] = value
        else:
            conditions.append({path: under("$eq", value)})
    # A list is sorted by one of its elements and compared as a whole: it would come on every page, or on none. It
    # stands on pages behind no cursor only.
    ordered["$not"] = {"$type": "array"}
    interval: dict[str, Any] = {path: ordered}
    if conditions:
        interval["$and"] = conditions
    if compared:
        interval["$expr"] = compared[0] if len(compared) == 1 else {"$and": compared}
    return interval
