"""One operation's selections as a plan: what is fetched, and which stored paths of it.

Follows the GraphQL specification's CollectFields (section 6.3.2), once for all executions of the same document.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
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

from gateway.plan import Fetch, Listing, Plan, ResponsePath, Selection, Source
from gateway.schema import reading_of
from gateway.schema.reading import Attribute, Embedded, Facet, Fetched, Stored, Total

_CURSORS = {"cursor", "start_cursor", "end_cursor"}

# A path that no document has: projected, it shows that the object around it is there.
_MARKER = "__typename"


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


def select(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    conditions: Mapping[str, bool],
) -> Plan:
    """The plan of a valid operation, given the values of its `condition_variables`."""
    root = schema.get_root_type(operation.operation)
    assert root is not None, "validation lets no operation through whose root type the schema lacks"
    found = _Found()
    _Selector(schema, fragments, conditions).object(found, root, [operation.selection_set], "", ())
    return Plan(operation.operation, tuple(found.fetches))


@dataclass(slots=True)
class _Found:
    paths: set[str] = field(default_factory=set)
    fetches: list[Fetch] = field(default_factory=list)
    totals: list[tuple[GraphQLField, FieldNode]] = field(default_factory=list)
    cursors: bool = False

    def selection(self) -> Selection:
        return Selection(frozenset(self.paths), tuple(self.fetches))


@dataclass(frozen=True, slots=True)
class _Selector:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: Mapping[str, bool]

    def object(
        self,
        found: _Found,
        type_: GraphQLObjectType,
        selection_sets: Iterable[SelectionSetNode],
        below: str,
        path: ResponsePath,
    ) -> None:
        """Adds to ``found`` what the selections of an object need that stands at the stored path ``below``."""
        for key, nodes in self._collect(type_, selection_sets).items():
            name = nodes[0].name.value
            # `__typename`, `__schema` and `__type` read no document.
            if name.startswith("__"):
                continue
            field = type_.fields[name]
            child = get_named_type(field.type)
            selected = [node.selection_set for node in nodes if node.selection_set]
            match reading_of(field):
                case Stored(paths):
                    found.paths.update(_join(below, stored) for stored in paths)
                case Embedded(stored):
                    self._embedded(found, child, selected, _join(below, stored), (*path, key))
                case Facet(presence):
                    found.paths.add(_join(below, presence))
                    self.object(found, child, selected, below, (*path, key))
                case Attribute(attribute):
                    found.cursors |= attribute in _CURSORS
                    if is_object_type(child):
                        self.object(found, child, selected, below, (*path, key))
                case Total():
                    found.totals.append((field, nodes[0]))
                case Fetched(source):
                    local = _join(below, source.local) if isinstance(source, Listing) and source.local else ""
                    if local:
                        found.paths.add(local)
                    found.fetches.append(self._fetch(field, nodes[0], source, selected, (*path, key), local))

    def _embedded(
        self,
        found: _Found,
        type_: GraphQLObjectType,
        selection_sets: list[SelectionSetNode],
        below: str,
        path: ResponsePath,
    ) -> None:
        inner = _Found()
        self.object(inner, type_, selection_sets, below, path)
        found.paths |= inner.paths or {_join(below, _MARKER)}
        found.fetches += inner.fetches

    def _fetch(
        self,
        field: GraphQLField,
        node: FieldNode,
        source: Source,
        selection_sets: list[SelectionSetNode],
        path: ResponsePath,
        key: str,
    ) -> Fetch:
        by_type: dict[str, Selection] = {}
        found = _Found()
        for concrete in self._possible(get_named_type(field.type)):
            found = _Found()
            self.object(found, concrete, selection_sets, "", path)
            name = source.kind.type_name if isinstance(source, Listing) else concrete.name
            by_type[name] = found.selection()
        # Only connections have totals and cursors, and those are of one type each.
        return Fetch(path, field, node, source, by_type, key, found.cursors, tuple(found.totals))

    def _possible(self, type_: GraphQLNamedType) -> list[GraphQLObjectType]:
        if is_abstract_type(type_):
            return self.schema.get_possible_types(type_)
        assert is_object_type(type_), "only objects are fetched"
        return [type_]

    def _collect(
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


def _join(below: str, path: str) -> str:
    return f"{below}.{path}" if below and path else below or path
