"""Responses built from fetched pages: by the operation's compiled function, or else by graphql-core's executor."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLError, execute_sync
from orjson import Fragment

from gateway.compiler.introspection import without_introspection
from gateway.compiler.program import Fallback
from gateway.context import OperationCost
from gateway.errors import GatewayError
from gateway.errors.formatting import Phase, formatted_errors
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer, encode
from gateway.limits.validation_bounds import MAX_ERRORS
from gateway.plan.fetched_pages import Pages
from gateway.preparation.bound_operations import CompiledOperation
from gateway.schema.graph import Graph

_LOG = logging.getLogger(__name__)


class ResponseBuilder:
    """The builder of the responses to one graph's operations; ``answered`` counts how: "shaped", or why the executor
    had to.

    ``hide_suggestions``: errors don't suggest names of the schema.
    """

    def __init__(self, graph: Graph, *, hide_suggestions: bool = False) -> None:
        self._graph = graph
        self._hide_suggestions = hide_suggestions
        self.answered: Counter[str] = Counter()

    def response(
        self, operation: AdmittedOperation, pages: Pages, settled: Callable[[int], OperationCost] | None = None
    ) -> Answer:
        """The answer over these pages; ``settled``: gives what the operation is charged, once its answer's bytes are
        known, where that is counted."""
        errors: Sequence[GraphQLError] = ()
        data: Mapping[str, Any] | None = self.shaped(operation.bound.compiled, pages)
        if data is None:
            data, errors = self._executed(operation, pages)
        encoded = encode(data)
        answer: dict[str, Any] = {"errors": formatted_errors(errors, Phase.EXECUTION, MAX_ERRORS)} if errors else {}
        answer["data"] = Fragment(encoded)
        if settled is None:
            return Answer(encode(answer), partial=bool(errors))
        cost = settled(len(encoded))
        # What may be cached doesn't differ each time.
        if not operation.request.reads_only:
            answer["extensions"] = {"cost": cost.extension}
        return Answer(encode(answer), partial=bool(errors), budget=cost.budget)

    def shaped(self, compiled: CompiledOperation, pages: Pages) -> dict[str, Any] | None:
        """The response's data by the compiled function, or None where the executor has to answer."""
        data, how = None, compiled.fallback
        if compiled.shape is not None:
            try:
                data, how = compiled.shape(pages), "shaped"
            except Fallback as reason:
                how = str(reason)
            except GatewayError as error:
                how = error.code
            except Exception as error:
                how = f"{type(error).__name__} while shaping"
        self.answered[how] += 1
        if data is None:
            _LOG.debug("The executor answers: %.100s", how)
        return data

    def _executed(
        self, operation: AdmittedOperation, pages: Pages
    ) -> tuple[Mapping[str, Any] | None, Sequence[GraphQLError]]:
        """The response's data by graphql-core, and the errors that it met."""
        introspected = _introspected(operation.bound.compiled, pages)
        result = execute_sync(
            self._graph.executable,
            without_introspection(operation.document) if introspected else operation.document,
            pages,
            variable_values=dict(operation.request.variables),
            operation_name=operation.request.operation_name,
            hide_suggestions=self._hide_suggestions,
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
