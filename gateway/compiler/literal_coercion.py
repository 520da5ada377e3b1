"""Literals of valid documents as functions of the variables' values: what of them depends on no variable is coerced
once, and of an input type with dozens of fields only those are looked at that are given or have a default."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    VariableValues,
    coerce_input_literal,
)

from gateway.compiler.graphql_core_adapter import default_value

Coercion: TypeAlias = Callable[[VariableValues], Any]
"""What gives the coerced value, or `Undefined` where the executor would report an error."""


def literal_coercion(node: ValueNode, type_: GraphQLInputType) -> Coercion:
    """The function that gives what graphql-core's ``coerce_input_literal`` does of a literal."""
    if isinstance(node, VariableNode):
        return partial(_variable, node.name.value, isinstance(type_, GraphQLNonNull))
    if isinstance(node, ObjectValueNode):
        nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(nullable, GraphQLInputObjectType) and not nullable.is_one_of:
            return _object(node, nullable)
    if isinstance(node, ObjectValueNode | ListValueNode):
        # Made anew each time, as whoever gets them may change them.
        return partial(coerce_input_literal, node, type_)
    constant = coerce_input_literal(node, type_)
    return lambda _: constant


def _variable(name: str, is_required: bool, variables: VariableValues) -> Any:
    value = variables.coerced.get(name, Undefined)
    return Undefined if value is None and is_required else value


@dataclass(frozen=True, slots=True)
class GivenField:
    """An argument of a field, or a field of an input object, by its name in Python. ``given``: None where it isn't;
    ``variable``: the name of the one that it is, if it is one; ``default``: `Undefined` where it has none."""

    name: str
    given: Coercion | None
    variable: str | None
    is_required: bool
    default: Any


def given_fields(
    declared: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField], nodes: Mapping[str, ValueNode]
) -> list[GivenField]:
    """Those of the declared ones of which anything comes, in their order; ``nodes``: those that are given."""
    fields = []
    for name, declaration in declared.items():
        node, default = nodes.get(name), default_value(declaration)
        is_required = isinstance(declaration.type, GraphQLNonNull) and default is Undefined
        if node is None and default is Undefined and not is_required:
            continue
        given = None if node is None else literal_coercion(node, declaration.type)
        variable = node.name.value if isinstance(node, VariableNode) else None
        fields.append(GivenField(declaration.out_name or name, given, variable, is_required, default))
    return fields


def given_values(fields: Iterable[GivenField], variables: VariableValues) -> dict[str, Any] | None:
    """The values of these, by name; None where the executor would report an error."""
    values: dict[str, Any] = {}
    for field in fields:
        if field.given is None or (field.variable is not None and field.variable not in variables.coerced):
            if field.is_required:
                return None
            value = field.default
            if value is Undefined:
                continue
        else:
            value = field.given(variables)
            if value is Undefined:
                return None
        values[field.name] = value
    return values


def _object(node: ObjectValueNode, type_: GraphQLInputObjectType) -> Coercion:
    nodes = {field.name.value: field.value for field in node.fields}
    if not nodes.keys() <= type_.fields.keys():
        return lambda _: Undefined
    return partial(_object_value, given_fields(type_.fields, nodes), type_)


def _object_value(fields: list[GivenField], type_: GraphQLInputObjectType, variables: VariableValues) -> Any:
    values = given_values(fields, variables)
    return Undefined if values is None else type_.out_type(values)
