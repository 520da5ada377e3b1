"""A plan's fields as one generated function from the fetched pages to the response's data.

The function only ever succeeds. At a null where none may be, a value that is not plainly of its type, or an error
among the pages it raises, and graphql-core executes over the same pages: it stays the only author of errors and of
null propagation.

The source consists of names that are generated here and of literals written by ``repr``; all else, such as a field's
``read``, is handed to it as a constant. `linecache` knows it, so that tracebacks and profiles show its lines.
"""

import linecache
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from weakref import finalize

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLScalarType, is_abstract_type

from gateway.compiler.leaves import EXPRESSIONS, NAMES, Fallback, enum_names
from gateway.pages import Pages
from gateway.plan import Field, Plan, ResponsePath
from gateway.schema import reading_of, type_resolver
from gateway.schema.reading import (
    Attribute,
    Embedded,
    Facet,
    Fetched,
    KnownOrOther,
    Reading,
    Stored,
    Total,
    an_object,
    objects,
)

Shaper = Callable[[Pages], dict[str, Any]]

_NUMBERS = count(1)


def shaper(plan: Plan) -> Shaper:
    """The function that shapes the pages of a plan; it raises, mostly `Fallback`, where the executor has to answer.

    Raises `Fallback` itself for a plan with introspection, which reads no pages.
    """
    generator = _Generator()
    root = generator.function(plan.fields, "", ())
    filename = f"<shape {next(_NUMBERS)}>"
    source = generator.source
    namespace = {**NAMES, "an_object": an_object, "objects": objects, "NOTHING": {}, **generator.constants}
    exec(compile(source, filename, "exec"), namespace)
    shape = namespace[root]

    def shaped(pages: Pages) -> dict[str, Any]:
        data: dict[str, Any] = shape(pages, pages)
        return data

    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    finalize(shaped, linecache.cache.pop, filename, None)
    return shaped


class _Generator:
    """The functions and constants of one plan; the functions of inner objects stand first."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self._functions: list[str] = []
        self._written: dict[tuple[int, ResponsePath], str] = {}
        self._placed: dict[int, bool] = {}
        self._numbers = count()

    @property
    def source(self) -> str:
        return "\n\n".join(self._functions) + "\n"

    def table(self, functions: Mapping[str, str]) -> str:
        """Writes a table of functions by the concrete type of what they take; its name."""
        name = f"t{self.number()}"
        entries = ", ".join(f"{type_name!r}: {function}" for type_name, function in functions.items())
        self._functions.append(f"{name} = {{{entries}}}")
        return name

    def number(self) -> int:
        return next(self._numbers)

    def constant(self, value: Any) -> str:
        name = f"c{self.number()}"
        self.constants[name] = value
        return name

    def function(self, fields: tuple[Field, ...], type_name: str, path: ResponsePath) -> str:
        """Writes the function from a parent to the object of these fields, once for all places that it suits."""
        place = (id(fields), path if self._depends_on_place(fields) else ())
        name = self._written.get(place)
        if name is None:
            body = _Body(self, type_name, path)
            entries = [f"        {one.key!r}: {body.value(one)},\n" for one in fields]
            name = self._written[place] = f"f{self.number()}"
            opening = "".join(f"    {line}\n" for line in body.opening)
            self._functions.append(f"def {name}(parent, pages):\n{opening}    return {{\n{''.join(entries)}    }}")
        return name

    def _depends_on_place(self, fields: tuple[Field, ...]) -> bool:
        """Whether anything in these selections is looked up by its response path."""
        known = self._placed.get(id(fields))
        if known is None:
            known = self._placed[id(fields)] = any(
                one.definition is not None
                and (
                    isinstance(reading_of(one.definition), Fetched | Total)
                    or any(self._depends_on_place(selected) for selected in one.selections.values())
                )
                for one in fields
            )
        return known


class _Body:
    """One function that is being written; every value is bound to a local of its own before it is looked at."""

    def __init__(self, generator: _Generator, type_name: str, path: ResponsePath) -> None:
        self.opening: list[str] = []
        self._generator = generator
        self._type_name = type_name
        self._path = path
        self._places = {"": "parent"}

    def value(self, one: Field) -> str:
        """An expression for the completed value of a field."""
        if one.definition is None:
            if one.node.name.value != "__typename":
                raise Fallback("introspection")
            return repr(self._type_name)
        reading = reading_of(one.definition)
        if isinstance(reading, Stored) and isinstance(reading.read, KnownOrOther):
            return self._known_or_other(one.definition.type, reading.paths[0], reading.read)
        return self._completed(one.definition.type, self._read(one, reading), one)

    def _local(self) -> str:
        return f"v{self._generator.number()}"

    def _place(self, path: str) -> str:
        """The local that holds the object at a stored path, an empty one where there is none."""
        if path not in self._places:
            place = self._places[path] = f"o{self._generator.number()}"
            self.opening.append(f"{place} = {self._stored(path)}")
            self.opening.append(f"if {place}.__class__ is not dict: {place} = NOTHING")
        return self._places[path]

    def _stored(self, path: str) -> str:
        if not path:
            return "parent"
        above, _, step = path.rpartition(".")
        return f"{self._place(above)}.get({step!r})"

    def _read(self, one: Field, reading: Reading) -> str:
        constant = self._generator.constant
        match reading:
            case Stored(paths, None):
                return self._stored(paths[0])
            case Stored(paths, read):
                return f"{constant(read)}({', '.join(self._stored(path) for path in paths)})"
            case Embedded(path, many):
                return f"{'objects' if many else 'an_object'}({self._stored(path)})"
            case Facet(presence):
                return f"None if {self._stored(presence)} is None else parent"
            case Attribute(name):
                return f"parent.{name}"
            case Fetched(source):
                return f"pages.at({constant((*self._path, one.step))}, {constant(source)}, parent)"
            case Total():
                return f"pages.total({constant((*self._path, one.step))}, parent)"
        raise AssertionError(reading)

    def _known_or_other(self, type_: Any, path: str, read: KnownOrOther) -> str:
        local, names = self._local(), enum_names(_enum(type_))
        table = self._generator.constant({stored: names[member] for stored, member in read.known.items()})
        rest = self._generator.constant(lambda value: names[read(value)])
        if isinstance(type_, GraphQLNonNull):
            return f"({table}.get({local} := {self._stored(path)}) or {rest}({local}))"
        return f"(None if ({local} := {self._stored(path)}) is None else {table}.get({local}) or {rest}({local}))"

    def _completed(self, type_: Any, read: str, one: Field) -> str:
        local = self._local()
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, local, f"({local} := {read})", one)
        return f"(None if ({local} := {read}) is None else {self._present(type_, local, local, one)})"

    def _present(self, type_: Any, local: str, bound: str, one: Field) -> str:
        """An expression for a completed value that ``local`` names and is not null; ``bound``: its first mention."""
        if isinstance(type_, GraphQLList):
            item = self._local()
            items = f"[{self._item(type_.of_type, item, one)} for {item} in {local}]"
            return f"({items} if {bound}.__class__ is list else refuse({local}))"
        if isinstance(type_, GraphQLEnumType):
            return f"{self._generator.constant(enum_names(type_))}[{bound}]"
        if isinstance(type_, GraphQLScalarType):
            return f"({EXPRESSIONS[type_.name].format(local, bound)})"
        path = (*self._path, one.step)
        functions = {name: self._generator.function(fields, name, path) for name, fields in one.selections.items()}
        if is_abstract_type(type_):
            table = self._generator.table(functions)
            function = f"{table}[{self._generator.constant(type_resolver(type_))}({local})]"
        else:
            [function] = functions.values()
        return f"({function}({local}, pages) if {bound} is not None else refuse(None))"

    def _item(self, type_: Any, item: str, one: Field) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, item, item, one)
        return f"(None if {item} is None else {self._present(type_, item, item, one)})"


def _enum(type_: Any) -> GraphQLEnumType:
    named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    assert isinstance(named, GraphQLEnumType), "only enums have a value for what isn't known"
    return named
