"""Judgments of items for queries, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from gateway.context import Context, Reach
from gateway.errors import BadUserInput
from gateway.insights.click_models import JudgmentModel
from gateway.model.kinds import INTERACTION, time_order
from gateway.plan.access_path import AccessPath, choose_access_path, intervals
from gateway.plan.commands import ReadCommand, Scan
from gateway.plan.cost import JUDGED, reading_estimate, reading_points, unindexed_points
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.judged_pages import BY_RATING, JudgedPage, JudgedScope, JudgmentCount, JudgmentPlace
from gateway.plan.paging import Page, Window, counted_up_to, page
from gateway.plan.predicate import Predicate
from gateway.plan.reach_filters import within_reach
from gateway.plan.sources.listings import COMPARISON_BYTES
from gateway.plan.sources.source import BoundRoot, Estimate, Source, SourceArguments

MAX_JUDGED_RANK = 1_000


@dataclass(frozen=True, slots=True)
class Judgments(Source):
    """What the interactions that match say of items for queries."""

    @property
    def page_type(self) -> str:
        return "Judgment"

    def bind(self, arguments: SourceArguments) -> "BoundJudgments":
        values = arguments.values
        if not 1 <= values["maxRank"] <= MAX_JUDGED_RANK:
            raise BadUserInput(
                f"`maxRank` must be between 1 and {MAX_JUDGED_RANK:,}, not {values['maxRank']}.", path=("maxRank",)
            )
        if values["minViews"] < 0:
            raise BadUserInput(f"`minViews` must be 0 or more, not {values['minViews']}.", path=("minViews",))
        window = Window.of(values, BY_RATING, arguments.page_size)
        predicate = arguments.predicate()
        path = _path(predicate)
        question = JudgmentQuery(
            predicate, path, values["model"].value, values["maxRank"], values["minViews"], arguments.bounds
        )
        return BoundJudgments(question, window, _place(window), arguments.variables)


@dataclass(frozen=True, slots=True)
class JudgmentQuery:
    """What is judged, and how, whatever the page. ``bounds``: as of `ListingQuery`."""

    predicate: Predicate
    access_path: AccessPath
    model: JudgmentModel
    max_rank: int
    min_views: int
    bounds: Mapping[ResponsePath, int | Exception]

    @property
    def total_limit(self) -> int:
        """How far judgments are counted; 0: not at all."""
        return counted_up_to(self.bounds)

    def path(self, reach: Reach) -> AccessPath:
        """How the interactions are found within a reach: of one user, rather by that."""
        return self.access_path if reach.user_id is None else _path(within_reach(self.predicate, reach, INTERACTION))

    def scope(self, reach: Reach, path: AccessPath, as_of: datetime | None) -> JudgedScope:
        between = intervals(INTERACTION, self.predicate.times, None)
        scan = Scan(reach, INTERACTION, path.lookup, between, path.residual, path.of_outcome)
        return JudgedScope(scan, self.model, self.max_rank, self.min_views, as_of)


@dataclass(frozen=True, slots=True)
class BoundJudgments(BoundRoot):
    """A page of judgments. ``after``: the place of the window's cursor. ``variables``: the names of the variables that
    some of the arguments are."""

    query: JudgmentQuery
    window: Window
    after: JudgmentPlace | None
    variables: Mapping[str, str]

    @property
    def empty(self) -> bool:
        return self.query.predicate.nothing

    @property
    def keeps_to_user(self) -> bool:
        return True

    @property
    def bounds(self) -> Mapping[ResponsePath, int | Exception]:
        return self.query.bounds

    @property
    def surcharge(self) -> int:
        if self.empty:
            return 0
        query = self.query
        commands = 2 if query.total_limit else 1
        return JUDGED * commands + unindexed_points(query.access_path.examined, query.predicate.times, commands)

    @property
    def weight(self) -> int:
        return COMPARISON_BYTES * self.query.predicate.comparisons

    def at(self, cursors: Mapping[str, str]) -> Self:
        variables = self.variables.items()
        arguments = {name: cursors[variable] for name, variable in variables if variable in cursors}
        if not arguments:
            return self
        window = self.window.at(arguments)
        return type(self)(self.query, window, _place(window), self.variables)

    def estimate(self, parents: int) -> Estimate:
        documents = parents * (self.window.limit - 1)
        return Estimate(reading_estimate(documents, self.query.total_limit) + self.surcharge, documents)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        if self.empty:
            return ()
        query, path = self.query, self.query.path(context.reach)
        as_of = None if self.after is None else self.after.as_of
        scope = query.scope(context.reach, path, as_of)
        index, unindexed = path.index.name, path.unindexed
        judged = JudgedPage(
            scope, as_of or datetime.now(UTC), self.after, self.window.limit, hint=index, unindexed=unindexed
        )
        if not query.total_limit:
            return (judged,)
        return (judged, JudgmentCount(scope, query.total_limit, hint=index, unindexed=unindexed))

    def value(self, results: Sequence[Any], context: Context) -> tuple[Page, int]:
        if self.empty:
            return page(self.window, [], 0), 0
        documents, total = results if self.query.total_limit else (results[0], None)
        judged = page(self.window, documents, total)
        return judged, reading_points(len(judged.documents), total or 0)


def _path(predicate: Predicate) -> AccessPath:
    return choose_access_path(INTERACTION, time_order(INTERACTION, descending=True), predicate)


def _place(window: Window) -> JudgmentPlace | None:
    return None if window.after is None else JudgmentPlace.of(window.after, "after")
