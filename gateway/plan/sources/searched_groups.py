"""What was searched: the collections, page by page, and the vector indexes, with what their searches led to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.context import Context
from gateway.insights import search_metrics
from gateway.insights.group_pipelines import GroupOrder, Groups
from gateway.insights.metrics import required
from gateway.insights.search_parts import with_known_indexes
from gateway.plan.commands import Document, ReadCommand
from gateway.plan.cost import UNINDEXED
from gateway.plan.predicate import Predicate
from gateway.plan.sources.bound_statistics import BoundStatistics
from gateway.plan.sources.measured_groups import Measured
from gateway.plan.sources.source import BoundRoot, Estimate, Source, SourceArguments
from gateway.plan.sources.statistics import page_of_groups
from gateway.plan.statistics_scopes import SearchScope

_MOST_SEARCHES_FIRST = GroupOrder("searches", descending=True)


@dataclass(frozen=True, slots=True)
class SearchedCollections(Source):
    """The collections that were searched, those with the most searches first."""

    @property
    def page_type(self) -> str:
        return "Collection"

    def bind(self, arguments: SourceArguments) -> BoundStatistics:
        return page_of_groups(
            arguments,
            search_metrics.DATED_SEARCHES,
            SearchScope(Predicate()),
            (required(search_metrics.DIMENSIONS["collection"]),),
            order=_MOST_SEARCHES_FIRST,
        )


@dataclass(frozen=True, slots=True)
class SearchedIndexes(Source):
    """The vector indexes that were searched, those with the most searches first; all that aren't ``known`` are one."""

    known: frozenset[str]

    def bind(self, arguments: SourceArguments) -> "BoundSearchedIndexes":
        [paths] = arguments.paths.values()
        return BoundSearchedIndexes(self.known, Measured.of(paths).groups)


@dataclass(frozen=True, slots=True)
class BoundSearchedIndexes(BoundRoot):
    """All of them, with the metrics of these names."""

    known: frozenset[str]
    names: frozenset[str]

    @property
    def surcharge(self) -> int:
        return UNINDEXED

    def estimate(self, parents: int) -> Estimate:
        return Estimate(self.surcharge + self._most, self._most)

    @property
    def _most(self) -> int:
        return len(self.known) + 1

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        names = sorted(self.names | {_MOST_SEARCHES_FIRST.metric})
        metrics = {name: search_metrics.SEARCH_METRICS[name] for name in names}
        groups = Groups(search_metrics.SEARCHES, (required(search_metrics.DIMENSIONS["vector_index"]),), metrics, {})
        page = groups.page(_MOST_SEARCHES_FIRST, None, self._most)
        pipeline = [*with_known_indexes(self.known), *page]
        return (SearchScope(Predicate()).rows(context.reach, pipeline),)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Sequence[Document], int]:
        [rows] = results
        groups: list[Mapping[str, Any]] = list(rows)
        return groups, len(groups)
