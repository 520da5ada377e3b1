"""From a plan to the function that shapes its pages: by its program, and a back end for that."""

from collections.abc import Callable
from typing import Any

from gateway.compiler.program_builder import ProgramBuilder
from gateway.compiler.python_backend.functions import PythonBackend
from gateway.plan.fetched_pages import Pages
from gateway.plan.operation_plan import Plan
from gateway.schema.graph import Graph

Shaper = Callable[[Pages], dict[str, Any]]


class Shaping:
    """The maker of shapers of plans for one graph; what is selected alike, in whichever documents, is made once.

    ``most_values``: that an answer may have.
    """

    def __init__(self, graph: Graph, most_values: int) -> None:
        self._programs = ProgramBuilder(graph)
        self._backend = PythonBackend(most_values)

    def shaper(self, plan: Plan) -> Shaper:
        """The function that shapes the pages of a plan; it raises, mostly `Fallback`, where graphql-core has to.

        It raises `AnswerTooLarge` where the answer has too many values.
        """
        return self._backend.function(self._programs.program(plan))
