"""The repository of derived documents: made by MongoDB itself of what is recorded, by the keys that were touched.

Making them again changes nothing, so that whatever was interrupted is done again. Only who owns the derivation (see
`gateway.store.derivation_state`) may call this: what two make at once, the slower has made of older documents.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, TypeVar

from bson import Timestamp

from gateway.insights.derived_keys import ItemKey, Key, SearchKey, VisitKey
from gateway.insights.item_days import item_days, merged_into_item_days, with_items
from gateway.insights.search_outcomes import merged_into_outcomes, outcomes, with_ids
from gateway.insights.visits import merged_into_visits, neighbours
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.document_ids import id_text
from gateway.model.documents import STUB
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import ClientSession, Collection, Database, Document, aggregate, session
from gateway.store.derivation_walk import items_left
from gateway.store.driver_errors import translated

K = TypeVar("K", bound=Key)

_DEAR_DOCUMENTS = 5_000
# What is dear takes longer; looking for it takes a command.
_DEAR_SECONDS = 0.05

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

    async def derive_searches(self, keys: Mapping[SearchKey, bool]) -> tuple[set[VisitKey], Costs]:
        """Makes the outcomes of these searches; those with true, which something was taken from, are removed where
        nothing is left. Gives the visits they were and are in, of which `derive_visits` has to be called."""
        visits: set[VisitKey] = set()
        costs: dict[Key, int] = {}
        for namespace_id, members in _by_namespace(keys).items():
            ids = [key.search_request_id for key in members]
            pipeline = outcomes(namespace_id, with_ids(ids)) + merged_into_outcomes()
            with translated():
                async with session(self._client, self.since) as reads:
                    before = await self._outcomes_of(namespace_id, ids, reads)
                    await self._run(self._requests, pipeline, reads)
                    after = await self._outcomes_of(namespace_id, ids, reads)
                    shrunk = {key.search_request_id for key in members if keys[key]}
                    await self._remove_gone(namespace_id, shrunk, after, reads)
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
            counted: list[Document] = [
                {"$match": selected | {"namespace_id": namespace_id}},
                {"$group": {"_id": "$visit", "count": {"$sum": 1}}},
                {"$match": {"count": {"$gte": _DEAR_DOCUMENTS}}},
            ]
            with translated():
                async with session(self._client, self.since) as reads:
                    pipeline = neighbours(namespace_id, selected) + merged_into_visits()
                    if await self._run(self._outcomes, pipeline, reads) >= _DEAR_SECONDS:
                        async for document in await aggregate(self._outcomes, counted, session=reads, **self._limit):
                            costs[VisitKey(namespace_id, document["_id"])] = document["count"]
        return costs

    async def derive_items(self, keys: Mapping[ItemKey, bool]) -> Costs:
        """Makes these days of items; those with true, which something was taken from, are removed where nothing is
        left."""
        costs: dict[Key, int] = {}
        for namespace_id, members in _by_namespace(keys).items():
            pipeline = item_days(namespace_id, with_items(members)) + merged_into_item_days()
            ids = [_item_id(key) for key in members]
            dear = {"_id": {"$in": ids}, "interactions": {"$gte": _DEAR_DOCUMENTS}, "namespace_id": namespace_id}
            with translated():
                async with session(self._client, self.since) as reads:
                    seconds = await self._run(self._interactions, pipeline, reads)
                    await self._remove_empty(namespace_id, [key for key in members if keys[key]], reads)
                    if seconds >= _DEAR_SECONDS:
                        async for document in self._item_days.find(dear, {"interactions": 1}, session=reads):
                            id = document["_id"]
                            costs[ItemKey(namespace_id, id["f"], id["d"])] = document["interactions"]
        return costs

    async def derive(self, keys: Mapping[Key, bool]) -> tuple[set[VisitKey], Costs]:
        """Makes all that these keys touch, true as in `derive_items`; gives the visits that have to be derived next."""
        visits, costs = await self.derive_searches({key: keys[key] for key in _of_kind(keys, SearchKey)})
        visit_costs = await self.derive_visits(_of_kind(keys, VisitKey))
        items = {key: keys[key] for key in _of_kind(keys, ItemKey)}
        return visits, {**costs, **visit_costs, **await self.derive_items(items)}

    async def _outcomes_of(self, namespace_id: str, ids: Sequence[str], reads: ClientSession) -> list[Document]:
        selected = {"search_request_id": {"$in": ids}, "namespace_id": namespace_id}
        read = {"search_request_id": 1, "visit": 1, "counts": 1}
        return [document async for document in self._outcomes.find(selected, read, session=reads)]

    async def _remove_gone(
        self, namespace_id: str, ids: Set[str], stored: Sequence[Document], reads: ClientSession
    ) -> None:
        """Removes those of the stored outcomes with these ids whose search requests are gone."""
        if not ids:
            return
        named = {**with_ids(ids), STUB: {"$ne": True}, "namespace_id": namespace_id}
        left, called = set[str](), set[str | None]()
        async for request in self._requests.find(named, {"search_request_id": 1}, session=reads):
            left.add(repr(request["_id"]))
            called.add(id_text(request.get("search_request_id")))
        # Where nothing is left that is called so: an `_id` that is read otherwise than it is stored finds none.
        if gone := list(ids - called):
            await self._outcomes.delete_many(
                {"search_request_id": {"$in": gone}, "namespace_id": namespace_id}, session=reads
            )
        of_several = [outcome["_id"] for outcome in stored if outcome["search_request_id"] in ids & called]
        await self._remove(self._outcomes, namespace_id, [id for id in of_several if repr(id) not in left], reads)

    async def _remove_empty(self, namespace_id: str, keys: Sequence[ItemKey], reads: ClientSession) -> None:
        left = await items_left(self._interactions, keys, session=reads, **self._limit)
        await self._remove(self._item_days, namespace_id, [_item_id(key) for key in keys if key not in left], reads)

    async def _run(self, collection: Collection, pipeline: Sequence[Document], reads: ClientSession) -> float:
        """Runs a pipeline that stores what it makes; gives the seconds that it took."""
        began = time.perf_counter()
        async for _ in await aggregate(collection, pipeline, session=reads, **self._limit):
            raise AssertionError("what ends with $merge gives nothing")
        return time.perf_counter() - began

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
