"""Requests as they are sent, and the root fields that they ask for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLSchema,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    get_named_type,
    is_required_argument,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A request that may be within the limits or not; with `NUMBER` in it, each that is sent differs."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """What is sent as JSON."""
        named = {"operationName": self.operation_name} if self.operation_name else {}
        return {"query": self.query, "variables": self.variables, **named}


# What the greatest is looked for: None where there is no such request.
Family: TypeAlias = Callable[[int], Draft | None]


@dataclass(frozen=True, slots=True)
class Root:
    """A root field: ``operation`` is ``query``, ``mutation`` or ``subscription``."""

    operation: str
    name: str
    field: GraphQLField

    @property
    def is_connection(self) -> bool:
        return "first" in self.field.args

    @property
    def lists(self) -> str | None:
        """The name of the argument that must be given a list."""
        lists = (name for name, argument in self.field.args.items() if "[" in str(argument.type))
        return next((name for name in lists if is_required_argument(self.field.args[name])), None)

    @property
    def lists_lists(self) -> bool:
        """Whether it takes a list of lists."""
        return self.lists is not None and "[[" in str(self.field.args[self.lists].type)

    @property
    def input_type(self) -> str | None:
        """The type of a mutation's input."""
        argument = self.field.args.get("input")
        return None if argument is None else get_named_type(argument.type).name


@dataclass(frozen=True, slots=True)
class Pressed:
    """A limit that a family of requests comes near to; ``shape``: by what, where there are several; ``most``: a size
    beyond which no request is looked for. ``valid``: whether the requests pass validation at all."""

    limit: str
    shape: str
    most: int
    family: Family
    valid: bool = True

    @property
    def name(self) -> str:
        return f"{self.limit}, {self.shape}" if self.shape else self.limit

    @property
    def answered(self) -> "Pressed":
        """The same, of which the requests are answered too, not only admitted."""
        return replace(self, shape=f"{self.shape}, answered" if self.shape else "answered")


class Bisection:
    """The search for the greatest size that is admitted, to a fiftieth; ``size`` is the one to try next."""

    def __init__(self, most: int) -> None:
        self.size = most
        self._least = 0
        self._beyond = most + 1

    @property
    def is_over(self) -> bool:
        return self._beyond - self._least <= max(1, self._least // 50)

    def tell(self, *, admitted: bool) -> None:
        """What became of ``size``."""
        if admitted:
            self._least = self.size
        else:
            self._beyond = self.size
        self.size = (self._least + self._beyond) // 2


def roots(schema: GraphQLSchema) -> Iterator[Root]:
    """Every root field of the schema, those of introspection among them."""
    types = (schema.query_type, schema.mutation_type, schema.subscription_type)
    for operation, type_ in zip(("query", "mutation", "subscription"), types, strict=True):
        for name, field_ in type_.fields.items() if type_ else ():
            yield Root(operation, name, field_)
    yield Root("query", "__schema", SchemaMetaFieldDef)
    yield Root("query", "__type", TypeMetaFieldDef)
