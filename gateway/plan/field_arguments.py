"""The arguments of one field of a document, of which all that doesn't depend on variables is found out once."""

from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputType,
    GraphQLNonNull,
    Undefined,
    ValueNode,
    VariableNode,
    get_argument_values,
)
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal


@dataclass(frozen=True, slots=True)
class _Argument:
    """``variable``: the name of the one that it is, if it is one. ``otherwise``: its value where that isn't given, or
    `Undefined`. ``literal``: what else it is."""

    name: str
    type: GraphQLInputType
    required: bool
    variable: str
    otherwise: Any
    literal: ValueNode | None


class Arguments:
    """Gives a field of a valid document its arguments as graphql-core does, which is asked where there is an error to
    tell.

    ``variables``: the names of those that are variables, by argument.
    """

    def __init__(self, definition: GraphQLField, node: FieldNode) -> None:
        self._definition = definition
        self._node = node
        nodes = {one.name.value: one.value for one in node.arguments or ()}
        self._arguments = [_argument(name, one, nodes.get(name)) for name, one in definition.args.items()]
        self.variables = {one.name: one.variable for one in self._arguments if one.variable}

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """By their GraphQL names; raises `GraphQLError` where the executor would."""
        found: dict[str, Any] = {}
        for one in self._arguments:
            if one.literal is None:
                value = variables.coerced.get(one.variable, one.otherwise)
            else:
                value = coerce_input_literal(one.literal, one.type, variables)
            if value is Undefined and one.literal is None and not one.required:
                continue
            if value is Undefined or (value is None and one.required):
                return get_argument_values(self._definition, self._node, variables)
            found[one.name] = value
        return found


def _argument(name: str, declared: GraphQLArgument, node: ValueNode | None) -> _Argument:
    required = isinstance(declared.type, GraphQLNonNull)
    variable = node.name.value if isinstance(node, VariableNode) else ""
    literal = None if variable else node
    otherwise = coerce_default_value(declared)
    return _Argument(declared.out_name or name, declared.type, required, variable, otherwise, literal)
