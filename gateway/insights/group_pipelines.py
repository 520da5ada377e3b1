"""The pipelines that group documents and measure the groups: a page of groups in an order, their number, their series.

All of them begin behind the documents in scope. A group is

    {"_id": {"query": "lamp"}, "key": {"query": "lamp"}, "stats": {"searches": 3, …}, "value": 3, "as_of": datetime}

where ``value`` is what the groups are ordered by; a part of a series has its interval's ``start`` instead.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.insights.metrics import Dimension, Metric, Subject
from gateway.insights.stored_values import Expression, Pipeline, Stage
from gateway.insights.time_intervals import quarter_hour_of

Key = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """The order of groups by a metric, nulls last, ties by key."""

    metric: str
    descending: bool


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """The place of a group in an order: the value that it is ordered by, its key, and when that was."""

    value: Any
    key: Key
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of the documents in scope, with ``metrics`` by name. ``minima``: what a group must have at least of some
    of these."""

    subject: Subject
    dimensions: tuple[Dimension, ...]
    metrics: Mapping[str, Metric]
    minima: Mapping[str, int]

    def page(self, order: GroupOrder, after: GroupPlace | None, limit: int) -> Pipeline:
        """The first ``limit`` groups behind a place."""
        return [
            *self.all(value=self.metrics[order.metric].value),
            *self._sufficient(),
            {"$set": {"is_null": {"$eq": ["$value", None]}}},
            *([{"$match": {"$expr": _beyond(order, after)}}] if after else []),
            {"$sort": {"is_null": 1, "value": -1 if order.descending else 1, "_id": 1}},
            {"$limit": limit},
        ]

    def all(self, **more: Expression) -> Pipeline:
        """Every group, in no order. ``more``: other fields of each."""
        return [*self._grouped({}, self._accumulators, None), self._measured(more)]

    def count(self, limit: int) -> Pipeline:
        """How many groups there are, up to ``limit``: {"count": n}, or no row for none."""
        return [*self.all(), *self._sufficient(), {"$limit": limit}, {"$count": "count"}]

    def distinct(self, value: Expression) -> Pipeline:
        """How many distinct values there are: {"count": n}, or no row for none."""
        return [
            *self._prepared(value),
            {"$group": {"_id": value}},
            {"$match": {"_id": {"$ne": None}}},
            {"$count": "count"},
        ]

    def series(self, keys: Sequence[Key], start_of: Callable[[str], Expression]) -> Pipeline:
        """The parts of the groups with these keys, by the ``start`` of the interval that they belong to. ``start_of``:
        the start of a time's interval."""
        measured = self._measured({"start": "$_id.start"})
        time, accumulators = f"${self.subject.time}", self._accumulators
        if not all("$sum" in accumulator for accumulator in accumulators.values()):
            return [*self._grouped({"start": start_of(time)}, accumulators, keys), measured]
        # Zones are dear: they are looked at once for each quarter of an hour.
        quarters = self._grouped({"quarter": quarter_hour_of(time)}, accumulators, keys)
        key = {dimension.name: f"$_id.{dimension.name}" for dimension in self.dimensions}
        sums = {name: {"$sum": f"${name}"} for name in accumulators}
        return [*quarters, {"$group": {"_id": {**key, "start": start_of("$_id.quarter")}, **sums}}, measured]

    def parts(
        self, keys: Sequence[Key], by: Mapping[str, Expression], accumulators: Mapping[str, Expression]
    ) -> Pipeline:
        """The parts of the groups with these keys by what is at ``by``, with accumulators of their own: their ``_id``
        holds both."""
        return self._grouped(by, accumulators, keys)

    @property
    def _accumulators(self) -> Mapping[str, Expression]:
        return {name: made for metric in self.metrics.values() for name, made in metric.accumulators.items()}

    def _measured(self, more: Mapping[str, Expression]) -> Stage:
        key = {dimension.name: f"$_id.{dimension.name}" for dimension in self.dimensions}
        measured: dict[str, Expression] = {
            "key": key or {"$literal": {}},
            "stats": {name: metric.value for name, metric in self.metrics.items()} or {"$literal": {}},
            "as_of": "$$NOW",
            **more,
        }
        return {"$project": measured}

    def _grouped(
        self,
        by: Mapping[str, Expression],
        accumulators: Mapping[str, Expression],
        keys: Sequence[Key] | None,
    ) -> Pipeline:
        key: dict[str, Expression] = {
            dimension.name: {"$ifNull": [dimension.value, None]} for dimension in self.dimensions
        }
        pipeline = self._prepared([key, by, accumulators])
        for dimension in self.dimensions:
            if dimension.unwound:
                unwound = {"path": f"${dimension.unwound}", "preserveNullAndEmptyArrays": not dimension.required}
                pipeline.append({"$unwind": unwound})
        if keys is not None and self.dimensions:
            # The whole key at once: of several dimensions, not every combination of their values is asked for.
            pipeline += [{"$set": {"key": key}}, {"$match": {"key": {"$in": [dict(one) for one in keys]}}}]
            key = {name: f"$key.{name}" for name in key}
        return [*pipeline, {"$group": {"_id": {**key, **by}, **accumulators}}]

    def _prepared(self, expressions: Any) -> Pipeline:
        if not self.subject.prepared:
            return []
        text = repr(expressions)
        needed = {name: made for name, made in self.subject.prepared.items() if f"${name}" in text}
        return [{"$project": {"_id": 0, self.subject.time: self.subject.prepared[self.subject.time], **needed}}]

    def _sufficient(self) -> Pipeline:
        if not self.minima:
            return []
        return [{"$match": {f"stats.{name}": {"$gte": least} for name, least in self.minima.items()}}]


def _beyond(order: GroupOrder, after: GroupPlace) -> Expression:
    """Whether a group stands behind a place: nulls stand behind every value, groups of one value by key."""
    behind = {"$gt": ["$_id", {"$literal": dict(after.key)}]}
    tied = {"$and": [{"$eq": ["$value", {"$literal": after.value}]}, behind]}
    if after.value is None:
        return tied
    past = {"$lt" if order.descending else "$gt": ["$value", {"$literal": after.value}]}
    return {"$or": [tied, past, "$is_null"]}
