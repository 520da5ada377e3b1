"""One step of a sweep after the other: a part of an index is looked at, and what is meant there is erased.

A step looks at a thousand keys of the index, whatever they hold, and so takes some ten milliseconds. Made again, it
changes nothing: so whoever goes on may begin with the step that another had begun.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bson import MaxKey, MinKey

from gateway.context import Reach
from gateway.errors import QueryTooBroad, Unavailable
from gateway.model.kinds import INTERACTION
from gateway.plan.erasures import Erasure, Sweep, SweepAction
from gateway.plan.reach_filters import last_words
from gateway.store.client import Collection, Database, Document
from gateway.store.driver_errors import translated
from gateway.store.jobs.erased_documents import READ, ErasedDocuments
from gateway.store.jobs.stored_documents import IndexKey, IndexKeys, StoredDocuments
from gateway.store.jobs.stored_work import Place

_KEYS = 1_000
# What is recorded as fast as it is erased is so without end.
_MOST_ROUNDS = 5
_COUNT_MS = 2_000
_MOST_COUNTED = 10_000_000


@dataclass(frozen=True, slots=True)
class JobStep:
    """A step that was made. ``place``: where the next one begins, None at the end. ``looked_at``: how many documents;
    ``counts``: of what was done, by the names that jobs have for it. ``pause_seconds``: until the next step may be
    made."""

    place: Place | None
    looked_at: int
    counts: Mapping[str, int] = field(default_factory=dict)
    pause_seconds: float = 0.0


class Sweeper:
    """The steps of one erasure. Methods raise `GatewayError`, and may be called again after it."""

    def __init__(self, database: Database, reach: Reach, erasure: Erasure) -> None:
        self._database = database
        self._reach = reach
        self._erasure = erasure
        self._stored = StoredDocuments(database)
        self._documents = ErasedDocuments(database, reach)

    async def total(self) -> int | None:
        """About how many documents there are to look at; None where that takes too long to count."""
        total = 0
        for sweep in self._erasure.sweeps:
            index, filter_ = sweep.index, dict[str, Any]()
            if sweep.values is not None and index.equality is not None:
                filter_[index.equality] = {"$in": list(sweep.values)}
            if sweep.start is not None:
                filter_[index.order] = {"$lt": sweep.start}
            try:
                with translated():
                    total += await self._collection(sweep).count_documents(
                        {**filter_, "namespace_id": self._reach.namespace.id},
                        hint=index.name,
                        limit=_MOST_COUNTED,
                        maxTimeMS=_COUNT_MS,
                    )
            except (QueryTooBroad, Unavailable):
                return None
        return total

    async def step(self, place: Place) -> JobStep:
        """The step that begins there."""
        if place.sweep >= len(self._erasure.sweeps):
            return JobStep(None, 0)
        sweep = self._erasure.sweeps[place.sweep]
        keys = await self._keys(sweep, place)
        documents = await self._documents_of(sweep, keys.ids, self._own(sweep, place))
        counts, is_whole = await self._erase(sweep, documents) if documents else ({}, True)
        found = place.found or any(counts.values())
        if not is_whole:
            return JobStep(replace(place, found=found), 0, counts)
        return JobStep(self._following(place, sweep, keys.last, found=found), len(keys.ids), counts)

    def _following(self, place: Place, sweep: Sweep, after: IndexKey | None, *, found: bool) -> Place | None:
        if after is not None:
            return replace(place, after=after, found=found)
        if sweep.values is not None and place.value + 1 < len(sweep.values):
            return replace(place, value=place.value + 1, after=None, found=found)
        number = place.sweep + 1
        # Once it has been through everything, what is found by an index is enough.
        while place.round and number < len(self._erasure.sweeps) and self._erasure.sweeps[number].values is None:
            number += 1
        if number < len(self._erasure.sweeps):
            return Place(place.round, number, found=found)
        if self._erasure.again and found and place.round + 1 < _MOST_ROUNDS:
            return Place(place.round + 1)
        return None

    async def _keys(self, sweep: Sweep, place: Place) -> IndexKeys:
        """The next keys of the index; of the one that was the last of a step, once more."""
        index, namespace_id = sweep.index, self._reach.namespace.id
        order = dict(index.keys)
        prefix: tuple[Any, ...] = (namespace_id,)
        if index.equality is not None and sweep.values is not None:
            prefix = (namespace_id, sweep.values[place.value])
        first = prefix if sweep.start is None else (*prefix, sweep.start)
        # Behind the last that has this time: times and ids descend.
        lowest, highest = (MinKey(), MaxKey())
        start = place.after or (*first, *[highest if sweep.start is None else lowest] * (len(order) - len(first)))
        end = (*prefix, *[lowest] * (len(order) - len(prefix)))
        with translated():
            return await self._stored.keys(
                index.kind.collection,
                index.name,
                order,
                start,
                end,
                filter_={"namespace_id": namespace_id},
                limit=_KEYS,
            )

    @staticmethod
    def _own(sweep: Sweep, place: Place) -> Document:
        """What the documents have that are looked at there; empty where that may be anything."""
        if sweep.index.equality is None or sweep.values is None:
            return {}
        return {sweep.index.equality: {"$eq": sweep.values[place.value]}}

    async def _documents_of(self, sweep: Sweep, ids: Sequence[Any], own: Document) -> list[Document]:
        if not ids:
            return []
        kind = sweep.index.kind
        within = {**own, **self._stored.with_ids(ids), **last_words(self._reach, kind)}
        filter_ = {"$and": [within, *sweep.where]} if sweep.where else within
        with translated():
            return await self._stored.found(kind.collection, filter_, READ)

    async def _erase(self, sweep: Sweep, documents: Sequence[Document]) -> tuple[Mapping[str, int], bool]:
        """What was done, and whether it was all that there was to do."""
        if sweep.action is SweepAction.FORGET_COPIES:
            return {"interactions_changed": await self._documents.forget_copies(documents)}, True
        if sweep.index.kind is not INTERACTION:
            deleted, changed = await self._documents.delete_requests(documents)
            return {"search_requests_deleted": deleted or 0, "interactions_changed": changed}, deleted is not None
        counts: dict[str, int] = {}
        if sweep.with_searches and sweep.index.equality is not None and sweep.values is not None:
            # First: afterwards nobody could tell that they led here.
            own = {sweep.index.equality: {"$in": list(sweep.values)}}
            searches = await self._documents.searches_led_here_alone(documents, own)
            if searches:
                counts["search_requests_deleted"] = await self._documents.delete_uncopied_requests(searches)
        counts["interactions_deleted"] = await self._documents.delete_interactions(documents)
        return counts, True

    def _collection(self, sweep: Sweep) -> Collection:
        return self._database[sweep.index.kind.collection]
