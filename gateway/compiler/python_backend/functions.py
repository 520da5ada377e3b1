"""A plan's fields as generated functions from the fetched pages to the response's data.

What the functions give has no errors. At a null where none may be, a value that is not plainly of its type, or an error
among the pages they raise, and graphql-core executes over the same pages: it stays the only author of errors and of
null propagation.

There is a function for each object that is selected, and what is selected alike, in whichever documents, has the same
function; what differs only in the functions that it calls has the same code. The source consists of names that are
generated here and of literals written by ``repr``; all else, such as a field's ``read``, is handed to it as a constant.
`linecache` knows it, so that tracebacks and profiles show its lines.
"""

import linecache
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from itertools import count
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakValueDictionary, finalize

from graphql import GraphQLAbstractType, get_named_type, is_abstract_type

from gateway.compiler.python_backend.expressions import Body, Call
from gateway.compiler.python_backend.leaves import NAMES
from gateway.model.filter_trees import FlatNode
from gateway.plan.operation_plan import Field, Plan, ResponsePath
from gateway.plan.pages import Pages
from gateway.schema.graph import Graph, type_resolver
from gateway.schema.readings import Discriminator, Fetched, Flat, Total, reading_of
from gateway.schema.strawberry_adapter import declared_name

Shaper = Callable[[Pages], dict[str, Any]]
Function = Callable[..., Any]

_FILES = count(1)
_INDENT = "    "


class Shapes:
    """Makes the shapers of plans for one graph, and keeps their functions for as long as any of them is in use."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        # Constants are parts of the schema, so there are only so many.
        self._namespace: dict[str, Any] = {**NAMES}
        self._constants: dict[Hashable, str] = {}
        self._functions: WeakValueDictionary[Hashable, Function] = WeakValueDictionary()
        self._codes: WeakValueDictionary[str, CodeType] = WeakValueDictionary()

    def shaper(self, plan: Plan) -> Shaper:
        """The function that shapes the pages of a plan; it raises, mostly `Fallback`, where the executor has to answer.

        Raises `Fallback` itself for a plan with introspection, which reads no pages.
        """
        return _Writing(self).root(plan)

    def constant(self, value: Any, what: Hashable = None) -> str:
        """The name of a part of the schema in the source, known by what it is where it is made anew each time."""
        what = what or id(value)
        name = self._constants.get(what)
        if name is None:
            name = self._constants[what] = f"c{len(self._constants)}"
            self._namespace[name] = value
        return name

    def known(self, what: Hashable) -> Function | None:
        """The function that was written for this, while it is in use."""
        return self._functions.get(what)

    def function(self, what: Hashable, text: str, called: Collection[Function]) -> Function:
        """The function for this, of a text in which the functions it calls are its last parameters."""
        code = self._codes.get(text)
        if code is None:
            filename = f"<shape {next(_FILES)}>"
            [code] = (one for one in compile(text, filename, "exec").co_consts if isinstance(one, CodeType))
            self._codes[text] = code
            linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
            finalize(code, linecache.cache.pop, filename, None)
        # With what it calls bound to those parameters it ends with it, and one code serves whatever is called.
        function = self._functions[what] = FunctionType(code, self._namespace, code.co_name, tuple(called))
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
        return self._function(None, {declared_name(type_): plan.fields}, (), ("pages",))

    def _function(
        self,
        abstract: GraphQLAbstractType | None,
        selections: Mapping[str, tuple[Field, ...]],
        path: ResponsePath,
        parameters: tuple[str, ...],
    ) -> Function:
        """The function for objects of which this is selected, by their concrete type.

        It is known by all that its text is made of, and is only written where it isn't.
        """
        what: list[Any] = [abstract and abstract.name, path, parameters]
        called: dict[Function, Call] = {}
        calls: dict[int, Call] = {}
        for type_name, fields in selections.items():
            what.append(type_name)
            for one in fields:
                function = None
                if one.selections:
                    function, placed = self._below(one, path)
                    calls[id(one)] = called.setdefault(function, Call(f"f{len(called)}", placed))
                what.append((one.key, one.name, function))
        known = self._shapes.known(tuple(what))
        if known is not None:
            return known

        def body(type_name: str, indent: str, of_condition: bool | None = None) -> str:
            written = Body(
                self._shapes.graph,
                self._shapes.constant,
                lambda one: calls[id(one)],
                type_name,
                path,
                parameters[0] if of_condition is None else "node",
                of_condition=of_condition,
            )
            return written.text(selections[type_name], indent)

        text = f"def shape({', '.join((*parameters, *(call.name for call in called.values())))}):\n"
        [only, *_] = selections
        if abstract is not None:
            text += self._by_type(abstract, selections, body)
        elif parameters is FlatNode._fields:
            text += f"    if is_condition:\n{body(only, _INDENT * 2, True)}{body(only, _INDENT, False)}"
        else:
            text += body(only, _INDENT)
        return self._shapes.function(tuple(what), text, called)

    def _below(self, one: Field, above: ResponsePath) -> tuple[Function, bool]:
        """The function for the object of a field, or for each of its objects, and whether it is given the pages."""
        assert one.definition is not None, "introspection has no objects of ours"
        type_ = get_named_type(one.definition.type)
        placed = any(map(self._depends_on_place, one.selections.values()))
        path = (*above, one.step) if placed else ()
        place = (type_.name, *map(id, one.selections.values()), path)
        function = self._written.get(place)
        if function is None:
            abstract = type_ if is_abstract_type(type_) else None
            parameters: tuple[str, ...] = ("parent", "pages") if placed else ("parent",)
            if isinstance(reading_of(one.definition), Flat):
                parameters = FlatNode._fields
            function = self._written[place] = self._function(abstract, one.selections, path, parameters)
        return function, placed

    def _by_type(self, type_: GraphQLAbstractType, names: Iterable[str], body: Callable[[str, str], str]) -> str:
        """A branch for each type that the object may be of."""
        told = type_resolver(type_)
        opening = "    if parent.__class__ is not dict: refuse(parent)\n"
        if isinstance(told, Discriminator):
            has = " or ".join(f"{key!r} in parent" for key in told.any_of)
            # Quicker, key by key, than to ask a set whether it is disjoint.
            test = " and ".join([f"({has})", *(f"{key!r} not in parent" for key in sorted(told.none_of))])
            return f"{opening}    if {test}:\n{body(told.matching, _INDENT * 2)}{body(told.otherwise, _INDENT)}"
        tests = "".join(f"    if name == {name!r}:\n{body(name, _INDENT * 2)}" for name in names)
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
