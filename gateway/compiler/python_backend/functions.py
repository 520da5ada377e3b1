"""A program as generated functions from the fetched pages to the response's data.

There is a function for each shape, and what differs only in the functions that it calls has the same code. The source
consists of names that are generated here and of literals written by ``repr``; all else, such as a reading that has no
shortcut, is handed to it as a constant. `linecache` knows it, so that tracebacks and profiles show its lines.
"""

import linecache
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from itertools import count
from types import CodeType, FunctionType
from weakref import WeakValueDictionary, finalize

from gateway.compiler.program import Entries, FlatShape, ListOf, Object, Program, Shape, TypedShape
from gateway.compiler.python_backend.constants import Constants
from gateway.compiler.python_backend.expressions import Body, Call, Function
from gateway.model.filter_trees import FlatNode

_FILES = count(1)
_INDENT = "    "


class PythonBackend:
    """Makes functions of programs, and keeps those of their shapes for as long as any of them is in use."""

    def __init__(self) -> None:
        self._constants = Constants()
        # A function that is in use keeps its shape, so that what is selected alike meets both again.
        self._functions: WeakValueDictionary[Shape | Program, Function] = WeakValueDictionary()
        self._codes: WeakValueDictionary[str, CodeType] = WeakValueDictionary()

    def function(self, shape: Shape | Program) -> Function:
        """The function that makes the object of a shape of its parent, or that of a program of the pages."""
        function = self._functions.get(shape)
        if function is None:
            function = self._functions[shape] = self._written(shape)
        return function

    def _written(self, shape: Shape | Program) -> Function:
        functions = {inner: self.function(inner) for inner in _inner_shapes(shape)}
        calls = {inner: Call(f"f{number}", inner.uses_pages) for number, inner in enumerate(functions)}
        parameters = _parameters(shape)
        text = f"def shape({', '.join((*parameters, *(call.name for call in calls.values())))}):\n"
        match shape:
            case TypedShape():
                text += self._by_type(shape, calls)
            case FlatShape(of_condition, of_group):
                text += f"    if is_condition:\n{self._body(of_condition, calls, 'node', _INDENT * 2)}"
                text += self._body(of_group, calls, "node", _INDENT)
            case _:
                text += self._body(shape.entries, calls, parameters[0], _INDENT)
        # With what it calls bound to its last parameters it ends with it, and one code serves whatever is called.
        return FunctionType(self._code(text), self._constants.namespace, "shape", tuple(functions.values()))

    def _body(self, entries: Entries, calls: Mapping[Shape, Call], parent: str, indent: str) -> str:
        return Body(self._constants, calls, parent).text(entries, indent)

    def _by_type(self, shape: TypedShape, calls: Mapping[Shape, Call]) -> str:
        """A branch for each type that the object may be of."""
        opening, deeper = "    if parent.__class__ is not dict: refuse(parent)\n", _INDENT * 2
        bodies = {name: partial(self._body, entries, calls, "parent") for name, entries in shape.entries.items()}
        if (keys := shape.discriminator) is not None:
            has = " or ".join(f"{key!r} in parent" for key in keys.any_of)
            # Quicker, key by key, than to ask a set whether it is disjoint.
            test = " and ".join([f"({has})", *(f"{key!r} not in parent" for key in sorted(keys.none_of))])
            return f"{opening}    if {test}:\n{bodies[keys.matching](deeper)}{bodies[keys.otherwise](_INDENT)}"
        branches = "".join(f"    if name == {name!r}:\n{body(deeper)}" for name, body in bodies.items())
        return f"{opening}    name = parent['__typename']\n{branches}    refuse(parent)\n"

    def _code(self, text: str) -> CodeType:
        code = self._codes.get(text)
        if code is None:
            filename = f"<shape {next(_FILES)}>"
            constants = compile(text, filename, "exec").co_consts
            [code] = (constant for constant in constants if isinstance(constant, CodeType))
            self._codes[text] = code
            linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
            finalize(code, linecache.cache.pop, filename, None)
        return code


def _inner_shapes(shape: Shape | Program) -> Iterator[Shape]:
    """The shapes of the objects in these entries, which may be met several times."""
    for entries in _branches(shape):
        for _, value in entries:
            item = value.item if isinstance(value, ListOf) else value
            if isinstance(item, Object):
                yield item.shape


def _branches(shape: Shape | Program) -> Collection[Entries]:
    match shape:
        case TypedShape():
            return shape.entries.values()
        case FlatShape(of_condition, of_group):
            return (of_condition, of_group)
    return (shape.entries,)


def _parameters(shape: Shape | Program) -> tuple[str, ...]:
    if isinstance(shape, Program):
        return ("pages",)
    if isinstance(shape, FlatShape):
        return FlatNode._fields
    return ("parent", "pages") if shape.uses_pages else ("parent",)
