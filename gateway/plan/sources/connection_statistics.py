"""The statistics of all elements of a connection, beside its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.context import Context
from gateway.insights import interaction_metrics, search_metrics
from gateway.insights.group_pipelines import GroupOrder
from gateway.insights.metrics import PARENT, Subject
from gateway.model.kinds import INTERACTION, Kind
from gateway.plan.commands import ReadCommand
from gateway.plan.cost import UNINDEXED
from gateway.plan.sources.bound_statistics import BoundStatistics
from gateway.plan.sources.listings import BoundListing, BoundNestedListing
from gateway.plan.sources.measured_groups import EXPECTED, POSITIONS, Measured
from gateway.plan.sources.source import BoundRoot, BoundSource, BoundSummary, Estimate, Source, SourceArguments
from gateway.plan.sources.statistics import max_rank_of
from gateway.plan.statistics_scopes import InteractionScope, Joined, SearchScope


@dataclass(frozen=True, slots=True)
class ConnectionStatistics(Source):
    """The statistics of a connection of documents of a kind."""

    kind: Kind

    @property
    def of_page(self) -> bool:
        return True

    def bind(self, arguments: SourceArguments) -> "BoundConnectionStatistics":
        [paths] = arguments.paths.values()
        max_rank = max_rank_of(arguments.values) if self.kind is INTERACTION else 0
        names = frozenset(path.split(".")[0] for path in paths)
        return BoundConnectionStatistics(self.kind, names, max_rank)


@dataclass(frozen=True, slots=True)
class BoundConnectionStatistics(BoundSummary):
    """The metrics of these names, of any connection."""

    kind: Kind
    names: frozenset[str]
    max_rank: int

    @property
    def keeps_to_user(self) -> bool:
        return self.kind is INTERACTION

    def estimate(self, parents: int) -> Estimate:
        return Estimate(UNINDEXED + parents, 0)

    def of(self, connection: BoundSource, keys: Sequence[str] | None) -> "ElementStatistics":
        assert isinstance(connection, BoundListing | BoundNestedListing), "all connections that have statistics"
        query, joined = connection.query, None
        if keys is not None:
            path = query.access_path.index.equality
            assert path is not None, "the index of a join serves its path"
            joined = Joined(path, keys)
        of_interactions = self.kind is INTERACTION
        subject: Subject = interaction_metrics.INTERACTIONS if of_interactions else search_metrics.SEARCHES
        scope = (InteractionScope if of_interactions else SearchScope)(query.predicate, joined)
        # Of a connection by itself, the clicks that its positions make one expect are those that there are.
        names = self.names - EXPECTED | ({POSITIONS} if self.names & EXPECTED else frozenset())
        statistics = BoundStatistics(
            subject=subject,
            scope=scope,
            dimensions=() if keys is None else (PARENT,),
            metadata_paths=(),
            max_rank=self.max_rank,
            order=GroupOrder(subject.order, descending=True),
            minima={},
            measured=Measured(names, frozenset(), frozenset()),
            intervals=None,
            size=1 if keys is None else len(keys),
            after=None,
            tag="",
            bounds={},
            total_limit=0,
            cursor_variable="",
        )
        return ElementStatistics(statistics, self, keys)


@dataclass(frozen=True, slots=True)
class ElementStatistics(BoundRoot):
    """The statistics of the elements of connections, by the keys of their parents."""

    statistics: BoundStatistics
    selected: BoundConnectionStatistics
    keys: Sequence[str] | None

    @property
    def surcharge(self) -> int:
        return self.statistics.surcharge

    def estimate(self, parents: int) -> Estimate:
        return self.statistics.estimate(parents)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        return self.statistics.commands(context)

    def following(self, results: Sequence[Any], context: Context) -> Sequence[ReadCommand]:
        return self.statistics.following(results, context)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Mapping[str, Any], int]:
        page, points = self.statistics.value(results, context)
        groups = ((group["key"].get(PARENT.name, ""), group["stats"]) for group in page.documents)
        by_key = {key: self._stats(stats) for key, stats in groups}
        nothing = self._stats(self.statistics.nothing)
        keys = [""] if self.keys is None else self.keys
        return {key: by_key.get(key, nothing) for key in keys}, points

    def _stats(self, stats: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self.selected.names & EXPECTED:
            return stats
        expected = sum(
            position["clicks"]
            for position in stats[POSITIONS]
            if position["views"] and position["position"] < self.selected.max_rank
        )
        return {**stats, "expected_clicks": float(expected), "coec": 1.0 if expected else None}
