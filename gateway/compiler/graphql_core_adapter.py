"""The one place that knows parts of graphql-core which aren't its public API.

Each assumption has its test in ``tests/test_upgrade_assumptions.py``.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sized
from functools import partial
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInputField,
    GraphQLSchema,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    TypeInfo,
    ValidationContext,
    VariableDefinitionNode,
    execute_sync,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValueSource
from graphql.language.ast import QUERY_DOCUMENT_KEYS
from graphql.pyutils import RefMap
from graphql.utilities.coerce_input_value import coerce_default_value
from graphql.validation.validate import FragmentNestingVisitor, ValidationAbortedError
from graphql.validation.validation_context import VariableUsage, VariableUsageVisitor

from gateway.plan.fetched_pages import Pages

__all__ = [
    "CHILD_ATTRIBUTES",
    "FragmentNestingVisitor",
    "GraphQLVariableSignature",
    "NodeKeyedContext",
    "ValidationAbortedError",
    "VariableUsage",
    "VariableUsageVisitor",
    "VariableValueSource",
    "default_value",
    "execute_within",
    "introspection_value",
    "limit_overlap_steps",
    "overlap_steps_left",
    "variable_signature",
]

CHILD_ATTRIBUTES: Mapping[str, tuple[str, ...]] = QUERY_DOCUMENT_KEYS
"""By the kind of a node, the attributes that hold nodes, in the order of the text."""


def default_value(declared: GraphQLArgument | GraphQLInputField) -> Any:
    """What an argument or a field of an input is where it isn't given, coerced; `Undefined` where it has no default."""
    return coerce_default_value(declared)


class _SchemaInfo(NamedTuple):
    """All that the fields of introspection ask of an execution."""

    schema: GraphQLSchema


def introspection_value(
    schema: GraphQLSchema, definition: GraphQLField, arguments: Mapping[str, Any]
) -> Callable[[Any], Any]:
    """What a field of introspection takes of a part of the schema, with these arguments."""
    assert definition.resolve is not None, "all of them have one"
    resolve, info = definition.resolve, _SchemaInfo(schema)
    return partial(_resolved, resolve, info, arguments) if arguments else lambda source: resolve(source, info)


def _resolved(resolve: Callable[..., Any], info: _SchemaInfo, arguments: Mapping[str, Any], source: Any) -> Any:
    return resolve(source, info, **arguments)


# An error is made and told for as long as so many values are.
_VALUES_OF_ERROR = 10
_ONE = (None,)


class _TooManyValues(BaseException):
    """The end of an execution: it isn't for the executor, which makes an error of a field of every other exception."""


def execute_within(
    most: int, schema: GraphQLSchema, document: DocumentNode, pages: Pages, **options: Any
) -> ExecutionResult | None:
    """As `execute_sync` over these pages; None where more values than ``most`` were met: fields, items of lists, and
    nodes of trees that were walked through."""
    left = most

    def take(values: Sized, width: int) -> None:
        nonlocal left
        left -= len(values) * width
        if left < 0:
            raise _TooManyValues

    def counted(resolve: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
        try:
            value = resolve(source, info, **arguments)
        except Exception:
            take(_ONE, _VALUES_OF_ERROR)
            raise
        take(_ONE, _VALUES_OF_ERROR if isinstance(value, Exception) else 1)
        if value.__class__ is list:
            errors = sum(isinstance(item, Exception) for item in value)
            take(value, 1)
            take(_ONE, errors * _VALUES_OF_ERROR)
        return value

    pages.count = take
    try:
        return execute_sync(schema, document, pages, middleware=[counted], **options)
    except _TooManyValues:
        return None
    finally:
        pages.count = None


def variable_signature(schema: GraphQLSchema, node: VariableDefinitionNode) -> GraphQLVariableSignature:
    """The name, type and default of a variable of a valid operation."""
    signature = get_variable_signature(schema, node)
    assert not isinstance(signature, GraphQLError), "validation lets none but input types through"
    return signature


def limit_overlap_steps(rule: OverlappingFieldsCanBeMergedRule, steps: int) -> None:
    """Has the rule raise `ValidationAbortedError` once it has compared fields in more than so many steps: two for
    each pair."""
    rule.rule_context.remaining_complexity_budget = steps


def overlap_steps_left(rule: OverlappingFieldsCanBeMergedRule) -> int:
    """Negative where it raised for them."""
    return rule.rule_context.remaining_complexity_budget


class NodeKeyedContext(ValidationContext):
    """What rules of validation know of a document, kept by node where graphql-core keeps it by a hash of all below."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        types: TypeInfo,
        errors: list[GraphQLError],
        *,
        hide_suggestions: bool,
    ) -> None:
        super().__init__(schema, document, types, errors.append, hide_suggestions, allow_empty_selection_sets=False)
        self._fragment_spreads = RefMap()  # type: ignore[assignment]
        self._variable_usages = RefMap()  # type: ignore[assignment]
        self._recursive_variable_usages = RefMap()  # type: ignore[assignment]

    def suggest_no_more(self) -> None:
        """Has the rules suggest no names in further errors."""
        self._hide_suggestions = True

    def get_variable_usages(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> list[VariableUsage]:
        usages = self._variable_usages.get(node)
        if usages is None:
            usages = self._variable_usages[node] = self.find_variable_usages(node, self._type_info)
        return usages

    @abstractmethod
    def find_variable_usages(
        self, node: OperationDefinitionNode | FragmentDefinitionNode, types: TypeInfo
    ) -> list[VariableUsage]:
        """Where variables stand in a definition, as a `VariableUsageVisitor` has it."""
