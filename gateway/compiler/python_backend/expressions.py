"""The body of a generated function: what is read of its parent, completed to what is answered.

Every value is bound to a local of its own before it is looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from gateway.compiler.program import (
    Constant,
    Entries,
    EnumName,
    Expression,
    Item,
    Leaf,
    ListOf,
    Object,
    Operand,
    PageAt,
    ParameterizedAt,
    Scalar,
    Shape,
    SummaryAt,
    TotalAt,
)
from gateway.compiler.python_backend.constants import Constants
from gateway.compiler.python_backend.scalar_values import SERIALIZATIONS
from gateway.compiler.python_backend.shortcuts import Shortcut, shortcut_of
from gateway.model.filter_trees import preorder
from gateway.plan.fetched_pages import ResponsePath
from gateway.schema.readings import Attribute, Embedded, Flat, FlatAttribute, ParentView
from gateway.schema.stored_readings import GlobalId, StoredReading, Value

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Call:
    """The name of the function for a shape, and whether that takes the pages too; ``width``: the name of what each of
    its objects counts for in a list."""

    name: str
    uses_pages: bool
    width: str

    def of(self, value: str) -> str:
        return f"{self.name}({value}, pages)" if self.uses_pages else f"{self.name}({value})"

    def each(self, values: str) -> str:
        made = f"[{self.of('item')} for item in {values}]" if self.uses_pages else f"list(map({self.name}, {values}))"
        return self.counted(values, made)

    def counted(self, values: str, made: str) -> str:
        return f"(take({values}, {self.width}) or {made})"

    def checked(self, local: str, bound: str = "") -> str:
        """As `of`, of what may be no object; ``bound`` is the first mention of ``local``."""
        return f"{self.of(local)} if {bound or local}.__class__ is dict else refuse({local})"


@dataclass(frozen=True, slots=True)
class Names:
    """What a function refers to: constants, the functions for the shapes within, and the response paths it looks up."""

    constants: Constants
    calls: Mapping[Shape, Call]
    paths: Mapping[ResponsePath, str]


class Body:
    """The body of a function, or of a branch of one, whose parameter ``parent`` is what it reads."""

    def __init__(self, names: Names, parent: str) -> None:
        self._constants = names.constants
        self._calls = names.calls
        self._paths = names.paths
        self._parent = parent
        self._opening: list[str] = []
        self._objects = {"": parent}
        self._numbers = count()

    def text(self, entries: Entries, indent: str) -> str:
        """The statements that return the object of these entries."""
        lines = "".join([f"{indent}    {key!r}: {self._completed(value)},\n" for key, value in entries])
        opening = "".join([f"{indent}{line}\n" for line in self._opening])
        return f"{opening}{indent}return {{\n{lines}{indent}}}\n"

    def _completed(self, value: Expression) -> str:
        match value:
            case Leaf():
                return self._leaf(value)
            case EnumName():
                return self._enum_name(value)
            case Object():
                return self._object(value)
            case ListOf():
                return self._list(value)
            case Constant(text):
                # A definition of the whole schema would swell the source.
                return self._constants.text(text) if text is not None and "\n" in text else repr(text)

    def _local(self) -> str:
        return f"v{next(self._numbers)}"

    def _object_at(self, path: str) -> str:
        """The local that holds the object at a stored path, an empty one where there is none."""
        if path not in self._objects:
            name = self._objects[path] = f"o{next(self._numbers)}"
            self._opening.append(f"{name} = {self._stored(path)}")
            self._opening.append(f"if {name}.__class__ is not dict: {name} = NOTHING")
        return self._objects[path]

    def _stored(self, path: str, missing: bool | int | str | None = None) -> str:
        if not path:
            return self._parent
        above, _, step = path.rpartition(".")
        return f"{self._object_at(above)}.get({step!r}{'' if missing is None else f', {missing!r}'})"

    def _read(self, operand: Operand) -> str:
        """An expression for a value as its reading gives it."""
        match operand:
            case Value(path):
                return self._stored(path)
            case StoredReading():
                stored = ", ".join([self._stored(path) for path in operand.paths])
                return f"{self._constants.reading(operand)}({stored})"
            case Attribute(name):
                return f"{self._parent}.{name}"
            case PageAt(path, ""):
                return f"pages.at({self._paths[path]})"
            case PageAt(path, join):
                return f"pages.at({self._paths[path]}, {self._parent}, {join!r})"
            case TotalAt(path):
                return f"pages.total({self._paths[path]}, {self._parent})"
            case SummaryAt(path):
                return f"pages.summary({self._paths[path]}, {self._parent})"
            case ParameterizedAt(path, reading):
                stored = "".join([f", {self._stored(stored_path)}" for stored_path in reading.paths])
                return f"{self._constants.reading(reading)}(pages.parameters({self._paths[path]}){stored})"
            case FlatAttribute(name):
                return name
            case Item():
                return "item"
        raise AssertionError(operand)

    def _leaf(self, value: Leaf) -> str:
        operand = value.operand
        if isinstance(operand, FlatAttribute):
            return operand.name
        if isinstance(operand, GlobalId):
            # It is a string, or raises.
            return self._read(operand)
        shortcut = shortcut_of(operand)
        if shortcut is None:
            read = self._read(operand)
            return _checked_leaf(value.scalar, read if read == "item" else self._local(), read, nullable=value.nullable)
        local, leaf, unless = self._local(), SERIALIZATIONS[value.scalar], self._unless(shortcut)
        stored, read = self._stored(shortcut.path, shortcut.missing), self._read(operand)
        if not value.nullable:
            plainly = leaf.test.format(local, f"({local} := {stored})") + unless
            return f"({leaf.form.format(local)} if {plainly} else {leaf.judge}({read}))"
        assert leaf.form == "{0}", "no field has that"
        plainly = f"(({local} := {stored}) is None or {leaf.test.format(local, local)}){unless}"
        return f"({local} if {plainly} else nullable({leaf.judge}, {read}))"

    def _enum_name(self, value: EnumName) -> str:
        operand, names = value.operand, self._constants.enum(value.names)
        if (shortcut := shortcut_of(operand)) is not None:
            local, stored = self._local(), self._stored(shortcut.path, shortcut.missing)
            # What is no string may be a list, which no table can be asked for.
            known = f"({local} := {stored}).__class__ is str and {names}.get({local})"
            return f"({known} or {self._name_in(names, self._read(operand), nullable=value.nullable)})"
        return self._name_in(names, self._read(operand), nullable=value.nullable)

    def _name_in(self, names: str, read: str, *, nullable: bool) -> str:
        if not nullable:
            return f"{names}[{read}]"
        if read.isidentifier():
            return f"(None if {read} is None else {names}[{read}])"
        local = self._local()
        return f"(None if ({local} := {read}) is None else {names}[{local}])"

    def _object(self, value: Object) -> str:
        operand, call, nullable = value.operand, self._calls[value.shape], value.nullable
        missing = "None" if nullable else "refuse(None)"
        match operand:
            case Embedded(path):
                # Of one class are all objects that the driver makes; nothing else is one.
                local = self._local()
                return f"({call.of(local)} if ({local} := {self._stored(path)}).__class__ is dict else {missing})"
            case ParentView(presence):
                return f"({missing} if {self._stored(presence)} is None else {call.of(self._parent)})"
            case Item():
                absent = "None if item is None else " if nullable else ""
                return f"{absent}{call.checked('item')}" if value.checked else call.of("item")
        local, read = self._local(), self._read(operand)
        if (shortcut := shortcut_of(operand)) is not None:
            plainly = f"{call.of(local)} if ({local} := {self._stored(shortcut.path)}).__class__ is dict"
            if nullable and not call.uses_pages:
                return f"({plainly} else None if {local} is None else nullable({call.name}, {read}))"
            return f"({plainly} else {self._called(value, call, self._local(), read)})"
        return self._called(value, call, local, read)

    def _called(self, value: Object, call: Call, local: str, read: str) -> str:
        bound = f"({local} := {read})"
        if value.nullable:
            called = call.checked(local) if value.checked else call.of(local)
            return f"(None if {bound} is None else {called})"
        return f"({call.checked(local, bound)})" if value.checked else call.of(read)

    def _list(self, value: ListOf) -> str:
        operand = value.operand
        if isinstance(operand, Flat):
            assert isinstance(value.item, Object), "a tree's listing has nodes"
            call = self._calls[value.item.shape]
            return f"{self._constants.function(preorder)}({self._parent}, {call.name}, take, {call.width})"
        local = self._local()
        if isinstance(operand, Embedded):
            items, stored = self._items(value, local), self._stored(operand.path)
            plainly = f"{items} if ({local} := {stored}).__class__ is list"
            return f"({plainly} else [] if {local} is None else refuse({local}))"
        shortcut = shortcut_of(operand)
        if shortcut is None:
            return f"({self._listed(value, local, self._read(operand))})"
        unless, items, read = self._unless(shortcut), self._items(value, local), self._read(operand)
        plainly = f"{items} if ({local} := {self._stored(shortcut.path)}).__class__ is list{unless}"
        if not value.nullable:
            return f"({plainly} else {self._listed(value, self._local(), read)})"
        absent = f"None if {local} is None{unless}"
        if isinstance(value.item, Object) and not (call := self._calls[value.item.shape]).uses_pages:
            return f"({plainly} else {absent} else listed({call.name}, {call.width}, {read}))"
        return f"({plainly} else {absent} else {self._listed(value, self._local(), read)})"

    def _listed(self, value: ListOf, local: str, read: str) -> str:
        bound, items = f"({local} := {read})", self._items(value, local)
        if value.nullable:
            return f"None if {bound} is None else {items} if {local}.__class__ is list else refuse({local})"
        return f"{items} if {bound}.__class__ is list else refuse({local})"

    def _items(self, value: ListOf, local: str) -> str:
        item = value.item
        if not isinstance(item, Object):
            return f"(take({local}, 1) or [{self._completed(item)} for item in {local}])"
        call = self._calls[item.shape]
        return (
            call.counted(local, f"[{self._completed(item)} for item in {local}]") if item.checked else call.each(local)
        )

    def _unless(self, shortcut: Shortcut) -> str:
        return f" and {shortcut.unless!r} not in {self._parent}" if shortcut.unless else ""


def _checked_leaf(scalar: Scalar, local: str, read: str, *, nullable: bool) -> str:
    leaf, bound = SERIALIZATIONS[scalar], read if read == local else f"({local} := {read})"
    form = leaf.form.format(local)
    if not nullable:
        return f"({form} if {leaf.test.format(local, bound)} else {leaf.judge}({local}))"
    test = leaf.test.format(local, local)
    if form == local:
        return f"({local} if {bound} is None or {test} else {leaf.judge}({local}))"
    return f"(None if {bound} is None else {form} if {test} else {leaf.judge}({local}))"
