"""How generated code serializes a leaf: fast for what is plainly of its type; the rest is the executor's to judge."""

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, NoReturn

from graphql import GraphQLEnumType

from gateway.schema.scalars import serialize_date_time


class Fallback(Exception):
    """The executor has to answer; the message says why, in words that can be counted."""


def refuse(value: Any) -> NoReturn:
    raise Fallback("null" if value is None else "bad value")


def whole(value: Any) -> str:
    """An id that is stored as an integer."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else refuse(value)


def real(value: Any) -> float:
    """A number that is stored as an integer."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else refuse(value)


# By the scalar's name: an expression for the serialized form of what {0} names; {1} is its first mention.
EXPRESSIONS = {
    "ID": "{0} if {1}.__class__ is str else whole({0})",
    "String": "{0} if {1}.__class__ is str else refuse({0})",
    "Int": "{0} if {1}.__class__ is int and -2147483648 <= {0} <= 2147483647 else refuse({0})",
    "Float": "{0} if {1}.__class__ is float and {0} - {0} == 0.0 else real({0})",
    "Boolean": "{0} if {1}.__class__ is bool else refuse({0})",
    "DateTime": "date_time({1})",
    "JSON": "refuse(None) if {1} is None else {0}",
}

NAMES: Mapping[str, Any] = {"refuse": refuse, "whole": whole, "real": real, "date_time": serialize_date_time}


@cache
def enum_names(type_: GraphQLEnumType) -> Mapping[Any, str]:
    """The names of an enum's values, by member and by what is stored for it."""
    names: dict[Any, str] = {}
    for member in type_.wrapped_cls:  # type: ignore[attr-defined]
        stored = member.value.value if isinstance(member.value, Enum) else member.value
        names |= {member: member.name, member.value: member.name, stored: member.name}
    return names
