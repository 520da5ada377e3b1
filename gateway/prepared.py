"""GraphQL documents that were parsed, validated and planned once, for every request that sends them again.

What is kept depends on the document alone; a plan also on its operation and the values of ``@skip`` and ``@include``,
and what is bound on the values of the operation's variables.
"""

import marshal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInputType,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    ValidationRule,
    get_named_type,
    get_variable_values,
    specified_rules,
    type_from_ast,
    validate,
)
from graphql.execution.values import VariableValues

from gateway.compiler.bind import Bindings, bind
from gateway.compiler.collect import collect, condition_variables
from gateway.compiler.leaves import Fallback
from gateway.compiler.select import select
from gateway.compiler.shape import Shaper, shaper
from gateway.errors import OperationNotResolved
from gateway.limits import DEFAULTS, Limits
from gateway.limits.document import BoundedOverlapRule, parse_within
from gateway.limits.variables import check_variables
from gateway.plan import Plan
from gateway.schema import Graph

# Of what is wrong with a document, or with variables; more are of no use to anybody, and cost time.
MAX_ERRORS = 20

_MAX_CACHED_DOCUMENTS = 1_000
_MAX_CACHED_CHARACTERS = 5_000_000
# Each condition doubles the plans that an operation may have; few clients use more than two of them.
_MAX_PLANS = 64
_MAX_BOUND = 16
_MAX_BOUND_BYTES = 500


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan and the function that shapes its pages; where there is none, ``fallback`` says why."""

    plan: Plan
    shape: Shaper | None
    fallback: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A compiled operation with values for its variables: all of a request but who sends it, and in which namespace."""

    compiled: Compiled
    variables: VariableValues
    bindings: Bindings


class Operation:
    """One operation of a document and its latest used plans, up to 64."""

    def __init__(
        self,
        graph: Graph,
        node: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        limits: Limits,
        *,
        hide_suggestions: bool,
    ) -> None:
        self.node = node
        self._graph = graph
        self._fragments = fragments
        self._limits = limits
        self._hide_suggestions = hide_suggestions
        variables = node.variable_definitions or ()
        declared = {one.variable.name.value: type_from_ast(graph.executable, one.type) for one in variables}
        self._declared = cast(Mapping[str, GraphQLInputType], declared)
        self._conditions = condition_variables(node, fragments.values())
        self._compiled: LRUCache[tuple[Any, ...], Compiled] = LRUCache(_MAX_PLANS)
        self._bound: LRUCache[bytes, Bound] = LRUCache(_MAX_BOUND)

    def bound(self, variables: Mapping[str, Any]) -> Bound | list[GraphQLError]:
        """The operation with these variables, as they were sent, or what is wrong with them.

        Raises `BadUserInput` where they are beyond a limit.
        """
        key = None if self.node.operation is OperationType.MUTATION else _exact(variables)
        known = None if key is None else self._bound.get(key)
        if known is None:
            check_variables(self._declared, variables, self._limits)
            coerced = get_variable_values(
                self._graph.executable,
                self.node.variable_definitions or (),
                dict(variables),
                max_errors=MAX_ERRORS,
                hide_suggestions=self._hide_suggestions,
            )
            if isinstance(coerced, list):
                return coerced
            compiled = self.compiled(coerced.coerced)
            known = Bound(compiled, coerced, bind(compiled.plan, coerced))
            # An error that is raised again and again would collect tracebacks.
            if key is not None and not any(isinstance(one, Exception) for one in known.bindings.values()):
                self._bound[key] = known
        return known

    def compiled(self, variables: Mapping[str, Any]) -> Compiled:
        """The plan for these coerced variables."""
        values = tuple(variables.get(name) for name in self._conditions)
        known = self._compiled.get(values)
        if known is None:
            known = self._compiled[values] = self._compile(values)
        return known

    def _compile(self, values: tuple[Any, ...]) -> Compiled:
        conditions = {name: value is True for name, value in zip(self._conditions, values, strict=True)}
        fields = collect(self._graph.executable, self.node, self._fragments, conditions)
        plan = select(self.node.operation, fields)
        if None in values:
            # The executor refuses a condition that is null; what it is given doesn't matter.
            return Compiled(plan, None, "null condition")
        try:
            return Compiled(plan, shaper(self._graph, plan), "")
        except Fallback as reason:
            return Compiled(plan, None, str(reason))


class Prepared:
    """A parsed document: the ``errors`` that validation found, or else its operations."""

    def __init__(
        self, graph: Graph, node: DocumentNode, errors: list[GraphQLError], limits: Limits, *, hide_suggestions: bool
    ) -> None:
        self.node = node
        self.errors = errors
        fragments = {one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)}
        nodes = [] if errors else [one for one in node.definitions if isinstance(one, OperationDefinitionNode)]
        self._operations = {
            one.name.value if one.name else None: Operation(
                graph, one, fragments, limits, hide_suggestions=hide_suggestions
            )
            for one in nodes
        }

    def operation(self, name: str | None) -> Operation:
        """The operation of this name, or the only one; raises `OperationNotResolved`."""
        if name is None and len(self._operations) == 1:
            return next(iter(self._operations.values()))
        if name is None:
            raise OperationNotResolved("The document holds several operations: `operationName` must name one.")
        found = self._operations.get(name)
        if found is None:
            raise OperationNotResolved(f"The document holds no operation named {name[:100]!r}.")
        return found


class _NoSubgraphRule(ValidationRule):
    """As graphql-core's rule against introspection, for the definition of the subgraph."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        type_ = get_named_type(self.context.get_type())
        if type_ is not None and type_.name == "_Service":
            message = f"The schema is not given out, but the requested query contained the field '{node.name.value}'."
            self.report_error(GraphQLError(message, node))


class Preparation:
    """Prepares documents for one graph and keeps the latest used by text: up to 1,000, and 5 million characters."""

    def __init__(
        self, graph: Graph, *, introspection: bool, subgraph: bool = True, limits: Limits = DEFAULTS
    ) -> None:
        self._graph = graph
        self._introspection = introspection
        self._limits = limits
        self._rules = [
            BoundedOverlapRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
        ]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        if not subgraph:
            self._rules.append(_NoSubgraphRule)
        self._known: LRUCache[str, Prepared] = LRUCache(_MAX_CACHED_CHARACTERS, getsizeof=_weight)

    def __call__(self, query: str, *, trusted: bool = False) -> Prepared:
        """The prepared document; a trusted one may be beyond the limits.

        Raises `GraphQLSyntaxError` for what can't be parsed, and `OperationTooComplex` for what is beyond a limit.
        """
        known = self._known.get(query)
        if known is None:
            node = parse_within(query, None if trusted else self._limits)
            hide_suggestions = not self._introspection
            errors = validate(
                self._graph.executable,
                node,
                self._rules,
                max_errors=MAX_ERRORS,
                hide_suggestions=hide_suggestions,
                allow_empty_selection_sets=False,
            )
            known = Prepared(self._graph, node, errors, self._limits, hide_suggestions=hide_suggestions)
            with suppress(ValueError):  # It is longer than all that is kept.
                self._known[query] = known
        return known


def _weight(prepared: Prepared) -> int:
    """Of the cache's characters: a document's own length, and never less than its share."""
    length = len(prepared.node.loc.source.body) if prepared.node.loc else 0
    return max(length, _MAX_CACHED_CHARACTERS // _MAX_CACHED_DOCUMENTS)


def _exact(variables: Mapping[str, Any]) -> bytes | None:
    """A key that differs wherever JSON does, 1 from 1.0 too; None for what isn't worth keeping, or isn't plain JSON."""
    try:
        # Later versions write the same value differently, by who else refers to it.
        key = marshal.dumps(dict(variables), 2)
    except ValueError:
        return None
    return key if len(key) <= _MAX_BOUND_BYTES else None
