"""A usual Strawberry application for some of the operations: classes with resolvers, instances made of the documents,
Strawberry's own ASGI view, which parses and validates every request. Keys, driver and commands are the gateway's."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from bench.handwritten import FLAT, NESTED, Pages, lifespan
from bench.mappings import cursor
from gateway.app.database import open_database
from gateway.auth.authenticator import Authenticator
from gateway.schema.enums import ComparisonOperator, InteractionType, QueryInputType, SortDirection, VectorIndex
from gateway.schema.scalars import SCALARS, DateTime
from gateway.settings import Settings
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy

Document = Mapping[str, Any]
Info = strawberry.Info[Any, None]

OPERATIONS = ("flat", "deep", "paging", "nested")


@strawberry.type
class FilterCondition:
    key: str
    operator: ComparisonOperator
    value: JSON | None


@strawberry.type
class FilterGroup:
    and_: list["FilterNode"] | None = strawberry.field(name="and")
    or_: list["FilterNode"] | None = strawberry.field(name="or")
    nor: list["FilterNode"] | None
    case_sensitive: bool | None


FilterNode = Annotated[FilterGroup | FilterCondition, strawberry.union("FilterNode")]


@strawberry.type
class QuerySettings:
    limit: int | None = None
    min_score: float | None = None
    modality: str | None = None


@strawberry.type
class SearchQuery:
    vector_index: VectorIndex
    value: str
    type: QueryInputType
    filters: FilterGroup | None
    settings: QuerySettings | None


@strawberry.type
class SortOption:
    field: str
    direction: SortDirection


@strawberry.type
class GroupByOptions:
    field: str | None
    max_features: int | None
    sort: SortOption | None


@strawberry.type
class RankingWeights:
    feedback: float | None = None
    popularity: float | None = None


@strawberry.type
class RankingOptions:
    weights: RankingWeights | None
    enable_reranking: bool


@strawberry.type
class SearchRequest:
    search_request_id: strawberry.ID
    queries: list[SearchQuery]
    collections: list[str]
    filters: FilterGroup | None
    group_by: GroupByOptions | None
    sort: SortOption | None
    select: list[str] | None
    ranking_options: RankingOptions | None
    session_id: strawberry.ID | None
    return_url: bool | None
    first_seen_at: DateTime


@strawberry.type
class Interaction:
    document: strawberry.Private[Document]
    interaction_id: strawberry.ID
    feature_id: strawberry.ID
    interaction_type: InteractionType
    position: int | None
    duration_ms: int | None
    metadata: JSON | None
    session_id: strawberry.ID | None
    user_id: strawberry.ID | None
    occurred_at: DateTime

    @strawberry.field
    def search_request(self) -> SearchRequest | None:
        return None if self.document.get("search_request_id") is None else _search_request(self.document)


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class InteractionConnection:
    nodes: list[Interaction]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def interactions(self, info: Info, first: int, after: str | None = None) -> InteractionConnection:
        selected = {field.name for nodes in info.selected_fields[0].selections for field in nodes.selections}  # type: ignore[union-attr]
        projection = NESTED if "searchRequest" in selected else FLAT
        found = await info.context["pages"].page(info.context["namespace_id"], projection, first, after)
        shown = found[:first]
        end = cursor(shown[-1]) if shown else None
        return InteractionConnection(
            nodes=[_interaction(document) for document in shown],
            page_info=PageInfo(has_next_page=len(found) > first, end_cursor=end),
        )


def _interaction(document: Document) -> Interaction:
    kind = document["interaction_type"]
    return Interaction(
        document=document,
        interaction_id=document["interaction_id"],
        feature_id=document["feature_id"],
        interaction_type=InteractionType(kind if isinstance(kind, str) else kind[0]),
        position=document.get("position"),
        duration_ms=document.get("duration_ms"),
        metadata=document.get("metadata"),
        session_id=document.get("effective_session_id"),
        user_id=document.get("user_id"),
        occurred_at=document["occurred_at"],
    )


def _search_request(document: Document) -> SearchRequest:
    request = document["search_request"]
    group_by, ranking = request.get("group_by"), request.get("reranking_options")
    return SearchRequest(
        search_request_id=document["search_request_id"],
        queries=[_query(query) for query in request["queries"]],
        collections=request["collections"],
        filters=_group(request.get("filters")),
        group_by=None
        if group_by is None
        else GroupByOptions(
            field=group_by.get("field"),
            max_features=group_by.get("max_features"),
            sort=_sort(group_by.get("sort")),
        ),
        sort=_sort(request.get("sort")),
        select=request.get("select"),
        ranking_options=None
        if ranking is None
        else RankingOptions(weights=RankingWeights(**ranking["weights"]), enable_reranking=ranking["enable_reranking"]),
        session_id=request.get("session_id"),
        return_url=request.get("return_url"),
        first_seen_at=document["first_seen_at"],
    )


def _query(query: Document) -> SearchQuery:
    settings = query.get("settings")
    return SearchQuery(
        vector_index=VectorIndex(query["vector_index"]),
        value=query["value"],
        type=QueryInputType(query["type"]),
        filters=_group(query.get("filters")),
        settings=None if settings is None else QuerySettings(**settings),
    )


def _sort(sort: Document | None) -> SortOption | None:
    return None if sort is None else SortOption(field=sort["field"], direction=SortDirection(sort["direction"]))


def _group(group: Document | None) -> FilterGroup | None:
    if group is None:
        return None
    return FilterGroup(
        and_=_items(group.get("AND")),
        or_=_items(group.get("OR")),
        nor=_items(group.get("NOR")),
        case_sensitive=group.get("case_sensitive"),
    )


def _items(items: Sequence[Document] | None) -> list[Any] | None:
    if items is None:
        return None
    return [
        FilterCondition(
            key=item["key"], operator=ComparisonOperator(item.get("operator", "eq")), value=item.get("value")
        )
        if "key" in item
        else _group(item)
        for item in items
    ]


class Application:
    """The ASGI application; ``settings`` are the gateway's."""

    def __init__(self, settings: Settings) -> None:
        self._database = open_database(settings)
        access = Authenticator(Keys(self._database), Tenancy(self._database), cache_seconds=settings.key_cache_seconds)
        pages = Pages(self._database, settings.limits.read_time_ms)

        class View(GraphQL[dict[str, Any], None]):
            async def get_context(self, request: HTTPConnection, response: object) -> dict[str, Any]:
                context = await access.context(request.headers.get("authorization"), request.headers.get("x-namespace"))
                return {"namespace_id": context.namespace.id, "pages": pages}

        schema = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))
        self._view = View(schema)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(self._database, receive, send)
        else:
            await self._view(scope, receive, send)
