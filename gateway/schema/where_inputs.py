"""The inputs that filter and order documents; each field of a filter declares what it matches."""

import strawberry

from gateway.limits.where_bounds import (
    MAX_COMPARISONS,
    MAX_LEVELS,
    MAX_PARTS_LENGTH,
    MAX_PATTERNS,
    MAX_PATTERNS_LENGTH,
)
from gateway.model.wire import fields as wire
from gateway.plan.comparisons import Operator
from gateway.schema.enums import (
    ComparisonOperator,
    FilterBranch,
    InteractionOrderField,
    QueryInputType,
    SearchRequestOrderField,
    SortDirection,
    VectorIndex,
)
from gateway.schema.outcome_types import SearchOutcomeWhere
from gateway.schema.recorded_fields import compares
from gateway.schema.scalars import JSON
from gateway.schema.value_filters import (
    DateTimeFilter,
    FloatFilter,
    IDFilter,
    InteractionTypeFilter,
    IntFilter,
    PathFilter,
    StringFilter,
    StringListFilter,
)
from gateway.schema.where_declarations import (
    ConditionElement,
    FreeForm,
    JoinedOutcome,
    Junction,
    NormalisedText,
    OwnTime,
    QueryElement,
    SameDocument,
    StoredValue,
    ValueHash,
    matches,
)

_AND = "All of these match; an empty list matches everything."
_OR = "At least one of these matches; an empty list matches nothing."
_NOR = "None of these matches; an empty list matches everything."
_IN_ALL = f"""{MAX_COMPARISONS} comparisons in all,
of which {MAX_PATTERNS} may be by `startsWith`, by `contains` or ignoring case, for {MAX_PATTERNS_LENGTH:,} characters \
together, {MAX_PARTS_LENGTH} of them by `contains`."""
_TEXT = NormalisedText("query_text", tokens="text_tokens")
_NORMALISED = """That is the values of its queries in order, joined by ` + `. It is compared as people mean it: on both
sides white space at the ends doesn't count, any within is one space, and letters are folded, so that `caseSensitive`
changes nothing. What equals a text, or starts with one, is found by an index. Base64-encoded content counts as a short
hash."""


@strawberry.input(description="Describes one query of a search request. All fields given must match the same query.")
class SearchQueryWhere:
    vector_index: list[VectorIndex] | None = matches(
        StoredValue("vector_index", Operator.IN),
        "Searches one of these vector indexes; an empty list matches nothing.",
    )
    type: list[QueryInputType] | None = matches(
        StoredValue("type", Operator.IN), "Its value is of one of these types; an empty list matches nothing."
    )
    value: StringFilter | None = compares("value", of=wire.SearchQuery)


@strawberry.input(
    description="Describes one condition of a filter tree. All fields given must match the same condition."
)
class FilterConditionWhere:
    key: str | None = matches(StoredValue("key", Operator.EQ), "Its key is this.")
    operator: list[ComparisonOperator] | None = matches(
        StoredValue("operator", Operator.IN), "Its operator is one of these; an empty list matches nothing."
    )
    value: JSON | None = matches(
        ValueHash("value_hash"),
        """Its value is this JSON value; null means null or none. Numbers are equal however they are written (1 and
1.0); the order of an object's keys doesn't matter, that of a list does.""",
    )
    branch: FilterBranch | None = matches(
        StoredValue("branch", Operator.EQ), "The branch of the group that directly holds it is this."
    )


@strawberry.input(
    description=f"""Filters search requests. All fields given must match; `{{}}` matches everything. At most \
{MAX_LEVELS} levels of
filters in `and`, `or` and `nor`, this one included, and {_IN_ALL} \
An explicit null is an error, except
for the `value` of a condition, where it means null."""
)
class SearchRequestWhere:
    and_: list["SearchRequestWhere"] | None = matches(Junction("and"), _AND, name="and")
    or_: list["SearchRequestWhere"] | None = matches(Junction("or"), _OR, name="or")
    nor: list["SearchRequestWhere"] | None = matches(Junction("nor"), _NOR)
    search_request_id: IDFilter | None = compares("search_request_id", declared="search_request.search_request_id")
    session_id: IDFilter | None = compares(
        "search_request.session_id", words="Only the one that the request itself names counts."
    )
    user_id: IDFilter | None = compares("search_request.user_id")
    collections: StringListFilter | None = compares("search_request.collections")
    result_count: IntFilter | None = compares("search_request.result_count")
    first_seen_at: DateTimeFilter | None = matches(
        OwnTime("first_seen_at"), "When the search request was first recorded."
    )
    text: StringFilter | None = matches(_TEXT, f"Its text. {_NORMALISED}")
    query: SearchQueryWhere | None = matches(
        QueryElement("search_request.queries", value="value", tokens="text_tokens"),
        """One of its queries matches all of this; `{}` asks for nothing. A value that equals something is found by an
index.""",
    )
    filters: FilterConditionWhere | None = matches(
        ConditionElement("conditions", tokens="condition_tokens"),
        """One condition anywhere in its filter trees, or in those of its queries, at any depth, matches all of this;
`{}` asks for nothing. A key, alone or with a value, is found by an index.""",
    )
    outcome: SearchOutcomeWhere | None = matches(
        JoinedOutcome(),
        """What became of it. No index serves this: beside it stand an exact id or a range of time. Subscriptions refuse
it, as nothing has become of a search when it is recorded.""",
    )


@strawberry.input(
    description=f"""Filters interactions. All fields given must match; `{{}}` matches everything. At most \
{MAX_LEVELS} levels of
filters in `and`, `or` and `nor`, this one included, and {_IN_ALL} \
An explicit null is an error, except for
the `value` of a comparison, where it means null."""
)
class InteractionWhere:
    and_: list["InteractionWhere"] | None = matches(Junction("and"), _AND, name="and")
    or_: list["InteractionWhere"] | None = matches(Junction("or"), _OR, name="or")
    nor: list["InteractionWhere"] | None = matches(Junction("nor"), _NOR)
    interaction_id: IDFilter | None = compares("interaction_id")
    feature_id: IDFilter | None = compares("feature_id")
    interaction_type: InteractionTypeFilter | None = compares("interaction_type")
    session_id: IDFilter | None = matches(
        StoredValue("effective_session_id"), "The interaction's own session, else its search request's."
    )
    user_id: IDFilter | None = compares("user_id")
    position: IntFilter | None = compares("position")
    score: FloatFilter | None = compares("score")
    duration_ms: IntFilter | None = compares("duration_ms")
    occurred_at: DateTimeFilter | None = compares(OwnTime("occurred_at"))
    text: StringFilter | None = matches(_TEXT, f"The text of its search request. {_NORMALISED}")
    metadata: list[PathFilter] | None = matches(
        FreeForm("metadata"), "Values within the metadata; all of these match, an empty list matches everything."
    )
    search_request: SearchRequestWhere | None = matches(
        SameDocument(), "The search request that led to the interaction; what is missing there is missing here too."
    )


@strawberry.input(description="The order of interactions.")
class InteractionOrder:
    field: InteractionOrderField = strawberry.field(
        default=InteractionOrderField.OCCURRED_AT, description="What they are ordered by."
    )
    direction: SortDirection = strawberry.field(
        default=SortDirection.DESC, description="Which way; by default the latest first."
    )


@strawberry.input(description="The order of search requests.")
class SearchRequestOrder:
    field: SearchRequestOrderField = strawberry.field(
        default=SearchRequestOrderField.FIRST_SEEN_AT, description="What they are ordered by."
    )
    direction: SortDirection = strawberry.field(
        default=SortDirection.DESC, description="Which way; by default the latest first."
    )
