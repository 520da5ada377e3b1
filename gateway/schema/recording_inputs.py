"""What clients record. Each field's wire name is its Python name, unless it says otherwise here."""

from typing import Any

import strawberry

from gateway.schema.enums import ComparisonOperator, InteractionType, QueryInputType, SortDirection, VectorIndex
from gateway.schema.scalars import JSON, DateTime

WIRE_NAME = "wire_name"


def optional(description: str, *, name: str | None = None, wire: str | None = None) -> Any:
    """An input field that may be left out; ``wire`` is its name in the REST shape where it isn't the Python name."""
    return strawberry.field(
        description=description,
        name=name,
        default=strawberry.UNSET,
        metadata={WIRE_NAME: wire} if wire else {},
    )


def required(description: str, *, default: Any = None) -> Any:
    """An input field that may not be null; one with a default may be left out."""
    if default is None:
        return strawberry.field(description=description)
    return strawberry.field(description=description, default=default)


@strawberry.input(description="A comparison: a leaf of a filter tree.")
class FilterConditionInput:
    key: str = required("The field of the item that is compared.")
    operator: ComparisonOperator = required("How the field is compared with the value.", default=ComparisonOperator.EQ)
    value: JSON | None = optional("What the field is compared with: any JSON value.")


@strawberry.input(one_of=True, description="What a branch of a filter tree holds: either a condition or a group.")
class FilterNodeInput:
    condition: FilterConditionInput | None = optional("A comparison.")
    group: "FilterGroupInput | None" = optional("A group of its own, at any depth up to 20.")


@strawberry.input(
    description="""A node of a filter tree. One group may carry several branches at once; they are joined by AND. A tree
has up to 20 levels and 500 nodes."""
)
class FilterGroupInput:
    and_: list[FilterNodeInput] | None = optional("All of these must hold.", name="and", wire="AND")
    or_: list[FilterNodeInput] | None = optional("At least one of these must hold.", name="or", wire="OR")
    nor: list[FilterNodeInput] | None = optional("None of these may hold.", wire="NOR")
    case_sensitive: bool | None = optional("Whether strings in this group are compared with regard to case.")


@strawberry.input(description="Settings of one query, each valid for this query only.")
class QuerySettingsInput:
    limit: int | None = optional(
        "How many results this query contributes. Where the request has a single query, the page size overrides it."
    )
    min_score: float | None = optional("Results that score below this are left out.")
    modality: str | None = optional("Which modality to search; it matters for multimodal embeddings only.")


@strawberry.input(description="One query of a search request: a value looked for in one vector index.")
class SearchQueryInput:
    vector_index: VectorIndex = required("The vector index that is searched.")
    value: str = required("What is looked for: a text, a URL or base64-encoded content, as `type` says.")
    type: QueryInputType = required("What `value` holds.")
    filters: FilterGroupInput | None = optional("Conditions on the results of this query alone.")
    settings: QuerySettingsInput | None = optional("Settings of this query.")


@strawberry.input(description="By which field results are sorted, and which way.")
class SortOptionInput:
    field: str = required("The field of the item, in dot notation.")
    direction: SortDirection = required("Ascending or descending.", default=SortDirection.ASC)


@strawberry.input(description="How results are grouped.")
class GroupByOptionsInput:
    field: str | None = optional("The field whose values make the groups. It must be an indexed field.")
    max_features: int | None = optional("How many items a group holds at most.")
    sort: SortOptionInput | None = optional("How the items within each group are sorted.")


@strawberry.input(
    description="How much each signal counts in ranking. The weights must sum to 1.0; a missing one is 0."
)
class RankingWeightsInput:
    feedback: float | None = optional("Weight of earlier feedback on the item, 0 to 1.")
    popularity: float | None = optional("Weight of the item's popularity, 0 to 1.")


@strawberry.input(description="Options for ranking the search results.")
class RankingOptionsInput:
    weights: RankingWeightsInput | None = optional(
        "How much each signal counts. The weights must sum to 1.0; a missing one is 0."
    )
    enable_reranking: bool = required("Whether results are reranked by these weights.", default=False)


@strawberry.input(description="A search request, as it was sent to the search engine.")
class SearchRequestInput:
    search_request_id: strawberry.ID | None = optional(
        """The request's id within the namespace. Given again with the same content, it is the same request; with other
content it is a CONFLICT. Left out, it is derived from namespace, session and content."""
    )
    queries: list[SearchQueryInput] = required(
        "The queries. The results of several are combined by Reciprocal Rank Fusion; none at all means all features."
    )
    collections: list[str] = required("The names of the collections that were searched.")
    filters: FilterGroupInput | None = optional("Conditions that all results must meet.")
    group_by: GroupByOptionsInput | None = optional("How results are grouped.")
    sort: SortOptionInput | None = optional("How results are sorted, if not by score.")
    select: list[str] | None = optional(
        "Which fields of the items to answer, in dot notation. Null means all fields, an empty list none."
    )
    ranking_options: RankingOptionsInput | None = optional(
        "Options for ranking the search results.", wire="reranking_options"
    )
    session_id: strawberry.ID | None = optional("The session in which the search was made.")
    return_url: bool | None = optional("Whether presigned URLs of the items were asked for.")


@strawberry.input(description="An interaction to record.")
class RecordInteractionInput:
    interaction_id: strawberry.ID | None = optional(
        """The interaction's id within the namespace. Given again with the same content, it is the same interaction, so
that a request can be retried; with other content it is a CONFLICT. Left out, a new id is made."""
    )
    feature_id: strawberry.ID = required(
        "The id of the item; for interactions without one, the query's text or the facet's name."
    )
    interaction_type: InteractionType = required("What was done; OTHER can't be recorded.")
    search_request: SearchRequestInput | None = optional("The search request that led to this interaction.")
    search_request_id: strawberry.ID | None = optional(
        "Instead of `searchRequest`: the id of one that is already recorded."
    )
    position: int | None = optional("The item's position in the search results, counted from 0.")
    duration_ms: int | None = optional("How long the item was viewed, in milliseconds.")
    metadata: JSON | None = optional("Whatever else is known, such as device or campaign: a JSON object up to 256 KB.")
    session_id: strawberry.ID | None = optional("The session in which it happened.")
    user_id: strawberry.ID | None = optional("Who interacted.")
    occurred_at: DateTime | None = optional("When it happened; now, where left out.")


@strawberry.input(description="Interactions to record in one request.")
class RecordInteractionsInput:
    interactions: list[RecordInteractionInput] = required(
        "Up to 1,000 interactions. Each is judged alone: a bad one doesn't stop the others."
    )


@strawberry.input(description="A search request to record, before anybody interacted with its results.")
class RecordSearchRequestInput:
    search_request: SearchRequestInput = required("The search request.")
    occurred_at: DateTime | None = optional("When the search was made; now, where left out.")


@strawberry.input(description="An interaction to delete.")
class DeleteInteractionInput:
    interaction_id: strawberry.ID = required("The interaction's id within the namespace.")


@strawberry.input(description="A namespace to create in the key's organization.")
class CreateNamespaceInput:
    name: str = required(
        """The namespace's name, unique in its organization: 1 to 64 letters, digits, '.', '_' or '-'. It begins with a
letter or a digit, and not with `ns_`, as ids do."""
    )
