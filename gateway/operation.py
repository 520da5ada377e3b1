"""One request, from its document to the bytes of the answer.

parse and validate → select (both cached by document) → fetch → execute over what was fetched → bytes
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from bson import DBRef
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_variable_values,
    parse,
    specified_rules,
    validate,
)

from gateway.access import require
from gateway.compiler.collect import collect, condition_variables
from gateway.compiler.select import select
from gateway.context import Context, Permission
from gateway.documents import plain
from gateway.errors import GatewayError, MethodNotAllowed, OperationNotResolved
from gateway.failures import Phase, described
from gateway.plan import Plan
from gateway.prefetch import Prefetcher
from gateway.schema import EXECUTABLE

MAX_DOCUMENT_CHARACTERS = 50_000
MAX_DOCUMENT_TOKENS = 2_000
MAX_DOCUMENT_COMMENTS = 100
_CACHED_DOCUMENTS = 1_000


@dataclass(frozen=True, slots=True)
class Request:
    """A request as any transport understands it; ``reads_only``: it came in a way that must not change anything."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    reads_only: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """``executed``: whether execution began, so that the answer has ``data``; else ``refusal`` says why not."""

    body: bytes
    refusal: GatewayError | None = None


class Document:
    """A document that was parsed and validated, with the plans of its operations."""

    def __init__(self, node: DocumentNode, errors: list[GraphQLError]) -> None:
        self.node = node
        self.errors = errors
        self._operations = [one for one in node.definitions if isinstance(one, OperationDefinitionNode)]
        self._fragments = {one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)}
        self._conditions: dict[int, list[str]] = {}
        self._plans: dict[tuple[int, tuple[bool, ...]], Plan] = {}

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of this name, or the only one; raises `OperationNotResolved`."""
        named = [one for one in self._operations if name is None or (one.name and one.name.value == name)]
        if len(named) == 1:
            return named[0]
        if name is None:
            raise OperationNotResolved("The document holds several operations: `operationName` must name one.")
        raise OperationNotResolved(f"The document holds no operation named {name[:100]!r}.")

    def plan(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Plan:
        key = id(operation)
        names = self._conditions.get(key)
        if names is None:
            names = self._conditions[key] = condition_variables(operation, self._fragments.values())
        values = tuple(bool(variables[name]) for name in names)
        plan = self._plans.get((key, values))
        if plan is None:
            conditions = dict(zip(names, values, strict=True))
            plan = self._plans[key, values] = select(
                operation.operation, collect(EXECUTABLE, operation, self._fragments, conditions)
            )
        return plan


class Operations:
    """Answers requests; one for each process."""

    def __init__(self, prefetcher: Prefetcher, *, introspection: bool = True) -> None:
        self._prefetcher = prefetcher
        self._introspection = introspection
        self._rules = specified_rules if introspection else [*specified_rules, NoSchemaIntrospectionCustomRule]
        self._documents: LRUCache[str, Document] = LRUCache(_CACHED_DOCUMENTS)

    async def answer(self, request: Request, context: Context) -> Answer:
        """The answer to a request, whatever becomes of it; never raises what the gateway foresees."""
        try:
            document = self._document(request.query)
            if document.errors:
                return _refused(document.errors, Phase.VALIDATION)
            operation = document.operation(request.operation_name)
            self._allow(operation.operation, request, context)
            variables = get_variable_values(
                EXECUTABLE,
                operation.variable_definitions or (),
                dict(request.variables),
                hide_suggestions=not self._introspection,
            )
            if isinstance(variables, list):
                return _refused(variables, Phase.VARIABLES)
            plan = document.plan(operation, variables.coerced)
        except GraphQLSyntaxError as error:
            return _refused([error], Phase.PARSING)
        except GatewayError as error:
            return refused(error)
        pages = await self._prefetcher.fetch(plan, variables, context)
        result = execute_sync(
            EXECUTABLE,
            document.node,
            pages,
            context,
            dict(request.variables),
            request.operation_name,
            hide_suggestions=not self._introspection,
        )
        return Answer(_encoded(result))

    def _document(self, query: str) -> Document:
        known = self._documents.get(query)
        if known is None:
            node = parse(
                query,
                allow_empty_selection_sets=False,
                max_lexical_tokens=MAX_DOCUMENT_TOKENS,
                max_comments=MAX_DOCUMENT_COMMENTS,
                max_source_length=MAX_DOCUMENT_CHARACTERS,
            )
            errors = validate(
                EXECUTABLE,
                node,
                self._rules,
                hide_suggestions=not self._introspection,
                allow_empty_selection_sets=False,
            )
            known = self._documents[query] = Document(node, errors)
        return known

    @staticmethod
    def _allow(operation: OperationType, request: Request, context: Context) -> None:
        if operation is OperationType.QUERY:
            require(context.caller, Permission.READ)
            return
        if request.reads_only:
            raise MethodNotAllowed("A mutation must be sent by POST.")
        require(context.caller, Permission.WRITE)


def refused(error: GatewayError) -> Answer:
    """The answer to a request that is refused as a whole."""
    body = {"errors": [described(GraphQLError(error.message, original_error=error), Phase.EXECUTION)]}
    return Answer(encode(body), error)


def _refused(errors: list[GraphQLError], phase: Phase) -> Answer:
    body = {"errors": [described(error, phase) for error in errors]}
    return Answer(encode(body), phase.refusal("The request was refused."))


def _encoded(result: ExecutionResult) -> bytes:
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body = {"errors": [described(error, Phase.EXECUTION) for error in result.errors], **body}
    return encode(body)


def encode(body: Mapping[str, Any]) -> bytes:
    """JSON, in which stored values that JSON has no form for become plain objects or strings."""
    return orjson.dumps(body, default=_jsonable)


def _jsonable(value: Any) -> Any:
    return plain(value) if isinstance(value, DBRef) else str(value)
