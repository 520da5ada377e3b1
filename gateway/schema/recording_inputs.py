"""What clients record: the inputs of what the wire shape declares, where each says only what differs there."""

from enum import Enum
from typing import Any

import strawberry

from gateway.model.wire import fields as wire
from gateway.model.wire import trees
from gateway.model.wire.declared_fields import declared_field
from gateway.plan.sources import writes
from gateway.schema.enums import ComparisonOperator, InteractionType, QueryInputType, SortDirection, VectorIndex
from gateway.schema.recorded_fields import Shorthand, also, described, meaning, records
from gateway.schema.scalars import JSON, DateTime


def _optional(description: str) -> Any:
    return strawberry.field(description=description, default=strawberry.UNSET)


def _required(description: str) -> Any:
    return strawberry.field(description=description)


@records(trees.FilterCondition)
class FilterConditionInput:
    operator: ComparisonOperator = ComparisonOperator.EQ
    value: JSON | None


@strawberry.input(one_of=True, description="What a branch of a filter tree holds: either a condition or a group.")
class FilterNodeInput:
    condition: FilterConditionInput | None = _optional("A comparison.")
    group: "FilterGroupInput | None" = _optional(f"A group of its own, at any depth up to {trees.MAX_DEPTH}.")


@records(
    trees.FilterGroup,
    meaning(trees.FilterGroup, f"A tree has up to {trees.MAX_DEPTH} levels and {trees.MAX_NODES} nodes."),
)
class FilterGroupInput:
    and_: list[FilterNodeInput] | None
    or_: list[FilterNodeInput] | None
    nor: list[FilterNodeInput] | None


@records(wire.QuerySettings)
class QuerySettingsInput: ...


@records(wire.SearchQuery)
class SearchQueryInput:
    vector_index: VectorIndex
    type: QueryInputType
    filters: FilterGroupInput | None
    settings: QuerySettingsInput | None


@records(wire.SortOption)
class SortOptionInput:
    direction: SortDirection = SortDirection.ASC


@records(wire.GroupByOptions)
class GroupByOptionsInput:
    sort: SortOptionInput | None


@records(wire.RankingWeights)
class RankingWeightsInput: ...


@records(wire.RankingOptions)
class RankingOptionsInput:
    weights: RankingWeightsInput | None
    enable_reranking: bool = False


def _keyword_query(text: str) -> list[dict[str, str]]:
    return [{"vector_index": VectorIndex.KEYWORD.value, "value": text, "type": QueryInputType.TEXT.value}]


@records(wire.SearchRequest, "A search request, as it was sent to the search engine.")
class SearchRequestInput:
    search_request_id = also(
        """Given again with the same content, it is the same request; with other content it is a CONFLICT. Left out, it
is derived from namespace, session and content."""
    )
    text = Shorthand(
        "queries",
        _keyword_query,
        str,
        """Instead of `queries`: what was typed into the one search box that there is. It is recorded as one query of
type TEXT in the KEYWORD index.""",
    )
    queries: list[SearchQueryInput] | None = also("Either these or `text` must be given.")
    filters: FilterGroupInput | None
    group_by: GroupByOptionsInput | None
    sort: SortOptionInput | None
    ranking_options: RankingOptionsInput | None


@records(wire.Interaction, "An interaction to record.")
class RecordInteractionInput:
    interaction_id = also(
        """Given again with the same content, it is the same interaction, so that a request can be retried; with other
content it is a CONFLICT. Left out, a new id is made."""
    )
    interaction_type: InteractionType = also("OTHER can't be recorded.")
    search_request: SearchRequestInput | None
    occurred_at = also("Left out, it is now.")


@strawberry.enum(description="What becomes of what is recorded already under the ids of a batch.")
class RecordMode(Enum):
    ADD = strawberry.enum_value(writes.RecordMode.ADD.value, description="It stays: other content is a CONFLICT.")
    REPLACE = strawberry.enum_value(
        writes.RecordMode.REPLACE.value,
        description="""It is replaced by other content. A time that isn't given stays as it was. The caller must have
the WRITE permission.""",
    )


@strawberry.input(description="Interactions to record in one request.")
class RecordInteractionsInput:
    interactions: list[RecordInteractionInput] = _required(
        "Up to 1,000 interactions. Each is judged alone: a bad one doesn't stop the others."
    )
    search_requests_may_follow: bool = strawberry.field(
        description="""Whether a `searchRequestId` may name a search request that isn't recorded yet. Until it is, no
more is known of it than its id; the first full record of it completes it, and the interactions with it.""",
        default=False,
    )
    mode: RecordMode = strawberry.field(
        description="""What becomes of what is recorded under their ids, and under those of the search requests that are
given with them: of those the copies in other interactions follow.""",
        default=RecordMode.ADD,
    )


@strawberry.input(description="A search request to record, as JSON.")
class JsonSearchRequestInput:
    search_request: JSON = _required("The search request, in the shape that `json` of one has.")
    occurred_at: DateTime | None = _optional("When the search was made; now, where left out.")


@strawberry.input(
    description="""Search requests and interactions to record as JSON: in the shape that their `json` has, with types of
interactions and fields that aren't declared."""
)
class RecordJsonInput:
    search_requests: list[JsonSearchRequestInput] = strawberry.field(
        description="Search requests; with the interactions up to 1,000.", default_factory=list
    )
    interactions: list[JSON] = strawberry.field(
        description="Interactions, each in the shape that `json` of one has, to record after the search requests.",
        default_factory=list,
    )
    search_requests_may_follow: bool = strawberry.field(
        description="""Whether a `search_request_id` may name a search request that isn't recorded yet, as of
`recordInteractions`; then a `search_request` that has but its id and `collections` says so much of it until it is.""",
        default=False,
    )


@strawberry.input(description="A search request to record, before anybody interacted with its results.")
class RecordSearchRequestInput:
    search_request: SearchRequestInput = _required("The search request.")
    occurred_at: DateTime | None = _optional("When the search was made; now, where left out.")


@strawberry.input(description="Search requests to record in one request.")
class RecordSearchRequestsInput:
    search_requests: list[RecordSearchRequestInput] = _required(
        "Up to 1,000 search requests. Each is judged alone: a bad one doesn't stop the others."
    )
    mode: RecordMode = strawberry.field(
        description="""What becomes of what is recorded under their ids. Where that is replaced, the copies that
interactions have of it follow.""",
        default=RecordMode.ADD,
    )


@strawberry.input(description="An interaction to delete.")
class DeleteInteractionInput:
    interaction_id: strawberry.ID = _required(described(declared_field("interaction_id")))


@strawberry.input(description="A namespace to create in the key's organization.")
class CreateNamespaceInput:
    name: str = _required(
        """The namespace's name, unique in its organization: 1 to 64 letters, digits, '.', '_' or '-'. It begins with a
letter or a digit, and not with `ns_`, as ids do."""
    )
