"""The repository of derived documents: made by MongoDB itself of what is recorded, by the keys that were touched.

Making them again changes nothing, so that whatever was interrupted is done again. Only who owns the derivation (see
`gateway.store.derivation_state`) may call this: what two make at once, the slower has made of older documents.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from bson import Timestamp

from gateway.insights.derived_keys import ItemKey, Key, SearchKey, VisitKey
from gateway.insights.item_days import item_days, merged_into_item_days, with_items
from gateway.insights.search_outcomes import merged_into_outcomes, outcomes, with_ids
from gateway.insights.visits import merged_into_visits, neighbours
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import ClientSession, Collection, Database, Document, aggregate, session
from gateway.store.derivation_walk import items_left
from gateway.store.driver_errors import translated

K = TypeVar("K", bound=Key)

_DEAR_DOCUMENTS = 5_000

Costs = Mapping[Key, int]
"""How many documents were read for each key that is dear: 5,000 or more."""


class Derivation:
    """Derived documents of a database; methods raise `GatewayError`, and may be called again after it.

    ``time_limit_ms``: of each command on the server.
    """

    def __init__(self, database: Database, *, time_limit_ms: int = 600_000) -> None:
        self._client = database.client
        self._requests: Collection = database[SEARCH_REQUEST.collection]
        self._interactions: Collection = database[INTERACTION.collection]
        self._outcomes: Collection = database[SEARCH_OUTCOMES]
        self._item_days: Collection = database[ITEM_DAYS]
        self._limit: Mapping[str, Any] = {"maxTimeMS": time_limit_ms, "allowDiskUse": True}
        # What is derived has to be so of all that was written until then, by whichever primary.
        self.since: Timestamp | None = None

    async def derive_searches(self, keys: Iterable[SearchKey]) -> tuple[set[VisitKey], Costs]:
        """Makes the outcomes of these searches, or removes them; gives the visits they were and are in, of which
        `derive_visits` has to be called."""
        visits: set[VisitKey] = set()
        costs: dict[Key, int] = {}
        for namespace_id, members in _by_namespace(keys).items():
            ids = [key.search_request_id for key in members]
            with translated():
                async with session(self._client, self.since) as reads:
                    before = await self._outcomes_of(namespace_id, ids, reads)
                    selected = with_ids(ids)
                    await self._run(self._requests, outcomes(namespace_id, selected) + merged_into_outcomes(), reads)
                    stored = self._requests.find(selected | {"namespace_id": namespace_id}, {"_id": 1}, session=reads)
                    existing = {repr(document["_id"]) async for document in stored}
                    after = await self._outcomes_of(namespace_id, ids, reads)
                    gone = [document["_id"] for document in after if repr(document["_id"]) not in existing]
                    await self._remove(self._outcomes, namespace_id, gone, reads)
            for document in (*before, *after):
                visits.add(VisitKey(namespace_id, document["visit"]))
                if (count := sum(document["counts"].values())) >= _DEAR_DOCUMENTS:
                    costs[SearchKey(namespace_id, document["search_request_id"])] = count
        return visits, costs

    async def derive_visits(self, keys: Iterable[VisitKey]) -> Costs:
        """Makes what the outcomes of these visits have of their neighbours."""
        costs: dict[Key, int] = {}
        for namespace_id, members in _by_namespace(keys).items():
            selected = {"visit": {"$in": [key.visit for key in members]}}
            with translated():
                async with session(self._client, self.since) as reads:
                    await self._run(self._outcomes, neighbours(namespace_id, selected) + merged_into_visits(), reads)
                    counted: list[Document] = [
                        {"$match": selected | {"namespace_id": namespace_id}},
                        {"$group": {"_id": "$visit", "count": {"$sum": 1}}},
                        {"$match": {"count": {"$gte": _DEAR_DOCUMENTS}}},
                    ]
                    async for document in await aggregate(self._outcomes, counted, session=reads, **self._limit):
                        costs[VisitKey(namespace_id, document["_id"])] = document["count"]
        return costs

    async def derive_items(self, keys: Mapping[ItemKey, bool]) -> Costs:
        """Makes these days of items; those with true, from which something was taken, are removed where nothing is
        left."""
        costs: dict[Key, int] = {}
        for namespace_id, members in _by_namespace(keys).items():
            pipeline = item_days(namespace_id, with_items(members)) + merged_into_item_days()
            ids = [_item_id(key) for key in members]
            with translated():
                async with session(self._client, self.since) as reads:
                    await self._run(self._interactions, pipeline, reads)
                    await self._remove_empty(namespace_id, [key for key in members if keys[key]], reads)
                    dear = {
                        "_id": {"$in": ids},
                        "interactions": {"$gte": _DEAR_DOCUMENTS},
                        "namespace_id": namespace_id,
                    }
                    async for document in self._item_days.find(dear, {"interactions": 1}, session=reads):
                        id = document["_id"]
                        costs[ItemKey(namespace_id, id["f"], id["d"])] = document["interactions"]
        return costs

    async def derive(self, keys: Mapping[Key, bool]) -> tuple[set[VisitKey], Costs]:
        """Makes all that these keys touch, true as in `derive_items`; gives the visits that have to be derived next."""
        visits, costs = await self.derive_searches(_of_kind(keys, SearchKey))
        visit_costs = await self.derive_visits(_of_kind(keys, VisitKey))
        items = {key: keys[key] for key in _of_kind(keys, ItemKey)}
        return visits, {**costs, **visit_costs, **await self.derive_items(items)}

    async def _outcomes_of(self, namespace_id: str, ids: Sequence[str], reads: ClientSession) -> list[Document]:
        selected = {"search_request_id": {"$in": ids}, "namespace_id": namespace_id}
        read = {"search_request_id": 1, "visit": 1, "counts": 1}
        return [document async for document in self._outcomes.find(selected, read, session=reads)]

    async def _remove_empty(self, namespace_id: str, keys: Sequence[ItemKey], reads: ClientSession) -> None:
        left = await items_left(self._interactions, keys, session=reads, **self._limit)
        await self._remove(self._item_days, namespace_id, [_item_id(key) for key in keys if key not in left], reads)

    async def _run(self, collection: Collection, pipeline: Sequence[Document], reads: ClientSession) -> None:
        async for _ in await aggregate(collection, pipeline, session=reads, **self._limit):
            raise AssertionError("what ends with $merge gives nothing")

    @staticmethod
    async def _remove(collection: Collection, namespace_id: str, ids: Sequence[Any], reads: ClientSession) -> None:
        if ids:
            await collection.delete_many({"_id": {"$in": ids}, "namespace_id": namespace_id}, session=reads)


def _item_id(key: ItemKey) -> Document:
    return {"n": key.namespace_id, "f": key.feature_id, "d": key.day}


def _by_namespace(keys: Iterable[K]) -> Mapping[str, list[K]]:
    grouped: dict[str, list[K]] = defaultdict(list)
    for key in keys:
        grouped[key.namespace_id].append(key)
    return grouped


def _of_kind(keys: Iterable[Key], kind: type[K]) -> list[K]:
    return [key for key in keys if isinstance(key, kind)]
