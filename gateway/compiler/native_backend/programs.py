"""A program as a function from pages of undecoded documents to the bytes of an answer's data."""

from collections.abc import Callable
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import orjson

from gateway.compiler.answer_widths import AnswerWidths
from gateway.compiler.native_backend.encoding import Lookups, ShapeEncoding, Unsupported
from gateway.compiler.native_backend.extension import Extension, NativeProgram
from gateway.compiler.native_backend.fetched import FetchedOtherwise, fetched_join, fetched_root
from gateway.compiler.program import Program, Shape
from gateway.plan.fetched_pages import Pages

NativeShaper: TypeAlias = Callable[[Pages, int], bytes | str]
"""What gives the data of an answer of at most so many bytes as JSON, or the reason for which it gives none."""

_FETCHED_OTHERWISE = "fetched otherwise"


class NativeBackend:
    """The maker of native programs, whose shapes are kept for as long as any program has them.

    ``most_values``: that an answer may have; what has more is left to the other ways, which refuse it.
    """

    def __init__(self, extension: Extension, most_values: int, widths: AnswerWidths) -> None:
        self._extension = extension
        self._most_values = most_values
        self._widths = widths
        self._shapes: WeakKeyDictionary[Shape, Any] = WeakKeyDictionary()

    def shaper(self, program: Program) -> NativeShaper | None:
        """The function of a program; None where the extension has nothing for what it reads."""
        lookups = Lookups()
        encoding = ShapeEncoding(self._widths, lookups)
        try:
            encoded = orjson.dumps(encoding.program(program))
            native = self._extension.Program(encoded, [self._shape(shape, lookups) for shape in encoding.inner])
        except (Unsupported, ValueError):
            return None
        return _NativeAnswers(native, lookups, self._most_values)

    def _shape(self, shape: Shape, lookups: Lookups) -> Any:
        # What is looked up is numbered by program.
        if not shape.uses_pages and (known := self._shapes.get(shape)) is not None:
            return known
        encoding = ShapeEncoding(self._widths, lookups)
        encoded = orjson.dumps(encoding.shape(shape))
        made = self._extension.Shape(encoded, [self._shape(inner, lookups) for inner in encoding.inner])
        if not shape.uses_pages:
            self._shapes[shape] = made
        return made


class _NativeAnswers:
    """A native program with what it looks up: pages at the roots, what parents are joined to, the bounds of totals."""

    __slots__ = ("_joins", "_most_values", "_program", "_roots", "_totals")

    def __init__(self, program: NativeProgram, lookups: Lookups, most_values: int) -> None:
        self._program = program
        self._roots = tuple(lookups.roots)
        self._joins = tuple(lookups.joins)
        self._totals = tuple(lookups.totals)
        self._most_values = most_values

    def __call__(self, pages: Pages, most_bytes: int) -> bytes | str:
        if pages.holds_decoded:
            return _FETCHED_OTHERWISE
        try:
            roots = [fetched_root(pages.root(path)) for path in self._roots]
            joins = [fetched_join(pages.joined(path)) for path in self._joins]
            bounds = [bound for path in self._totals if not isinstance(bound := pages.bound(path), Exception)]
            if len(bounds) < len(self._totals):
                return "a bad argument"
            return self._program.answer(roots, joins, bounds, self._most_values, most_bytes)
        except FetchedOtherwise:
            return _FETCHED_OTHERWISE
        except (TypeError, OverflowError) as error:
            # It takes nothing but what the driver gives today.
            return f"{type(error).__name__} natively"
