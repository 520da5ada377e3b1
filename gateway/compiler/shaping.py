"""From a plan to the functions that shape its pages: by its program, and the back ends for that."""

from collections.abc import Callable
from typing import Any

from gateway.compiler.answer_widths import AnswerWidths
from gateway.compiler.native_backend.extension import EXTENSION
from gateway.compiler.native_backend.programs import NativeBackend, NativeShaper
from gateway.compiler.program import Program
from gateway.compiler.program_builder import ProgramBuilder
from gateway.compiler.python_backend.functions import PythonBackend
from gateway.plan.fetched_pages import Pages
from gateway.plan.operation_plan import Fetch, Plan
from gateway.schema.graph import Graph

Shaper = Callable[[Pages], dict[str, Any]]


class Shaping:
    """The maker of shapers of plans for one graph; what is selected alike, in whichever documents, is made once.

    ``most_values``: that an answer may have. ``native``: whether the extension is used, where it is there.
    """

    def __init__(self, graph: Graph, most_values: int, *, native: bool = True) -> None:
        self._programs = ProgramBuilder(graph)
        widths = AnswerWidths()
        self._backend = PythonBackend(most_values, widths)
        self._native = NativeBackend(EXTENSION, most_values, widths) if native and EXTENSION is not None else None

    def shapers(self, plan: Plan) -> tuple[Shaper, NativeShaper | None]:
        """The function that shapes the pages of a plan, and the one that makes an answer's bytes of undecoded ones.

        The first raises, mostly `Fallback`, where graphql-core has to answer, and `AnswerTooLarge` where there are too
        many values. The second is None where it can't be made so: all that is fetched has to come as it is stored.
        Where it is there, the first is written once it is needed.
        """
        program = self._programs.program(plan)
        native = None
        if self._native is not None and plan.fetches and all(map(_comes_as_stored, plan.all_fetches)):
            native = self._native.shaper(program)
        return self._backend.function(program) if native is None else _WrittenLater(self._backend, program), native


class _WrittenLater:
    """The function of a program, written when it is first called: what is answered otherwise mostly needs none."""

    __slots__ = ("_backend", "_function", "_program")

    def __init__(self, backend: PythonBackend, program: Program) -> None:
        self._backend = backend
        self._program = program
        self._function: Shaper | None = None

    def __call__(self, pages: Pages) -> dict[str, Any]:
        if self._function is None:
            self._function = self._backend.function(self._program)
        return self._function(pages)


def _comes_as_stored(fetch: Fetch) -> bool:
    lookups = (selection.lookup for selection in fetch.selections.values())
    return (
        fetch.source.as_stored
        and not fetch.parameterized
        and all(lookup is None or lookup.as_stored for lookup in lookups)
    )
