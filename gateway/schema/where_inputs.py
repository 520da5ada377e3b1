"""The inputs that filter and order; each field of a filter declares what it matches."""

import strawberry

from gateway.limits.where_bounds import (
    MAX_COMPARISONS,
    MAX_LEVELS,
    MAX_ORDERED_LENGTH,
    MAX_PARTS_LENGTH,
    MAX_PATH_LENGTH,
    MAX_PATH_STEPS,
    MAX_PATTERN_LENGTH,
    MAX_PATTERNS,
    MAX_PATTERNS_LENGTH,
    MAX_VALUES,
)
from gateway.model.bson_comparison import MAX_SEARCHED
from gateway.model.wire import fields as wire
from gateway.plan.comparisons import Operator
from gateway.schema.enums import (
    ComparisonOperator,
    FilterBranch,
    InteractionOrderField,
    InteractionType,
    PathOperator,
    QueryInputType,
    SearchRequestOrderField,
    SortDirection,
    VectorIndex,
)
from gateway.schema.outcome_types import SearchOutcomeWhere
from gateway.schema.recorded_fields import compares
from gateway.schema.scalars import JSON, DateTime
from gateway.schema.where_declarations import (
    ConditionElement,
    FreeForm,
    JoinedOutcome,
    Junction,
    NormalisedText,
    Option,
    OwnTime,
    QueryElement,
    SameDocument,
    StoredValue,
    ValueHash,
    ValueOperator,
    matches,
)

_EQ = ValueOperator(Operator.EQ)
_NE = ValueOperator(Operator.NE)
_IN = ValueOperator(Operator.IN)
_NIN = ValueOperator(Operator.NIN)
_GT = ValueOperator(Operator.GT)
_GTE = ValueOperator(Operator.GTE)
_LT = ValueOperator(Operator.LT)
_LTE = ValueOperator(Operator.LTE)
_EXISTS = ValueOperator(Operator.EXISTS)
_STARTS_WITH = ValueOperator(Operator.STARTS_WITH)
_CONTAINS = ValueOperator(Operator.CONTAINS)

_AND = "All of these match; an empty list matches everything."
_OR = "At least one of these matches; an empty list matches nothing."
_NOR = "None of these matches; an empty list matches everything."
_EQUALS = "Equals this."
_EQUALS_NOT = "Doesn't equal this, or is missing."
_ONE_OF = f"Equals one of these, at most {MAX_VALUES:,}; an empty list matches nothing."
_NONE_OF = f"Equals none of these, at most {MAX_VALUES:,}, or is missing."
_IS_THERE = "With true: is there and is not null. With false: is null or missing."
_SEARCHED = f"of at most {MAX_PATTERN_LENGTH} characters. Longer texts than {MAX_SEARCHED:,} aren't searched."
_IN_ALL = f"""{MAX_COMPARISONS} comparisons in all,
of which {MAX_PATTERNS} may be by `startsWith`, by `contains` or ignoring case, for {MAX_PATTERNS_LENGTH:,} characters \
together, {MAX_PARTS_LENGTH} of them by `contains`."""
_CASE_SENSITIVE = f"""Whether upper and lower case differ in the comparisons of strings here. With false, letters are
compared one by one by Unicode's simple case folding, which few indexes serve, and each string is of at most \
{MAX_PATTERN_LENGTH} characters."""

_TEXT = NormalisedText("query_text", tokens="text_tokens")
_NORMALISED = """That is the values of its queries in order, joined by ` + `. It is compared as people mean it: on both
sides white space at the ends doesn't count, any within is one space, and letters are folded, so that `caseSensitive`
changes nothing. What equals a text, or starts with one, is found by an index. Base64-encoded content counts as a short
hash."""


@strawberry.input(name="IDFilter", description="Compares an id. All fields given must match; none matches everything.")
class IDFilter:
    eq: strawberry.ID | None = matches(_EQ, _EQUALS)
    ne: strawberry.ID | None = matches(_NE, _EQUALS_NOT)
    in_: list[strawberry.ID] | None = matches(_IN, _ONE_OF, name="in")
    nin: list[strawberry.ID] | None = matches(_NIN, _NONE_OF)
    exists: bool | None = matches(_EXISTS, _IS_THERE)


@strawberry.input(description="Compares a string. All fields given must match; none matches everything.")
class StringFilter:
    eq: str | None = matches(_EQ, _EQUALS)
    ne: str | None = matches(_NE, _EQUALS_NOT)
    in_: list[str] | None = matches(_IN, _ONE_OF, name="in")
    nin: list[str] | None = matches(_NIN, _NONE_OF)
    starts_with: str | None = matches(_STARTS_WITH, f"Starts with this, {_SEARCHED}")
    contains: str | None = matches(_CONTAINS, f"Contains this, {_SEARCHED}")
    case_sensitive: bool = matches(Option.CASE_SENSITIVE, _CASE_SENSITIVE, default=True)
    exists: bool | None = matches(_EXISTS, _IS_THERE)


@strawberry.input(description="Compares a whole number. All fields given must match; none matches everything.")
class IntFilter:
    eq: int | None = matches(_EQ, _EQUALS)
    ne: int | None = matches(_NE, _EQUALS_NOT)
    in_: list[int] | None = matches(_IN, _ONE_OF, name="in")
    gt: int | None = matches(_GT, "Is greater than this.")
    gte: int | None = matches(_GTE, "Is greater than or equal to this.")
    lt: int | None = matches(_LT, "Is less than this.")
    lte: int | None = matches(_LTE, "Is less than or equal to this.")
    exists: bool | None = matches(_EXISTS, _IS_THERE)


@strawberry.input(description="A range of time. All fields given must match; none matches everything.")
class DateTimeFilter:
    gt: DateTime | None = matches(_GT, "Is later than this.")
    gte: DateTime | None = matches(_GTE, "Is this or later.")
    lt: DateTime | None = matches(_LT, "Is earlier than this.")
    lte: DateTime | None = matches(_LTE, "Is this or earlier.")


@strawberry.input(
    description="""Compares the type of an interaction. Where a producer stored several, it is enough that one of them
matches; `nin` matches when none of them does. OTHER is every stored type that this contract doesn't know. All fields
given must match; none matches everything."""
)
class InteractionTypeFilter:
    eq: InteractionType | None = matches(_EQ, "One of its types is this.")
    in_: list[InteractionType] | None = matches(
        _IN, "One of its types is one of these; an empty list matches nothing.", name="in"
    )
    nin: list[InteractionType] | None = matches(_NIN, "None of its types is one of these.")


@strawberry.input(description="Looks into a list of strings. All fields given must match; none matches everything.")
class StringListFilter:
    has: str | None = matches(_EQ, "The list has this.")
    has_any: list[str] | None = matches(
        _IN, f"The list has at least one of these, at most {MAX_VALUES:,}; an empty list matches nothing."
    )
    has_all: list[str] | None = matches(
        ValueOperator(Operator.EQ, each=True),
        f"The list has all of these, at most {MAX_VALUES:,}; an empty list matches everything.",
    )


@strawberry.input(
    description="""Compares a value within an interaction's metadata. As MongoDB does, a path leads through lists as
well, into each element that is an object and, where a step is a number, to the element at that place; one of the values
that it leads to has to match, and for a list that it ends at, the list itself or one of its elements. NE, NIN and
EXISTS with false match when none does."""
)
class PathFilter:
    path: str = strawberry.field(
        description=f"""The keys from the top of the metadata down, joined by dots, such as `device.os`: at most \
{MAX_PATH_STEPS} keys
and {MAX_PATH_LENGTH} characters. Keys that are empty or hold a dot themselves can't be named."""
    )
    operator: PathOperator = strawberry.field(
        default=PathOperator.EQ, description="How the stored value is compared with `value`."
    )
    value: JSON | None = strawberry.field(
        default=strawberry.UNSET,
        description="""What the stored value is compared with; it must be given. EQ and NE take any JSON value, and null
means null or missing; IN and NIN a list; GT, GTE, LT and LTE a number or a string; EXISTS true or false; STARTS_WITH
and CONTAINS a string. An object or a list equals a stored one with the same content in the same order.""",
    )
    case_sensitive: bool = strawberry.field(
        default=True,
        description=f"""{_CASE_SENSITIVE} GT, GTE, LT and LTE
then compare with ASCII characters only, at most {MAX_ORDERED_LENGTH}. EXISTS, and comparisons with objects and lists,
don't take it.""",
    )


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
    collections: StringListFilter | None = compares("search_request.collections")
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
