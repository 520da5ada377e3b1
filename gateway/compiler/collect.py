"""An operation's selections as a tree of fields, for each concrete type that may be met.

Follows the GraphQL specification's CollectFields (section 6.3.2), once for all executions of the same document.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)

from gateway.plan import Field, ResponsePath


def condition_variables(operation: OperationDefinitionNode, fragments: Iterable[FragmentDefinitionNode]) -> list[str]:
    """The names of the variables that ``@skip`` and ``@include`` depend on: all that a plan depends on."""
    names: set[str] = set()
    pending: list[SelectionNode] = [node for root in (operation, *fragments) for node in root.selection_set.selections]
    while pending:
        node = pending.pop()
        names.update(
            argument.value.name.value
            for directive in node.directives or ()
            if directive.name.value in ("skip", "include")
            for argument in directive.arguments or ()
            if isinstance(argument.value, VariableNode)
        )
        if isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
            pending.extend(node.selection_set.selections)
    return sorted(names)


def collect(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    conditions: Mapping[str, bool],
) -> tuple[Field, ...]:
    """The root fields of a valid operation, given the values of its `condition_variables`."""
    root = schema.get_root_type(operation.operation)
    assert root is not None, "validation lets no operation through whose root type the schema lacks"
    return _Collector(schema, fragments, conditions).fields(root, [operation.selection_set], ())


@dataclass(frozen=True, slots=True)
class _Collector:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: Mapping[str, bool]

    def fields(
        self, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode], above: ResponsePath
    ) -> tuple[Field, ...]:
        collected = self._collected(type_, selection_sets)
        return tuple(self._field(type_, (*above, key), nodes) for key, nodes in collected.items())

    def _field(self, type_: GraphQLObjectType, path: ResponsePath, nodes: list[FieldNode]) -> Field:
        node = nodes[0]
        definition = type_.fields.get(node.name.value)
        selected = [one.selection_set for one in nodes if one.selection_set]
        # `__typename`, `__schema` and `__type` are no fields of any type: they read no document.
        if definition is None or not selected:
            return Field(path, node, definition, {})
        possible = self._possible(get_named_type(definition.type))
        return Field(path, node, definition, {one.name: self.fields(one, selected, path) for one in possible})

    def _possible(self, type_: GraphQLNamedType) -> list[GraphQLObjectType]:
        if is_abstract_type(type_):
            return self.schema.get_possible_types(type_)
        assert is_object_type(type_), "only objects have selections"
        return [type_]

    def _collected(
        self, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        fields: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        pending = [node for selected in selection_sets for node in selected.selections]
        pending.reverse()
        while pending:
            node = pending.pop()
            if not self._included(node):
                continue
            inner: SelectionSetNode | None = None
            match node:
                case FieldNode():
                    fields.setdefault((node.alias or node.name).value, []).append(node)
                case InlineFragmentNode():
                    if node.type_condition is None or self._applies(node.type_condition.name.value, type_):
                        inner = node.selection_set
                case FragmentSpreadNode() if node.name.value not in spread:
                    spread.add(node.name.value)
                    fragment = self.fragments[node.name.value]
                    if self._applies(fragment.type_condition.name.value, type_):
                        inner = fragment.selection_set
            if inner is not None:
                pending.extend(reversed(inner.selections))
        return fields

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        if condition == type_.name:
            return True
        abstract = self.schema.type_map[condition]
        return is_abstract_type(abstract) and self.schema.is_sub_type(abstract, type_)

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("skip", "include"):
                [condition] = [self._holds(argument.value) for argument in directive.arguments or ()]
                if condition == (name == "skip"):
                    return False
        return True

    def _holds(self, condition: ValueNode) -> bool:
        if isinstance(condition, VariableNode):
            return self.conditions[condition.name.value]
        assert isinstance(condition, BooleanValueNode), "validation lets nothing else through"
        return condition.value
