"""The arguments of one field of an operation, of which all that doesn't depend on variables is coerced once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputType,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    VariableValues,
    get_argument_values,
)

from gateway.compiler.graphql_core_adapter import default_value
from gateway.compiler.literal_coercion import Coercion, literal_coercion
from gateway.schema.scalars import parse_any_literal


@dataclass(frozen=True, slots=True)
class _Argument:
    """``variable``: the name of the one that it is, if it is one. ``otherwise``: its value where that isn't given, or
    `Undefined`. ``literal``: what gives its value where it is anything else."""

    name: str
    type: GraphQLInputType
    required: bool
    variable: str
    otherwise: Any
    literal: Coercion | None


class FieldArguments:
    """The arguments of fields of valid operations, as graphql-core has them, which is asked where there is an error to
    report.

    ``variables``: the names of those that are variables, by argument.
    """

    def __init__(self, definition: GraphQLField, node: FieldNode) -> None:
        self._definition = definition
        self._node = node
        nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
        self._arguments = [_argument(name, argument, nodes.get(name)) for name, argument in definition.args.items()]
        self.variables: Mapping[str, str] = {
            argument.name: argument.variable for argument in self._arguments if argument.variable
        }

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """By their GraphQL names; raises `GraphQLError` where the executor would."""
        values: dict[str, Any] = {}
        for argument in self._arguments:
            if argument.literal is None:
                value = variables.coerced.get(argument.variable, argument.otherwise)
            else:
                value = argument.literal(variables)
            if value is Undefined and argument.literal is None and not argument.required:
                continue
            if value is Undefined or (value is None and argument.required):
                return get_argument_values(self._definition, self._node, variables)
            values[argument.name] = value
        return values

    def sent(self, name: str, variables: VariableValues) -> Any:
        """The JSON value that was sent for an argument that is given, whatever its type makes of it."""
        [node] = (argument.value for argument in self._node.arguments or () if argument.name.value == name)
        return parse_any_literal(node, variables.coerced)

    def unsent(self, name: str, variables: VariableValues) -> Iterator[tuple[str | int, ...]]:
        """The places, from an argument that is given down, of variables that have no value: fields that they are the
        value of are left out."""
        pending: list[tuple[tuple[str | int, ...], ValueNode]] = [
            ((name,), argument.value) for argument in self._node.arguments or () if argument.name.value == name
        ]
        while pending:
            match pending.pop():
                case path, VariableNode(name=variable):
                    if variable.value not in variables.coerced:
                        yield path
                case path, ListValueNode(values=values):
                    pending += [((*path, index), value) for index, value in enumerate(values)]
                case path, ObjectValueNode(fields=fields):
                    pending += [((*path, field.name.value), field.value) for field in fields]


def _argument(name: str, declared: GraphQLArgument, node: ValueNode | None) -> _Argument:
    required = isinstance(declared.type, GraphQLNonNull)
    variable = node.name.value if isinstance(node, VariableNode) else ""
    literal = None if variable or node is None else literal_coercion(node, declared.type)
    return _Argument(declared.out_name or name, declared.type, required, variable, default_value(declared), literal)
