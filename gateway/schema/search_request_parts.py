"""The parts of a search request that are read below its own stored paths."""

import strawberry

from gateway.model.wire import fields as wire
from gateway.schema.enums import QueryInputType, SortDirection, VectorIndex, known_values
from gateway.schema.filter_tree_types import FilterGroup
from gateway.schema.recorded_fields import meaning, recorded
from gateway.schema.stored_readings import KnownOrOther, LowerCased, ObjectOrNull, ValueOr


@strawberry.type(description=meaning(wire.QuerySettings))
class QuerySettings:
    limit: int | None = recorded("limit", of=wire.QuerySettings)
    min_score: float | None = recorded("min_score", of=wire.QuerySettings)
    modality: str | None = recorded("modality", of=wire.QuerySettings)


@strawberry.type(description=meaning(wire.SearchQuery))
class SearchQuery:
    vector_index: VectorIndex = recorded(
        KnownOrOther("vector_index", frozenset(known_values(VectorIndex))), of=wire.SearchQuery
    )
    value: str = recorded("value", of=wire.SearchQuery)
    type: QueryInputType = recorded(KnownOrOther("type", frozenset(known_values(QueryInputType))), of=wire.SearchQuery)
    filters: FilterGroup | None = recorded(ObjectOrNull("filters"), of=wire.SearchQuery)
    settings: QuerySettings | None = recorded("settings", of=wire.SearchQuery)


@strawberry.type(description=meaning(wire.SortOption))
class SortOption:
    field: str = recorded("field", of=wire.SortOption)
    direction: SortDirection = recorded(LowerCased("direction"), of=wire.SortOption)


@strawberry.type(description=meaning(wire.GroupByOptions))
class GroupByOptions:
    field: str | None = recorded("field", of=wire.GroupByOptions)
    max_features: int | None = recorded("max_features", of=wire.GroupByOptions)
    sort: SortOption | None = recorded("sort", of=wire.GroupByOptions)


@strawberry.type(description=meaning(wire.RankingWeights))
class RankingWeights:
    feedback: float | None = recorded("feedback", of=wire.RankingWeights)
    popularity: float | None = recorded("popularity", of=wire.RankingWeights)


@strawberry.type(description=meaning(wire.RankingOptions))
class RankingOptions:
    weights: RankingWeights | None = recorded("weights", of=wire.RankingOptions)
    enable_reranking: bool = recorded(
        ValueOr("enable_reranking", False), of=wire.RankingOptions, words="False where nothing was recorded."
    )
