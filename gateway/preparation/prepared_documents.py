"""Operation texts parsed and validated, their operations planned, compiled and bound: values that never change.

Nothing is kept here; `gateway.preparation.known_operations` says what is.
"""

import marshal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInputType,
    OperationDefinitionNode,
    VariableValues,
)

from gateway.compiler.binding import bind
from gateway.compiler.coercion import Coercers, Coercion
from gateway.compiler.collect import collect
from gateway.compiler.introspection import Introspection
from gateway.compiler.plan_builder import select
from gateway.compiler.required_permissions import permissions
from gateway.compiler.shaping import Shaping
from gateway.compiler.variable_roles import condition_variables, cursor_variables
from gateway.context import Permission
from gateway.errors import OperationNotResolved
from gateway.limits import DEFAULTS, Limits
from gateway.limits.validation_bounds import MAX_ERRORS, MAX_SUGGESTING
from gateway.plan.cost import EXECUTOR_FACTOR, estimate
from gateway.preparation.bound_operations import BoundOperation, CompiledOperation
from gateway.preparation.document_limits import parse_within
from gateway.preparation.meant_names import with_meant_names
from gateway.preparation.validation import Validation
from gateway.preparation.variable_limits import check_variables
from gateway.schema.graph import Graph

_MAX_SUGGESTING_BYTES = 10_000

# About how many bytes they take up, measured: a token with its share of the parsed nodes, and all else that there is
# of a document.
_TOKEN_BYTES = 450
_DOCUMENT_BYTES = 12_000


@dataclass(frozen=True, slots=True, eq=False)
class PreparedOperation:
    """One operation of a valid document.

    ``permissions``: what a key needs for it. ``conditions``: the variables that its plan depends on; ``cursors``: those
    that stand for a connection's cursor and for nothing else.
    """

    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    permissions: frozenset[Permission]
    coercion: Coercion
    types: Mapping[str, GraphQLInputType]
    conditions: Sequence[str]
    cursors: Sequence[str]

    @property
    def name(self) -> str | None:
        return self.node.name.value if self.node.name else None

    def declared(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those of the variables that it has."""
        return {name: value for name, value in variables.items() if name in self.types}

    def condition_values(self, variables: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of its conditions among the coerced variables: all that its plan depends on."""
        return tuple(variables.get(name) for name in self.conditions)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedDocument:
    """A parsed document: the ``errors`` that validation found, or else its operations by name."""

    node: DocumentNode
    errors: Sequence[GraphQLError]
    operations: Mapping[str | None, PreparedOperation]

    def operation(self, name: str | None) -> PreparedOperation:
        """The operation of this name, or the only one; raises `OperationNotResolved`."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise OperationNotResolved("The document holds several operations: `operationName` must name one.")
        operation = self.operations.get(name)
        if operation is None:
            raise OperationNotResolved(f"The document holds no operation named {name[:100]!r}.")
        return operation

    def weight(self, longest_bytes: int) -> int:
        """About how many bytes it takes up; ``longest_bytes``: of a text that isn't at hand."""
        return document_weight(self.node, longest_bytes)


def document_weight(node: DocumentNode, longest_bytes: int = 0) -> int:
    """About how many bytes a document takes up; ``longest_bytes``: of a text that isn't at hand."""
    text = len(node.loc.source.body) if node.loc else longest_bytes
    # Its text is there twice.
    return _DOCUMENT_BYTES + _TOKEN_BYTES * node.token_count + 2 * text


class DocumentPreparation:
    """The way from an operation text to a bound operation, for one graph, step by step; ``native``: whether answers are
    made by the extension where it is there."""

    def __init__(
        self,
        graph: Graph,
        *,
        introspection: bool,
        subgraph: bool = True,
        limits: Limits = DEFAULTS,
        native: bool = True,
    ) -> None:
        self.limits = limits
        self._schema = graph.executable
        self._introspection = Introspection(graph.executable, limits.executed_values)
        self._shaping = Shaping(graph, limits.answer_values, native=native)
        self._coercers = Coercers()
        self._validation = Validation(graph.executable, introspection=introspection, subgraph=subgraph)
        self._hide_suggestions = not introspection

    def document(self, text: str) -> PreparedDocument:
        """The prepared document of a text.

        Raises `GraphQLSyntaxError` for what can't be parsed, and `OperationTooComplex` for what is beyond a limit.
        """
        return self._prepared(parse_within(text, self.limits))

    def trusted(self, text: str) -> PreparedDocument:
        """A document that may be beyond the limits; raises `GraphQLSyntaxError`."""
        return self._prepared(parse_within(text, None))

    def _prepared(self, node: DocumentNode) -> PreparedDocument:
        if errors := self._validation.errors(node):
            return PreparedDocument(node, errors, {})
        fragments = {part.name.value: part for part in node.definitions if isinstance(part, FragmentDefinitionNode)}
        operations = {
            part.name.value if part.name else None: self._operation(part, fragments)
            for part in node.definitions
            if isinstance(part, OperationDefinitionNode)
        }
        return PreparedDocument(node, [], operations)

    def _operation(
        self, node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> PreparedOperation:
        coercion = Coercion(self._schema, self._coercers, node.variable_definitions or ())
        return PreparedOperation(
            node,
            fragments,
            permissions(self._schema, node, fragments),
            coercion,
            {name: signature.type for name, signature in coercion.signatures.items()},
            condition_variables(node, fragments.values()),
            cursor_variables(node, fragments.values()),
        )

    def coerced(
        self, operation: PreparedOperation, variables: Mapping[str, Any]
    ) -> VariableValues | list[GraphQLError]:
        """The values of an operation's variables, as they were sent, or what is wrong with them; raises `BadUserInput`
        where they are beyond a limit."""
        check_variables(operation.types, variables, self.limits)
        values = operation.coercion.values(variables, MAX_ERRORS, hide_suggestions=True)
        if isinstance(values, list) and not self._hide_suggestions and _are_short(variables):
            suggesting = operation.coercion.values(variables, MAX_SUGGESTING, hide_suggestions=False)
            assert isinstance(suggesting, list)
            values[:MAX_SUGGESTING] = [with_meant_names(error, self._schema) for error in suggesting[:MAX_SUGGESTING]]
        return values

    def compiled(self, operation: PreparedOperation, values: Sequence[Any]) -> CompiledOperation:
        """The operation with these values of its conditions; raises `OperationTooComplex` for what introspects too
        much."""
        conditions = {name: value is True for name, value in zip(operation.conditions, values, strict=True)}
        fields = collect(self._schema, operation.node, operation.fragments, conditions)
        plan = select(self._schema, operation.node.operation, fields, self._introspection)
        if None in values:
            # The executor refuses a condition that is null; the plan doesn't matter.
            return CompiledOperation(plan, None, "null condition", operation.name)
        shape, native = self._shaping.shapers(plan)
        return CompiledOperation(plan, shape, "", operation.name, native)

    def bound(self, compiled: CompiledOperation, values: VariableValues) -> BoundOperation:
        """A compiled operation with its variables' values; raises as ``compiled`` does."""
        bindings = bind(compiled.plan, values, self.limits.page_size)
        points = estimate(compiled.plan, bindings)
        return BoundOperation(compiled, bindings, points * (1 if compiled.shape else EXECUTOR_FACTOR))


def _are_short(variables: Mapping[str, Any]) -> bool:
    """Whether names in them are compared with those that there are, for suggestions; others would take too long."""
    try:
        return len(marshal.dumps(dict(variables))) <= _MAX_SUGGESTING_BYTES
    except ValueError:
        return False
