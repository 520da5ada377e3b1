"""An operation's selections as a tree of fields, for each concrete type that may be met.

Follows the GraphQL specification's CollectFields (section 6.3.2), once for all executions of the same document.
"""

from collections.abc import Iterable, Mapping

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
    is_introspection_type,
    is_object_type,
)

from gateway.compiler.field_arguments import FieldArguments
from gateway.compiler.introspection import META_FIELDS
from gateway.plan.operation_plan import Field
from gateway.schema.strawberry_adapter import declared_name


def collect(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    conditions: Mapping[str, bool],
) -> tuple[Field, ...]:
    """The root fields of a valid operation, given the values of its `condition_variables`."""
    root = schema.get_root_type(operation.operation)
    assert root is not None, "validation lets no operation through whose root type the schema lacks"
    return _Collector(schema, fragments, conditions).fields(root, [operation.selection_set])


class _Collector:
    """The fields of one operation, of which each fragment is looked at once for each type."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        conditions: Mapping[str, bool],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._conditions = conditions
        # Fragments that spread each other are met again and again; each is collected once for a type.
        self._collections: dict[tuple[str, tuple[int, ...]], tuple[Field, ...]] = {}

    def fields(self, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]) -> tuple[Field, ...]:
        # What is nothing but a fragment, spread at several places, is selected alike at all of them.
        innermost = [self._innermost(type_, selection_set) for selection_set in selection_sets]
        distinct = {id(selection_set): selection_set for selection_set in innermost}
        key = type_.name, tuple(distinct)
        fields = self._collections.get(key)
        if fields is None:
            nodes_by_key = self._nodes_by_key(type_, distinct.values())
            fields = tuple([self._field(type_, name, nodes) for name, nodes in nodes_by_key.items()])
            self._collections[key] = fields
        return fields

    def _innermost(self, type_: GraphQLObjectType, selection_set: SelectionSetNode) -> SelectionSetNode:
        """The selections of the fragment that these consist of, if they do, and so on."""
        while len(selection_set.selections) == 1:
            [node] = selection_set.selections
            if not isinstance(node, FragmentSpreadNode) or node.directives:
                break
            fragment = self._fragments[node.name.value]
            if not self._applies(fragment.type_condition.name.value, type_):
                break
            selection_set = fragment.selection_set
        return selection_set

    def _field(self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Field:
        node = nodes[0]
        definition = type_.fields.get(node.name.value)
        declared = definition or META_FIELDS.get(node.name.value)
        selection_sets = [node.selection_set for node in nodes if node.selection_set]
        selections = {}
        if declared is not None and selection_sets:
            possible = self._possible(get_named_type(declared.type))
            selections = {_name(object_type): self.fields(object_type, selection_sets) for object_type in possible}
        arguments = FieldArguments(declared, node) if declared is not None and declared.args else None
        return Field(key, f"{type_.name}.{key}", node.name.value, definition, arguments, selections)

    def _possible(self, type_: GraphQLNamedType) -> list[GraphQLObjectType]:
        if is_abstract_type(type_):
            return self._schema.get_possible_types(type_)
        assert is_object_type(type_), "only objects have selections"
        return [type_]

    def _nodes_by_key(
        self, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """The nodes of each response key that an object of this type has, in their order."""
        fields: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        pending = [node for selection_set in selection_sets for node in selection_set.selections]
        pending.reverse()
        while pending:
            node = pending.pop()
            if node.directives and not self._included(node):
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
                    fragment = self._fragments[node.name.value]
                    if self._applies(fragment.type_condition.name.value, type_):
                        inner = fragment.selection_set
            if inner is not None:
                pending.extend(reversed(inner.selections))
        return fields

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        if condition == type_.name:
            return True
        abstract = self._schema.type_map[condition]
        return is_abstract_type(abstract) and self._schema.is_sub_type(abstract, type_)

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
            return self._conditions[condition.name.value]
        assert isinstance(condition, BooleanValueNode), "validation lets nothing else through"
        return condition.value


def _name(type_: GraphQLObjectType) -> str:
    return type_.name if is_introspection_type(type_) else declared_name(type_)
