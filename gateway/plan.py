"""What an operation asks for, selected once and cached by (document, operation, skip/include): values only.

A plan never depends on a caller, a namespace or any other variable than those of ``@skip`` and ``@include``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from graphql import FieldNode, GraphQLField, OperationType

from gateway.arguments import Arguments
from gateway.kinds import Kind

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


@dataclass(frozen=True, slots=True)
class Field:
    """A selected field and its response key.

    ``step`` is its step of a response path. ``definition`` is None for the introspection fields. ``selections``: what
    is selected of its object, by the object's concrete type; empty for a leaf. The same selections of the same type
    are one tuple, wherever they stand.
    """

    key: str
    step: str
    node: FieldNode
    definition: GraphQLField | None
    selections: Mapping[str, tuple["Field", ...]]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is read of the documents of one type: their stored paths, and the connections nested in them."""

    paths: frozenset[str] = frozenset()
    nested: tuple["Fetch", ...] = ()


@dataclass(frozen=True, slots=True)
class Fetch:
    """One field whose documents are fetched before execution, at its response path.

    ``definition`` declares it. ``selections``: by the concrete type of the documents. ``key``: where the parent's
    fetched document holds what a nested connection joins on. ``totals``: the selected ``totalCount`` fields, each with
    its own bound. ``cursors``: whether any is selected.
    """

    path: ResponsePath
    definition: GraphQLField
    arguments: Arguments
    source: Source
    selections: Mapping[str, Selection]
    key: str = ""
    totals: tuple[tuple[ResponsePath, Arguments], ...] = ()
    cursors: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """``size``: how many fields are selected, where what is the same tuple counts once."""

    operation: OperationType
    fields: tuple[Field, ...]
    fetches: tuple[Fetch, ...]
    size: int
