"""A program as generated functions from the fetched pages to the response's data.

There is a function for each shape, and what differs only in the functions that it calls, or in the response paths that
it looks up, has the same code. The source consists of names that are generated here and of literals written by
``repr``; all else, such as a reading that has no shortcut, is handed to it as a constant. `linecache` knows it, so that
tracebacks and profiles show its lines.
"""

import linecache
from collections.abc import Iterator
from itertools import count
from threading import RLock
from types import CodeType, FunctionType
from weakref import WeakValueDictionary, finalize

from gateway.compiler.answer_widths import AnswerWidths, branches, item_shape
from gateway.compiler.program import (
    Constant,
    FlatShape,
    ListOf,
    LookedUp,
    Object,
    Program,
    Shape,
    TypedShape,
)
from gateway.compiler.python_backend.answer_values import answer_values
from gateway.compiler.python_backend.constants import Constants
from gateway.compiler.python_backend.expressions import Body, Call, Function, Names
from gateway.model.documents import TYPE_FIELD
from gateway.model.filter_trees import FlatNode
from gateway.plan.fetched_pages import ResponsePath

_FILES = count(1)
_INDENT = "    "


class PythonBackend:
    """The maker of functions of programs; those of their shapes are kept for as long as any of them is in use.

    ``most_values``: that an answer may have; beyond them a program's function raises `AnswerTooLarge`.
    """

    def __init__(self, most_values: int, widths: AnswerWidths) -> None:
        self._constants = Constants(answer_values(most_values))
        # A function that is in use keeps its shape, so that what is selected alike meets both again.
        self._functions: WeakValueDictionary[Shape | Program, Function] = WeakValueDictionary()
        self._codes: WeakValueDictionary[str, CodeType] = WeakValueDictionary()
        self._widths = widths
        self._writing = RLock()

    def function(self, shape: Shape | Program) -> Function:
        """The function that makes the object of a shape of its parent, or that of a program of the pages."""
        # Some are written as answers are made, in whichever thread that is.
        with self._writing:
            function = self._functions.get(shape)
            if function is None:
                function = self._functions[shape] = self._written(shape)
            return function

    def _written(self, shape: Shape | Program) -> Function:
        functions = {inner: self.function(inner) for inner in _inner_shapes(shape)}
        calls = {inner: Call(f"f{number}", inner.uses_pages, f"n{number}") for number, inner in enumerate(functions)}
        widths = {calls[item].width: self._widths.of(item) for item in _listed_shapes(shape)}
        paths = {path: f"p{number}" for number, path in enumerate(_paths(shape))}
        names = Names(self._constants, calls, paths)
        parameters = _parameters(shape)
        if isinstance(shape, Program):
            widths["values"] = self._widths.of(shape)
        bound = (*paths.values(), *(call.name for call in calls.values()), *widths)
        text = f"def shape({', '.join((*parameters, *bound))}):\n"
        match shape:
            case TypedShape():
                text += _by_type(shape, names)
            case FlatShape(of_condition, of_group):
                text += f"    if is_condition:\n{Body(names, 'node').text(of_condition, _INDENT * 2)}"
                text += Body(names, "node").text(of_group, _INDENT)
            case Program():
                text += f"{_INDENT}begin(values)\n{Body(names, parameters[0]).text(shape.entries, _INDENT)}"
            case _:
                text += Body(names, parameters[0]).text(shape.entries, _INDENT)
        # With what it calls bound to its last parameters it ends with it, and one code serves whatever is called.
        defaults = (*paths, *functions.values(), *widths.values())
        return FunctionType(self._code(text), self._constants.namespace, "shape", defaults)

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


def _by_type(shape: TypedShape, names: Names) -> str:
    """A branch for each type that the object may be of."""
    opening, deeper = "    if parent.__class__ is not dict: refuse(parent)\n", _INDENT * 2
    if (keys := shape.discriminator) is not None:
        has = " or ".join(f"{key!r} in parent" for key in keys.any_of)
        # Quicker, key by key, than to ask a set whether it is disjoint.
        test = " and ".join([f"({has})", *(f"{key!r} not in parent" for key in sorted(keys.none_of))])
        matching = Body(names, "parent").text(shape.entries[keys.matching], deeper)
        otherwise = Body(names, "parent").text(shape.entries[keys.otherwise], _INDENT)
        return f"{opening}    if {test}:\n{matching}{otherwise}"
    branches = "".join(
        f"    if name == {name!r}:\n{Body(names, 'parent').text(entries, deeper)}"
        for name, entries in shape.entries.items()
    )
    return f"{opening}    name = parent[{TYPE_FIELD!r}]\n{branches}    refuse(parent)\n"


def _paths(shape: Shape | Program) -> Iterator[ResponsePath]:
    """The response paths that are looked up for these entries, each at one of them."""
    if isinstance(shape, Program) or shape.uses_pages:
        for entries in branches(shape):
            for _, value in entries:
                if not isinstance(value, Constant) and isinstance(value.operand, LookedUp):
                    yield value.operand.path


def _inner_shapes(shape: Shape | Program) -> Iterator[Shape]:
    """The shapes of the objects in these entries, which may be met several times."""
    for entries in branches(shape):
        for _, value in entries:
            item = value.item if isinstance(value, ListOf) else value
            if isinstance(item, Object):
                yield item.shape


def _listed_shapes(shape: Shape | Program) -> Iterator[Shape]:
    """The shapes of the items of lists in these entries."""
    for entries in branches(shape):
        for _, value in entries:
            if (item := item_shape(value)) is not None:
                yield item


def _parameters(shape: Shape | Program) -> tuple[str, ...]:
    if isinstance(shape, Program):
        return ("pages",)
    if isinstance(shape, FlatShape):
        return FlatNode._fields
    return ("parent", "pages") if shape.uses_pages else ("parent",)
