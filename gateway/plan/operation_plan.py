"""What an operation asks for, selected once and cached by (document, operation, skip/include): values only.

A plan never depends on a caller, a namespace or any other variable than those of ``@skip`` and ``@include``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from graphql import GraphQLField, OperationType, VariableValues

from gateway.model.kinds import Kind

# Steps "Type.key" from the root, without list indices: a response key and the type of the object that has it. The keys
# alone don't tell apart what several types of one list select under the same name, each with arguments of its own.
ResponsePath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A connection over a kind; nested: of those documents whose ``foreign`` path equals the parent's ``local``."""

    kind: Kind
    foreign: str = ""
    local: str = ""


@dataclass(frozen=True, slots=True)
class ById:
    """The document whose own id is in ``argument``, or a list of them in the order asked."""

    kind: Kind
    argument: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class ByNodeId:
    """The object behind a global id, or a list of them in the order asked."""

    argument: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class ByRepresentation:
    """The objects that another schema's references name, in the order asked: by any of their types' keys."""

    argument: str


@dataclass(frozen=True, slots=True)
class FeatureOf:
    """An item by its id; it is owned elsewhere, so it is never looked for."""

    argument: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class SessionOf:
    """A session, known by what was recorded in it."""

    argument: str


@dataclass(frozen=True, slots=True)
class ViewerOf:
    """The key's bearer."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Each document of a kind as it is inserted: the root of a subscription."""

    kind: Kind


class Write(Enum):
    RECORD_INTERACTION = "recordInteraction"
    RECORD_INTERACTIONS = "recordInteractions"
    RECORD_SEARCH_REQUEST = "recordSearchRequest"
    DELETE_INTERACTION = "deleteInteraction"
    CREATE_NAMESPACE = "createNamespace"


Source = Listing | ById | ByNodeId | ByRepresentation | FeatureOf | SessionOf | ViewerOf | Arrival | Write


class Arguments(Protocol):
    """The arguments of a selected field; ``variables``: the names of those that are variables, by argument."""

    variables: Mapping[str, str]

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """By their GraphQL names; raises `GraphQLError` where the executor would."""


@dataclass(frozen=True, slots=True)
class Field:
    """A selected field by its name, and its response key.

    ``step`` is its step of a response path. ``definition`` is None for the introspection fields, ``arguments`` where it
    declares none. ``selections``: what is selected of its object, by the object's concrete type; empty for a leaf. The
    same selections of the same type are one tuple, wherever they stand.
    """

    key: str
    step: str
    name: str
    definition: GraphQLField | None
    arguments: Arguments | None
    selections: Mapping[str, tuple["Field", ...]]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is read of the documents of one type: their stored paths, and the connections nested in them."""

    paths: frozenset[str] = frozenset()
    nested: tuple["Fetch", ...] = ()


@dataclass(frozen=True, slots=True)
class Fetch:
    """One field whose documents are fetched before execution, at its response path.

    ``selections``: by the concrete type of the documents. ``key``: where the parent's fetched document holds what a
    nested connection joins on. ``totals``: the selected ``totalCount`` fields, each with its own bound. ``cursors``:
    whether any is selected.
    """

    path: ResponsePath
    field: Field
    source: Source
    selections: Mapping[str, Selection]
    key: str = ""
    totals: tuple[tuple[ResponsePath, Field], ...] = ()
    cursors: bool = False

    @property
    def definition(self) -> GraphQLField:
        assert self.field.definition is not None, "what is fetched is declared"
        return self.field.definition


@dataclass(frozen=True, slots=True)
class Plan:
    """The root fields of an operation, and what is fetched for them."""

    operation: OperationType
    fields: tuple[Field, ...]
    fetches: tuple[Fetch, ...]

    @property
    def size(self) -> int:
        """How many fields are selected, where what is the same tuple counts once."""
        size, met, pending = 0, set[int](), [self.fields]
        while pending:
            fields = pending.pop()
            if id(fields) not in met:
                met.add(id(fields))
                size += len(fields)
                pending += [inner for one in fields for inner in one.selections.values()]
        return size

    @property
    def all_fetches(self) -> Iterator[Fetch]:
        """The fetches and all that are nested in them, at every place where they are."""
        pending = list(reversed(self.fetches))
        while pending:
            fetch = pending.pop()
            yield fetch
            pending += [one for selection in fetch.selections.values() for one in selection.nested][::-1]
