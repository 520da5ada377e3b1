"""Items in rankings: rankings that are fused, and judgments of items for queries."""

from typing import Annotated, Any

import strawberry

from gateway.plan.sources.item_signals import MAX_LISTS, MAX_RANKED, Reranking
from gateway.plan.sources.judgments import MAX_JUDGED_RANK, Judgments
from gateway.schema.connections import After, First, PageInfo, connection_total, edge_cursor
from gateway.schema.enums import JudgmentModel
from gateway.schema.objects import Feature
from gateway.schema.readings import Attribute, ParentView, embedded, fetched, field, stored
from gateway.schema.signal_types import AsOf, FeatureSignals, HalfLifeDays, MinInteractions, Weights
from gateway.schema.where_inputs import InteractionWhere


def _rerank(
    lists: Annotated[
        list[list[strawberry.ID]],
        strawberry.argument(
            description=f"""The rankings, each the ids of its items, the best first: at most {MAX_LISTS} of up to
{MAX_RANKED:,} each. What a ranking names again counts where it stands first."""
        ),
    ],
    weights: Weights = strawberry.UNSET,
    k: Annotated[
        int,
        strawberry.argument(
            description="How little the first ranks differ from those behind them: 1 / (k + rank) counts. 1 or more."
        ),
    ] = 60,
    half_life_days: HalfLifeDays = 7.0,
    min_interactions: MinInteractions = 5,
    as_of: AsOf = strawberry.UNSET,
) -> None: ...


def _judgments(
    where: Annotated[
        InteractionWhere | None, strawberry.argument(description="Only by interactions that match all of this.")
    ] = strawberry.UNSET,
    model: Annotated[JudgmentModel, strawberry.argument(description="How ratings are made.")] = JudgmentModel.COEC,
    max_rank: Annotated[
        int,
        strawberry.argument(
            description=f"Only positions below this count, 1 to {MAX_JUDGED_RANK:,}; to FEEDBACK all do."
        ),
    ] = 20,
    min_views: Annotated[
        int,
        strawberry.argument(
            description="What was viewed less often for the query is not judged. With 0 also what was only clicked is."
        ),
    ] = 1,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> None: ...


@strawberry.type(description="An item in a ranking that was fused of several.")
class RankedFeature:
    feature: Feature = field(ParentView("feature_id"), "The item.")
    rank: int = stored("rank", description="Its rank, from 1. What is equal by `score` goes by the item's id.")
    score: float = stored("score", description="What it is ranked by: rrf · (1 + signals.score).")
    rrf: float = stored(
        "rrf",
        description="""What the rankings alone make of it, by Reciprocal Rank Fusion: the sum of 1 / (k + rank) over
those that have it (Cormack, Clarke and Büttcher, SIGIR 2009).""",
    )
    signals: FeatureSignals = embedded("signals", description="What people's reactions say of it.")
    ranks: list[int | None] = stored(
        "ranks", description="Its rank in each of the rankings, in their order, from 1; null where it isn't in it."
    )
    moved: int = stored(
        "moved",
        description="""How many ranks it stands higher than by `rrf` alone; below 0 where it stands lower. Without a
history nothing moves.""",
    )


@strawberry.type(description="How good an item is for a query, by what people did where both met.")
class Judgment:
    query: str = stored(
        "query", description="The normalised text of the search requests, as `InteractionWhere.text` compares it."
    )
    feature: Feature = field(ParentView("feature_id"), "The item.")
    rating: float = stored("rating", description="How good it is, by the model; 0 where that has nothing to divide by.")
    grade: int = stored(
        "grade",
        description="""1 where `rating` is above 0, and no lower than half the highest of the query's judgments nor than
their 90th percentile by nearest rank; else 0 (as OpenSearch's Search Relevance Workbench has it).""",
    )
    views: int = stored("views", description="How many views of the item for the query count.")
    clicks: int = stored("clicks", description="How many clicks count.")


@strawberry.type(description="A judgment and its place in the connection.")
class JudgmentEdge:
    cursor: str = edge_cursor()
    node: Judgment = field(Attribute("document"), "The judgment.")


@strawberry.type(
    description="""A page of judgments: by query, the best first, ties by the item's id. On further pages nothing counts
that came since the first."""
)
class JudgmentConnection:
    edges: list[JudgmentEdge] = field(Attribute("edges"), "The page's judgments with their cursors.")
    nodes: list[Judgment] = field(Attribute("documents"), "The page's judgments.")
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()


def reranked() -> Any:
    return fetched(
        Reranking(),
        """Several rankings fused into one, which moves by what people's reactions say of the items: the best first. Any
id is answered.""",
        signature=_rerank,
    )


def judged() -> Any:
    return fetched(
        Judgments(),
        """How good items are for queries, by what people did: judgments to measure or train a ranking with. Computed
from all interactions that match, within the time of one read; beyond it the error is QUERY_TOO_BROAD.""",
        signature=_judgments,
    )
