"""What a federated gateway asks of each of its subgraphs (https://www.apollographql.com/docs/federation/subgraph-spec)."""

from typing import Annotated

import strawberry

from gateway.schema.objects import Feature, Interaction, SearchRequest, Session
from gateway.schema.readings import SubgraphDefinition, field
from gateway.schema.user_types import User

Entity = Annotated[
    Interaction | SearchRequest | Feature | Session | User,
    strawberry.union(name="_Entity", description="What other schemas may refer to, by one of its keys."),
]


@strawberry.type(name="_Service", description="This schema as a part of a federated graph.")
class Service:
    sdl: str = field(
        SubgraphDefinition(),
        "The schema's definition, made to be composed with others: without `node`, `nodes` and `viewer`.",
    )
