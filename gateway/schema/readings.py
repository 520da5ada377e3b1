"""How a field gets its value: the one declaration that the executor, the projection and the program share.

A parent is a stored document (or a mapping within one), a page, or the prefetched pages themselves; reading never
does I/O.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLField

from gateway.context import Permission
from gateway.errors import UnreadableDocument
from gateway.model import filter_trees
from gateway.plan.sources.source import Source
from gateway.schema.federation_keys import IN_SUBGRAPH
from gateway.schema.stored_readings import StoredReading, Value, value_at
from gateway.schema.strawberry_adapter import class_field, metadata_of, take_arguments

_METADATA_KEY = "reading"


@dataclass(frozen=True, slots=True)
class Embedded:
    """The object, or the list of objects, at ``path``: its own fields are read, and projected, below that path.

    ``computed``: a list that no document holds, of which each path counts by itself.
    """

    path: str
    many: bool = False
    computed: bool = False

    def resolve(self, parent: Any) -> Any:
        value = value_at(parent, self.path)
        return objects(value) if self.many else object_or_null(value)


@dataclass(frozen=True, slots=True)
class ParentView:
    """Another view of the parent itself; null where the document has nothing at ``presence`` ("": it always has)."""

    presence: str

    def resolve(self, parent: Any) -> Any:
        return parent if value_at(parent, self.presence) is not None else None


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a page or an edge; ``is_cursor``: a place in the order of its connection."""

    name: str
    is_cursor: bool = False

    def resolve(self, parent: Any) -> Any:
        return getattr(parent, self.name)


@dataclass(frozen=True, slots=True)
class Flat:
    """All nodes of the tree that the parent is, as `FlatNode`."""

    def resolve(self, parent: Any) -> Any:
        return filter_trees.nodes(parent)


@dataclass(frozen=True, slots=True)
class FlatAttribute:
    """An attribute of a `FlatNode` that says where it stands; always of the field's type."""

    name: str

    def resolve(self, parent: Any) -> Any:
        return getattr(parent, self.name)


@dataclass(frozen=True, slots=True)
class FlatValue:
    """What ``reading`` gives of a `FlatNode`'s node where that is a condition, or where it is a group; null elsewhere.

    ``optional``: whether it may be null there too.
    """

    reading: StoredReading
    of_condition: bool
    optional: bool

    def resolve(self, parent: Any) -> Any:
        return self.reading.resolve(parent.node) if parent.is_condition is self.of_condition else None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched for this field before execution began, looked up among the prefetched pages.

    ``permission``: what a root asks of a key, where that isn't what its operation does.
    """

    source: Source
    permission: Permission | None = None

    @property
    def local(self) -> str:
        """Where the parent of a nested connection has what that is joined on."""
        return self.source.local


@dataclass(frozen=True, slots=True)
class Parameterized:
    """What ``function`` makes of the values stored at ``paths`` and of the field's arguments, by their GraphQL names;
    it raises `BadUserInput` for those that it doesn't take."""

    paths: tuple[str, ...]
    function: Callable[..., Any]

    def value(self, parameters: Mapping[str, Any], *stored: Any) -> Any:
        return self.function(*stored, **parameters)

    def read(self, parent: Any, parameters: Mapping[str, Any]) -> Any:
        return self.value(parameters, *[value_at(parent, path) for path in self.paths])


@dataclass(frozen=True, slots=True)
class Total:
    """The page's total, up to the bound that this field asks for."""


@dataclass(frozen=True, slots=True)
class SubgraphDefinition:
    """The graph's own definition, as a subgraph."""


@dataclass(frozen=True, slots=True)
class Discriminator:
    """The type of an object by its keys: ``matching`` where it has any of ``any_of`` and none of ``none_of``, else
    ``otherwise``."""

    matching: str
    otherwise: str
    any_of: tuple[str, ...]
    none_of: frozenset[str]

    def __call__(self, value: Mapping[str, Any]) -> str:
        matches = self.none_of.isdisjoint(value) and any(key in value for key in self.any_of)
        return self.matching if matches else self.otherwise


Reading = (
    StoredReading
    | Embedded
    | ParentView
    | Attribute
    | Flat
    | FlatAttribute
    | FlatValue
    | Fetched
    | Parameterized
    | Total
    | SubgraphDefinition
)


def object_or_null(value: Any) -> Mapping[str, Any] | None:
    """A stored object, else null: a projection below what is no object gives nothing, so it reads like what is missing,
    however much of the document is there."""
    return value if isinstance(value, (dict, Mapping)) else None


def objects(value: Any) -> Sequence[Mapping[str, Any]]:
    """A stored list of objects; missing and null read as empty. Raises `UnreadableDocument` for anything else."""
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, (dict, Mapping)) for item in value):
        return value
    raise UnreadableDocument("What is stored here should be a list of objects.")


def reading_of(field: GraphQLField) -> Reading:
    """How a field of a schema is declared to read."""
    reading: Reading = metadata_of(field)[_METADATA_KEY]
    return reading


def of_flat_node(declared: type, name: str, *, of_condition: bool) -> FlatValue:
    """As the field of this name reads, which a type of conditions, or of groups, declares."""
    field = class_field(declared, name)
    return FlatValue(field.metadata[_METADATA_KEY], of_condition, field.optional)


def field(
    reading: Reading,
    description: str,
    *,
    name: str | None = None,
    signature: Callable[..., None] | None = None,
    in_subgraph: bool = True,
) -> Any:
    """A Strawberry field that reads by ``reading``; ``signature`` is a function whose parameters are its arguments.

    ``in_subgraph``: whether it stands in the graph's definition as a subgraph.
    """
    metadata = {_METADATA_KEY: reading, IN_SUBGRAPH: in_subgraph}
    declared = strawberry.field(description=description, name=name, metadata=metadata)
    if signature is not None:
        take_arguments(declared, signature)
    return declared


def stored(reading: StoredReading | str, description: str, *, name: str | None = None) -> Any:
    """A field that reads what is stored; a path stands for the value at it, as it is."""
    return field(Value(reading) if isinstance(reading, str) else reading, description, name=name)


def embedded(path: str, *, many: bool = False, description: str) -> Any:
    return field(Embedded(path, many), description)


def fetched(
    source: Source,
    description: str,
    *,
    name: str | None = None,
    signature: Callable[..., None] | None = None,
    permission: Permission | None = None,
    in_subgraph: bool = True,
) -> Any:
    return field(Fetched(source, permission), description, name=name, signature=signature, in_subgraph=in_subgraph)
