"""A plan's fields as generated functions from the fetched pages to the response's data.

The functions only ever succeed. At a null where none may be, a value that is not plainly of its type, or an error
among the pages they raise, and graphql-core executes over the same pages: it stays the only author of errors and of
null propagation.

There is a function for each object that is selected, and what is selected alike, in whichever documents, has the same
function. The source consists of names that are generated here and of literals written by ``repr``; all else, such as a
field's ``read``, is handed to it as a constant. `linecache` knows it, so that tracebacks and profiles show its lines.
"""

import linecache
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from weakref import WeakValueDictionary, finalize

from graphql import GraphQLAbstractType, get_named_type, is_abstract_type

from gateway.compiler.leaves import NAMES
from gateway.compiler.values import Body, Call
from gateway.pages import Pages
from gateway.plan import Field, Plan, ResponsePath
from gateway.schema import Graph, declared_name, reading_of, type_resolver
from gateway.schema.reading import Fetched, Told, Total

Shaper = Callable[[Pages], dict[str, Any]]
Function = Callable[..., Any]

_FILES = count(1)
_INDENT = "    "


class Shapes:
    """Makes the shapers of plans for one graph, and keeps their functions for as long as any of them is in use."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        # Constants are parts of the schema, so there are only so many; functions are known by their text.
        self._namespace: dict[str, Any] = {**NAMES}
        self._constants: dict[int, str] = {}
        self._functions: WeakValueDictionary[str, Function] = WeakValueDictionary()
        self._numbers = count()

    def shaper(self, plan: Plan) -> Shaper:
        """The function that shapes the pages of a plan; it raises, mostly `Fallback`, where the executor has to answer.

        Raises `Fallback` itself for a plan with introspection, which reads no pages.
        """
        return _Writing(self).root(plan)

    def constant(self, value: Any) -> str:
        """The name of a part of the schema in the source."""
        name = self._constants.get(id(value))
        if name is None:
            name = self._constants[id(value)] = f"c{len(self._constants)}"
            self._namespace[name] = value
        return name

    def function(self, parameters: str, body: str, called: Mapping[str, Function]) -> Function:
        """The function with this body, which calls others by name."""
        bound = "".join(f", {name}={name}" for name in called)
        text = f"({parameters}{bound}):\n{body}"
        function = self._functions.get(text)
        if function is None:
            name, filename = f"f{next(self._numbers)}", f"<shape {next(_FILES)}>"
            source = f"def {name}{text}"
            # What it calls is bound to parameters, so that it ends with what calls it.
            found = dict(called)
            exec(compile(source, filename, "exec"), self._namespace, found)
            function = self._functions[text] = found[name]
            linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
            finalize(function, linecache.cache.pop, filename, None)
        return function


class _Writing:
    """The functions of one plan, the inner ones first."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._written: dict[tuple[Any, ...], Function] = {}
        self._placed: dict[int, bool] = {}

    def root(self, plan: Plan) -> Shaper:
        type_ = self._shapes.graph.executable.get_root_type(plan.operation)
        assert type_ is not None, "there is a plan"
        called: dict[str, Function] = {}
        text = self._body(called, declared_name(type_), (), "pages").text(plan.fields, _INDENT)
        return self._shapes.function("pages", text, called)

    def _body(self, called: dict[str, Function], type_name: str, path: ResponsePath, parent: str = "parent") -> Body:
        def call(one: Field, at: ResponsePath) -> Call:
            placed = any(map(self._depends_on_place, one.selections.values()))
            function = self._function(one, at if placed else (), placed=placed)
            called[function.__name__] = function
            return Call(function.__name__, placed)

        return Body(self._shapes.graph, self._shapes.constant, call, type_name, path, parent)

    def _function(self, one: Field, path: ResponsePath, *, placed: bool) -> Function:
        """The function for the object of a field, or for each of its objects."""
        assert one.definition is not None, "introspection has no objects of ours"
        type_ = get_named_type(one.definition.type)
        place = (type_.name, *map(id, one.selections.values()), path)
        function = self._written.get(place)
        if function is None:
            called: dict[str, Function] = {}
            if is_abstract_type(type_):
                text = self._by_type(type_, called, one.selections, path)
            else:
                [(name, fields)] = one.selections.items()
                text = self._body(called, name, path).text(fields, _INDENT)
            parameters = "parent, pages" if placed else "parent"
            function = self._written[place] = self._shapes.function(parameters, text, called)
        return function

    def _by_type(
        self,
        type_: GraphQLAbstractType,
        called: dict[str, Function],
        selections: Mapping[str, tuple[Field, ...]],
        path: ResponsePath,
    ) -> str:
        """A branch for each type that the object may be of."""
        told = type_resolver(type_)
        opening = "    if parent.__class__ is not dict: refuse(parent)\n"
        if isinstance(told, Told):
            has = " or ".join(f"{key!r} in parent" for key in told.has)
            # Quicker, key by key, than to ask a set whether it is disjoint.
            test = " and ".join([f"({has})", *(f"{key!r} not in parent" for key in sorted(told.lacks))])
            one, other = (
                self._body(called, name, path).text(selections[name], indent)
                for name, indent in ((told.one, _INDENT * 2), (told.other, _INDENT))
            )
            return f"{opening}    if {test}:\n{one}{other}"
        tests = "".join(
            f"    if name == {name!r}:\n{self._body(called, name, path).text(fields, _INDENT * 2)}"
            for name, fields in selections.items()
        )
        return f"{opening}    name = {self._shapes.constant(told)}(parent)\n{tests}    refuse(parent)\n"

    def _depends_on_place(self, fields: tuple[Field, ...]) -> bool:
        """Whether anything in these selections is looked up by its response path."""
        known = self._placed.get(id(fields))
        if known is None:
            known = self._placed[id(fields)] = any(
                one.definition is not None
                and (
                    isinstance(reading_of(one.definition), Fetched | Total)
                    or any(map(self._depends_on_place, one.selections.values()))
                )
                for one in fields
            )
        return known
