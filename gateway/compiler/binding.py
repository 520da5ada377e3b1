"""A plan's fetches with their arguments: each source bound to what the plan selects of its field and to the values of
its variables.

What is bound may serve whoever sends the same variables again: it holds no caller and no namespace.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    VariableValues,
    get_nullable_type,
)

from gateway.compiler.entity_references import entity_references
from gateway.compiler.where import compile_where
from gateway.compiler.wire_form import input_path, to_wire
from gateway.errors import BadUserInput, GatewayError, OperationTooComplex
from gateway.model.kinds import Kind, Order, position_order, time_order
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.operation_plan import Bindings, Fetch, Field, Plan
from gateway.plan.predicate import Predicate
from gateway.plan.sources.source import BoundSource, KeyLookup, Parameters, Reference
from gateway.schema.enums import InteractionOrderField, SortDirection

MAX_COUNT = 1_000_000


def bind(plan: Plan, variables: VariableValues, page_size: int) -> Bindings:
    """All fetches and parameterized fields of a plan with their arguments, by path; an error stands in the place of
    what it prevents. Raises `OperationTooComplex` for what introspects too much.

    ``page_size``: how many elements a connection may be asked for.
    """
    bindings: dict[ResponsePath, BoundSource | Exception] = {}
    for fetch in plan.all_fetches:
        bindings[fetch.path] = _bound(fetch, variables, page_size)
        for path, field in fetch.parameterized:
            bindings[path] = _parameters(field, variables)
    return bindings


def _bound(fetch: Fetch, variables: VariableValues, page_size: int) -> BoundSource | Exception:
    try:
        return fetch.source.bind(CoercedArguments(fetch, variables, page_size))
    except OperationTooComplex:
        raise
    except (GatewayError, GraphQLError) as error:
        return error


def _parameters(field: Field, variables: VariableValues) -> BoundSource | Exception:
    try:
        return Parameters(argument_values(field, variables))
    except GraphQLError as error:
        return error


def argument_values(field: Field, variables: VariableValues) -> dict[str, Any]:
    """A field's arguments by their GraphQL names; raises `GraphQLError` where the executor would."""
    return field.arguments.values(variables) if field.arguments else {}


class CoercedArguments:
    """What a source is bound to: a `gateway.plan.sources.source.SourceArguments`.

    Raises `GraphQLError` where the executor would.
    """

    def __init__(self, fetch: Fetch, variables: VariableValues, page_size: int) -> None:
        self._fetch = fetch
        self._variables = variables
        self.page_size = page_size
        self.values: Mapping[str, Any] = argument_values(fetch.field, variables)

    @property
    def variables(self) -> Mapping[str, str]:
        return self._fetch.field.arguments.variables if self._fetch.field.arguments else {}

    @property
    def variable_values(self) -> VariableValues:
        return self._variables

    @property
    def bounds(self) -> Mapping[ResponsePath, int | Exception]:
        return {path: _total_bound(total, self._variables) for path, total in self._fetch.totals}

    @property
    def cursors(self) -> bool:
        return self._fetch.cursors

    @property
    def paths(self) -> Mapping[str, frozenset[str]]:
        return {name: selection.paths for name, selection in self._fetch.selections.items()}

    @property
    def parameters(self) -> Sequence[Mapping[str, Any]]:
        return [argument_values(field, self._variables) for _, field in self._fetch.parameterized]

    @property
    def lookups(self) -> Mapping[str, KeyLookup]:
        selections = self._fetch.selections.items()
        return {name: selection.lookup for name, selection in selections if selection.lookup is not None}

    def order(self, kind: Kind) -> Order:
        order = self.values.get("orderBy") or {}
        descending = order.get("direction", SortDirection.DESC) is SortDirection.DESC
        if order.get("field") is InteractionOrderField.POSITION:
            return position_order(descending=descending)
        return time_order(kind, descending=descending)

    def predicate(self) -> Predicate:
        input_type = self._fetch.definition.args["where"].type
        assert isinstance(input_type, GraphQLInputObjectType)
        return compile_where(self.values.get("where"), input_type)

    def references(self, argument: str) -> Sequence[Reference | GatewayError]:
        return entity_references(self._fetch, argument, self.values[argument])

    def input(self) -> "CoercedInput":
        type_ = self._fetch.definition.args["input"].type
        arguments, variables = self._fetch.field.arguments, self._variables
        assert arguments is not None, "it has an input"
        return CoercedInput(
            self.values["input"],
            type_,
            ("input",),
            lambda: arguments.sent("input", variables),
            lambda: arguments.unsent("input", variables),
        )


@dataclass(frozen=True, slots=True)
class CoercedInput:
    """An input as it was coerced: a `gateway.plan.sources.input_values.InputValue`. ``path`` leads to it. But for
    the items of a list, ``sent`` gives what it was coerced of, ``unsent`` the places of variables without a value."""

    value: Any
    type: GraphQLInputType
    path: tuple[str | int, ...]
    sent: Callable[[], Any] = lambda: None
    unsent: Callable[[], Iterable[tuple[str | int, ...]]] = tuple

    def wire(self) -> Any:
        return to_wire(self.value, self.type)

    def located(self, error: GatewayError) -> GatewayError:
        return type(error)(error.message, path=(*self.path, *input_path(error.path, self.value, self.type)))

    def field(self, name: str) -> "CoercedInput":
        sent, unsent, path = self.sent, self.unsent, (*self.path, name)
        return CoercedInput(
            self.value[name],
            self._field(name).type,
            path,
            lambda: sent()[name],
            lambda: [place for place in unsent() if place[: len(path)] == path],
        )

    def predicate(self) -> Predicate:
        type_ = get_nullable_type(self.type)
        assert isinstance(type_, GraphQLInputObjectType)
        return compile_where(self.value, type_, self.path)

    def items(self, name: str) -> "Sequence[CoercedInput]":
        listed = get_nullable_type(self._field(name).type)
        assert isinstance(listed, GraphQLList)
        return [CoercedInput(item, listed.of_type, ()) for item in self.value[name]]

    def _field(self, name: str) -> GraphQLInputField:
        type_ = get_nullable_type(self.type)
        assert isinstance(type_, GraphQLInputObjectType)
        field: GraphQLInputField = type_.fields[name]
        return field


def _total_bound(total: Field, variables: VariableValues) -> int | Exception:
    try:
        bound: int = argument_values(total, variables)["upTo"]
    except GraphQLError as error:
        return error
    if not 1 <= bound <= MAX_COUNT:
        return BadUserInput(f"`upTo` must be between 1 and {MAX_COUNT:,}, not {bound}.", path=("upTo",))
    return bound
