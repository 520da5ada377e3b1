"""Percolators: saved filters over what is recorded, and what they matched."""

import strawberry

from gateway.model.kinds import INTERACTION
from gateway.model.percolators import MAX_NAME_LENGTH, MAX_WHERE_BYTES, PERCOLATOR
from gateway.plan.sources.key_lookups import DocumentLookup
from gateway.plan.sources.nested_objects import NestedById
from gateway.plan.sources.percolator_listings import NestedMatchCount, NestedMatches
from gateway.schema.connections import After, Before, First, Last, PageInfo, connection_total, edge_cursor
from gateway.schema.lookups_by_id import identified
from gateway.schema.node import Node, node_id
from gateway.schema.objects import Interaction
from gateway.schema.readings import Attribute, fetched, field, stored
from gateway.schema.scalars import JSON, DateTime
from gateway.schema.stored_readings import JsonText
from gateway.schema.where_inputs import InteractionWhere


def _matches_of(
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> None: ...


@strawberry.type(description="An interaction that a percolator matched.")
class PercolatorMatch:
    interaction: Interaction = fetched(
        NestedById(INTERACTION.id_path, required=True),
        "The interaction. Where it is deleted, its matches are deleted with it, within about two seconds.",
    )
    matched_at: DateTime = stored("matched_at", description="When it was matched.")
    matched: list[str] = stored(
        "matched",
        description="""The comparisons of the filter by which it matched, such as `metadata.price >= 10`: of
alternatives those that hold. Empty where the filter demands nothing.""",
    )


@strawberry.type(description="A match and its place in the connection.")
class PercolatorMatchEdge:
    cursor: str = edge_cursor()
    node: PercolatorMatch | None = field(
        Attribute("document"), "The match; null, with an error, where its interaction is being deleted."
    )


@strawberry.type(description="A page of matches, in the order in which the interactions were recorded.")
class PercolatorMatchConnection:
    edges: list[PercolatorMatchEdge] = field(Attribute("edges"), "The page's matches with their cursors.")
    nodes: list[PercolatorMatch | None] = field(
        Attribute("documents"), "The page's matches; null, with an error, where an interaction is being deleted."
    )
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()


@identified(DocumentLookup(PERCOLATOR))
@strawberry.type(
    description="""A saved filter: each interaction that is recorded while it is enabled is matched with it once, within
about a second. What was recorded before it was created isn't."""
)
class Percolator(Node):
    id: strawberry.ID = node_id("Percolator", "namespace_id", "percolator_id")
    percolator_id: strawberry.ID = stored("percolator_id", description="The percolator's id within its namespace.")
    name: str = stored("name", description="What people call it.")
    where: JSON = stored(JsonText("where"), "The filter, an `InteractionWhere`, as it was sent.")
    enabled: bool = stored("enabled", description="Whether interactions are matched with it.")
    created_at: DateTime = stored("created_at", description="When it was created.")
    match_count: int = fetched(NestedMatchCount(), "How many interactions it matched, without those deleted since.")
    matches: PercolatorMatchConnection = fetched(
        NestedMatches(),
        "What it matched, in the order in which the interactions were recorded, the first first.",
        signature=_matches_of,
    )


@strawberry.type(description="A percolator and its place in the connection.")
class PercolatorEdge:
    cursor: str = edge_cursor()
    node: Percolator = field(Attribute("document"), "The percolator.")


@strawberry.type(description="A page of percolators, in the order in which they were created.")
class PercolatorConnection:
    edges: list[PercolatorEdge] = field(Attribute("edges"), "The page's percolators with their cursors.")
    nodes: list[Percolator] = field(Attribute("documents"), "The page's percolators.")
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()


_NAME = f"What people call it: 1 to {MAX_NAME_LENGTH} printable characters, with no space at either end."
_WHERE = f"""What interactions must match, up to {MAX_WHERE_BYTES:,} bytes as JSON. One that demands a value, such as
`featureId: {{eq: "p1"}}`, is tried only on interactions that have it; of others a namespace may have fewer. `outcome`
is not taken: nothing has become of a search when it is matched."""


@strawberry.input(description="A percolator to create.")
class CreatePercolatorInput:
    name: str = strawberry.field(description=_NAME)
    where: InteractionWhere = strawberry.field(description=_WHERE)
    enabled: bool = strawberry.field(description="Whether interactions are matched with it.", default=True)


@strawberry.input(description="What to change of a percolator; what is left out stays as it is.")
class UpdatePercolatorInput:
    percolator_id: strawberry.ID = strawberry.field(description="The percolator's id within its namespace.")
    name: str | None = strawberry.field(description=_NAME, default=strawberry.UNSET)
    where: InteractionWhere | None = strawberry.field(
        description=f"{_WHERE} Matches by another filter stay.", default=strawberry.UNSET
    )
    enabled: bool | None = strawberry.field(
        description="""Whether interactions are matched with it. What is recorded while it isn't enabled is not matched
later either.""",
        default=strawberry.UNSET,
    )


@strawberry.input(description="Which percolator to delete.")
class DeletePercolatorInput:
    percolator_id: strawberry.ID = strawberry.field(description="The percolator's id within its namespace.")
