"""How a field gets its value: the one declaration that the executor, the projection and the shaper share.

A parent is a stored document (or a mapping within one), a page, or the prefetched pages themselves; reading never
does I/O.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry
from strawberry.types.fields.resolver import StrawberryResolver

from gateway.context import Permission
from gateway.errors import UnreadableDocument
from gateway.model import filter_trees
from gateway.plan.operation_plan import Listing, Source

METADATA_KEY = "reading"


def dig(document: Any, path: str) -> Any:
    """The value at a dotted path of a document, None where there is none; the path "" is the document itself."""
    if path:
        for step in path.split("."):
            if not isinstance(document, (dict, Mapping)):
                return None
            document = document.get(step)
    return document


@dataclass(frozen=True, slots=True)
class Plain:
    """Where the value stands that ``read`` gives, as long as it is plainly of the field's type.

    That makes generated code quick. It doesn't hold for a parent that has anything at ``unless``. ``missing``: what
    counts where there is nothing at the path.
    """

    path: str
    unless: str = ""
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """The values at ``paths`` of the parent, through ``read`` (without it: the one value as it is).

    What it gives is projected whole: a leaf, free-form data, or an object that is read from it alone.
    """

    paths: tuple[str, ...]
    read: Callable[..., Any] | None = None
    plain: Plain | None = None

    def resolve(self, parent: Any) -> Any:
        if self.read is None:
            return dig(parent, self.paths[0])
        return self.read(*[dig(parent, path) for path in self.paths])


@dataclass(frozen=True, slots=True)
class Embedded:
    """The object, or the list of objects, at ``path``: its own fields are read, and projected, below that path."""

    path: str
    many: bool = False

    def resolve(self, parent: Any) -> Any:
        value = dig(parent, self.path)
        return objects(value) if self.many else object_or_null(value)


@dataclass(frozen=True, slots=True)
class ParentView:
    """Another view of the parent itself; null where the document has nothing at ``presence`` ("": it always has)."""

    presence: str

    def resolve(self, parent: Any) -> Any:
        return parent if dig(parent, self.presence) is not None else None


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a page or an edge; ``of_place``: that tells where in the order a document stands."""

    name: str
    of_place: bool = False

    def resolve(self, parent: Any) -> Any:
        return getattr(parent, self.name)


@dataclass(frozen=True, slots=True)
class Flat:
    """All nodes of the tree that the parent is, as `FlatNode`."""

    def resolve(self, parent: Any) -> Any:
        return filter_trees.nodes(parent)


@dataclass(frozen=True, slots=True)
class FlatPlace:
    """What a `FlatNode` says of its place; always of the field's type."""

    name: str

    def resolve(self, parent: Any) -> Any:
        return getattr(parent, self.name)


@dataclass(frozen=True, slots=True)
class FlatPart:
    """What ``reading`` gives of a `FlatNode`'s node where that is a condition, or where it is a group; null elsewhere.

    ``optional``: whether it may be null there too.
    """

    reading: Stored
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
        return self.source.local if isinstance(self.source, Listing) else ""


@dataclass(frozen=True, slots=True)
class Total:
    """The page's total, up to the bound that this field asks for."""


@dataclass(frozen=True, slots=True)
class Printed:
    """The graph's own definition, as a subgraph."""


@dataclass(frozen=True, slots=True)
class Discriminator:
    """How the keys of an object tell its type: ``one`` where it has any of ``has`` and none of ``lacks``, else
    ``other``."""

    one: str
    other: str
    has: tuple[str, ...]
    lacks: frozenset[str]

    def __call__(self, value: Mapping[str, Any]) -> str:
        told = self.lacks.isdisjoint(value) and any(key in value for key in self.has)
        return self.one if told else self.other


Reading = Stored | Embedded | ParentView | Attribute | Flat | FlatPlace | FlatPart | Fetched | Total | Printed


def an_object(value: Any) -> Mapping[str, Any] | None:
    """A stored object; null stays null. Raises `UnreadableDocument` for anything else."""
    if value is None or isinstance(value, (dict, Mapping)):
        return value
    raise UnreadableDocument("What is stored here should be an object.")


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


class KnownOrOther:
    """Reads a stored enum value: what the contract doesn't know is OTHER; null and missing stay null."""

    def __init__(self, enum: type[Enum]) -> None:
        self.known: Mapping[str, Enum] = {member.value: member for member in enum}
        self.other = enum["OTHER"]

    def __call__(self, value: Any) -> Enum | None:
        if value is None:
            return None
        return self.known.get(value, self.other) if isinstance(value, str) else self.other


def field(reading: Reading, description: str, *, name: str | None = None, signature: Any = None) -> Any:
    """A Strawberry field that reads by ``reading``; ``signature`` is a function whose parameters are its arguments."""
    declared = strawberry.field(description=description, name=name, metadata={METADATA_KEY: reading})
    if signature is not None:
        declared.arguments = StrawberryResolver(signature).arguments
    return declared


def stored(
    *paths: str,
    read: Callable[..., Any] | None = None,
    plain: Plain | None = None,
    description: str,
    name: str | None = None,
) -> Any:
    return field(Stored(paths, read, plain), description, name=name)


def stored_enum(path: str, enum: type[Enum], description: str) -> Any:
    """A field that reads an enum whose OTHER stands for what isn't known."""
    return field(Stored((path,), KnownOrOther(enum), Plain(path)), description)


def embedded(path: str, *, many: bool = False, description: str) -> Any:
    return field(Embedded(path, many), description)


def fetched(
    source: Source,
    description: str,
    *,
    name: str | None = None,
    signature: Any = None,
    permission: Permission | None = None,
) -> Any:
    return field(Fetched(source, permission), description, name=name, signature=signature)
