"""Literals of valid documents as functions of the variables' values: what of them depends on no variable is coerced
once, and of an input type with dozens of fields only those are looked at that are given or have a default."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from graphql import (
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
    is_required_input_field,
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
class _Field:
    """A field of an input object. ``given``: None where it isn't; ``variable``: which it is, if it is one."""

    name: str
    given: Coercion | None
    variable: str | None
    is_required: bool
    default: Any


def _object(node: ObjectValueNode, type_: GraphQLInputObjectType) -> Coercion:
    given = {field.name.value: field.value for field in node.fields}
    if not given.keys() <= type_.fields.keys():
        return lambda _: Undefined
    fields = [_field(name, field, given.get(name)) for name, field in type_.fields.items()]
    return partial(_object_value, [field for field in fields if field is not None], type_)


def _field(name: str, declared: GraphQLInputField, node: ValueNode | None) -> _Field | None:
    """None for one of which nothing comes."""
    default, is_required = default_value(declared), is_required_input_field(declared)
    if node is None and default is Undefined and not is_required:
        return None
    given = None if node is None else literal_coercion(node, declared.type)
    variable = node.name.value if isinstance(node, VariableNode) else None
    return _Field(declared.out_name or name, given, variable, is_required, default)


def _object_value(fields: list[_Field], type_: GraphQLInputObjectType, variables: VariableValues) -> Any:
    values: dict[str, Any] = {}
    for field in fields:
        if field.given is None or (field.variable is not None and field.variable not in variables.coerced):
            if field.is_required:
                return Undefined
            value = field.default
            if value is Undefined:
                continue
        else:
            value = field.given(variables)
            if value is Undefined:
                return Undefined
        values[field.name] = value
    return type_.out_type(values)
