"""The roots that tell statistics by group: their arguments, and the connections of groups."""

from typing import Annotated, Any

import strawberry

from gateway.insights.time_intervals import MAX_INTERVALS
from gateway.plan.sources.derived_time import DerivedTime
from gateway.plan.sources.nested_objects import NestedById
from gateway.plan.sources.statistics import (
    MAX_DIMENSIONS,
    MAX_PATH_LENGTH,
    MAX_PATH_STEPS,
    InteractionStatistics,
    SearchStatistics,
)
from gateway.schema.connections import After, First, PageInfo, connection_total, edge_cursor
from gateway.schema.enums import InteractionType, SortDirection, VectorIndex, known_values
from gateway.schema.objects import Feature, Session
from gateway.schema.readings import Attribute, Embedded, ParentView, embedded, fetched, field, stored
from gateway.schema.scalars import JSON, DateTime
from gateway.schema.statistics_enums import (
    InteractionDimension,
    InteractionStatsOrderField,
    SearchDimension,
    SearchStatsOrderField,
    TimeInterval,
)
from gateway.schema.statistics_types import (
    InteractionStats,
    InteractionStatsBucket,
    MaxRank,
    SearchStats,
    SearchStatsBucket,
)
from gateway.schema.stored_readings import KnownOrOther
from gateway.schema.user_types import User
from gateway.schema.where_inputs import InteractionWhere, SearchRequestWhere

_KNOWN_INDEXES = frozenset(known_values(VectorIndex))
_KNOWN_TYPES = frozenset(known_values(InteractionType))


@strawberry.input(description="What groups must have at least: it needs `groupBy`. What is left out doesn't matter.")
class StatsHaving:
    min_searches: int | None = strawberry.field(default=strawberry.UNSET, description="At least so many searches.")
    min_views: int | None = strawberry.field(
        default=strawberry.UNSET, description="At least so many views: of interactions only."
    )
    min_clicks: int | None = strawberry.field(
        default=strawberry.UNSET, description="At least so many clicks: of interactions only."
    )


@strawberry.input(description="The order of groups of searches: nulls last, ties by key.")
class SearchStatsOrder:
    field: SearchStatsOrderField = strawberry.field(
        default=SearchStatsOrderField.SEARCHES, description="What they are ordered by."
    )
    direction: SortDirection = strawberry.field(
        default=SortDirection.DESC, description="Which way; by default the highest first."
    )


@strawberry.input(description="The order of groups of interactions: nulls last, ties by key.")
class InteractionStatsOrder:
    field: InteractionStatsOrderField = strawberry.field(
        default=InteractionStatsOrderField.INTERACTIONS, description="What they are ordered by."
    )
    direction: SortDirection = strawberry.field(
        default=SortDirection.DESC, description="Which way; by default the highest first."
    )


@strawberry.input(one_of=True, description="What interactions are grouped by: one of these.")
class InteractionGrouping:
    by: InteractionDimension | None = strawberry.field(default=strawberry.UNSET, description="A dimension.")
    metadata: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"""A path within the metadata, such as `experiment` or `device.os`: keys joined by dots, at most \
{MAX_PATH_STEPS} keys and {MAX_PATH_LENGTH:,} characters.""",
    )


Interval = Annotated[
    TimeInterval | None,
    strawberry.argument(
        description=f"""With it each group has a series: its numbers by intervals of this length, at most \
{MAX_INTERVALS:,}. They cover the bounds of time in `where`; where there are none, what the page's groups have."""
    ),
]
TimeZone = Annotated[
    str, strawberry.argument(description="The time zone of the intervals, by its name in the IANA database.")
]
Having = Annotated[StatsHaving | None, strawberry.argument(description="Only groups that have at least this.")]
_FEW = f"at most {MAX_DIMENSIONS}; without any, all are one group"


def _search_stats(
    where: Annotated[
        SearchRequestWhere | None, strawberry.argument(description="Only searches that match all of this.")
    ] = strawberry.UNSET,
    group_by: Annotated[
        list[SearchDimension], strawberry.argument(description=f"What they are grouped by, {_FEW}.")
    ] = [],  # noqa: B006
    interval: Interval = strawberry.UNSET,
    time_zone: TimeZone = "UTC",
    order_by: Annotated[
        SearchStatsOrder | None, strawberry.argument(description="The order; the most searches first if none is given.")
    ] = strawberry.UNSET,
    having: Having = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> None: ...


def _interaction_stats(
    where: Annotated[
        InteractionWhere | None, strawberry.argument(description="Only interactions that match all of this.")
    ] = strawberry.UNSET,
    group_by: Annotated[
        list[InteractionGrouping], strawberry.argument(description=f"What they are grouped by, {_FEW}.")
    ] = [],  # noqa: B006
    interval: Interval = strawberry.UNSET,
    time_zone: TimeZone = "UTC",
    order_by: Annotated[
        InteractionStatsOrder | None,
        strawberry.argument(description="The order; the most interactions first if none is given."),
    ] = strawberry.UNSET,
    having: Having = strawberry.UNSET,
    max_rank: MaxRank = 20,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> None: ...


def _series(description: str) -> Any:
    return field(Embedded("series", many=True, computed=True), description)


_OF_DIMENSION = "null where it isn't grouped by, or for what has none"


@strawberry.type(description="What the searches of a group have in common.")
class SearchStatsKey:
    query: str | None = stored("query", f"The normalised text; {_OF_DIMENSION}.")
    collection: str | None = stored("collection", f"The collection; {_OF_DIMENSION}.")
    vector_index: VectorIndex | None = stored(
        KnownOrOther("vector_index", _KNOWN_INDEXES), f"The vector index; {_OF_DIMENSION}."
    )
    filter_key: str | None = stored("filter_key", f"The key of a condition; {_OF_DIMENSION}.")
    session: Session | None = fetched(NestedById("session_id"), f"The session; {_OF_DIMENSION}.")
    user: User | None = fetched(NestedById("user_id"), f"The user; {_OF_DIMENSION}.")


@strawberry.type(description="Searches that have something in common.")
class SearchStatsGroup:
    key: SearchStatsKey = embedded("key", description="What they have in common.")
    stats: SearchStats = embedded("stats", description="Their numbers.")
    series: list[SearchStatsBucket] | None = _series(
        "Their numbers by interval: every interval of the range, empty ones too. Null without `interval`."
    )


def derived_until() -> Any:
    return fetched(
        DerivedTime(),
        """What was recorded until then counts in all that is derived of recordings, about two seconds behind the
present. Null while everything is derived anew, as after some upgrades: until then numbers may lack anything.""",
    )


@strawberry.type(description="A group and its place in the connection.")
class SearchStatsEdge:
    cursor: str = edge_cursor()
    node: SearchStatsGroup = field(Attribute("document"), "The group.")


@strawberry.type(description="A page of groups of searches.")
class SearchStatsConnection:
    edges: list[SearchStatsEdge] = field(Attribute("edges"), "The page's groups with their cursors.")
    nodes: list[SearchStatsGroup] = field(Attribute("documents"), "The page's groups.")
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()
    totals: SearchStats = field(Attribute("totals"), "The numbers of all searches in scope, whatever their groups.")
    derived_until: DateTime | None = derived_until()


@strawberry.type(description="A value within the metadata that interactions are grouped by.")
class MetadataKey:
    path: str = stored("path", "The path as it was asked for.")
    value: JSON | None = stored("value", "The value there; null where there is none.")


@strawberry.type(description="What the interactions of a group have in common.")
class InteractionStatsKey:
    feature: Feature | None = field(ParentView("feature_id"), f"The item; {_OF_DIMENSION}.")
    query: str | None = stored("query", f"The normalised text of the search request; {_OF_DIMENSION}.")
    collection: str | None = stored("collection", f"The collection; {_OF_DIMENSION}.")
    position: int | None = stored("position", f"The position in the results, from 0; {_OF_DIMENSION}.")
    interaction_type: InteractionType | None = stored(
        KnownOrOther("interaction_type", _KNOWN_TYPES), f"What was done; {_OF_DIMENSION}."
    )
    session: Session | None = fetched(NestedById("session_id"), f"The session; {_OF_DIMENSION}.")
    user: User | None = fetched(NestedById("user_id"), f"The user; {_OF_DIMENSION}.")
    vector_index: VectorIndex | None = stored(
        KnownOrOther("vector_index", _KNOWN_INDEXES), f"The vector index; {_OF_DIMENSION}."
    )
    metadata: list[MetadataKey] = embedded(
        "metadata", many=True, description="The values within the metadata, in the order in which they are grouped by."
    )


@strawberry.type(description="Interactions that have something in common.")
class InteractionStatsGroup:
    key: InteractionStatsKey = embedded("key", description="What they have in common.")
    stats: InteractionStats = embedded("stats", description="Their numbers.")
    series: list[InteractionStatsBucket] | None = _series(
        "Their numbers by interval: every interval of the range, empty ones too. Null without `interval`."
    )


@strawberry.type(description="A group and its place in the connection.")
class InteractionStatsEdge:
    cursor: str = edge_cursor()
    node: InteractionStatsGroup = field(Attribute("document"), "The group.")


@strawberry.type(description="A page of groups of interactions.")
class InteractionStatsConnection:
    edges: list[InteractionStatsEdge] = field(Attribute("edges"), "The page's groups with their cursors.")
    nodes: list[InteractionStatsGroup] = field(Attribute("documents"), "The page's groups.")
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()
    totals: InteractionStats = field(
        Attribute("totals"), "The numbers of all interactions in scope, whatever their groups."
    )
    derived_until: DateTime | None = derived_until()


def search_stats() -> Any:
    return fetched(
        SearchStatistics(),
        "Of all searches, how many led to something: by what they have in common, and over time.",
        signature=_search_stats,
    )


def interaction_stats() -> Any:
    return fetched(
        InteractionStatistics(),
        "What was done with what was shown: by what interactions have in common, and over time.",
        signature=_interaction_stats,
    )
