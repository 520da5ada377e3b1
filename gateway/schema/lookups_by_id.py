"""How objects of a type are found by their own ids, for the fields that take ids: declared above the type."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

from graphql import GraphQLObjectType, GraphQLSchema

from gateway.plan.sources.source import KeyLookup
from gateway.schema.strawberry_adapter import declared_name, declaring_class

T = TypeVar("T", bound=type)

_ATTRIBUTE = "__lookup__"


def identified(lookup: KeyLookup) -> Callable[[T], T]:
    """Declares, above a Strawberry type, how its objects are found."""

    def declare(type_: T) -> T:
        setattr(type_, _ATTRIBUTE, lookup)
        return type_

    return declare


@cache
def lookups(schema: GraphQLSchema) -> Mapping[str, KeyLookup]:
    """Those of a schema's types, by the names that the types are declared with."""
    types = [type_ for type_ in schema.type_map.values() if isinstance(type_, GraphQLObjectType)]
    declared = {type_: getattr(declaring_class(type_), _ATTRIBUTE, None) for type_ in types}
    return {declared_name(type_): lookup for type_, lookup in declared.items() if lookup is not None}
