"""The inputs that compare one value, by the operators that their fields declare."""

import strawberry

from gateway.limits.where_bounds import (
    MAX_ORDERED_LENGTH,
    MAX_PATH_LENGTH,
    MAX_PATH_STEPS,
    MAX_PATTERN_LENGTH,
    MAX_VALUES,
)
from gateway.model.bson_comparison import MAX_SEARCHED
from gateway.plan.comparisons import Operator
from gateway.schema.enums import InteractionType, PathOperator
from gateway.schema.scalars import JSON, DateTime
from gateway.schema.where_declarations import Option, ValueOperator, matches

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

_EQUALS = "Equals this."
_EQUALS_NOT = "Doesn't equal this, or is missing."
_ONE_OF = f"Equals one of these, at most {MAX_VALUES:,}; an empty list matches nothing."
_NONE_OF = f"Equals none of these, at most {MAX_VALUES:,}, or is missing."
_IS_THERE = "With true: is there and is not null. With false: is null or missing."
_SEARCHED = f"of at most {MAX_PATTERN_LENGTH} characters. Longer texts than {MAX_SEARCHED:,} aren't searched."
_CASE_SENSITIVE = f"""Whether upper and lower case differ in the comparisons of strings here. With false, letters are
compared one by one by Unicode's simple case folding as far as MongoDB has it (6.0 has none of Georgian and a few other
scripts), which few indexes serve, and each string is of at most \
{MAX_PATTERN_LENGTH} characters."""


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


@strawberry.input(description="Compares a number. All fields given must match; none matches everything.")
class FloatFilter:
    eq: float | None = matches(_EQ, _EQUALS)
    ne: float | None = matches(_NE, _EQUALS_NOT)
    in_: list[float] | None = matches(_IN, _ONE_OF, name="in")
    gt: float | None = matches(_GT, "Is greater than this.")
    gte: float | None = matches(_GTE, "Is greater than or equal to this.")
    lt: float | None = matches(_LT, "Is less than this.")
    lte: float | None = matches(_LTE, "Is less than or equal to this.")
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
