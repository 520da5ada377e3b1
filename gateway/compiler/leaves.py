"""How generated code serializes a leaf: fast for what is plainly of its type; of the rest graphql-core judges."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NoReturn

from bson.tz_util import utc
from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
)

from gateway.schema.scalars import serialize_date_time


class Fallback(Exception):
    """The executor has to answer; the message says why, in words that can be counted."""


def refuse(value: Any) -> NoReturn:
    """Ends shaping because of a value, which may also be the error that stands in its place."""
    if isinstance(value, Exception):
        raise value
    raise Fallback("null" if value is None else "bad value")


def _judged_by(scalar: GraphQLScalarType) -> Callable[[Any], Any]:
    """Serializes what is not plainly of a scalar's type as graphql-core does: an id that is stored as an integer, say.

    The function raises `Fallback` where graphql-core has an error to tell.
    """

    def judged(value: Any) -> Any:
        if value is None:
            refuse(value)
        try:
            return scalar.coerce_output_value(value)
        except GraphQLError:
            refuse(value)

    return judged


# By the scalar's name: an expression for the serialized form of what {0} names; {1} is its first mention.
EXPRESSIONS = {
    "ID": "{0} if {1}.__class__ is str else an_id({0})",
    "String": "{0} if {1}.__class__ is str else a_string({0})",
    "Int": "{0} if {1}.__class__ is int and -2147483648 <= {0} <= 2147483647 else an_int({0})",
    "Float": "{0} if {1}.__class__ is float and {0} - {0} == 0.0 else a_float({0})",
    "Boolean": "{0} if {1}.__class__ is bool else a_boolean({0})",
    # The driver gives all times one zone object, in which all are printed alike.
    "DateTime": "{0}.isoformat('T', 'milliseconds')[:23] + 'Z' if {1}.__class__ is datetime and {0}.tzinfo is utc"
    " else date_time({0})",
    "JSON": "refuse(None) if {1} is None else {0}",
}

# The class of what is plainly a list, an object or of a scalar's type, whatever its value.
PLAIN_CLASSES = {"list": "list", "object": "dict", "ID": "str", "String": "str", "Boolean": "bool"}

NAMES: Mapping[str, Any] = {
    "datetime": datetime,
    "utc": utc,
    "refuse": refuse,
    "an_id": _judged_by(GraphQLID),
    "a_string": _judged_by(GraphQLString),
    "an_int": _judged_by(GraphQLInt),
    "a_float": _judged_by(GraphQLFloat),
    "a_boolean": _judged_by(GraphQLBoolean),
    "date_time": serialize_date_time,
}


class _EnumNames(dict[Any, str]):
    def __missing__(self, value: Any) -> NoReturn:
        refuse(value)


@cache
def enum_names(type_: GraphQLEnumType) -> Mapping[Any, str]:
    """The names of an enum's values, by member and by what is stored for it; raises `Fallback` for all else."""
    names = _EnumNames()
    for member in type_.wrapped_cls:  # type: ignore[attr-defined]
        names |= {member: member.name, member.value: member.name}
    return names


@cache
def stored_names(type_: GraphQLEnumType) -> Mapping[str, str]:
    """The names of an enum's values by what is stored for them."""
    return {member.value: member.name for member in type_.wrapped_cls}  # type: ignore[attr-defined]
