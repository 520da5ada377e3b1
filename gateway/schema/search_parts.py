"""The parts of a search request that are read below its own stored paths."""

import strawberry

from gateway.schema.enums import QueryInputType, SortDirection, VectorIndex
from gateway.schema.filter_tree_types import FilterGroup
from gateway.schema.readings import embedded, stored, stored_enum
from gateway.schema.stored_readings import LowerCased, ObjectOrNull, ValueOr


@strawberry.type(description="Settings of one query, each valid for this query only.")
class QuerySettings:
    limit: int | None = stored(
        "limit",
        description="""How many results this query contributes. Where the request has a single query, the page size
overrides it.""",
    )
    min_score: float | None = stored("min_score", description="Results that score below this are left out.")
    modality: str | None = stored(
        "modality", description="Which modality to search; it matters for multimodal embeddings only."
    )


@strawberry.type(description="One query of a search request: a value looked for in one vector index.")
class SearchQuery:
    vector_index: VectorIndex = stored_enum("vector_index", VectorIndex, "The vector index that is searched.")
    value: str = stored(
        "value", description="What is looked for: a text, a URL or base64-encoded content, as `type` says."
    )
    type: QueryInputType = stored_enum("type", QueryInputType, "What `value` holds.")
    filters: FilterGroup | None = stored(
        ObjectOrNull("filters"), "Conditions on the results of this query alone, besides the request's own."
    )
    settings: QuerySettings | None = embedded("settings", description="Settings of this query.")


@strawberry.type(description="By which field results are sorted, and which way.")
class SortOption:
    field: str = stored("field", description="The field of the item, in dot notation.")
    direction: SortDirection = stored(LowerCased("direction"), "Ascending or descending.")


@strawberry.type(description="How results are grouped.")
class GroupByOptions:
    field: str | None = stored(
        "field", description="The field whose values make the groups. It must be an indexed field of the collection."
    )
    max_features: int | None = stored("max_features", description="How many items a group holds at most.")
    sort: SortOption | None = embedded("sort", description="How the items within each group are sorted.")


@strawberry.type(description="How much each signal counts in ranking. The weights sum to 1.0; a missing one is 0.")
class RankingWeights:
    feedback: float | None = stored("feedback", description="Weight of earlier feedback on the item.")
    popularity: float | None = stored("popularity", description="Weight of the item's popularity.")


@strawberry.type(description="Options for ranking the search results.")
class RankingOptions:
    weights: RankingWeights | None = embedded(
        "weights", description="How much each signal counts. The weights sum to 1.0; a missing one is 0."
    )
    enable_reranking: bool = stored(
        ValueOr("enable_reranking", False),
        "Whether results are reranked by these weights; false where nothing was recorded.",
    )
