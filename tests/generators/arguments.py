"""Generated arguments: literals by their input types, in which any value may be a variable instead."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from bson import Binary
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, time_order
from gateway.plan.cursors import encode_cursor
from gateway.plan.judged_pages import BY_RATING

T = TypeVar("T")

Draw = Callable[[st.SearchStrategy[Any]], Any]

_CURSORS = [
    *(
        encode_cursor(
            time_order(kind, descending=True),
            datetime(2024, 5, 1, tzinfo=UTC),
            Binary.from_uuid(UUID(int=1)),
        )
        for kind in (INTERACTION, SEARCH_REQUEST)
    ),
    encode_cursor(BY_RATING, '["2024-05-01T12:00:00Z", "shoes", 1.5]', "a"),
    "no cursor",
]

SCALARS: dict[str, list[Any]] = {
    "ID": ["a", "b", 'c"'],
    "String": ["", "a", "é\n"],
    "Int": [1, 2, 3, 100, 0, 101, -1],
    "Float": [0.5, 1],
    "Boolean": [True, False],
    "DateTime": ["2024-05-01T12:00:00Z", "2024-05-01T12:00:00+02:00"],
    "_Any": [{"__typename": "Feature", "featureId": "a"}, {"__typename": "Session", "with": [1.5]}, {}, 5, "a"],
    "JSON": ["a", 5, 1.5, None, True, ["a", {"b": None}], {"$where": [1]}],
}


@cache
def _up_to(count: int) -> st.SearchStrategy[int]:
    return st.integers(1, count)


class _Name(str):
    """The name of an enum's value, which a literal spells without quotes."""

    __slots__ = ()


class _Variable(str):
    """What stands for a value, such as ``$v1``."""

    __slots__ = ()


class Inputs:
    """The variables of one operation, as they are declared and given, and the features that its inputs have."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.features: set[str] = set()
        self.declared: list[str] = []
        self.given: dict[str, Any] = {}

    def one_in(self, count: int) -> bool:
        return self._number(count) == count

    def pick(self, values: Sequence[T]) -> T:
        """One of these; the same as drawing it from a strategy, but that none has to be made each time."""
        return values[self._number(len(values)) - 1]

    def _number(self, count: int) -> int:
        number: int = self._draw(_up_to(count))
        return number

    def arguments(self, arguments: dict[str, GraphQLArgument]) -> str:
        """The arguments of a field in parentheses: those it requires and some of the others; "" for none."""
        written = [
            f"{name}: {self._argument(name, one)}"
            for name, one in arguments.items()
            if is_required_argument(one) or self.one_in(4)
        ]
        return f"({', '.join(written)})" if written else ""

    def condition(self) -> str:
        """The value of ``if`` in ``@skip`` and ``@include``."""
        if self.one_in(2):
            self.features.add("@skip or @include by a literal")
            return self.pick(["false", "true"])
        self.features.add("@skip or @include by a variable")
        return self._declare("Boolean!", "Boolean", self.pick((False, True)), default=self.pick((False, True)))

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        if name in ("after", "before") and self.one_in(2):
            return json.dumps(self.pick(_CURSORS))
        if self.one_in(2):
            self.features.add("an argument by a variable")
            return self._variable(argument.type, has_default=argument.default_value is not Undefined)
        self.features.add("an argument by a literal")
        return literal(self._value(argument.type, 0, variables=True))

    def _variable(self, type_: GraphQLInputType, *, has_default: bool = False) -> _Variable:
        value = self._value(type_, 0, variables=False)
        nullable = get_nullable_type(type_)
        if nullable is not type_ and not has_default:
            return self._declare(str(type_), str(nullable), value)
        if self.one_in(8):
            self.features.add("a variable that is null or not given")
            value = self.pick([None, Undefined])
        default = self._value(type_, 0, variables=False) if self.one_in(3) else Undefined
        return self._declare(str(nullable), str(nullable), value, default=default)

    def _declare(self, type_: str, nullable: str, value: Any, default: Any = Undefined) -> _Variable:
        name = f"v{len(self.declared)}"
        if default is not Undefined and self.one_in(2):
            self.features.add("a variable with a default")
            # The default makes it good for a place that may not be null; that it is given null shows only later.
            self.declared.append(f"${name}: {nullable} = {literal(default)}")
            value = self.pick([*[value] * 7, Undefined, None])
        else:
            self.declared.append(f"${name}: {type_}")
        if value is not Undefined:
            self.given[name] = value
        return _Variable(f"${name}")

    def _value(self, type_: GraphQLInputType, depth: int, *, variables: bool) -> Any:
        if variables and depth and self.one_in(5):
            self.features.add("a variable within a literal")
            return self._variable(type_)
        nullable = get_nullable_type(type_)
        if nullable is type_ and self.one_in(16):
            return None
        if isinstance(nullable, GraphQLList):
            if self.one_in(6):
                # One item stands for a list of it, but a variable doesn't.
                return self._value(nullable.of_type, depth + 1, variables=False)
            return [self._value(nullable.of_type, depth + 1, variables=variables) for _ in range(self.pick(range(3)))]
        if isinstance(nullable, GraphQLEnumType):
            return _Name(self.pick(list(nullable.values)))
        if isinstance(nullable, GraphQLInputObjectType):
            return self._object(nullable, depth, variables=variables)
        # Of JSON, null is a value, and no value of JSON!.
        return self.pick([value for value in SCALARS[nullable.name] if value is not None or nullable is type_])

    def _object(self, type_: GraphQLInputObjectType, depth: int, *, variables: bool) -> dict[str, Any]:
        fields = type_.fields
        if type_.is_one_of:
            # The first of them holds no object of this type, so that there is an end.
            name = self.pick(list(fields)[: 1 if depth > 3 else None])
            return {name: self._value(GraphQLNonNull(fields[name].type), depth + 1, variables=False)}
        return {
            name: self._value(field.type, depth + 1, variables=variables)
            for name, field in fields.items()
            if is_required_input_field(field) or (depth < 3 and self.one_in(5))
        }


def literal(value: Any) -> str:
    """A value in GraphQL's syntax."""
    match value:
        case _Name() | _Variable():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{_key(name)}: {literal(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def _key(name: str) -> str:
    # An object in a JSON literal has GraphQL's names for keys.
    return name.removeprefix("$")
