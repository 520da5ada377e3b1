"""The graph's definition as one subgraph of those that Apollo Federation 2 composes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from graphql import (
    DefinitionNode,
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

from gateway.schema.composition import composition_of

# The first version that has all that is used here: a composition refuses versions that it doesn't know.
_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])'

# Federation adds its own fields. Those of Relay, of the caller and of administration are this gateway's alone: a
# composed graph couldn't tell which subgraph to ask.
_LEFT_OUT = {"_service", "_entities", "node", "nodes", "viewer", "createNamespace"}


def subgraph_sdl(sdl: str, schema: GraphQLSchema) -> str:
    """The definition of a subgraph, of the graph's definition and its schema: without `node`, `nodes`, `viewer`,
    `createNamespace` and what only they use, with federation's directives."""
    definitions = [_made_to_be_composed(one, schema) for one in parse(sdl, no_location=True).definitions]
    roots = [root.name for kind in OperationType if (root := schema.get_root_type(kind))]
    entities = [name for name, type_ in schema.type_map.items() if composition_of(type_).keys]
    types = {one.name.value: one for one in definitions if isinstance(one, TypeDefinitionNode)}
    used = _reachable(types, [*roots, *entities])
    kept = (one for one in definitions if not isinstance(one, TypeDefinitionNode) or one.name.value in used)
    return "\n\n".join([_LINK, *map(print_ast, kept)]) + "\n"


def _made_to_be_composed(definition: DefinitionNode, schema: GraphQLSchema) -> DefinitionNode:
    if not isinstance(definition, ObjectTypeDefinitionNode):
        return definition
    name = definition.name.value
    directives = " ".join(composition_of(schema.type_map[name]).directives)
    [declared] = parse(f"type {name} {directives}", no_location=True).definitions
    assert isinstance(declared, ObjectTypeDefinitionNode)
    fields = definition.fields or ()
    if name in {root.name for root in (schema.query_type, schema.mutation_type) if root}:
        fields = tuple(field for field in fields if field.name.value not in _LEFT_OUT)
    return replace(definition, directives=declared.directives, fields=fields)


def _reachable(types: Mapping[str, TypeDefinitionNode], names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in types and name not in found:
            found.add(name)
            named = _Named()
            visit(types[name], named)
            pending += named.names
    return found


class _Named(Visitor):
    """The names of the types that a definition refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_named_type(self, node: NamedTypeNode, *_: object) -> None:
        self.names.append(node.name.value)
