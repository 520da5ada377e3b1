"""The one place that knows parts of Strawberry which aren't its public API.

Each assumption has its test in ``tests/test_upgrade_assumptions.py``.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import strawberry
from graphql import GraphQLField, GraphQLInputField, GraphQLInputObjectType, GraphQLNamedType, GraphQLSchema
from strawberry.types.base import StrawberryOptional, get_object_definition
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.union import StrawberryUnion

_DEFINITION = "strawberry-definition"


class Schema(strawberry.Schema):
    """A Strawberry schema that leaves introspection to graphql-core, whose types are there once for all schemas.

    Strawberry has its own answer to `isOneOf`, which fails for lists and non-null types.
    """

    def _extend_introspection(self) -> None:
        pass


class ClassField(NamedTuple):
    """A field as a class declares it: its metadata, and whether it may be null."""

    metadata: Mapping[str, Any]
    optional: bool


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The schema of graphql-core that a Strawberry schema stands for."""
    return schema._schema


@cache
def declared_name(type_: GraphQLNamedType) -> str:
    """The name that a type is declared with, whatever the name converter makes of it."""
    definition = type_.extensions[_DEFINITION]
    return str(definition.graphql_name if isinstance(definition, StrawberryUnion) else definition.name)


def declaring_class(type_: GraphQLNamedType) -> type | None:
    """The class that declares an object type, an interface or an input; None for any other type."""
    definition = type_.extensions.get(_DEFINITION)
    origin: type | None = getattr(definition, "origin", None)
    return origin


def is_one_of(type_: GraphQLInputObjectType) -> bool:
    """Whether an input is declared to take exactly one of its fields: Strawberry prints that, but checks it only in an
    extension."""
    return bool(type_.extensions[_DEFINITION].is_one_of)


def metadata_of(field: GraphQLField | GraphQLInputField) -> Mapping[str, Any]:
    """The metadata that a field is declared with."""
    metadata: Mapping[str, Any] = field.extensions[_DEFINITION].metadata
    return metadata


def python_name(field: GraphQLInputField) -> str:
    """The name of a field in the class that declares it."""
    return str(field.extensions[_DEFINITION].python_name)


def class_field(declared: type, name: str) -> ClassField:
    """The field of this Python name of a Strawberry type."""
    fields = get_object_definition(declared, strict=True).fields
    [field] = (field for field in fields if field.python_name == name)
    return ClassField(field.metadata, isinstance(field.type, StrawberryOptional))


def take_arguments(field: Any, signature: Callable[..., Any]) -> None:
    """Has a Strawberry field without a resolver take the parameters of a function as its arguments."""
    field.arguments = StrawberryResolver(signature).arguments
