"""Which index a listing walks, and the intervals of it: the one place that decides how documents are found.

A page behind a cursor is the union of intervals of one index (for a descending order: lower values, and equal values
with a lower ``_id``), one set for each value looked up. MongoDB merges them in order, so that it examines about as
many keys as it answers, at any depth, however many elements share a value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.commands import Document, Scan
from gateway.context import Namespace
from gateway.errors import BadUserInput
from gateway.indexes import Index, serving
from gateway.kinds import Kind, Order
from gateway.paging import Place, Window
from gateway.predicate import Lookup, Predicate, TimeBound

_TIGHTER = {"$gt": max, "$gte": max, "$lt": min, "$lte": min}


@dataclass(frozen=True, slots=True)
class Walk:
    """``lookup``: the equality that the index serves; ``unindexed``: what is filtered document by document."""

    index: Index
    lookup: Lookup | None
    residual: tuple[Document, ...]
    unindexed: tuple[str, ...]


def walk(kind: Kind, order: Order, predicate: Predicate, joined: str = "") -> Walk:
    """The walk in ``order`` through the most selective index; ``joined``: the path whose equality is given besides.

    Raises `BadUserInput` where no index serves the order.
    """
    index, chosen = _choice(kind, order, predicate, joined)
    rest = [conjunct for number, conjunct in enumerate(predicate.conjuncts) if number != chosen]
    return Walk(
        index,
        None if chosen is None else predicate.conjuncts[chosen].lookup,
        tuple(conjunct.filter for conjunct in rest),
        tuple(dict.fromkeys(conjunct.name for conjunct in rest)),
    )


def _choice(kind: Kind, order: Order, predicate: Predicate, joined: str) -> tuple[Index, int | None]:
    by_time = order.path == kind.time_path
    for index in serving(kind, order.path):
        if joined:
            if index.equality == joined:
                return index, None
            continue
        if index.equality is None:
            return index, None
        for number, conjunct in enumerate(predicate.conjuncts):
            lookup = conjunct.lookup
            if lookup and lookup.field == index.equality and (by_time or len(lookup.values) == 1):
                return index, number
    raise BadUserInput(
        "POSITION orders only within one feature, session or search request: filter by `eq` on one of them.",
        path=("orderBy", "field"),
    )


def scan(namespace: Namespace, found: Walk, order: Order, times: Sequence[TimeBound], window: Window | None) -> Scan:
    """The intervals of the walked index that hold the window's elements; without a window, all elements."""
    kind = found.index.kind
    bounds: dict[str, dict[str, Any]] = {}
    for bound in times:
        _tighten(bounds.setdefault(kind.time_path, {}), bound.operator, bound.value)
    start, stop = (None, None) if window is None else _ends(window)
    residual = found.residual
    if window is not None and stop is not None:
        # Seeking ends at the last element's value; those that share it are told apart one by one.
        operator = "$gte" if window.descending else "$lte"
        edge = {operator: stop.value} if stop.value is not None else {} if window.descending else {"$eq": None}
        for operator, value in edge.items():
            _tighten(bounds.setdefault(order.path, {}), operator, value)
        residual += ({"$or": _beyond(order, stop, descending=not window.descending)},)
    intervals: list[dict[str, Any]] = [{}]
    if window is not None and start is not None:
        intervals = _beyond(order, start, descending=window.descending)
    for interval in intervals:
        for path, conditions in bounds.items():
            for operator, value in conditions.items():
                _tighten(interval.setdefault(path, {}), operator, value)
    prefixes = _prefixes(found.lookup, split=len(intervals) > 1)
    branches = tuple({**prefix, **interval} for prefix in prefixes for interval in intervals)
    return Scan(namespace, kind, branches, residual)


def sort(order: Order, *, descending: bool) -> tuple[tuple[str, int], ...]:
    direction = -1 if descending else 1
    return ((order.path, direction), ("_id", direction))


def _ends(window: Window) -> tuple[Place | None, Place | None]:
    """Where fetching starts and stops, in its own direction."""
    return (window.before, window.after) if window.backwards else (window.after, window.before)


def _beyond(order: Order, place: Place, *, descending: bool) -> list[dict[str, Any]]:
    """The intervals that lie strictly behind a place, in one direction; null and missing are the lowest value."""
    operator = "$lt" if descending else "$gt"
    tied: dict[str, Any] = {order.path: {"$eq": place.value}, "_id": {operator: place.tie}}
    if place.value is None:
        return [tied] if descending else [tied, {order.path: {"$gte": order.least}}]
    intervals = [{order.path: {operator: place.value}}, tied]
    if descending and order.nullable:
        intervals.append({order.path: {"$eq": None}})
    return intervals


def _tighten(conditions: dict[str, Any], operator: str, value: Any) -> None:
    known = conditions.get(operator)
    conditions[operator] = value if known is None else _TIGHTER[operator](known, value)


def _prefixes(lookup: Lookup | None, *, split: bool) -> list[Document]:
    if lookup is None:
        return [{}]
    if len(lookup.values) == 1 or split:
        # MongoDB merges the values of `$in` in order by itself, but not within the branches of an `$or`.
        return [{lookup.field: {"$eq": value}} for value in lookup.values]
    return [{lookup.field: {"$in": list(lookup.values)}}]
