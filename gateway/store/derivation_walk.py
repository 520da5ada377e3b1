"""A walk through everything that derived documents follow from, and through what they are, in chunks: for what makes
all of them again, and for what compares them.

The stages come one after another, and each goes on behind the place where it was left, in any process. A stage gives
keys: of the searches that are recorded; of the searches whose outcomes are left of what was deleted; of visits; of
items' days; and of items' days that are left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bson import MaxKey

from gateway.insights.derived_keys import ItemKey, Key, SearchKey, VisitKey, item_keys, search_keys
from gateway.insights.item_days import days_with_interactions, with_items
from gateway.insights.visits import WITH_NEIGHBOURS
from gateway.model.derived_documents import DERIVED_INDEXES, ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.documents import STUB
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import Collection, Database, aggregate
from gateway.store.derivation_state import RebuildProgress
from gateway.store.driver_errors import translated
from gateway.store.keyset import next_by_id

SEARCHES: Final = "searches"
GONE_SEARCHES: Final = "gone searches"
VISITS: Final = "visits"
ITEMS: Final = "items"
GONE_ITEMS: Final = "gone items"
STAGES: Final = (SEARCHES, GONE_SEARCHES, VISITS, ITEMS, GONE_ITEMS)

_CHUNK = 1_000
# Keys of an index alone, of which many lead to the same.
_INDEX_CHUNK = 4_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """The keys of a part of a stage. ``read``: of how many documents; ``after``: where the stage goes on, None where it
    is at its end."""

    keys: Sequence[Key]
    read: int
    after: Any


class Walk:
    """The chunks of every stage. Methods raise `GatewayError`."""

    def __init__(self, database: Database) -> None:
        self._requests: Collection = database[SEARCH_REQUEST.collection]
        self._interactions: Collection = database[INTERACTION.collection]
        self._outcomes: Collection = database[SEARCH_OUTCOMES]
        self._item_days: Collection = database[ITEM_DAYS]

    async def total(self) -> int:
        """About how many documents all stages read."""
        collections = (self._requests, self._outcomes, self._outcomes, self._interactions, self._item_days)
        with translated():
            return sum([await collection.estimated_document_count() for collection in collections])

    async def chunk(self, stage: str, after: Any) -> Chunk:
        """The keys that come behind ``after``; None: the first ones."""
        with translated():
            match stage:
                case "searches":
                    return await self._searches(after)
                case "gone searches":
                    return await self._gone_searches(after)
                case "visits":
                    return await self._visits(after)
                case "items":
                    return await self._items(after)
            return await self._gone_items(after)

    async def _searches(self, after: Any) -> Chunk:
        documents, after = await next_by_id(self._requests, after, ("_id", "namespace_id", "search_request_id"), _CHUNK)
        return Chunk([key for document in documents for key in search_keys(document)], len(documents), after)

    async def _gone_searches(self, after: Any) -> Chunk:
        outcomes, after = await next_by_id(self._outcomes, after, ("_id", "namespace_id", "search_request_id"), _CHUNK)
        ids = {
            "_id": {"$in": [outcome["_id"] for outcome in outcomes]},
            STUB: {"$ne": True},
            "namespace_id": {"$in": list({outcome["namespace_id"] for outcome in outcomes})},
        }
        recorded = {repr(request["_id"]) async for request in self._requests.find(ids, {"_id": 1})}
        gone = [outcome for outcome in outcomes if repr(outcome["_id"]) not in recorded]
        keys = [SearchKey(outcome["namespace_id"], outcome["search_request_id"]) for outcome in gone]
        return Chunk(keys, len(outcomes), after)

    async def _visits(self, after: Any) -> Chunk:
        cursor = self._outcomes.find({"visit": dict(WITH_NEIGHBOURS)}, {"_id": 0, "namespace_id": 1, "visit": 1})
        # By the index in any case; of several shards also by the order.
        cursor = cursor.hint("visit").sort(_VISIT_INDEX).limit(_INDEX_CHUNK)
        if after is not None:
            # Behind the last of the visit's.
            bound: Any = [*zip(("namespace_id", "visit"), after, strict=True), ("first_seen_at", MaxKey())]
            cursor = cursor.min(bound)
        rows = [document async for document in cursor]
        keys = list(dict.fromkeys(VisitKey(row["namespace_id"], row["visit"]) for row in rows))
        return Chunk(keys, len(rows), list(keys[-1]) if len(rows) == _INDEX_CHUNK else None)

    async def _items(self, after: Any) -> Chunk:
        cursor = self._interactions.find({}, return_key=True).hint("feature").limit(_INDEX_CHUNK)
        if after is not None:
            cursor = cursor.min([*zip(_ITEM_INDEX, after, strict=True)])
        rows = [document async for document in cursor]
        keys = list(dict.fromkeys(key for row in rows for key in item_keys(row)))
        if len(rows) < _INDEX_CHUNK:
            return Chunk(keys, len(rows), None)
        last = rows[-1]
        following = [last.get(name) for name in _ITEM_INDEX]
        if len(keys) == 1 and list(item_keys(last)) == keys:
            # Times descend: behind all of the day.
            following = [*following[:2], keys[0].day, MaxKey()]
        return Chunk(keys, len(rows), following)

    async def _gone_items(self, after: Any) -> Chunk:
        days, after = await next_by_id(self._item_days, after, ("_id", "namespace_id", "feature_id", "day"), _CHUNK)
        keys = [ItemKey(day["namespace_id"], day["feature_id"], day["day"]) for day in days]
        gone = []
        for namespace_id in dict.fromkeys(key.namespace_id for key in keys):
            members = [key for key in keys if key.namespace_id == namespace_id]
            left = await items_left(self._interactions, members)
            gone += [key for key in members if key not in left]
        return Chunk(gone, len(days), after)


def following(progress: RebuildProgress, chunk: Chunk) -> RebuildProgress | None:
    """Where the walk is once a chunk is done; None at its end."""
    done = progress.done + chunk.read
    if chunk.after is not None:
        return RebuildProgress(progress.stage, chunk.after, done)
    position = STAGES.index(progress.stage) + 1
    return RebuildProgress(STAGES[position], done=done) if position < len(STAGES) else None


async def items_left(interactions: Collection, keys: Sequence[ItemKey], **options: Any) -> set[ItemKey]:
    """Those of a namespace's items' days on which there are interactions. ``options``: of the command."""
    if not keys:
        return set()
    namespace_id = keys[0].namespace_id
    cursor = await aggregate(interactions, days_with_interactions(namespace_id, with_items(keys)), **options)
    return {ItemKey(namespace_id, row["_id"]["feature_id"], row["_id"]["day"]) async for row in cursor}


_VISIT_INDEX = DERIVED_INDEXES[SEARCH_OUTCOMES]["visit"]
_ITEM_INDEX = ("namespace_id", "feature_id", "occurred_at", "_id")
