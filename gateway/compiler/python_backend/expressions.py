"""The body of a generated function: what is read of its parent, completed to what is answered.

Every value is bound to a local of its own before it is looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_nullable_type,
)

from gateway.compiler.python_backend.leaves import LEAVES, Fallback, enum_names
from gateway.compiler.python_backend.shortcuts import Shortcut, shortcut_of
from gateway.model.filter_trees import preorder
from gateway.plan.operation_plan import Field, Listing, ResponsePath
from gateway.schema.graph import Graph
from gateway.schema.readings import (
    Attribute,
    Embedded,
    Fetched,
    Flat,
    FlatAttribute,
    FlatValue,
    ParentView,
    Reading,
    SubgraphDefinition,
    Total,
    reading_of,
)
from gateway.schema.stored_readings import StoredReading, Value


@dataclass(frozen=True, slots=True)
class Call:
    """The name of the function for an object, which may look up what was fetched for a place in the response."""

    name: str
    placed: bool

    def of(self, value: str) -> str:
        return f"{self.name}({value}, pages)" if self.placed else f"{self.name}({value})"

    def each(self, values: str) -> str:
        return f"[{self.of('item')} for item in {values}]" if self.placed else f"list(map({self.name}, {values}))"


class Body:
    """One function, or a branch of one, that is being written.

    ``type_name`` is its parent's, as declared. ``constant`` names a part of the schema, ``called`` the function for the
    object of a field. ``of_condition``: of a `FlatNode`, what its node is.
    """

    def __init__(
        self,
        graph: Graph,
        constant: Callable[..., str],
        called: Callable[[Field], Call],
        type_name: str,
        path: ResponsePath,
        parent: str,
        *,
        of_condition: bool | None = None,
    ) -> None:
        self._graph = graph
        self._constant = constant
        self._called = called
        self._type_name = graph.names[type_name]
        self._path = path
        self._parent = parent
        self._of_condition = of_condition
        self._opening: list[str] = []
        self._places = {"": parent}
        self._numbers = count()

    def text(self, fields: tuple[Field, ...], indent: str) -> str:
        """The statements that return the object of these fields."""
        entries = "".join(f"{indent}    {one.key!r}: {self._value(one)},\n" for one in fields)
        opening = "".join(f"{indent}{line}\n" for line in self._opening)
        return f"{opening}{indent}return {{\n{entries}{indent}}}\n"

    def _value(self, one: Field) -> str:
        """An expression for the completed value of a field."""
        if one.definition is None:
            if one.name != "__typename":
                raise Fallback("introspection")
            return repr(self._type_name)
        return self._valued(one.definition.type, reading_of(one.definition), one)

    def _valued(self, type_: Any, reading: Reading, one: Field) -> str:
        """As `_value`, where it is of this type and read so."""
        match reading:
            case StoredReading() if shortcut := shortcut_of(reading):
                return self._plain(type_, reading, shortcut, one)
            case Embedded():
                return self._embedded(type_, reading, one)
            case ParentView(presence):
                there = self._called(one).of(self._parent)
                return f"({_missing(type_)} if {self._stored(presence)} is None else {there})"
            case Flat():
                return f"{self._constant(preorder)}({self._parent}, {self._called(one).name})"
            case FlatAttribute(name) if isinstance(type_, GraphQLEnumType):
                return f"(None if {name} is None else {self._constant(enum_names(type_))}[{name}])"
            case FlatAttribute(name):
                return name
            case FlatValue(stored, of_condition, optional):
                if of_condition is not self._of_condition:
                    return "None"
                return self._valued(type_ if optional else GraphQLNonNull(type_), stored, one)
        return self._completed(type_, self._read(one, reading), one)

    def _local(self) -> str:
        return f"v{next(self._numbers)}"

    def _place(self, path: str) -> str:
        """The local that holds the object at a stored path, an empty one where there is none."""
        if path not in self._places:
            place = self._places[path] = f"o{next(self._numbers)}"
            self._opening.append(f"{place} = {self._stored(path)}")
            self._opening.append(f"if {place}.__class__ is not dict: {place} = NOTHING")
        return self._places[path]

    def _stored(self, path: str, missing: str | None = None) -> str:
        if not path:
            return self._parent
        above, _, step = path.rpartition(".")
        return f"{self._place(above)}.get({step!r}{'' if missing is None else f', {missing!r}'})"

    def _read(self, one: Field, reading: Reading) -> str:
        path = (*self._path, one.step)
        match reading:
            case Value(stored):
                return self._stored(stored)
            case StoredReading():
                value = self._constant(reading.value, reading)
                return f"{value}({', '.join(self._stored(stored) for stored in reading.paths)})"
            case Attribute(name):
                return f"{self._parent}.{name}"
            case Fetched() if reading.local:
                return f"pages.at({path!r}, {self._parent}, {reading.local!r})"
            case Fetched():
                return f"pages.at({path!r})"
            case Total():
                return f"pages.total({path!r}, {self._parent})"
            case SubgraphDefinition():
                return self._constant(self._graph.subgraph)
        raise AssertionError(reading)

    def _plain(self, type_: Any, reading: StoredReading, plain: Shortcut, one: Field) -> str:
        """As `_completed`, of the value that stands where it mostly does, or else of what reading gives."""
        local, inner, read = self._local(), get_nullable_type(type_), self._read(one, reading)
        stored, nullable = self._stored(plain.path, plain.missing), inner is type_
        unless = f" and {plain.unless!r} not in {self._parent}" if plain.unless else ""
        if isinstance(inner, GraphQLEnumType):
            return self._known(type_, stored, read, one)
        if isinstance(inner, GraphQLScalarType):
            leaf = LEAVES[inner.name]
            assert leaf.form == "{0}" or not nullable, "no field has that"
            if nullable:
                plainly = f"(({local} := {stored}) is None or {leaf.test.format(local, local)}){unless}"
                return f"({local} if {plainly} else nullable({leaf.judge}, {read}))"
            plainly = leaf.test.format(local, f"({local} := {stored})") + unless
            return f"({leaf.form.format(local)} if {plainly} else {leaf.judge}({read}))"
        if isinstance(inner, GraphQLList):
            there, class_ = self._items(inner.of_type, local, one, odd=False), "list"
        else:
            there, class_ = self._called(one).of(local), "dict"
        nothing = f"None if {local} is None{unless} else " if nullable else ""
        if nullable and one.selections and not (called := self._called(one)).placed:
            odd = f"{'listed' if class_ == 'list' else 'nullable'}({called.name}, {read})"
        else:
            odd = self._completed(type_, read, one)
        return f"({there} if ({local} := {stored}).__class__ is {class_}{unless} else {nothing}{odd})"

    def _known(self, type_: Any, stored: str, read: str, one: Field) -> str:
        """As `_completed`, of a stored value of an enum, or else of what reading gives."""
        local, names = self._local(), self._constant(enum_names(get_nullable_type(type_)))
        # What is no string may be a list, which no table can be asked for.
        known = f"({local} := {stored}).__class__ is str and {names}.get({local})"
        return f"({known} or {self._completed(type_, read, one)})"

    def _embedded(self, type_: Any, reading: Embedded, one: Field) -> str:
        """As `_completed` for the objects that the driver makes, which are all of one class; nothing else is one."""
        local, called = self._local(), self._called(one)
        bound = f"({local} := {self._stored(reading.path)})"
        if reading.many:
            items = f"[{_checked(called, 'item')} for item in {local}]"
            return f"({items} if {bound}.__class__ is list else [] if {local} is None else refuse({local}))"
        return f"({called.of(local)} if {bound}.__class__ is dict else {_missing(type_)})"

    def _completed(self, type_: Any, read: str, one: Field) -> str:
        """An expression for what is read, as the response has it."""
        local, inner = self._local(), get_nullable_type(type_)
        nullable = inner is type_
        if isinstance(inner, GraphQLScalarType):
            return _leaf(inner.name, local, read, nullable=nullable)
        if nullable:
            return f"(None if ({local} := {read}) is None else {self._present(inner, local, local, one)})"
        return self._present(inner, local, f"({local} := {read})", one)

    def _present(self, type_: Any, local: str, bound: str, one: Field) -> str:
        """An expression for a completed value; ``bound`` is its first mention, ``local`` where it is known not null."""
        if isinstance(type_, GraphQLEnumType):
            return f"{self._constant(enum_names(type_))}[{bound}]"
        # In what was fetched one by one an error may stand in a document's place, among nodes anything.
        reading = reading_of(one.definition) if one.definition else None
        odd = isinstance(reading, Fetched) and not isinstance(reading.source, Listing)
        if isinstance(type_, GraphQLList):
            return (
                f"{self._items(type_.of_type, local, one, odd=odd)} if {bound}.__class__ is list else refuse({local})"
            )
        called = self._called(one)
        return _checked(called, local, bound) if odd else called.of(bound)

    def _items(self, type_: Any, local: str, one: Field, *, odd: bool) -> str:
        inner = get_nullable_type(type_)
        nullable = inner is type_
        if isinstance(inner, GraphQLScalarType):
            return f"[{_leaf(inner.name, 'item', 'item', nullable=nullable)} for item in {local}]"
        if isinstance(inner, GraphQLEnumType):
            return f"[{self._constant(enum_names(inner))}[item] for item in {local}]"
        called = self._called(one)
        if not odd:
            return called.each(local)
        nothing = "None if item is None else " if nullable else ""
        return f"[{nothing}{_checked(called, 'item')} for item in {local}]"


def _missing(type_: Any) -> str:
    return "refuse(None)" if isinstance(type_, GraphQLNonNull) else "None"


def _checked(called: Call, local: str, bound: str = "") -> str:
    return f"{called.of(local)} if {bound or local}.__class__ is dict else refuse({local})"


def _leaf(name: str, local: str, read: str, *, nullable: bool) -> str:
    leaf, bound = LEAVES[name], read if read == local else f"({local} := {read})"
    form = leaf.form.format(local)
    if not nullable:
        return f"({form} if {leaf.test.format(local, bound)} else {leaf.judge}({local}))"
    if name == "JSON":
        return read
    test = leaf.test.format(local, local)
    if form == local:
        return f"({local} if {bound} is None or {test} else {leaf.judge}({local}))"
    return f"(None if {bound} is None else {form} if {test} else {leaf.judge}({local}))"
