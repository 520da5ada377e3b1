"""The query root."""

from typing import Annotated

import strawberry

from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.plan.sources.job_listings import JobListing
from gateway.plan.sources.lookups import ById, ByNodeId, ByRepresentation
from gateway.plan.sources.namespaces import NamespaceListing
from gateway.plan.sources.percolator_listings import PercolatorListing
from gateway.plan.sources.session_listings import SessionListing
from gateway.plan.sources.viewer import CurrentViewer
from gateway.schema.connections import After, Before, First, Last, connection
from gateway.schema.federation_types import Entity, Service
from gateway.schema.filter_usage_types import FilterUsageConnection, filter_usage
from gateway.schema.job_types import Job, JobConnection
from gateway.schema.key_types import KeyConnection, organization_keys
from gateway.schema.node import Node
from gateway.schema.objects import (
    Feature,
    Interaction,
    InteractionConnection,
    SearchRequest,
    SearchRequestConnection,
    Session,
)
from gateway.schema.percolator_types import Percolator, PercolatorConnection
from gateway.schema.ranking_types import JudgmentConnection, RankedFeature, judged, reranked
from gateway.schema.readings import ParentView, fetched, field
from gateway.schema.scalars import Representation
from gateway.schema.searched_types import (
    CollectionConnection,
    VectorIndexUsage,
    searched_collections,
    searched_indexes,
)
from gateway.schema.session_connections import SessionConnection, session_connection
from gateway.schema.statistics_connections import (
    InteractionStatsConnection,
    SearchStatsConnection,
    interaction_stats,
    search_stats,
)
from gateway.schema.user_types import User
from gateway.schema.viewer_types import NamespaceConnection, Viewer

Id = strawberry.ID


def _node(id: Annotated[Id, strawberry.argument(description="A globally unique id, from any `id` field.")]) -> None: ...


def _nodes(
    ids: Annotated[list[Id], strawberry.argument(description="Globally unique ids, from any `id` fields.")],
) -> None: ...


def _interaction(
    interaction_id: Annotated[Id, strawberry.argument(description="The interaction's id within the namespace.")],
) -> None: ...


def _interactions_by_ids(
    interaction_ids: Annotated[
        list[Id], strawberry.argument(description="Ids of interactions within the namespace, up to 1,000.")
    ],
) -> None: ...


def _search_request(
    search_request_id: Annotated[Id, strawberry.argument(description="The request's id within the namespace.")],
) -> None: ...


def _feature(feature_id: Annotated[Id, strawberry.argument(description="The item's id.")]) -> None: ...


def _features(
    feature_ids: Annotated[list[Id], strawberry.argument(description="The items' ids, up to 1,000.")],
) -> None: ...


def _session(
    session_id: Annotated[Id, strawberry.argument(description="The session's id within the namespace.")],
) -> None: ...


def _user(
    user_id: Annotated[Id, strawberry.argument(description="The user's id within the namespace.")],
) -> None: ...


def _users(ids: Annotated[list[Id], strawberry.argument(description="The users' ids, up to 1,000.")]) -> None: ...


def _namespaces(
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> None: ...


def _percolator(
    percolator_id: Annotated[Id, strawberry.argument(description="The percolator's id within the namespace.")],
) -> None: ...


def _percolators(
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> None: ...


def _job(
    job_id: Annotated[Id, strawberry.argument(description="The job's id within the namespace.")],
) -> None: ...


def _jobs(
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> None: ...


def _entities(
    representations: Annotated[
        list[Representation],
        strawberry.argument(description="What is asked for, up to 1,000: each its type and one of its keys."),
    ],
) -> None: ...


@strawberry.type(description="What can be read, all of it within the one namespace that the request is made in.")
class Query:
    node: Node | None = fetched(
        ByNodeId("id"),
        "The object with this globally unique id; null where this namespace has none.",
        signature=_node,
        in_subgraph=False,
    )
    nodes: list[Node | None] = fetched(
        ByNodeId("ids", many=True),
        "The objects with these globally unique ids, up to 1,000, in the order asked; null for what isn't there.",
        signature=_nodes,
        in_subgraph=False,
    )
    viewer: Viewer = fetched(CurrentViewer(), "Who asks, and in which namespace.", in_subgraph=False)
    namespaces: NamespaceConnection = fetched(
        NamespaceListing(),
        "The namespaces of the organization that owns the key, by name.",
        signature=_namespaces,
        in_subgraph=False,
    )
    keys: KeyConnection = organization_keys()
    interaction: Interaction | None = fetched(
        ById("interactionId"),
        "The interaction with this id; null where the namespace has none.",
        signature=_interaction,
    )
    interactions: InteractionConnection = connection(
        INTERACTION, "The namespace's interactions, the latest first where no order is given."
    )
    search_request: SearchRequest | None = fetched(
        ById("searchRequestId"),
        "The search request with this id; null where the namespace has none.",
        signature=_search_request,
    )
    search_requests: SearchRequestConnection = connection(
        SEARCH_REQUEST, "The namespace's search requests, the latest first where no order is given."
    )
    search_stats: SearchStatsConnection = search_stats()
    interaction_stats: InteractionStatsConnection = interaction_stats()
    filter_usage: FilterUsageConnection = filter_usage()
    collections: CollectionConnection = searched_collections()
    vector_indexes: list[VectorIndexUsage] = searched_indexes()
    interactions_by_ids: list[Interaction | None] = fetched(
        ById("interactionIds", many=True),
        "The interactions with these ids, in the order asked, for stitching and loaders; null for what isn't there.",
        signature=_interactions_by_ids,
    )
    feature: Feature = fetched(
        ById("featureId"),
        "What was done with this item. The item itself is owned elsewhere, so any id is answered.",
        signature=_feature,
    )
    features: list[Feature] = fetched(
        ById("featureIds", many=True),
        "What was done with each of these items, in the order asked. Any id is answered.",
        signature=_features,
    )
    session: Session | None = fetched(
        ById("sessionId"),
        "The session with this id; null where nothing was recorded in it.",
        signature=_session,
    )
    sessions: SessionConnection = session_connection(
        SessionListing(), "The namespace's sessions, the latest first where no order is given."
    )
    user: User | None = fetched(
        ById("userId"),
        "The user with this id; null where nothing was recorded of it.",
        signature=_user,
    )
    users: list[User] = fetched(
        ById("ids", many=True),
        """What was done by each of these users, in the order asked. The users themselves are owned elsewhere, so any id
is answered.""",
        signature=_users,
    )
    rerank: list[RankedFeature] = reranked()
    judgments: JudgmentConnection = judged()
    percolator: Percolator | None = fetched(
        ById("percolatorId"),
        "The percolator with this id; null where the namespace has none.",
        signature=_percolator,
    )
    percolators: PercolatorConnection = fetched(
        PercolatorListing(),
        "The namespace's percolators, which are saved filters, in the order in which they were created.",
        signature=_percolators,
    )
    job: Job | None = fetched(ById("jobId"), "The job with this id; null where the namespace has none.", signature=_job)
    jobs: JobConnection = fetched(
        JobListing(), "The namespace's jobs, which go on beside requests, the latest first.", signature=_jobs
    )
    entities: list[Entity | None] = fetched(
        ByRepresentation("representations"),
        """For federated gateways: the objects that other schemas refer to, in the order asked; null, with an error, for
what isn't there.""",
        name="_entities",
        signature=_entities,
        in_subgraph=False,
    )
    service: Service = field(ParentView(""), "For federated gateways: this schema.", name="_service", in_subgraph=False)
