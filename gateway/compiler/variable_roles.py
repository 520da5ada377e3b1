"""What an operation's variables are there for, as far as its text says."""

from collections.abc import Iterable, Iterator

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLBoolean,
    GraphQLScalarType,
    GraphQLString,
    InlineFragmentNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    ValueNode,
    VariableNode,
)

from gateway.plan.paging import CURSORS

_CONDITIONS = ("skip", "include")


def condition_variables(operation: OperationDefinitionNode, fragments: Iterable[FragmentDefinitionNode]) -> list[str]:
    """The names of the variables that ``@skip`` and ``@include`` depend on: all that a plan depends on."""
    declared = _declared(operation, GraphQLBoolean)
    if not declared:
        return []
    names = {
        argument.value.name.value
        for directive, argument in _arguments(operation, fragments)
        if directive in _CONDITIONS and isinstance(argument.value, VariableNode)
    }
    # Fragments of other operations may depend on variables that this one doesn't have.
    return sorted(names & declared)


def cursor_variables(operation: OperationDefinitionNode, fragments: Iterable[FragmentDefinitionNode]) -> list[str]:
    """The names of the variables that stand for cursors of connections and for nothing else."""
    names = _declared(operation, GraphQLString)
    if names:
        for directive, argument in _arguments(operation, fragments):
            is_cursor = not directive and argument.name.value in CURSORS and isinstance(argument.value, VariableNode)
            if not is_cursor:
                names.difference_update(_used(argument.value))
    return sorted(names)


def _declared(operation: OperationDefinitionNode, scalar: GraphQLScalarType) -> set[str]:
    """The names of the variables of this type, or that but not null."""
    names = set()
    for definition in operation.variable_definitions or ():
        named = definition.type.type if isinstance(definition.type, NonNullTypeNode) else definition.type
        if isinstance(named, NamedTypeNode) and named.name.value == scalar.name:
            names.add(definition.variable.name.value)
    return names


def _arguments(
    operation: OperationDefinitionNode, fragments: Iterable[FragmentDefinitionNode]
) -> Iterator[tuple[str, ArgumentNode]]:
    """Every argument, with the name of its directive or, of a field's, an empty one."""
    pending: list[OperationDefinitionNode | FragmentDefinitionNode | SelectionNode] = [operation, *fragments]
    while pending:
        node = pending.pop()
        for directive in node.directives or ():
            for argument in directive.arguments or ():
                yield directive.name.value, argument
        if isinstance(node, FieldNode):
            for argument in node.arguments or ():
                yield "", argument
        if isinstance(node, FieldNode | InlineFragmentNode | OperationDefinitionNode | FragmentDefinitionNode):
            pending.extend(node.selection_set.selections if node.selection_set else ())


def _used(value: ValueNode) -> Iterator[str]:
    """The names of the variables in a value."""
    pending = [value]
    while pending:
        match pending.pop():
            case VariableNode(name=name):
                yield name.value
            case ListValueNode(values=values):
                pending.extend(values)
            case ObjectValueNode(fields=fields):
                pending.extend(field.value for field in fields)
