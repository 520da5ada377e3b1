"""The choice of the days of items for statistics of interactions that they can tell: exactly, and from far fewer
documents.

They hold counts of an item and a whole UTC day. What a range of time has of its first and its last day beside those is
made of the interactions themselves, in the same form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta

from gateway.context import Reach
from gateway.insights.item_day_metrics import DIMENSIONS, ITEM_DAYS_OF_INTERACTIONS
from gateway.insights.item_days import item_days
from gateway.insights.time_intervals import TimeInterval
from gateway.model.derived_documents import ITEM_DAYS
from gateway.model.kinds import INTERACTION
from gateway.plan.commands import Document
from gateway.plan.reach_filters import beyond_user
from gateway.plan.sources.bound_statistics import BoundStatistics
from gateway.plan.sources.measured_groups import EXPECTED
from gateway.plan.statistics_scopes import Rows, Scope

_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_TELLING = EXPECTED | ITEM_DAYS_OF_INTERACTIONS.metrics.keys()


def by_item_days(bound: BoundStatistics) -> BoundStatistics | None:
    """The same statistics by the days of items; None where these can't tell them, or wouldn't be fewer."""
    predicate, intervals = bound.scope.predicate, bound.intervals
    # What has no time is in no day.
    if not predicate.times or not all(_is_of_items(conjunct.name) for conjunct in predicate.conjuncts):
        return None
    # A day has one before and one behind it.
    if not all(MINYEAR < bound.value.year < MAXYEAR for bound in predicate.times):
        return None
    if bound.metadata_paths or any(dimension.name not in DIMENSIONS for dimension in bound.dimensions):
        return None
    if not {*bound.measured.all, bound.order.metric, *bound.minima} <= _TELLING:
        return None
    if intervals and (intervals.zone_name != "UTC" or intervals.interval is TimeInterval.HOUR):
        return None
    scope = ItemDayScope(predicate)
    if predicate.nothing or scope.days is None:
        return None
    dimensions = tuple(DIMENSIONS[dimension.name] for dimension in bound.dimensions)
    return replace(bound, subject=ITEM_DAYS_OF_INTERACTIONS, scope=scope, dimensions=dimensions, exact=bound)


def _is_of_items(name: str) -> bool:
    return name == "featureId"


@dataclass(frozen=True, slots=True)
class ItemDayScope(Scope):
    """The days of items of the interactions that the predicate matches, which compares times and items only."""

    @property
    def days(self) -> tuple[datetime | None, datetime | None] | None:
        """The first of the whole days in the range, and the first behind them; None for an open end. None at all where
        there is none."""
        begin, end = self._range(None)
        first = None if begin is None else _midnight(begin + _DAY - _MILLISECOND)
        behind = None if end is None else _midnight(end)
        return None if first is not None and behind is not None and first >= behind else (first, behind)

    def rows(self, reach: Reach, pipeline: Sequence[Document], as_of: datetime | None = None) -> Rows:
        if reach.user_id is not None:
            raise beyond_user()
        namespace = reach.namespace
        begin, end = self._range(as_of)
        first = None if begin is None else _midnight(begin + _DAY - _MILLISECOND)
        behind = None if end is None else _midnight(end)
        items = [conjunct.lookup.values for conjunct in self.predicate.conjuncts if conjunct.lookup is not None]
        of_days: list[Document] = [{"namespace_id": namespace.id}, {"day": _between(first, behind)}]
        of_days += [{"feature_id": {"$in": [id for id in ids if isinstance(id, str)]}} for ids in items]
        # Of a day that both ends are within there is no whole one.
        beside_days = [(begin, end)] if first and behind and first > behind else [(begin, first), (behind, end)]
        ragged = [{"occurred_at": _between(*times)} for times in beside_days if times[0] != times[1]]
        stages: list[Document] = [{"$match": {"$and": of_days}}]
        if ragged:
            of_items: list[Document] = [{"feature_id": {"$in": list(ids)}} for ids in items]
            # Each branch by itself, for which an index is found.
            branches = [{"$and": [times, *of_items]} if of_items else times for times in ragged]
            beside = {"coll": INTERACTION.collection, "pipeline": item_days(namespace.id, {"$or": branches})}
            stages.append({"$unionWith": beside})
        return Rows(collection=ITEM_DAYS, stages=(*stages, *pipeline))

    def _range(self, as_of: datetime | None) -> tuple[datetime | None, datetime | None]:
        """The first time in the range, and the first behind it."""
        lower = [
            bound.value + _MILLISECOND * (bound.operator == "$gt")
            for bound in self.predicate.times
            if bound.operator in ("$gt", "$gte")
        ]
        upper = [
            bound.value + _MILLISECOND * (bound.operator == "$lte")
            for bound in self.predicate.times
            if bound.operator in ("$lt", "$lte")
        ]
        if as_of is not None:
            upper.append(as_of.replace(tzinfo=UTC) + _MILLISECOND)
        return max(lower, default=None), min(upper, default=None)


def _midnight(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _between(begin: datetime | None, end: datetime | None) -> Mapping[str, datetime]:
    bounds = {}
    if begin is not None:
        bounds["$gte"] = begin
    if end is not None:
        bounds["$lt"] = end
    return bounds
