"""What a selection becomes: a program that makes the response's data of the fetched pages.

A program is data, and all that a back end needs: types, nullability, names of enum values, response keys and response
paths are resolved in it, so a back end knows neither the schema nor graphql-core's types. Shapes that are alike are one
object for as long as any program in use has it, so a back end may keep by a shape what it makes of it.

What a program gives has no errors. At a null where none may be, a value that isn't what it should be, or an error among
the pages, a back end raises: graphql-core then executes over the same pages, and stays the only author of errors and of
null propagation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from gateway.plan.fetched_pages import ResponsePath
from gateway.schema.readings import (
    Attribute,
    Discriminator,
    Embedded,
    Flat,
    FlatAttribute,
    Parameterized,
    ParentView,
)
from gateway.schema.stored_readings import StoredReading


class Fallback(Exception):
    """The executor has to answer; the message says why, in words that can be counted."""


class Scalar(Enum):
    """The spelling of a leaf in the response."""

    ID = "ID"
    STRING = "String"
    INT = "Int"
    FLOAT = "Float"
    BOOLEAN = "Boolean"
    DATE_TIME = "DateTime"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class PageAt:
    """What was fetched for the field at ``path``; for a nested connection by what the parent has at ``join``."""

    path: ResponsePath
    join: str


@dataclass(frozen=True, slots=True)
class TotalAt:
    """The total of the parent, a page, up to the bound of the field at ``path``."""

    path: ResponsePath


@dataclass(frozen=True, slots=True)
class SummaryAt:
    """What was fetched for the field at ``path`` of all elements of the connection that the parent, a page, is of."""

    path: ResponsePath


@dataclass(frozen=True, slots=True)
class ParameterizedAt:
    """A reading of the parent by the arguments of the field at ``path``."""

    path: ResponsePath
    reading: Parameterized


@dataclass(frozen=True, slots=True)
class Item:
    """The item of the list around."""


LookedUp = PageAt | TotalAt | SummaryAt | ParameterizedAt
"""What is found among the pages by the response path of its field."""

Operand = StoredReading | Embedded | ParentView | Attribute | Flat | FlatAttribute | LookedUp | Item
"""Where a value comes from: a reading of the parent, or what was fetched. In a `FlatShape` readings of what is stored
are of the listed node."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A text or null that no document changes, such as a type's name."""

    value: str | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar."""

    operand: Operand
    scalar: Scalar
    nullable: bool


@dataclass(frozen=True, slots=True)
class EnumName:
    """The name of an enum's value, by the value that is stored for it."""

    operand: Operand
    names: Mapping[Any, str]
    nullable: bool


@dataclass(frozen=True, slots=True)
class Object:
    """What a shape makes of one object. ``checked``: anything may stand in its place, such as the error it met."""

    operand: Operand
    shape: "Shape"
    nullable: bool
    checked: bool = False


@dataclass(frozen=True, slots=True)
class ListOf:
    """Each item of a list, the operand of which is `Item`."""

    operand: Operand
    item: Leaf | EnumName | Object
    nullable: bool


Expression = Constant | Leaf | EnumName | Object | ListOf


class Entry(NamedTuple):
    """A response key with its value."""

    key: str
    value: Expression


Entries = tuple[Entry, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ObjectShape:
    """An object of one type, made of a stored document, of an object within one, or of a page or an edge.

    ``uses_pages``: something in it, at any depth, is looked up among the pages.
    """

    entries: Entries
    uses_pages: bool


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class TypedShape:
    """An object of one of several types: of that which ``discriminator`` gives, or else its `TYPE_FIELD`."""

    discriminator: Discriminator | None
    entries: Mapping[str, Entries]
    uses_pages: bool


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class FlatShape:
    """A node of a filter tree's listing, a `FlatNode`: a condition, or a group."""

    of_condition: Entries
    of_group: Entries

    @property
    def uses_pages(self) -> bool:
        return False


Shape = ObjectShape | TypedShape | FlatShape


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Program:
    """The root object of an operation, made of the pages alone."""

    entries: Entries
