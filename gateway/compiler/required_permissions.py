"""What a key must be permitted for an operation, by the operation's document alone."""

from collections.abc import Iterator, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
)

from gateway.context import Permission
from gateway.schema.readings import Fetched, reading_of


def permissions(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> frozenset[Permission]:
    """Those that the root fields of a valid operation require, also where a condition leaves a field out.

    Mutations require WRITE and all else READ, except where a field is declared with another permission.
    """
    default = Permission.WRITE if operation.operation is OperationType.MUTATION else Permission.READ
    root = schema.get_root_type(operation.operation)
    assert root is not None, "validation lets no operation through whose root type the schema lacks"
    # What introspects is no field of the type.
    readings = [reading_of(root.fields[name]) for name in _root_fields(operation, fragments) if name in root.fields]
    required = {reading.permission or default if isinstance(reading, Fetched) else default for reading in readings}
    return frozenset(required or {default})


def _root_fields(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    pending = [operation.selection_set]
    spread: set[str] = set()
    while pending:
        for node in pending.pop().selections:
            match node:
                case FieldNode():
                    yield node.name.value
                case InlineFragmentNode():
                    pending.append(node.selection_set)
                case FragmentSpreadNode() if node.name.value not in spread:
                    spread.add(node.name.value)
                    pending.append(fragments[node.name.value].selection_set)
