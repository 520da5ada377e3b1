"""What is measured of groups: the metrics that are selected, the intervals of series, the parts that groups have."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.insights import interaction_metrics
from gateway.insights.stored_values import Expression
from gateway.insights.time_intervals import TimeInterval, instant_of, start_of, starts
from gateway.insights.zone_clocks import zone
from gateway.model.derived_documents import FIRST_TIME
from gateway.plan.commands import Document
from gateway.plan.predicate import TimeBound

EXPECTED = frozenset({"expected_clicks", "coec"})
# What a group has several of: made by pipelines of their own.
POSITIONS, _REVENUE = "positions", "revenue"
PARTS = frozenset({POSITIONS, _REVENUE})


_LOWER, _UPPER = ("$gt", "$gte"), ("$lt", "$lte")

# What shows that an object is there of which nothing is selected.
_MARKER = "__typename"


@dataclass(frozen=True, slots=True)
class Measured:
    """The names of the metrics that are selected: of the groups, of the parts of their series, of the totals."""

    groups: frozenset[str]
    series: frozenset[str]
    totals: frozenset[str]

    @classmethod
    def of(cls, paths: frozenset[str]) -> "Measured":
        """Those at the paths that are read of a page and its groups."""
        groups, series, totals = set[str](), set[str](), set[str]()
        for path in paths:
            match path.split("."):
                case ["stats", name, *_]:
                    groups.add(name)
                case ["series", "stats", name, *_]:
                    series.add(name)
                case [name]:
                    # The totals are no part of a group.
                    totals.add(name)
        return cls(*(frozenset(names - {_MARKER}) for names in (groups, series, totals)))

    @property
    def all(self) -> frozenset[str]:
        return self.groups | self.series | self.totals


@dataclass(frozen=True, slots=True)
class Intervals:
    """The intervals of series: within the bounds of time that are asked for, else of what there is."""

    interval: TimeInterval
    zone_name: str
    times: tuple[TimeBound, ...]

    @property
    def is_bounded(self) -> bool:
        """Whether there is a bound on either side."""
        operators = {bound.operator for bound in self.times}
        return not operators.isdisjoint(_LOWER) and not operators.isdisjoint(_UPPER)

    def start_of(self, time: Expression) -> Expression:
        """The start of the interval that holds a time, as the zone's clocks show it."""
        return start_of(time, self.interval, self.zone_name, *self._bounds)

    def instant_of(self, start: datetime) -> datetime:
        """When an interval starts, by what the zone's clocks show then."""
        return instant_of(start, self.interval, zone(self.zone_name))

    def starts(self, first: datetime | None, last: datetime | None) -> Sequence[datetime]:
        """The starts of the intervals, and the end of the last; ``first`` and ``last``: of what there is. None where
        there is nothing and no bound. Raises `BadUserInput` for too many."""
        lower, upper = self._bounds
        begin, end = lower or first, upper or last
        if begin is None or end is None or begin > end:
            return ()
        return starts(begin, end, self.interval, zone(self.zone_name))

    @property
    def _bounds(self) -> tuple[datetime | None, datetime | None]:
        """The first and the last time that are asked for; None without a bound."""
        lower = [bound.value for bound in self.times if bound.operator in _LOWER]
        # What is earlier than midnight belongs to the day before.
        upper = [
            bound.value - timedelta(milliseconds=bound.operator == "$lt" and bound.value > FIRST_TIME)
            for bound in self.times
            if bound.operator in _UPPER
        ]
        return max(lower, default=None), min(upper, default=None)


def part_of(name: str) -> tuple[Mapping[str, Expression], Mapping[str, Expression]]:
    """What the parts of a group differ in, and their accumulators."""
    if name == POSITIONS:
        return {"part": "$place"}, interaction_metrics.BY_POSITION
    return {"part": interaction_metrics.CURRENCY}, interaction_metrics.REVENUE


def parts_by_key(name: str, rows: Sequence[Document]) -> Mapping[Any, list[Mapping[str, Any]]]:
    """The parts of each group by its key, an empty list for any other: of positions those that are known, of revenue
    the currencies in which anything was sold, by their names."""
    by_key: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        id = dict(row["_id"])
        part = id.pop("part")
        if name == POSITIONS and part is not None and (row["views"] or row["clicks"]):
            by_key[hashable(id)].append({"position": part, "views": row["views"], "clicks": row["clicks"]})
        elif name == _REVENUE and row["sales"]:
            by_key[hashable(id)].append({"currency": part, "amount": row["amount"]})
    if name == _REVENUE:
        for sold in by_key.values():
            sold.sort(key=lambda part: (part["currency"] is None, part["currency"]))
    return by_key


def hashable(key: Any) -> Any:
    """A key, or a part of one, as a value that can be looked up."""
    if isinstance(key, Mapping):
        return tuple((name, hashable(value)) for name, value in key.items())
    if isinstance(key, list):
        return ("list", *map(hashable, key))
    # 1 and true are equal to Python, and different groups.
    return (type(key).__name__, key) if isinstance(key, bool | float) else key
