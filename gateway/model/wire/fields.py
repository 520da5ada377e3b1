"""The fields of the REST wire shape: each one's name, type, bounds and meaning, declared here once.

What is recorded, by whichever way, is checked by these models; unknown keys pass unseen. The graph takes its inputs,
and the names and descriptions of what it reads and filters by, from the same declarations
(`gateway.schema.recorded_fields`). A field's Python name is what the graph calls it; its alias, where it has one, is
its name on the wire.
"""

from enum import Enum
from math import fsum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

MAX_METADATA = 256 * 1024
MAX_TYPES = 20
MAX_NAME = 64
MAX_ID = 512
MAX_COUNT = 2**31 - 1

# The types of interactions that the contract knows, as they are recorded.
INTERACTION_TYPES = (
    "view",
    "click",
    "positive_feedback",
    "negative_feedback",
    "purchase",
    "add_to_cart",
    "wishlist",
    "long_view",
    "share",
    "bookmark",
    "query_refinement",
    "zero_results",
    "filter_toggle",
    "skip",
    "return_to_results",
    "conversion",
)

# And the vector indexes and the types of queries.
VECTOR_INDEXES = ("image", "multimodal", "text", "video", "keyword")
QUERY_TYPES = ("text", "url", "base64")

# And the operators of conditions in filter trees.
OPERATORS = (
    "eq",
    "ne",
    "gt",
    "lt",
    "gte",
    "lte",
    "in",
    "nin",
    "is_null",
    "text",
    "exists",
    "contains",
    "starts_with",
    "ends_with",
    "regex",
)


class Format(Enum):
    """What a string stands for, where that is more than its characters."""

    ID = "id"
    INSTANT = "instant"


def _whole_number(value: Any) -> Any:
    # JSON has one kind of number: 3.0 is the integer 3.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Id = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID), Format.ID]
CollectionName = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]
Direction = Annotated[str, StringConstraints(pattern=r"^(?i:asc|desc)$")]
Path = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Count = Annotated[int, BeforeValidator(_whole_number), Field(ge=0, le=MAX_COUNT)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=1)]
# Parsed before, because it may be a datetime as well (`gateway.model.wire.recording_validation`).
Instant = Annotated[str, Format.INSTANT]
# Checked after, by loops that no depth harms (`gateway.model.wire.trees`).
FilterTree = Any


def _check_types(value: Any) -> Any:
    types = value if isinstance(value, list) else [value]
    if not 1 <= len(types) <= MAX_TYPES:
        raise PydanticCustomError("names", f"List should have 1 to {MAX_TYPES} items")
    if not all(isinstance(name, str) and 1 <= len(name) <= MAX_NAME for name in types):
        raise PydanticCustomError(
            "names", f"Value should be a string of 1 to {MAX_NAME} characters, or a list of such strings"
        )
    return value


# One, or several per event as later generations record them.
TypeOrTypes = Annotated[Any, AfterValidator(_check_types)]


def _refuse_reference(value: Any) -> Any:
    raise PydanticCustomError("reference", 'Only metadata and the values of conditions may hold objects with "$ref"')


class WireObject(BaseModel):
    """An object of the wire shape; its docstring and its fields' descriptions are for clients."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class _Embedded(WireObject):
    # The driver reads an embedded object with "$ref" and "$id" as a database reference: its fields would be lost.
    reference: Annotated[Any, AfterValidator(_refuse_reference), Field(alias="$ref", exclude=True)] = None


class QuerySettings(_Embedded):
    """Settings of one query, each valid for this query only."""

    limit: Count | None = Field(
        None,
        description="""How many results this query contributes. Where the request has a single query, the page size
overrides it.""",
    )
    min_score: Number | None = Field(None, description="Results that score below this are left out.")
    modality: Name | None = Field(
        None, description="Which modality to search; it matters for multimodal embeddings only."
    )


class SearchQuery(_Embedded):
    """One query of a search request: a value looked for in one vector index."""

    vector_index: Name = Field(description="The vector index that is searched.")
    # It may be a whole base64 image: the document's limit bounds it.
    value: str = Field(description="What is looked for: a text, a URL or base64-encoded content, as `type` says.")
    type: Name = Field(description="What `value` holds.")
    filters: FilterTree | None = Field(
        None, description="Conditions on the results of this query alone, besides the request's own."
    )
    settings: QuerySettings | None = Field(None, description="Settings of this query.")


class SortOption(_Embedded):
    """By which field results are sorted, and which way."""

    field: Path = Field(description="The field of the item, in dot notation.")
    direction: Direction | None = Field(None, description="Ascending or descending.")


class GroupByOptions(_Embedded):
    """How results are grouped."""

    field: Path | None = Field(
        None, description="The field whose values make the groups. It must be an indexed field of the collection."
    )
    max_features: Count | None = Field(None, description="How many items a group holds at most.")
    sort: SortOption | None = Field(None, description="How the items within each group are sorted.")


class RankingWeights(_Embedded):
    """How much each signal counts in ranking. The weights sum to 1.0; a missing one is 0."""

    feedback: Weight | None = Field(None, description="Weight of earlier feedback on the item, 0 to 1.")
    popularity: Weight | None = Field(None, description="Weight of the item's popularity, 0 to 1.")

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        weights = [weight for weight in (self.feedback, self.popularity) if weight is not None]
        if weights and abs(fsum(weights) - 1.0) > 1e-6:
            raise PydanticCustomError("weights", "Weights should sum to 1.0 (within 1e-6); a missing one is 0")
        return self


class RankingOptions(_Embedded):
    """Options for ranking the search results."""

    weights: RankingWeights | None = Field(
        None, description="How much each signal counts. The weights sum to 1.0; a missing one is 0."
    )
    enable_reranking: bool | None = Field(None, description="Whether results are reranked by these weights.")


class SearchRequest(_Embedded):
    """What was searched for: queries over vector indexes, collections, filters, grouping, sorting and
    ranking. The same request may have led to many interactions."""

    search_request_id: Id | None = Field(None, description="The request's id within its namespace.")
    queries: Annotated[list[SearchQuery], Field(max_length=100)] = Field(
        description="""The queries. The results of several are combined by Reciprocal Rank Fusion; no queries at all
means all features."""
    )
    collections: Annotated[list[CollectionName], Field(max_length=100)] = Field(
        description="The names of the collections that were searched."
    )
    filters: FilterTree | None = Field(
        None, description="Conditions that all results must meet: a tree of AND, OR and NOR."
    )
    group_by: GroupByOptions | None = Field(None, description="How results are grouped.")
    sort: SortOption | None = Field(None, description="How results are sorted, if not by score.")
    select: Annotated[list[Path], Field(max_length=1000)] | None = Field(
        None,
        description="""Which fields of the items to answer, in dot notation.
Null means all fields, an empty list none.""",
    )
    ranking_options: RankingOptions | None = Field(
        None, alias="reranking_options", description="Options for ranking the search results."
    )
    session_id: Id | None = Field(None, description="The session in which the search was made.")
    user_id: Id | None = Field(None, description="Who searched.")
    return_url: bool | None = Field(None, description="Whether presigned URLs of the items were asked for.")
    result_count: Count | None = Field(None, description="How many results the search had, 0 where it found nothing.")


class Interaction(WireObject):
    """What somebody did with a search result, or with the search itself: viewed, clicked, approved or
    rejected it and so on, together with the search request that led there."""

    interaction_id: Id | None = Field(None, description="The interaction's id within its namespace.")
    feature_id: Id = Field(
        description="""The id of the item that was interacted with; for interactions without one, the query's text or
the facet's name."""
    )
    interaction_type: TypeOrTypes = Field(description="What was done.")
    search_request: SearchRequest | None = Field(None, description="The search request that led to this interaction.")
    search_request_id: Id | None = Field(
        None, description="Instead of `searchRequest`: the id of one that is already recorded."
    )
    position: Count | None = Field(None, description="The item's position in the search results, counted from 0.")
    score: Number | None = Field(None, description="The item's score in the search results, as it was shown.")
    duration_ms: Count | None = Field(None, description="How long the item was viewed, in milliseconds.")
    metadata: dict[str, Any] | None = Field(
        None,
        description=f"What else is known, such as device or campaign: a JSON object up to {MAX_METADATA // 1024} KB.",
    )
    session_id: Id | None = Field(None, description="The session in which it happened.")
    user_id: Id | None = Field(None, description="Who interacted.")
    occurred_at: Instant | None = Field(None, description="When it happened.")


class AwaitedSearch(_Embedded):
    """A search request that isn't recorded yet, as far as an interaction says what it is."""

    search_request_id: Id
    collections: Annotated[list[CollectionName], Field(max_length=100)] | None = None


class InteractionOfAwaited(WireObject):
    """An interaction, as far as it names such a search request."""

    search_request: AwaitedSearch
