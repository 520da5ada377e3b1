"""The graph's definition as one subgraph of those that Apollo Federation 2 composes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from graphql import (
    DefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    OperationType,
    TypeDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from gateway.schema.federation_keys import composition_of, is_in_subgraph

# The first version that has all that is used here: a composition refuses versions that it doesn't know.
_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])'


def subgraph_sdl(sdl: str, schema: GraphQLSchema) -> str:
    """The definition of a subgraph, of the graph's definition and its schema: without the fields that are declared to
    stay out of it and what only they use, with federation's directives."""
    definitions = [_made_to_be_composed(definition, schema) for definition in parse(sdl, no_location=True).definitions]
    roots = [root.name for kind in OperationType if (root := schema.get_root_type(kind))]
    entities = [name for name, type_ in schema.type_map.items() if composition_of(type_).keys]
    types = {
        definition.name.value: definition for definition in definitions if isinstance(definition, TypeDefinitionNode)
    }
    used = _reachable(types, [*roots, *entities])
    kept = (
        definition
        for definition in definitions
        if not isinstance(definition, TypeDefinitionNode) or definition.name.value in used
    )
    return "\n\n".join([_LINK, *map(print_ast, kept)]) + "\n"


def _made_to_be_composed(definition: DefinitionNode, schema: GraphQLSchema) -> DefinitionNode:
    if not isinstance(definition, ObjectTypeDefinitionNode):
        return definition
    name = definition.name.value
    type_ = schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    directives = " ".join(composition_of(type_).directives)
    [declared] = parse(f"type {name} {directives}", no_location=True).definitions
    assert isinstance(declared, ObjectTypeDefinitionNode)
    fields = tuple(field for field in definition.fields or () if is_in_subgraph(type_.fields[field.name.value]))
    return replace(definition, directives=declared.directives, fields=fields)


def _reachable(types: Mapping[str, TypeDefinitionNode], names: Iterable[str]) -> set[str]:
    reached: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in types and name not in reached:
            reached.add(name)
            references = _TypeReferences()
            visit(types[name], references)
            pending += references.names
    return reached


class _TypeReferences(Visitor):
    """The names of the types that a definition refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_named_type(self, node: NamedTypeNode, *_: object) -> None:
        self.names.append(node.name.value)
