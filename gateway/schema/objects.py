"""The objects of the graph and the connections between them; they refer to each other, so they stand together."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.model.documents import recorded_interaction
from gateway.model.exported_documents import exported_interaction, exported_search_request
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import fields as wire
from gateway.plan.sources.connection_statistics import ConnectionStatistics
from gateway.plan.sources.item_signals import ItemSignals
from gateway.plan.sources.key_lookups import DocumentLookup, SessionLookup, UnreadLookup
from gateway.plan.sources.nested_objects import NestedById, NestedOutcome, NestedSession
from gateway.schema.connections import PageInfo, connection, connection_total, edge_cursor
from gateway.schema.enums import InteractionType, known_values
from gateway.schema.federation_keys import composed
from gateway.schema.filter_tree_types import FilterGroup
from gateway.schema.lookups_by_id import identified
from gateway.schema.node import Node, node_id
from gateway.schema.outcome_types import SearchOutcome
from gateway.schema.readings import Attribute, ParentView, fetched, field, stored
from gateway.schema.recorded_fields import meaning, recorded
from gateway.schema.scalars import JSON, DateTime
from gateway.schema.search_request_parts import GroupByOptions, RankingOptions, SearchQuery, SortOption
from gateway.schema.signal_types import FeatureSignals, signals_signature
from gateway.schema.statistics_types import InteractionStats, SearchStats, max_rank
from gateway.schema.stored_readings import (
    Computed,
    EveryKnownOrOther,
    FirstKnownOrOther,
    FirstPresent,
    ListOrEmpty,
    ObjectOrNull,
    TypedText,
)

if TYPE_CHECKING:
    from gateway.schema.user_types import User

_User = Annotated["User", strawberry.lazy("gateway.schema.user_types")]
_KNOWN_TYPES = frozenset(known_values(InteractionType))


@composed(keys=("id", "interactionId"))
@identified(DocumentLookup(INTERACTION))
@strawberry.type(description=meaning(wire.Interaction))
class Interaction(Node):
    id: strawberry.ID = node_id("Interaction", "namespace_id", "interaction_id")
    interaction_id: strawberry.ID = recorded("interaction_id")
    feature_id: strawberry.ID = recorded("feature_id")
    feature: "Feature" = field(ParentView("feature_id"), "The item that was interacted with.")
    interaction_type: InteractionType = recorded(
        FirstKnownOrOther("interaction_type", _KNOWN_TYPES), words="The first, where a producer stored several types."
    )
    interaction_types: list[InteractionType] = stored(
        EveryKnownOrOther("interaction_type", _KNOWN_TYPES),
        "All that was done, where a producer stored several types.",
    )
    search_request: "SearchRequest | None" = recorded(ParentView("search_request_id"), declared="search_request")
    position: int | None = recorded("position")
    score: float | None = recorded("score")
    duration_ms: int | None = recorded("duration_ms")
    metadata: JSON | None = recorded("metadata")
    session_id: strawberry.ID | None = stored(
        "effective_session_id", description="The session: the interaction's own, else its search request's."
    )
    session: "Session | None" = fetched(
        NestedById("effective_session_id"), "The session: the interaction's own, else its search request's."
    )
    user: _User | None = fetched(NestedById("user_id"), "Who interacted; null where that isn't known.")
    user_id: strawberry.ID | None = recorded("user_id")
    occurred_at: DateTime = recorded("occurred_at")
    json: JSON = stored(
        Computed(recorded_interaction),
        "The interaction exactly as recorded, in the REST endpoint's shape with snake_case names.",
    )
    exported: JSON = stored(
        Computed(exported_interaction),
        """The interaction as a line of an export has it: as recorded, with the ids and times that the gateway gave it
where it was recorded without them. An import of the line stores the same again.""",
    )


@composed(keys=("id", "searchRequestId"))
@identified(DocumentLookup(SEARCH_REQUEST))
@strawberry.type(description=meaning(wire.SearchRequest))
class SearchRequest(Node):
    id: strawberry.ID = node_id("SearchRequest", "namespace_id", "search_request_id")
    search_request_id: strawberry.ID = recorded(
        "search_request_id",
        declared="search_request.search_request_id",
        words="It was given by the client, or is derived from namespace, session and content.",
    )
    text: str = stored(
        TypedText("search_request.queries"),
        description="""What was searched for, as it was typed: the values of its queries in order, joined by ` + `.
It is empty without queries; base64-encoded content is a short hash.""",
    )
    queries: list[SearchQuery] = recorded("search_request.queries")
    collections: list[str] = recorded(ListOrEmpty("search_request.collections"))
    filters: FilterGroup | None = recorded(ObjectOrNull("search_request.filters"))
    group_by: GroupByOptions | None = recorded("search_request.group_by")
    sort: SortOption | None = recorded("search_request.sort")
    select: list[str] | None = recorded("search_request.select")
    ranking_options: RankingOptions | None = recorded("search_request.reranking_options")
    session_id: strawberry.ID | None = recorded("search_request.session_id")
    user_id: strawberry.ID | None = recorded("search_request.user_id")
    return_url: bool | None = recorded("search_request.return_url")
    result_count: int | None = recorded("search_request.result_count")
    first_seen_at: DateTime = stored(
        # Interactions that others wrote may lack the copy; by when they occurred the request had been seen.
        FirstPresent(("first_seen_at", "occurred_at")),
        "When this request was first recorded.",
    )
    json: JSON = stored(
        "search_request",
        description="The search request exactly as recorded, in the REST endpoint's shape with snake_case names.",
    )
    exported: JSON = stored(
        Computed(exported_search_request),
        """The search request as a line of an export has it: what was recorded, as `search_request`, beside its id, when
it was first seen, and the session that counts for it where it names none.""",
    )
    session: "Session | None" = fetched(
        NestedSession(), "The session that it names, else that of the interaction with which it was first recorded."
    )
    user: _User | None = fetched(NestedById("search_request.user_id"), "Who searched; null where it names nobody.")
    outcome: SearchOutcome = fetched(NestedOutcome(), "What became of it: whether it led to clicks, or to nothing.")
    interactions: "InteractionConnection" = connection(
        INTERACTION,
        "The interactions that this search request led to.",
        foreign="search_request_id",
        local="search_request_id",
    )


@composed(keys=("featureId",))
@identified(UnreadLookup("feature_id"))
@strawberry.type(description="An item that search can find. The item itself is owned elsewhere; here is what was done.")
class Feature:
    feature_id: strawberry.ID = stored("feature_id", description="The item's id.")
    interactions: "InteractionConnection" = connection(
        INTERACTION, "The interactions with this item.", foreign="feature_id", local="feature_id"
    )
    signals: FeatureSignals = fetched(
        ItemSignals(), "What people's reactions say of the item.", signature=signals_signature
    )


@composed(keys=("sessionId",))
@identified(SessionLookup())
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
    stats: InteractionStats = fetched(
        ConnectionStatistics(INTERACTION),
        "The numbers of all interactions of the connection, not of the page.",
        signature=max_rank,
    )


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
    stats: SearchStats = fetched(
        ConnectionStatistics(SEARCH_REQUEST), "The numbers of all searches of the connection, not of the page."
    )
