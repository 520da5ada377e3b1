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

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
)

from gateway.compiler.leaves import EXPRESSIONS, NAMES, PLAIN_CLASSES, Fallback, enum_names, stored_names
from gateway.pages import Pages
from gateway.plan import Field, Listing, Plan, ResponsePath
from gateway.schema import Graph, declared_name, reading_of, type_resolver
from gateway.schema.reading import (
    Attribute,
    Embedded,
    Facet,
    Fetched,
    Plain,
    Printed,
    Reading,
    Stored,
    Total,
)

Shaper = Callable[[Pages], dict[str, Any]]

_NUMBERS = count(1)


def shaper(graph: Graph, plan: Plan) -> Shaper:
    """The function that shapes the pages of a plan; it raises, mostly `Fallback`, where the executor has to answer.

    Raises `Fallback` itself for a plan with introspection, which reads no pages.
    """
    generator = _Generator(graph)
    root_type = graph.executable.get_root_type(plan.operation)
    assert root_type is not None, "there is a plan"
    root = generator.function(plan.fields, declared_name(root_type), ())
    filename = f"<shape {next(_NUMBERS)}>"
    source = generator.source
    namespace = {**NAMES, "NOTHING": {}, **generator.constants}
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

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.constants: dict[str, Any] = {}
        self._constant_names: dict[Any, str] = {}
        # By name, by what they are for, and by what they do: alike functions are one.
        self._functions: dict[str, str] = {}
        self._written: dict[tuple[int, ResponsePath], str] = {}
        self._by_text: dict[str, str] = {}
        self._placed: dict[int, bool] = {}

    @property
    def source(self) -> str:
        return "\n\n".join(self._functions.values()) + "\n"

    def constant(self, value: Any) -> str:
        key = value if isinstance(value, tuple) else id(value)
        name = self._constant_names.get(key)
        if name is None:
            name = self._constant_names[key] = f"c{len(self._constant_names)}"
            self.constants[name] = value
        return name

    def function(self, fields: tuple[Field, ...], type_name: str, path: ResponsePath) -> str:
        """Writes the function from a parent to the object of these fields; its name."""
        place = (id(fields), path if self._depends_on_place(fields) else ())
        name = self._written.get(place)
        if name is None:
            body = _Body(self, self.graph.names[type_name], path)
            entries = "".join(f"        {one.key!r}: {body.value(one)},\n" for one in fields)
            opening = "".join(f"    {line}\n" for line in body.opening)
            text = f"(parent, pages):\n{opening}    return {{\n{entries}    }}"
            name = self._written[place] = self._by_text.setdefault(text, f"f{len(self._functions)}")
            self._functions.setdefault(name, f"def {name}{text}")
        return name

    def table(self, functions: Mapping[str, str]) -> str:
        """Writes a table of functions by the concrete type of what they take; its name."""
        text = ", ".join(f"{type_name!r}: {function}" for type_name, function in functions.items())
        name = self._by_text.setdefault(text, f"t{len(self._functions)}")
        self._functions.setdefault(name, f"{name} = {{{text}}}")
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
        self._numbers = count()

    def value(self, one: Field) -> str:
        """An expression for the completed value of a field."""
        if one.definition is None:
            if one.node.name.value != "__typename":
                raise Fallback("introspection")
            return repr(self._type_name)
        reading = reading_of(one.definition)
        if isinstance(reading, Stored) and reading.plain:
            return self._plain(one.definition.type, reading, reading.plain, one)
        if isinstance(reading, Embedded):
            return self._embedded(one.definition.type, reading, one)
        return self._completed(one.definition.type, self._read(one, reading), one)

    def _local(self) -> str:
        return f"v{next(self._numbers)}"

    def _place(self, path: str) -> str:
        """The local that holds the object at a stored path, an empty one where there is none."""
        if path not in self._places:
            place = self._places[path] = f"o{next(self._numbers)}"
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
            case Facet(presence):
                return f"None if {self._stored(presence)} is None else parent"
            case Attribute(name):
                return f"parent.{name}"
            case Fetched(source):
                return f"pages.at({constant((*self._path, one.step))}, {constant(source)}, parent)"
            case Total():
                return f"pages.total({constant((*self._path, one.step))}, parent)"
            case Printed():
                return constant(self._generator.graph.subgraph)
        raise AssertionError(reading)

    def _plain(self, type_: Any, reading: Stored, plain: Plain, one: Field) -> str:
        """As `_completed`, of the value that stands where it mostly does, or else of what reading gives."""
        local, inner = self._local(), get_nullable_type(type_)
        bound = f"({local} := {self._stored(plain.path)})"
        read = self._read(one, reading)
        if isinstance(inner, GraphQLEnumType):
            table = self._generator.constant(stored_names(inner))
            # What is no string may be a list, which no table can be asked for.
            return f"({bound}.__class__ is str and {table}.get({local}) or {self._completed(type_, read, one)})"
        test = f"{bound}.__class__ is {PLAIN_CLASSES[_kind(inner)]}"
        if inner is type_:
            test = f"({test} or {local} is None)"
        if plain.unless:
            test = f"{test} and {plain.unless!r} not in parent"
        return self._completed(type_, f"{local} if {test} else {read}", one)

    def _embedded(self, type_: Any, reading: Embedded, one: Field) -> str:
        """As `_completed` for the objects that the driver makes, which are all of one class; nothing else is one."""
        local, inner = self._local(), get_nullable_type(type_)
        bound = f"({local} := {self._stored(reading.path)})"
        if reading.many:
            item = self._local()
            object_ = self._called(get_named_type(inner), item, one)
            items = f"[{object_} if {item}.__class__ is dict else refuse({item}) for {item} in {local}]"
            return f"({items} if {bound}.__class__ is list else [] if {local} is None else refuse({local}))"
        missing = "refuse(None)" if isinstance(type_, GraphQLNonNull) else "None"
        return f"({self._called(inner, local, one)} if {bound}.__class__ is dict else {missing})"

    def _completed(self, type_: Any, read: str, one: Field) -> str:
        local = self._local()
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, local, f"({local} := {read})", one)
        return f"(None if ({local} := {read}) is None else {self._present(type_, local, local, one)})"

    def _present(self, type_: Any, local: str, bound: str, one: Field) -> str:
        """An expression for a completed value; ``bound`` is its first mention, ``local`` where it is known not null."""
        if isinstance(type_, GraphQLList):
            return f"({self._items(type_, local, one)} if {bound}.__class__ is list else refuse({local}))"
        if isinstance(type_, GraphQLEnumType):
            return f"{self._generator.constant(enum_names(type_))}[{bound}]"
        if isinstance(type_, GraphQLScalarType):
            return f"({EXPRESSIONS[type_.name].format(local, bound)})"
        return self._object(type_, local, bound, one)

    def _items(self, type_: GraphQLList[Any], local: str, one: Field) -> str:
        item, item_type = self._local(), type_.of_type
        if isinstance(item_type, GraphQLNonNull):
            completed = self._present(item_type.of_type, item, item, one)
        else:
            completed = f"None if {item} is None else {self._present(item_type, item, item, one)}"
        return f"[{completed} for {item} in {local}]"

    def _object(self, type_: Any, local: str, bound: str, one: Field) -> str:
        reading = reading_of(one.definition) if one.definition else None
        # In a list of what was fetched one by one an error may stand in a document's place, among nodes anything.
        document = is_abstract_type(type_) or (isinstance(reading, Fetched) and not isinstance(reading.source, Listing))
        there = ".__class__ is dict" if document else " is not None"
        return f"({self._called(type_, local, one)} if {bound}{there} else refuse({local}))"

    def _called(self, type_: Any, local: str, one: Field) -> str:
        """The call of the function for the object that ``local`` names, by its concrete type."""
        path = (*self._path, one.step)
        functions = {name: self._generator.function(fields, name, path) for name, fields in one.selections.items()}
        if is_abstract_type(type_):
            table = self._generator.table(functions)
            function = f"{table}[{self._generator.constant(type_resolver(type_))}({local})]"
        else:
            [function] = functions.values()
        return f"{function}({local}, pages)"


def _kind(type_: Any) -> str:
    """A scalar's name, or what else there is: an object or a list."""
    if isinstance(type_, GraphQLScalarType):
        return type_.name
    return "list" if isinstance(type_, GraphQLList) else "object"
