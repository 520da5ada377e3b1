"""The arguments of one field of an operation, of which all that doesn't depend on variables is coerced once."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    VariableValues,
    get_argument_values,
)

from gateway.compiler.literal_coercion import given_fields, given_values
from gateway.schema.scalars import parse_any_literal


class FieldArguments:
    """The arguments of fields of valid operations, as graphql-core has them, which is asked where there is an error to
    report.

    ``variables``: the names of those that are variables, by argument.
    """

    def __init__(self, definition: GraphQLField, node: FieldNode) -> None:
        self._definition = definition
        self._node = node
        nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
        self._arguments = given_fields(definition.args, nodes)
        self.variables: Mapping[str, str] = {
            argument.name: argument.variable for argument in self._arguments if argument.variable
        }

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """By their GraphQL names; raises `GraphQLError` where the executor would."""
        values = given_values(self._arguments, variables)
        return get_argument_values(self._definition, self._node, variables) if values is None else values

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
