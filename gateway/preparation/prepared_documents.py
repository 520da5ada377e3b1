"""GraphQL documents that were parsed, validated and planned once, for every request that sends them again.

What is kept depends on the document alone; a plan also on its operation and the values of ``@skip`` and ``@include``,
and what is bound on the values of the operation's variables.
"""

import marshal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.values import VariableValues

from gateway.compiler.binding import bind
from gateway.compiler.coercion import Coercers, Coercion
from gateway.compiler.collect import collect
from gateway.compiler.cost import estimate
from gateway.compiler.leaves import Fallback
from gateway.compiler.required_permissions import permissions
from gateway.compiler.select import select
from gateway.compiler.shaping import Shapes
from gateway.compiler.variable_roles import condition_variables, cursor_variables
from gateway.errors import OperationNotResolved
from gateway.limits import DEFAULTS, Limits
from gateway.limits.operation_text import parse_within
from gateway.limits.validation_rules import MAX_SUGGESTING
from gateway.limits.variables import check_variables
from gateway.preparation.bound_operations import BoundOperation, BoundOperations, CompiledOperation
from gateway.preparation.validation import MAX_ERRORS, Validation
from gateway.preparation.weighted_lru import WeightedLru
from gateway.schema.graph import Graph

_MAX_CACHED_DOCUMENTS = 1_000
_MAX_CACHED_BYTES = 30_000_000
# Each condition doubles the plans that an operation may have; few clients use more than two of them.
_MAX_PLANS = 64
_MAX_SUGGESTING_BYTES = 10_000

# About how many bytes they take up, measured: a token with its share of the parsed nodes, and all else that there is
# of a document.
_TOKEN_BYTES = 450
_DOCUMENT_BYTES = 12_000


@dataclass(frozen=True, slots=True)
class _Means:
    """What all documents of one graph are prepared with."""

    shapes: Shapes
    coercers: Coercers
    limits: Limits
    hide_suggestions: bool

    @property
    def schema(self) -> GraphQLSchema:
        return self.shapes.graph.executable


class PreparedOperation:
    """One operation of a document with its latest used plans, up to 64, and what was bound to its latest variables.

    ``grown`` is told when there is more of them. ``permissions``: what a key needs for it.
    """

    def __init__(
        self,
        means: _Means,
        node: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        grown: Callable[[], None],
    ) -> None:
        self.node = node
        self.permissions = permissions(means.schema, node, fragments)
        self._grown = grown
        self._means = means
        self._fragments = fragments
        self._coercion = Coercion(means.schema, means.coercers, node.variable_definitions or ())
        self._declared = {name: one.type for name, one in self._coercion.signatures.items()}
        self._conditions = condition_variables(node, fragments.values())
        self._compiled: WeightedLru[tuple[Any, ...], CompiledOperation] = WeightedLru(_MAX_PLANS)
        self._bound = BoundOperations(cursor_variables(node, fragments.values()))

    def bound(self, variables: Mapping[str, Any]) -> BoundOperation | list[GraphQLError]:
        """The operation with these variables, as they were sent, or what is wrong with them.

        Raises `BadUserInput` where they are beyond a limit.
        """
        key, known = (None, None) if self.node.operation is OperationType.MUTATION else self._bound.find(variables)
        if known is None:
            limits = self._means.limits
            check_variables(self._declared, variables, limits)
            coerced = self._coerced(variables)
            if isinstance(coerced, list):
                return coerced
            compiled = self.compiled(coerced.coerced)
            bindings = bind(compiled.plan, coerced, limits.page_size)
            known = BoundOperation(compiled, bindings, estimate(compiled.plan, bindings))
            if key is not None and self._bound.keep(key, known):
                self._grown()
        return known

    def _coerced(self, variables: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        found = self._coercion.values(variables, MAX_ERRORS, hide_suggestions=True)
        if isinstance(found, list) and not self._means.hide_suggestions and _are_short(variables):
            suggesting = self._coercion.values(variables, MAX_SUGGESTING, hide_suggestions=False)
            assert isinstance(suggesting, list)
            found[:MAX_SUGGESTING] = suggesting[:MAX_SUGGESTING]
        return found

    def compiled(self, variables: Mapping[str, Any]) -> CompiledOperation:
        """The plan for these coerced variables."""
        values = tuple(variables.get(name) for name in self._conditions)
        known = self._compiled.get(values)
        if known is None:
            known = self._compiled[values] = self._compile(values)
            self._grown()
        return known

    @property
    def weight(self) -> int:
        return self._compiled.weight + self._bound.weight

    def _compile(self, values: tuple[Any, ...]) -> CompiledOperation:
        conditions = {name: value is True for name, value in zip(self._conditions, values, strict=True)}
        fields = collect(self._means.schema, self.node, self._fragments, conditions)
        plan = select(self.node.operation, fields)
        if None in values:
            # The executor refuses a condition that is null; what it is given doesn't matter.
            return CompiledOperation(plan, None, "null condition")
        try:
            return CompiledOperation(plan, self._means.shapes.shaper(plan), "")
        except Fallback as reason:
            return CompiledOperation(plan, None, str(reason))


class PreparedDocument:
    """A parsed document: the ``errors`` that validation found, or else its operations."""

    def __init__(
        self, means: _Means, node: DocumentNode, errors: list[GraphQLError], grown: Callable[[], None]
    ) -> None:
        self.node = node
        self.errors = errors
        # Its text is there twice.
        text = len(node.loc.source.body) if node.loc else means.limits.source_bytes
        self._parsed = _DOCUMENT_BYTES + _TOKEN_BYTES * node.token_count + 2 * text
        fragments = {one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)}
        nodes = [] if errors else [one for one in node.definitions if isinstance(one, OperationDefinitionNode)]
        self._operations = {
            one.name.value if one.name else None: PreparedOperation(means, one, fragments, grown) for one in nodes
        }

    @property
    def weight(self) -> int:
        """About how many bytes it takes up, with all that is kept of its operations."""
        return self._parsed + sum(one.weight for one in self._operations.values())

    def operation(self, name: str | None) -> PreparedOperation:
        """The operation of this name, or the only one; raises `OperationNotResolved`."""
        if name is None and len(self._operations) == 1:
            return next(iter(self._operations.values()))
        if name is None:
            raise OperationNotResolved("The document holds several operations: `operationName` must name one.")
        found = self._operations.get(name)
        if found is None:
            raise OperationNotResolved(f"The document holds no operation named {name[:100]!r}.")
        return found


class DocumentPreparation:
    """Prepares documents for one graph and keeps the latest used by text: up to 1,000, and about 30 MB."""

    def __init__(self, graph: Graph, *, introspection: bool, subgraph: bool = True, limits: Limits = DEFAULTS) -> None:
        self._means = _Means(Shapes(graph), Coercers(), limits, hide_suggestions=not introspection)
        self._validation = Validation(graph.executable, introspection=introspection, subgraph=subgraph)
        self._known: LRUCache[str, PreparedDocument] = LRUCache(_MAX_CACHED_BYTES, getsizeof=_weight)

    def __call__(self, query: str) -> PreparedDocument:
        """The prepared document.

        Raises `GraphQLSyntaxError` for what can't be parsed, and `OperationTooComplex` for what is beyond a limit.
        """
        known = self._known.get(query)
        if known is None:
            node = parse_within(query, self._means.limits)
            known = self._prepared(node, partial(self._weigh_again, query))
            self._keep(query, known)
        return known

    def knows(self, query: str) -> bool:
        """Whether this document is kept."""
        return query in self._known

    def trusted(self, query: str) -> PreparedDocument:
        """A document that may be beyond the limits and isn't kept here; raises `GraphQLSyntaxError`."""
        return self._prepared(parse_within(query, None), lambda: None)

    def _prepared(self, node: DocumentNode, grown: Callable[[], None]) -> PreparedDocument:
        return PreparedDocument(self._means, node, self._validation.errors(node), grown)

    def _keep(self, query: str, prepared: PreparedDocument) -> None:
        try:
            self._known[query] = prepared
        except ValueError:  # It is larger than all that is kept.
            self._known.pop(query, None)

    def _weigh_again(self, query: str) -> None:
        known = self._known.get(query)
        if known is not None:
            self._keep(query, known)


def _weight(prepared: PreparedDocument) -> int:
    """A document's own weight, and never less than its share."""
    return max(prepared.weight, _MAX_CACHED_BYTES // _MAX_CACHED_DOCUMENTS)


def _are_short(variables: Mapping[str, Any]) -> bool:
    """Whether names in them are compared with those that there are, for suggestions; others would take too long."""
    try:
        return len(marshal.dumps(dict(variables))) <= _MAX_SUGGESTING_BYTES
    except ValueError:
        return False
