"""How generated code serializes a leaf: fast for what is plainly of its type; of the rest graphql-core judges."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NoReturn

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

from gateway.model.bson_values import whole
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
        if value is None or isinstance(value, Exception):
            refuse(value)
        try:
            return scalar.coerce_output_value(whole(value))
        except GraphQLError:
            refuse(value)

    return judged


def date_time(value: Any) -> str:
    """As `serialize_date_time`, also of a time that was decoded for answers."""
    return serialize_date_time(whole(value))


def nullable(judge: Callable[[Any], Any], value: Any) -> Any:
    """What ``judge`` makes of a value, where null may be."""
    return None if value is None else judge(value)


def listed(items: Callable[[Any], Any], value: Any) -> list[Any] | None:
    """What ``items`` makes of each item of a list, where null may be instead."""
    if value is None:
        return None
    return list(map(items, value)) if value.__class__ is list else refuse(value)


@dataclass(frozen=True, slots=True)
class Leaf:
    """How a scalar is serialized: what passes ``test`` as ``form``, all else by the function named ``judge``.

    In both {0} is the value's name; in the test {1} is its first mention.
    """

    judge: str
    test: str
    form: str = "{0}"


LEAVES = {
    "ID": Leaf("an_id", "{1}.__class__ is str"),
    "String": Leaf("a_string", "{1}.__class__ is str"),
    "Int": Leaf("an_int", "{1}.__class__ is int and -2147483648 <= {0} <= 2147483647"),
    "Float": Leaf("a_float", "{1}.__class__ is float and {0} - {0} == 0.0"),
    "Boolean": Leaf("a_boolean", "{1}.__class__ is bool"),
    # What is read has no zone; what a mutation made or found has one.
    "DateTime": Leaf(
        "date_time",
        "{1}.__class__ is datetime and {0}.tzinfo is None",
        "{0}.isoformat('T', 'milliseconds') + 'Z'",
    ),
    "JSON": Leaf("refuse", "{1} is not None"),
}

NAMES: Mapping[str, Any] = {
    "datetime": datetime,
    "refuse": refuse,
    "nullable": nullable,
    "listed": listed,
    "NOTHING": {},
    "an_id": _judged_by(GraphQLID),
    "a_string": _judged_by(GraphQLString),
    "an_int": _judged_by(GraphQLInt),
    "a_float": _judged_by(GraphQLFloat),
    "a_boolean": _judged_by(GraphQLBoolean),
    "date_time": date_time,
}


class _EnumNames(dict[Any, str]):
    def __missing__(self, value: Any) -> NoReturn:
        refuse(value)


@cache
def enum_names(type_: GraphQLEnumType) -> Mapping[Any, str]:
    """The names of an enum's values by what is stored for them; asked for any other it raises `Fallback`."""
    return _EnumNames({value.value: name for name, value in type_.values.items()})
