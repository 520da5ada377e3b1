"""What was searched: collections and vector indexes, with what their searches led to."""

from typing import Any

import strawberry

from gateway.plan.sources.searched_groups import SearchedCollections, SearchedIndexes
from gateway.schema.connections import After, First, PageInfo, connection_total, edge_cursor
from gateway.schema.enums import VectorIndex, known_values
from gateway.schema.readings import Attribute, embedded, fetched, field, stored
from gateway.schema.scalars import DateTime
from gateway.schema.statistics_types import SearchStats

_KNOWN_INDEXES = frozenset(known_values(VectorIndex))


def _collections(
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> None: ...


@strawberry.type(description="A collection of items, as search requests name it.")
class Collection:
    name: str = stored("key.collection", "Its name.")
    searches: int = stored(
        "stats.searches",
        "Searches of it, after merging what was typed letter by letter; one of several collections is of each.",
    )
    last_searched_at: DateTime | None = stored(
        "stats.last_searched_at", "The latest `firstSeenAt` of the requests that searched it; null where none has any."
    )
    stats: SearchStats = embedded("stats", description="What the searches of it led to.")


@strawberry.type(description="A collection and its place in the connection.")
class CollectionEdge:
    cursor: str = edge_cursor()
    node: Collection = field(Attribute("document"), "The collection.")


@strawberry.type(description="A page of collections: the one with the most searches first, ties by name.")
class CollectionConnection:
    edges: list[CollectionEdge] = field(Attribute("edges"), "The page's collections with their cursors.")
    nodes: list[Collection] = field(Attribute("documents"), "The page's collections.")
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()


@strawberry.type(description="How a vector index was searched.")
class VectorIndexUsage:
    vector_index: VectorIndex = stored(
        "key.vector_index", "The vector index; OTHER is all together that this contract doesn't know."
    )
    searches: int = stored(
        "stats.searches",
        "Searches of it, after merging what was typed letter by letter; one with queries of several is of each.",
    )
    stats: SearchStats = embedded("stats", description="What the searches of it led to.")


def searched_collections() -> Any:
    return fetched(
        SearchedCollections(),
        "Every collection that was ever searched, the one with the most searches first.",
        signature=_collections,
        # Those who own the collections compose their own type of this name.
        in_subgraph=False,
    )


def searched_indexes() -> Any:
    return fetched(
        SearchedIndexes(_KNOWN_INDEXES),
        """Which vector indexes (feature extractors) were ever searched, how often and with what outcome: the one with
the most searches first. One that wasn't is left out.""",
    )
