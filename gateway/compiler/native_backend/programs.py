"""A program as a function from pages of undecoded documents to the bytes of an answer's data."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import orjson

from gateway.compiler.answer_widths import AnswerWidths
from gateway.compiler.native_backend.encoding import Lookups, ShapeEncoding, Unsupported
from gateway.compiler.native_backend.extension import Extension, FetchedPage, NativeProgram
from gateway.compiler.program import Program, Shape
from gateway.model.undecoded_documents import UndecodedDocuments
from gateway.plan.fetched_pages import Pages, ResponsePath
from gateway.plan.paging import Page

NativeShaper: TypeAlias = Callable[[Pages, int], bytes | str]
"""What gives the data of an answer of at most so many bytes as JSON, or the reason for which it gives none."""

_OTHERWISE_FETCHED = "fetched otherwise"


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
        return _NativeAnswers(native, list(lookups.roots), list(lookups.totals), self._most_values)

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
    """A native program with what it looks up: pages at the roots, and the bounds of totals."""

    __slots__ = ("_most_values", "_program", "_roots", "_totals")

    def __init__(
        self, program: NativeProgram, roots: Sequence[ResponsePath], totals: Sequence[ResponsePath], most_values: int
    ) -> None:
        self._program = program
        self._roots = roots
        self._totals = totals
        self._most_values = most_values

    def __call__(self, pages: Pages, most_bytes: int) -> bytes | str:
        fetched: list[FetchedPage] = []
        for path in self._roots:
            page = pages.root(path)
            # An error, or a page of nothing for which nobody asked the database.
            if not isinstance(page, Page) or not isinstance(documents := page.documents, UndecodedDocuments):
                return _OTHERWISE_FETCHED
            picked, order = documents.picked, page.order
            fetched.append(
                (
                    documents.batches,
                    picked.start,
                    picked.stop,
                    picked.step,
                    page.has_next_page,
                    page.has_previous_page,
                    page.total,
                    order.path,
                    order.tag,
                )
            )
        bounds = []
        for path in self._totals:
            bound = pages.bound(path)
            if isinstance(bound, Exception):
                return "a bad argument"
            bounds.append(bound)
        try:
            return self._program.answer(fetched, bounds, self._most_values, most_bytes)
        except (TypeError, OverflowError) as error:
            # It takes nothing but what the driver gives today.
            return f"{type(error).__name__} natively"
