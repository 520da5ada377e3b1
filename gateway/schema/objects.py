"""The objects of the graph and the connections between them; they refer to each other, so they stand together."""

import strawberry

from gateway.model.documents import recorded_interaction
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.schema.composition import composed
from gateway.schema.connections import PageInfo, connection, connection_total, edge_cursor
from gateway.schema.enums import InteractionType, known_values
from gateway.schema.filter_tree_types import FilterGroup
from gateway.schema.node import Node, node_id
from gateway.schema.readings import Attribute, ParentView, embedded, field, stored
from gateway.schema.scalars import JSON, DateTime
from gateway.schema.search_parts import GroupByOptions, RankingOptions, SearchQuery, SortOption
from gateway.schema.stored_readings import (
    Computed,
    EveryKnownOrOther,
    FirstKnownOrOther,
    FirstPresent,
    ListOrEmpty,
    ObjectOrNull,
)

_KNOWN_TYPES = frozenset(known_values(InteractionType))


@composed(keys=("id", "interactionId"))
@strawberry.type(
    description="""What somebody did with a search result, or with the search itself: viewed, clicked, approved or
rejected it and so on, together with the search request that led there."""
)
class Interaction(Node):
    id: strawberry.ID = node_id("Interaction", "namespace_id", "interaction_id")
    interaction_id: strawberry.ID = stored("interaction_id", description="The interaction's id within its namespace.")
    feature_id: strawberry.ID = stored(
        "feature_id",
        description="""The id of the item that was interacted with; for interactions without one, the query's text or
the facet's name.""",
    )
    feature: "Feature" = field(ParentView("feature_id"), "The item that was interacted with.")
    interaction_type: InteractionType = stored(
        FirstKnownOrOther("interaction_type", _KNOWN_TYPES),
        "What was done; the first, where a producer stored several types.",
    )
    interaction_types: list[InteractionType] = stored(
        EveryKnownOrOther("interaction_type", _KNOWN_TYPES),
        "All that was done, where a producer stored several types.",
    )
    search_request: "SearchRequest | None" = field(
        ParentView("search_request_id"), "The search request that led to this interaction."
    )
    position: int | None = stored("position", description="The item's position in the search results, counted from 0.")
    duration_ms: int | None = stored("duration_ms", description="How long the item was viewed, in milliseconds.")
    metadata: JSON | None = stored(
        "metadata", description="What else the producer recorded, such as device or campaign: any JSON object."
    )
    session_id: strawberry.ID | None = stored(
        "effective_session_id", description="The session: the interaction's own, else its search request's."
    )
    user_id: strawberry.ID | None = stored("user_id", description="Who interacted, where recorded.")
    occurred_at: DateTime = stored("occurred_at", description="When it happened.")
    json: JSON = stored(
        Computed(recorded_interaction),
        "The interaction exactly as recorded, in the REST endpoint's shape with snake_case names.",
    )


@composed(keys=("id", "searchRequestId"))
@strawberry.type(
    description="""What was searched for: queries over vector indexes, collections, filters, grouping, sorting and
ranking. The same request may have led to many interactions."""
)
class SearchRequest(Node):
    id: strawberry.ID = node_id("SearchRequest", "namespace_id", "search_request_id")
    search_request_id: strawberry.ID = stored(
        "search_request_id",
        description="""The request's id within its namespace: given by the client, else derived from namespace, session
and content.""",
    )
    queries: list[SearchQuery] = embedded(
        "search_request.queries",
        many=True,
        description="""The queries. The results of several are combined by Reciprocal Rank Fusion; no queries at all
means all features.""",
    )
    collections: list[str] = stored(
        ListOrEmpty("search_request.collections"), "The names of the collections that were searched."
    )
    filters: FilterGroup | None = stored(
        ObjectOrNull("search_request.filters"), "Conditions that all results must meet: a tree of AND, OR and NOR."
    )
    group_by: GroupByOptions | None = embedded("search_request.group_by", description="How results are grouped.")
    sort: SortOption | None = embedded("search_request.sort", description="How results are sorted, if not by score.")
    select: list[str] | None = stored(
        "search_request.select",
        description="""Which fields of the items to answer, in dot notation. Null means all fields, an empty list
none.""",
    )
    ranking_options: RankingOptions | None = embedded(
        "search_request.reranking_options", description="Options for ranking the search results."
    )
    session_id: strawberry.ID | None = stored(
        "search_request.session_id", description="The session in which the search was made, where recorded."
    )
    return_url: bool | None = stored(
        "search_request.return_url", description="Whether presigned URLs of the items were asked for."
    )
    first_seen_at: DateTime = stored(
        # Interactions that others wrote may lack the copy; by when they occurred the request had been seen.
        FirstPresent(("first_seen_at", "occurred_at")),
        "When this request was first recorded.",
    )
    json: JSON = stored(
        "search_request",
        description="The search request exactly as recorded, in the REST endpoint's shape with snake_case names.",
    )
    interactions: "InteractionConnection" = connection(
        INTERACTION,
        "The interactions that this search request led to.",
        foreign="search_request_id",
        local="search_request_id",
    )


@composed(keys=("featureId",))
@strawberry.type(description="An item that search can find. The item itself is owned elsewhere; here is what was done.")
class Feature:
    feature_id: strawberry.ID = stored("feature_id", description="The item's id.")
    interactions: "InteractionConnection" = connection(
        INTERACTION, "The interactions with this item.", foreign="feature_id", local="feature_id"
    )


@composed(keys=("sessionId",))
@strawberry.type(description="A visit: what was searched for and done under one session id.")
class Session(Node):
    id: strawberry.ID = node_id("Session", "namespace_id", "session_id")
    session_id: strawberry.ID = stored("session_id", description="The session's id within its namespace.")
    started_at: DateTime = stored("started_at", description="When its first search or interaction was.")
    ended_at: DateTime = stored("ended_at", description="When its last search or interaction was.")
    interactions: "InteractionConnection" = connection(
        INTERACTION, "The interactions of this session.", foreign="effective_session_id", local="session_id"
    )
    search_requests: "SearchRequestConnection" = connection(
        SEARCH_REQUEST,
        "The search requests of this session: those that name it, or were recorded with an interaction in it.",
        foreign="effective_session_id",
        local="session_id",
    )


@strawberry.type(description="An interaction and its place in the connection.")
class InteractionEdge:
    cursor: str = edge_cursor()
    node: Interaction | None = field(
        Attribute("document"), "The interaction; null, with an error, where the stored document can't be read."
    )


@strawberry.type(description="A page of interactions.")
class InteractionConnection:
    edges: list[InteractionEdge] = field(Attribute("edges"), "The page's interactions with their cursors.")
    nodes: list[Interaction | None] = field(
        Attribute("documents"), "The page's interactions; null, with an error, for one that can't be read."
    )
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()


@strawberry.type(description="A search request and its place in the connection.")
class SearchRequestEdge:
    cursor: str = edge_cursor()
    node: SearchRequest | None = field(
        Attribute("document"), "The search request; null, with an error, where the stored document can't be read."
    )


@strawberry.type(description="A page of search requests.")
class SearchRequestConnection:
    edges: list[SearchRequestEdge] = field(Attribute("edges"), "The page's search requests with their cursors.")
    nodes: list[SearchRequest | None] = field(
        Attribute("documents"), "The page's search requests; null, with an error, for one that can't be read."
    )
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()
