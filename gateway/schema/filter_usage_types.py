"""The usage of filters: which keys searches are filtered by, how, and with what outcome."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry

from gateway.errors import BadUserInput
from gateway.plan.sources.filter_usage import MAX_VALUES, FilterUsages
from gateway.schema.connections import After, First, PageInfo, connection_total, edge_cursor
from gateway.schema.enums import ComparisonOperator, FilterBranch, SortDirection, known_values
from gateway.schema.readings import Attribute, Parameterized, embedded, fetched, field, stored
from gateway.schema.scalars import JSON
from gateway.schema.statistics_enums import SearchStatsOrderField
from gateway.schema.statistics_types import SearchStats
from gateway.schema.where_inputs import SearchRequestWhere

_ONCE = "a search with several such conditions counts once"


@strawberry.input(description="The order of keys of filters: nulls last, ties by key.")
class FilterUsageOrder:
    field: SearchStatsOrderField = strawberry.field(
        default=SearchStatsOrderField.SEARCHES, description="What they are ordered by: a number of `stats`."
    )
    direction: SortDirection = strawberry.field(
        default=SortDirection.DESC, description="Which way; by default the highest first."
    )


def _filter_usage(
    where: Annotated[
        SearchRequestWhere | None, strawberry.argument(description="Only searches that match all of this.")
    ] = strawberry.UNSET,
    order_by: Annotated[
        FilterUsageOrder | None, strawberry.argument(description="The order; the most searches first if none is given.")
    ] = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> None: ...


def _first(
    first: Annotated[int, strawberry.argument(description=f"How many, at most {MAX_VALUES}.")] = 10,
) -> None: ...


def _first_values(values: Sequence[Mapping[str, Any]], *, first: int) -> Sequence[Mapping[str, Any]]:
    if not 0 <= first <= MAX_VALUES:
        raise BadUserInput(f"`first` must be between 0 and {MAX_VALUES}, not {first}.", path=("first",))
    return values[:first]


@strawberry.type(description="An operator that conditions on a key have.")
class OperatorUsage:
    operator: ComparisonOperator = stored(
        "operator", "The operator; OTHER is all together that this contract doesn't know."
    )
    searches: int = stored("searches", f"Searches with a condition that has it; {_ONCE}.")


@strawberry.type(description="A value that conditions on a key compare with.")
class ValueUsage:
    value: JSON | None = stored("value", "The value. Values are one where their JSON is: 1 and 1.0, keys in any order.")
    searches: int = stored("searches", f"Searches with a condition that has it; {_ONCE}.")
    stats: SearchStats = embedded("stats", description="What these searches led to.")


@strawberry.type(description="A branch of filter groups that holds conditions on a key.")
class BranchUsage:
    branch: FilterBranch | None = stored("branch", "The branch; null for a condition that is a whole tree by itself.")
    searches: int = stored("searches", f"Searches with a condition in it; {_ONCE}.")


@strawberry.type(description="A depth at which conditions on a key stand.")
class DepthUsage:
    depth: int = stored("depth", "How many groups are around the condition, as `depth` of `FilterGroup.flat` has it.")
    searches: int = stored("searches", f"Searches with a condition there; {_ONCE}.")


@strawberry.type(
    description="""A key that searches are filtered by: the field that conditions are about, anywhere in the filters of
the searches or of their queries. Its parts stand by searches, the most first, ties by what they are."""
)
class FilterUsage:
    key: str = stored("key.filter_key", "The key.")
    searches: int = stored(
        "stats.searches",
        "Distinct searches with a condition on it, after merging what was typed letter by letter; at least 1.",
    )
    stats: SearchStats = embedded("stats", description="What these searches led to.")
    operators: list[OperatorUsage] = embedded("operators", many=True, description="The operators of its conditions.")
    values: list[ValueUsage] = field(
        Parameterized(("values",), _first_values),
        "The values of its conditions that most searches have, ties by their canonical JSON.",
        signature=_first,
    )
    branches: list[BranchUsage] = embedded(
        "branches", many=True, description="The branches that its conditions stand in."
    )
    depths: list[DepthUsage] = embedded("depths", many=True, description="The depths at which its conditions stand.")


@strawberry.type(description="A key of filters and its place in the connection.")
class FilterUsageEdge:
    cursor: str = edge_cursor()
    node: FilterUsage = field(Attribute("document"), "The key.")


@strawberry.type(description="A page of keys that searches are filtered by.")
class FilterUsageConnection:
    edges: list[FilterUsageEdge] = field(Attribute("edges"), "The page's keys with their cursors.")
    nodes: list[FilterUsage] = field(Attribute("documents"), "The page's keys.")
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()


def filter_usage() -> Any:
    return fetched(
        FilterUsages(frozenset(known_values(ComparisonOperator))),
        "What searches are filtered by: each key with its operators, values, places in the filters, and outcome.",
        signature=_filter_usage,
    )
