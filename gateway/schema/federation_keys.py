"""How types take part in a graph composed of several schemas (https://www.apollographql.com/docs/federation)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from graphql import GraphQLField, GraphQLNamedType

from gateway.schema.strawberry_adapter import declaring_class, metadata_of

# In the metadata of a field: whether it stands in the subgraph's definition. Federation adds fields of its own, and
# those of Relay, of the caller and of administration are this gateway's alone: a composed graph couldn't tell which
# subgraph to ask.
IN_SUBGRAPH = "in_subgraph"

T = TypeVar("T", bound=type)

_ATTRIBUTE = "__composition__"


@dataclass(frozen=True, slots=True)
class Composition:
    """A type's part in a composed graph. ``keys``: the fields by any of which an object is found, ``id`` being its
    global id; ``shareable``: other schemas may declare the type too, and mean the same."""

    keys: tuple[str, ...] = ()
    shareable: bool = False

    @property
    def directives(self) -> list[str]:
        return [*(f'@key(fields: "{key}")' for key in self.keys), *(["@shareable"] if self.shareable else [])]


def composed(*, keys: tuple[str, ...] = (), shareable: bool = False) -> Callable[[T], T]:
    """Declares it, above a Strawberry type."""

    def declare(type_: T) -> T:
        setattr(type_, _ATTRIBUTE, Composition(keys, shareable))
        return type_

    return declare


def composition_of(type_: GraphQLNamedType) -> Composition:
    """How a type of the schema is declared to take part."""
    composition: Composition = getattr(declaring_class(type_), _ATTRIBUTE, Composition())
    return composition


def is_in_subgraph(field: GraphQLField) -> bool:
    """Whether a field of the schema stands in the subgraph's definition."""
    return bool(metadata_of(field)[IN_SUBGRAPH])
