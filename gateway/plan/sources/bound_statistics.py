"""Statistics by group, bound to their arguments: which pipelines are run, and what groups become of their rows.

They are run in rounds: first the clicks that positions make one expect, where these are compared with; then the page of
groups, their number and the totals; then the series of the page's groups and their parts.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Self

from gateway.context import Context, Reach
from gateway.insights.group_pipelines import GroupOrder, GroupPlace, Groups, Key
from gateway.insights.metrics import Dimension, Metric, Subject
from gateway.plan.commands import Document, ReadCommand
from gateway.plan.cost import UNINDEXED
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.sources.measured_groups import (
    EXPECTED,
    PARTS,
    Intervals,
    Measured,
    hashable,
    part_of,
    parts_by_key,
)
from gateway.plan.sources.source import BoundRoot, Estimate
from gateway.plan.statistics_pages import GroupPage, decode_group_cursor, in_utc
from gateway.plan.statistics_scopes import Rows, Scope

_SERIES = "series"


def group_place(tag: str, cursor: str | None) -> GroupPlace | None:
    """The place of the cursor ``after``, None without one; raises `InvalidCursor`."""
    return decode_group_cursor(tag, cursor, "after") if cursor else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStatistics(BoundRoot):
    """A page of groups. ``metadata_paths``: the paths within metadata that are grouped by, in order. ``tag``: what
    cursors are known by. ``bounds``, ``total_limit``: as of a listing. ``cursor_variable``: that is one. ``exact``: the
    same by the documents themselves, where these are derived of everybody's: for whom may read but one user's."""

    subject: Subject
    scope: Scope
    dimensions: tuple[Dimension, ...]
    metadata_paths: tuple[str, ...]
    max_rank: int
    order: GroupOrder
    minima: Mapping[str, int]
    measured: Measured
    intervals: Intervals | None
    size: int
    after: GroupPlace | None
    tag: str
    bounds: Mapping[ResponsePath, int | Exception]
    total_limit: int
    cursor_variable: str
    exact: "BoundStatistics | None" = None

    @property
    def keeps_to_user(self) -> bool:
        return self.scope.keeps_to_user or self.exact is not None

    @property
    def surcharge(self) -> int:
        series = self.intervals is not None
        return UNINDEXED * (1 + bool(self.total_limit) + bool(self.measured.totals) + series)

    def at(self, cursors: Mapping[str, str]) -> Self:
        if self.cursor_variable not in cursors:
            return self
        exact = None if self.exact is None else self.exact.at(cursors)
        return replace(self, after=group_place(self.tag, cursors[self.cursor_variable]), exact=exact)

    def _of(self, reach: Reach) -> "BoundStatistics":
        return self if reach.user_id is None or self.exact is None else self.exact

    def estimate(self, parents: int) -> Estimate:
        return Estimate(self.surcharge + self.size, self.size)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        reach = context.reach
        return tuple(self._of(reach)._rounds(reach, ()).values())

    def following(self, results: Sequence[Any], context: Context) -> Sequence[ReadCommand]:
        reach = context.reach
        return tuple(self._of(reach)._rounds(reach, results).values())[len(results) :]

    def value(self, results: Sequence[Any], context: Context) -> tuple[GroupPage, int]:
        statistics = self._of(context.reach)
        rounds = statistics._rounds(context.reach, results)
        page = statistics._page(dict(zip(rounds, results, strict=True)))
        return page, len(page.documents)

    def _rounds(self, reach: Reach, results: Sequence[Any]) -> dict[str, Rows]:
        """By name, all commands up to those of the round that these results lead to."""
        if self.scope.predicate.nothing:
            return {}
        rounds = self._rates(reach)
        if len(results) < len(rounds):
            return rounds
        found = dict(zip(rounds, results, strict=False))
        rounds |= self._groups(reach, found)
        if len(results) < len(rounds):
            return rounds
        found = dict(zip(rounds, results, strict=False))
        return rounds | self._parts(reach, found)

    def _run(self, reach: Reach, pipeline: Sequence[Document]) -> Rows:
        return self.scope.rows(reach, pipeline, self.after.as_of if self.after else None)

    def _rates(self, reach: Reach) -> dict[str, Rows]:
        if not EXPECTED & {*self.measured.all, self.order.metric}:
            return {}
        assert self.subject.rates is not None, "its clicks are compared"
        return {"rates": self._run(reach, self.subject.rates(self.max_rank))}

    def _metrics(self, names: frozenset[str], found: Mapping[str, Any]) -> dict[str, Metric]:
        metrics = {name: self.subject.metrics[name] for name in sorted(names - EXPECTED - PARTS)}
        if expected := names & EXPECTED:
            rates: list[float | None] = [None] * self.max_rank
            for row in found["rates"]:
                if row["views"]:
                    rates[row["position"]] = row["clicks"] / row["views"]
            assert self.subject.expected is not None, "its clicks are compared"
            made = self.subject.expected(rates)
            metrics |= {name: made[name] for name in sorted(expected)}
        return metrics

    def _grouped(self, names: frozenset[str], found: Mapping[str, Any]) -> Groups:
        return Groups(self.subject, self.dimensions, self._metrics(names, found), self.minima)

    def _groups(self, reach: Reach, found: Mapping[str, Any]) -> dict[str, Rows]:
        measured, rounds = self.measured, dict[str, Rows]()
        if not self.dimensions:
            rounds |= self._whole(reach, measured.groups | measured.totals, found)
            rounds |= self._series_rounds(reach, [row["_id"] for row in self._page_rows({})], found)
            return rounds
        groups = self._grouped(frozenset({*measured.groups, self.order.metric, *self.minima}), found)
        page = groups.page(self.order, self.after, self.size + 1)
        rounds["page"] = self._run(reach, page)
        if self.total_limit:
            sufficient = self._grouped(frozenset(self.minima), found)
            rounds["count"] = self._run(reach, sufficient.count(self.total_limit))
        if measured.totals:
            rounds |= self._whole(reach, measured.totals, found)
        return rounds

    def _whole(self, reach: Reach, names: frozenset[str], found: Mapping[str, Any]) -> dict[str, Rows]:
        """What makes the statistics of all in scope: distinct values are counted by themselves."""
        metrics = self._metrics(names, found)
        groups = Groups(self.subject, (), {name: made for name, made in metrics.items() if not made.distinct}, {})
        rounds = {"whole": self._run(reach, groups.all())} if groups.metrics else {}
        for name, metric in metrics.items():
            if metric.distinct:
                rounds[f"whole.{name}"] = self._run(reach, groups.distinct(metric.distinct))
        for name in sorted(names & PARTS):
            by, accumulators = part_of(name)
            rounds[f"whole.{name}"] = self._run(reach, groups.parts([], by, accumulators))
        return rounds

    def _parts(self, reach: Reach, found: Mapping[str, Any]) -> dict[str, Rows]:
        """What makes the series of the page's groups, and their parts."""
        rounds = dict[str, Rows]()
        if not self.dimensions:
            return rounds
        keys = [group["_id"] for group in self._page_rows(found)]
        if not keys:
            return rounds
        groups = self._grouped(self.measured.groups, found)
        for name in sorted(self.measured.groups & PARTS):
            by, accumulators = part_of(name)
            rounds[name] = self._run(reach, groups.parts(keys, by, accumulators))
        return rounds | self._series_rounds(reach, keys, found)

    def _series_rounds(self, reach: Reach, keys: Sequence[Key], found: Mapping[str, Any]) -> dict[str, Rows]:
        """What makes the series of the groups with these keys, and their parts."""
        rounds = dict[str, Rows]()
        # Where a bound is missing, they say what times there are.
        if self.intervals is not None and keys and (self.measured.series or not self.intervals.is_bounded):
            series = self._grouped(self.measured.series, found)
            rounds[_SERIES] = self._run(reach, series.series(keys, self.intervals.start_of))
            start = self.intervals.start_of(f"${self.subject.time}")
            for name in sorted(self.measured.series & PARTS):
                by, accumulators = part_of(name)
                rounds[f"{_SERIES}.{name}"] = self._run(reach, series.parts(keys, {"start": start, **by}, accumulators))
        return rounds

    def _page_rows(self, found: Mapping[str, Any]) -> Sequence[Document]:
        """The rows of the page's groups."""
        if self.dimensions:
            rows: Sequence[Document] = found["page"][: self.size]
            return rows
        if self.after is not None or not self.size:
            return ()
        [row] = found.get("whole") or [{"_id": {}, "key": {}, "stats": {}, "as_of": datetime.now(UTC)}]
        return [{**row, "value": row["stats"].get(self.order.metric)}]

    def _page(self, found: Mapping[str, Any]) -> GroupPage:
        whole = self._whole_stats(found)
        rows: Sequence[Document]
        if not self.dimensions:
            rows, has_next, total = self._page_rows(found), False, 1
        elif not found:
            # No document can match.
            rows, has_next, total = (), False, 0
        else:
            rows, has_next = self._page_rows(found), len(found["page"]) > self.size
            total = next((row["count"] for row in found.get("count", ())), 0)
        parts = {name: parts_by_key(name, found[name]) for name in PARTS if name in found}
        series = self._series(rows, found)
        documents = []
        for row in rows:
            key = hashable(row["_id"])
            stats = whole if not self.dimensions else row["stats"] | {name: by[key] for name, by in parts.items()}
            documents.append(
                {
                    **row,
                    "key": self._key(row["key"]),
                    "stats": self._complete(stats, self.measured.groups),
                    "series": series.get(key) if self.intervals else None,
                }
            )
        totals = self._complete(whole, self.measured.totals)
        has_previous = self.after is not None
        return GroupPage(documents, self.tag, has_next, has_previous, total if self.total_limit else None, totals)

    @property
    def nothing(self) -> Mapping[str, Any]:
        """The statistics of a group that nothing is in."""
        return self._complete({}, self.measured.groups)

    def _key(self, key: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self.metadata_paths:
            return key
        values = [{"path": path, "value": key[f"metadata_{number}"]} for number, path in enumerate(self.metadata_paths)]
        return {**key, "metadata": values}

    def _complete(self, stats: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
        """The statistics with those metrics that nothing was found for as of nothing."""
        return {name: stats[name] if name in stats else self._empty(name) for name in names}

    def _empty(self, name: str) -> Any:
        if name in PARTS:
            return []
        if name in EXPECTED:
            return 0.0 if name == "expected_clicks" else None
        return self.subject.metrics[name].empty

    def _whole_stats(self, found: Mapping[str, Any]) -> dict[str, Any]:
        stats = dict(found["whole"][0]["stats"]) if found.get("whole") else {}
        for name, rows in found.items():
            prefix, _, metric = name.partition(".")
            if prefix != "whole" or not metric:
                continue
            if metric in PARTS:
                stats[metric] = parts_by_key(metric, rows)[()]
            else:
                stats[metric] = next((row["count"] for row in rows), 0)
        return stats

    def _series(self, rows: Sequence[Document], found: Mapping[str, Any]) -> Mapping[Any, Sequence[Document]]:
        """The series of each group, by its key: every interval of the range."""
        if self.intervals is None:
            return {}
        instant_of = self.intervals.instant_of
        times = [instant_of(in_utc(row["start"])) for row in found.get(_SERIES, ()) if row["start"] is not None]
        edges = self.intervals.starts(min(times, default=None), max(times, default=None))
        parts = {name: parts_by_key(name, found[f"{_SERIES}.{name}"]) for name in PARTS if f"{_SERIES}.{name}" in found}
        by_key: dict[Any, dict[int, Mapping[str, Any]]] = defaultdict(dict)
        for row in found.get(_SERIES, ()):
            if row["start"] is not None:
                more = {name: by[hashable(row["_id"])] for name, by in parts.items()}
                key = hashable({name: value for name, value in row["_id"].items() if name != "start"})
                place = bisect_right(edges, instant_of(in_utc(row["start"]))) - 1
                by_key[key][place] = {**row["stats"], **more}
        spans = list(pairwise(edges))
        return {
            (key := hashable(row["_id"])): [
                {"from": begin, "to": end, "stats": self._complete(by_key[key].get(place, {}), self.measured.series)}
                for place, (begin, end) in enumerate(spans)
            ]
            for row in rows
        }
