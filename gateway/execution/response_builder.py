"""Responses built from fetched pages: by the operation's compiled function, or else by graphql-core's executor."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLError
from orjson import Fragment

from gateway.compiler.graphql_core_adapter import execute_within
from gateway.compiler.introspection import without_introspection
from gateway.compiler.program import Fallback
from gateway.context import OperationCost
from gateway.errors import AnswerTooLarge, GatewayError
from gateway.errors.formatting import Phase, formatted_errors
from gateway.errors.tracebacks import untraced
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer, encode, refused
from gateway.execution.bounded_encoding import encoded_within, with_leaves_within
from gateway.limits import DEFAULTS, Limits
from gateway.limits.validation_bounds import MAX_ERRORS
from gateway.plan.cost import EXECUTOR_FACTOR
from gateway.plan.fetched_pages import Pages
from gateway.preparation.bound_operations import CompiledOperation
from gateway.schema.graph import Graph

_LOG = logging.getLogger(__name__)

# Of an answer that is refused once it has all the values that it may have.
_BYTES_OF_VALUE = 10


@dataclass(frozen=True, slots=True)
class AnswerData:
    """What an operation is answered with, but for what is settled then: its data as JSON, the ``way`` in which it was
    made ("shaped", or why the executor had to) and the errors that were met, or why it is refused. ``natively``:
    "native", or why not, where that was tried."""

    encoded: bytes
    way: str
    is_executed: bool = False
    errors: Sequence[GraphQLError] = ()
    refusal: AnswerTooLarge | None = None
    natively: str = ""


class ResponseBuilder:
    """The builder of the responses to one graph's operations; ``answered`` counts how: "shaped", or why the executor
    had to; ``natively``, of those that were shaped by the extension or might have been: "native", or why not.

    ``hide_suggestions``: errors don't suggest names of the schema.
    """

    def __init__(self, graph: Graph, limits: Limits = DEFAULTS, *, hide_suggestions: bool = False) -> None:
        self._graph = graph
        self._limits = limits
        self._hide_suggestions = hide_suggestions
        self.answered: Counter[str] = Counter()
        self.natively: Counter[str] = Counter()

    def response(self, operation: AdmittedOperation, pages: Pages) -> Answer:
        """The answer over these pages, which is charged to nobody."""
        return self.answer(operation, next(made for made in self.pieces(operation, pages) if made is not None))

    def pieces(
        self, operation: AdmittedOperation, pages: Pages, *, in_turns: bool = False
    ) -> Iterator[AnswerData | None]:
        """The making of what is answered over these pages, which is the last item; each before it is None, where
        something else may be done: ahead of each way that takes longer and, where it is made ``in_turns``, of each part
        of it.

        Nothing but these pages is changed by it, so that it may be done in any thread.
        """
        errors: Sequence[GraphQLError] = ()
        plan, most = operation.bound.compiled.plan, self._limits.answer_bytes
        way = natively = ""
        if (native := operation.bound.compiled.native) is not None:
            made = native(pages, most)
            if isinstance(made, bytes):
                yield AnswerData(made, "shaped", natively="native")
                return
            natively = made
            yield None
            for _ in pages.decoding():
                if in_turns:
                    yield None
        try:
            shaped, way = self.shaped(operation.bound.compiled, pages)
            data: Mapping[str, Any] | None = shaped
            if data is None:
                yield None
                data, errors = self._executed(operation, pages)
            if in_turns:
                yield None
            is_executed, shaped = shaped is None, None
            data = with_leaves_within(most, plan, pages, data)
            if in_turns:
                yield None
            yield AnswerData(encoded_within(most, data), way, is_executed, errors, natively=natively)
        except AnswerTooLarge as error:
            yield AnswerData(b"", way, refusal=untraced(error), natively=natively)

    def answer(
        self, operation: AdmittedOperation, made: AnswerData, settled: Callable[[int], OperationCost] | None = None
    ) -> Answer:
        """The answer of what was made; ``settled``: gives what the operation is charged, once the bytes of its answer
        are known, where that is counted."""
        if made.way:
            self.answered[made.way] += 1
        if made.natively:
            self.natively[made.natively] += 1
        if made.refusal is not None:
            return self._refused(made.refusal, settled)
        answer: dict[str, Any] = {}
        codes: Sequence[str] = ()
        if made.errors:
            answer["errors"] = formatted = formatted_errors(made.errors, Phase.EXECUTION, MAX_ERRORS)
            codes = [error["extensions"]["code"] for error in formatted]
            for error in made.errors:
                untraced(error)
        answer["data"] = Fragment(made.encoded)
        if settled is None:
            return Answer(encode(answer), codes=codes, way=made.way)
        cost = settled(len(made.encoded) * (EXECUTOR_FACTOR if made.is_executed else 1))
        # What may be cached doesn't differ each time.
        if not operation.request.reads_only:
            answer["extensions"] = {"cost": cost.extension}
        return Answer(encode(answer), codes=codes, budget=cost.budget, way=made.way, cost=cost.actual)

    def _refused(self, error: AnswerTooLarge, settled: Callable[[int], OperationCost] | None) -> Answer:
        """The refusal of an answer, of which as much was made as an answer may have."""
        answer = refused(error)
        if settled is None:
            return answer
        cost = settled(self._limits.answer_values * _BYTES_OF_VALUE)
        return replace(answer, budget=cost.budget, cost=cost.actual)

    def shaped(self, compiled: CompiledOperation, pages: Pages) -> tuple[dict[str, Any] | None, str]:
        """The response's data by the compiled function, or None where the executor has to answer; and "shaped", or why
        it has to."""
        data, how = None, compiled.fallback
        if compiled.shape is not None:
            try:
                data, how = compiled.shape(pages), "shaped"
            except AnswerTooLarge:
                raise
            except Fallback as reason:
                how = str(reason)
            except GatewayError as error:
                how = error.code
            except Exception as error:
                how = f"{type(error).__name__} while shaping"
        if data is None:
            _LOG.debug("The executor answers: %.100s", how)
        return data, how

    def _executed(
        self, operation: AdmittedOperation, pages: Pages
    ) -> tuple[Mapping[str, Any] | None, Sequence[GraphQLError]]:
        """The response's data by graphql-core, and the errors that it met."""
        introspected = _introspected(operation.bound.compiled, pages)
        most = self._limits.executed_values
        result = execute_within(
            most,
            self._graph.executable,
            without_introspection(operation.document) if introspected else operation.document,
            pages,
            variable_values=dict(operation.request.variables),
            operation_name=operation.request.operation_name,
            hide_suggestions=self._hide_suggestions,
        )
        if result is None:
            raise AnswerTooLarge(
                f"An answer with errors in it may have at most {most:,} values: ask for smaller pages, or for less of "
                "each element."
            )
        data, errors = result.data, result.errors or ()
        if data is not None and introspected:
            found = {**data, **introspected}
            data = {field.key: found[field.key] for field in operation.bound.compiled.plan.fields}
        return data, errors


def _introspected(compiled: CompiledOperation, pages: Pages) -> Mapping[str, Any]:
    """What the schema says of itself, by response key: nothing where graphql-core has an error to tell in it."""
    if compiled.shape is None:
        return {}
    try:
        return {field.key: pages.at((field.step,)) for field in compiled.plan.fields if field.introspects}
    except GraphQLError:
        return {}
