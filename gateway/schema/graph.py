"""The public graph, declared with Strawberry and executed by graphql-core through the fields' own readings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLTypeResolver,
    GraphQLUnionType,
    get_named_type,
    is_introspection_type,
)
from graphql.pyutils import Path
from strawberry.schema.config import StrawberryConfig

from gateway.model.bson_values import fully_decoded
from gateway.model.documents import TYPE_FIELD
from gateway.plan.fetched_pages import ResponsePath
from gateway.schema.filter_tree_types import FILTER_NODE_TYPE
from gateway.schema.mutation import Mutation
from gateway.schema.objects import Feature, Interaction, SearchRequest, Session
from gateway.schema.query import Query
from gateway.schema.readings import Discriminator, Fetched, Parameterized, SubgraphDefinition, Total, reading_of
from gateway.schema.scalars import SCALARS, stored_form
from gateway.schema.stored_readings import Computed, StoredReading
from gateway.schema.strawberry_adapter import Schema, core_schema, declared_name, is_one_of
from gateway.schema.subgraph import subgraph_sdl
from gateway.schema.subscription import Subscription
from gateway.schema.type_names import Names
from gateway.schema.user_types import User
from gateway.schema.viewer_types import Namespace, Organization


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A graph as its clients see it: its definition, and the schema in which every field reads as it is declared.

    ``subgraph``: the definition that is composed with those of other schemas. ``names``: what its object types are
    called, by the names they are declared with. Those are what plans, fetched documents and global ids have; so only
    what a client reads or writes depends on the graph.
    """

    sdl: str
    subgraph: str
    executable: GraphQLSchema
    names: Mapping[str, str]


@cache
def build(prefix: str = "") -> Graph:
    """The graph whose generic type names begin with ``prefix``."""
    declared = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Interaction, SearchRequest, Feature, Session, User, Organization, Namespace],
        config=StrawberryConfig(scalar_map=SCALARS, name_converter=Names(prefix)),
    )
    core = core_schema(declared)
    names = {
        declared_name(type_): type_.name
        for type_ in core.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not is_introspection_type(type_)
    }
    sdl = declared.as_str() + "\n"
    graph = Graph(sdl, subgraph_sdl(sdl, core), core, names)
    _make_executable(graph)
    return graph


def response_path(path: Path | None) -> ResponsePath:
    """The plan's path to what is at an executor's ``path``."""
    steps: list[str] = []
    while path is not None:
        if path.typename is not None:
            steps.append(f"{path.typename}.{path.key}")
        path = path.prev
    return tuple(reversed(steps))


def _resolver(field: GraphQLField, graph: Graph) -> Callable[..., Any]:
    reading, type_ = reading_of(field), get_named_type(field.type)
    match reading:
        case Fetched(source) if source.of_page:
            return lambda page, info, **_: info.root_value.summary(response_path(info.path), page)
        case Fetched():
            # The root value holds what was fetched, by response path and, where nested, by the parent's key.
            return lambda parent, info, **_: _prefetched(reading, parent, info)
        case Total():
            return lambda page, info, **_: info.root_value.total(response_path(info.path), page)
        case Parameterized():
            return lambda parent, info, **_: reading.read(parent, info.root_value.parameters(response_path(info.path)))
        case SubgraphDefinition():
            return lambda _parent, _info: graph.subgraph
        case Computed(function, walks=True):
            decoded = fully_decoded if isinstance(type_, GraphQLScalarType) else lambda value: value
            return lambda parent, info: decoded(function(parent, count=info.root_value.count))
        case StoredReading() if isinstance(type_, GraphQLScalarType) and type_.name != "JSON":
            # A scalar other than JSON spells what it takes by its Python type, and would be content with any `str()`.
            read = stored_form(type_.name)
            return lambda parent, _info: read(reading.resolve(parent))
        case _:
            return lambda parent, _info: reading.resolve(parent)


def _prefetched(reading: Fetched, parent: Any, info: GraphQLResolveInfo[Any]) -> Any:
    return info.root_value.at(response_path(info.path), parent, reading.local)


def discriminator_of(type_: GraphQLNamedType) -> Discriminator | None:
    """What gives the declared name of a value's concrete type; None where the value was fetched by that, and has it at
    `TYPE_FIELD`."""
    return FILTER_NODE_TYPE if declared_name(type_) == "FilterNode" else None


_BY_TYPENAME = itemgetter(TYPE_FIELD)


def _resolve_by(name: Callable[[Mapping[str, Any]], str], names: Mapping[str, str]) -> GraphQLTypeResolver:
    return lambda value, _info, _type: names[name(value)]


def _make_executable(graph: Graph) -> None:
    """Has every field read as it is declared: Strawberry's resolver machinery is not on the way."""
    for type_ in graph.executable.type_map.values():
        if is_introspection_type(type_):
            continue
        match type_:
            case GraphQLObjectType():
                # Values are documents, not instances of the declaring classes.
                type_.is_type_of = None
                for field in type_.fields.values():
                    field.resolve = _resolver(field, graph)
            case GraphQLInputObjectType():
                # Strawberry prints `@oneOf` but checks it in an extension; graphql-core checks it as it validates.
                type_.is_one_of = is_one_of(type_)
            case GraphQLInterfaceType() | GraphQLUnionType():
                type_.resolve_type = _resolve_by(discriminator_of(type_) or _BY_TYPENAME, graph.names)
