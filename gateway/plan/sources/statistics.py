"""The roots that tell statistics: their arguments, and what is selected of groups, their series and the totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

from gateway.errors import BadUserInput
from gateway.insights import interaction_metrics, search_metrics
from gateway.insights.group_pipelines import GroupOrder
from gateway.insights.metrics import Dimension, Subject
from gateway.insights.time_intervals import TimeInterval
from gateway.insights.zone_clocks import zone
from gateway.plan.paging import DEFAULT_PAGE_SIZE, counted_up_to, size_of
from gateway.plan.sources.bound_statistics import BoundStatistics, group_place
from gateway.plan.sources.item_day_statistics import by_item_days
from gateway.plan.sources.measured_groups import Intervals, Measured
from gateway.plan.sources.source import Source, SourceArguments
from gateway.plan.statistics_scopes import InteractionScope, Scope, SearchScope

MAX_DIMENSIONS = 3
MAX_PATH_LENGTH = 1_000
MAX_PATH_STEPS = 20

_MINIMA: Mapping[str, str] = {"minSearches": "searches", "minViews": "views", "minClicks": "clicks"}


@dataclass(frozen=True, slots=True)
class SearchStatistics(Source):
    """The statistics of searches, by what they have in common."""

    @property
    def page_type(self) -> str:
        return "SearchStatsGroup"

    def bind(self, arguments: SourceArguments) -> BoundStatistics:
        chosen: Sequence[Enum] = arguments.values["groupBy"]
        _require_few(chosen)
        dimensions = tuple(search_metrics.DIMENSIONS[dimension.value] for dimension in chosen)
        scope = SearchScope(arguments.predicate())
        return _bound(arguments, search_metrics.SEARCHES, scope, dimensions)


@dataclass(frozen=True, slots=True)
class InteractionStatistics(Source):
    """The statistics of interactions, by what they have in common."""

    @property
    def page_type(self) -> str:
        return "InteractionStatsGroup"

    def bind(self, arguments: SourceArguments) -> BoundStatistics:
        groupings: Sequence[Mapping[str, Any]] = arguments.values["groupBy"]
        _require_few(groupings)
        dimensions, paths = [], list[str]()
        for index, grouping in enumerate(groupings):
            if "by" in grouping:
                dimensions.append(interaction_metrics.DIMENSIONS[grouping["by"].value])
            else:
                steps = _steps(grouping["metadata"], index)
                dimensions.append(interaction_metrics.metadata_dimension(len(paths), steps))
                paths.append(grouping["metadata"])
        predicate, max_rank = arguments.predicate(), max_rank_of(arguments.values)
        bound = _bound(
            arguments,
            interaction_metrics.INTERACTIONS,
            InteractionScope(predicate),
            tuple(dimensions),
            tuple(paths),
            max_rank,
        )
        return by_item_days(bound) or bound


def max_rank_of(arguments: Mapping[str, Any]) -> int:
    """The argument ``maxRank``; raises `BadUserInput`."""
    max_rank: int = arguments["maxRank"]
    if not 1 <= max_rank <= interaction_metrics.MAX_RANK:
        message = f"`maxRank` must be between 1 and {interaction_metrics.MAX_RANK}, not {max_rank}."
        raise BadUserInput(message, path=("maxRank",))
    return max_rank


def _require_few(groupings: Sequence[Any]) -> None:
    if len(groupings) > MAX_DIMENSIONS:
        raise BadUserInput(f"`groupBy` may hold at most {MAX_DIMENSIONS}, not {len(groupings)}.", path=("groupBy",))
    for index, grouping in enumerate(groupings):
        if grouping in groupings[:index]:
            raise BadUserInput("`groupBy` may hold the same only once.", path=("groupBy", index))


def _steps(path: str, index: int) -> Sequence[str]:
    at = ("groupBy", index, "metadata")
    steps = path.split(".")
    if not all(steps) or "\0" in path:
        raise BadUserInput("A path is keys joined by dots, none of them empty.", path=at)
    if len(path) > MAX_PATH_LENGTH or len(steps) > MAX_PATH_STEPS:
        message = f"A path may have at most {MAX_PATH_STEPS} keys and {MAX_PATH_LENGTH:,} characters."
        raise BadUserInput(message, path=at)
    return steps


def _bound(
    arguments: SourceArguments,
    subject: Subject,
    scope: Scope,
    dimensions: tuple[Dimension, ...],
    paths: tuple[str, ...] = (),
    max_rank: int = 0,
) -> BoundStatistics:
    values = arguments.values
    order = order_of_groups(values, subject)
    # A zone that there isn't is refused also where it makes no difference.
    zone(values["timeZone"])
    intervals = None
    if (interval := values.get("interval")) is not None:
        intervals = Intervals(TimeInterval(interval.value), values["timeZone"], scope.predicate.times)
        intervals.starts(None, None)
    minima = _minima(values, subject)
    if minima and not dimensions:
        raise BadUserInput("`having` is about groups: there are none without `groupBy`.", path=("having",))
    page = page_of_groups(arguments, subject, scope, dimensions, order=order, minima=minima, paths=paths)
    return replace(page, max_rank=max_rank, intervals=intervals)


def page_of_groups(
    arguments: SourceArguments,
    subject: Subject,
    scope: Scope,
    dimensions: tuple[Dimension, ...],
    *,
    order: GroupOrder,
    minima: Mapping[str, int] = MappingProxyType({}),
    paths: tuple[str, ...] = (),
) -> BoundStatistics:
    """The page of groups that the arguments ``first`` and ``after`` say, with the metrics that are selected; ``paths``:
    those within metadata that are grouped by. Raises `BadUserInput` and `InvalidCursor`."""
    [selected] = arguments.paths.values()
    names = [subject.name, order.metric, "desc" if order.descending else "asc"]
    tag = ".".join([*names, *(dimension.name for dimension in dimensions), *paths])
    bounds, first = arguments.bounds, size_of(arguments.values, "first", arguments.page_size)
    return BoundStatistics(
        subject=subject,
        scope=scope,
        dimensions=dimensions,
        metadata_paths=paths,
        max_rank=0,
        order=order,
        minima=minima,
        measured=Measured.of(selected),
        intervals=None,
        size=DEFAULT_PAGE_SIZE if first is None else first,
        after=group_place(tag, arguments.values.get("after")),
        tag=tag,
        bounds=bounds,
        total_limit=counted_up_to(bounds),
        cursor_variable=arguments.variables.get("after", ""),
    )


def order_of_groups(values: Mapping[str, Any], subject: Subject) -> GroupOrder:
    """The order that the argument ``orderBy`` says."""
    order = values.get("orderBy")
    if not order:
        return GroupOrder(subject.order, descending=True)
    return GroupOrder(order["field"].value, descending=order["direction"].value == "desc")


def _minima(values: Mapping[str, Any], subject: Subject) -> Mapping[str, int]:
    minima = {}
    for name, least in (values.get("having") or {}).items():
        metric = _MINIMA[name]
        if least is None:
            message = f"`{name}` may not be null; leave it out instead, as GraphQL does for a variable that isn't sent."
            raise BadUserInput(message, path=("having", name))
        if metric not in subject.metrics:
            raise BadUserInput(f"`{subject.name}` has no {metric}.", path=("having", name))
        minima[metric] = least
    return minima
