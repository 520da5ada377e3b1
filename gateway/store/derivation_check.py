"""Derived documents compared with what would be made of the recorded ones now."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.insights.derived_keys import ItemKey, Key, SearchKey, VisitKey
from gateway.insights.item_days import item_days, with_items
from gateway.insights.search_outcomes import outcomes, with_ids
from gateway.insights.visits import neighbours
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES, VISIT_FIELDS
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import Collection, Database, Document, aggregate
from gateway.store.derivation_state import RebuildProgress
from gateway.store.derivation_walk import STAGES, Walk, following
from gateway.store.driver_errors import translated

_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A derived document that isn't what would be made now. ``fields``: the first names of what differs; none where the
    document is missing, or shouldn't be there."""

    collection: str
    key: Key
    id: Any
    problem: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of a check. ``checked``: how many documents were read, recorded and derived ones."""

    checked: int
    differences: tuple[Difference, ...]


class DerivationCheck:
    """The comparison, which changes nothing. Methods raise `GatewayError`."""

    def __init__(self, database: Database) -> None:
        self._walk = Walk(database)
        self._requests: Collection = database[SEARCH_REQUEST.collection]
        self._interactions: Collection = database[INTERACTION.collection]
        self._outcomes: Collection = database[SEARCH_OUTCOMES]
        self._item_days: Collection = database[ITEM_DAYS]

    async def total(self) -> int:
        """About how many documents `run` reads."""
        return await self._walk.total()

    async def run(self, looks: int = 1, progress: Callable[[int], None] = lambda _: None) -> CheckReport:
        """Compares everything; what differs is looked at again, up to so many times a second apart, since what follows
        may be on its way. ``progress``: is called with how many documents were read."""
        place: RebuildProgress | None = RebuildProgress(STAGES[0])
        differing: dict[Key, list[Difference]] = {}
        checked = 0
        while place is not None:
            chunk = await self._walk.chunk(place.stage, place.after)
            differing |= _by_key(await self.compare(chunk.keys))
            checked += chunk.read
            progress(checked)
            place = following(place, chunk)
        for _ in range(looks - 1):
            if not differing:
                break
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            differing = _by_key(await self.compare(list(differing)))
        return CheckReport(checked, tuple(difference for found in differing.values() for difference in found))

    async def compare(self, keys: Iterable[Key]) -> list[Difference]:
        """What differs of what these keys touch."""
        by_namespace: dict[str, list[Key]] = {}
        for key in keys:
            by_namespace.setdefault(key.namespace_id, []).append(key)
        differences = []
        for namespace_id, members in by_namespace.items():
            with translated():
                searches = [key for key in members if isinstance(key, SearchKey)]
                visits = [key for key in members if isinstance(key, VisitKey)]
                items = [key for key in members if isinstance(key, ItemKey)]
                differences += [
                    *await self._searches(namespace_id, searches),
                    *await self._visits(namespace_id, visits),
                    *await self._items(namespace_id, items),
                ]
        return differences

    async def _searches(self, namespace_id: str, keys: Sequence[SearchKey]) -> list[Difference]:
        ids = [key.search_request_id for key in keys]
        expected = await _made(self._requests, outcomes(namespace_id, with_ids(ids)))
        selected = {"search_request_id": {"$in": ids}, "namespace_id": namespace_id}
        stored = await _by_document_id(self._outcomes.find(selected))

        def key(outcome: Document) -> Key:
            return SearchKey(namespace_id, outcome["search_request_id"])

        def content(outcome: Document) -> Document:
            alone = outcome["visit"].startswith("r:")
            return {name: value for name, value in outcome.items() if alone or name not in VISIT_FIELDS}

        return list(_differences(SEARCH_OUTCOMES, expected, stored, key, content))

    async def _visits(self, namespace_id: str, keys: Sequence[VisitKey]) -> list[Difference]:
        selected = {"visit": {"$in": [key.visit for key in keys]}}
        expected = await _made(self._outcomes, neighbours(namespace_id, selected))
        stored = await _by_document_id(self._outcomes.find(selected | {"namespace_id": namespace_id}))
        visits = {id: outcome["visit"] for id, outcome in stored.items()}

        def key(outcome: Document) -> Key:
            return VisitKey(namespace_id, visits[repr(outcome["_id"])])

        def content(outcome: Document) -> Document:
            return {name: outcome[name] for name in VISIT_FIELDS if name in outcome}

        # What came or went between both reads differs in its search.
        both = [id for id in expected if id in stored]
        return list(
            _differences(
                SEARCH_OUTCOMES,
                {id: expected[id] for id in both},
                {id: stored[id] for id in both},
                key,
                content,
            )
        )

    async def _items(self, namespace_id: str, keys: Sequence[ItemKey]) -> list[Difference]:
        if not keys:
            return []
        expected = await _made(self._interactions, item_days(namespace_id, with_items(keys)))
        ids = [{"n": namespace_id, "f": key.feature_id, "d": key.day} for key in keys]
        stored = await _by_document_id(self._item_days.find({"_id": {"$in": ids}, "namespace_id": namespace_id}))

        def key(day: Document) -> Key:
            return ItemKey(namespace_id, day["feature_id"], day["day"])

        return list(_differences(ITEM_DAYS, expected, stored, key, dict))


async def _made(collection: Collection, pipeline: Sequence[Document]) -> dict[str, Document]:
    return await _by_document_id(await aggregate(collection, pipeline, allowDiskUse=True))


async def _by_document_id(cursor: Any) -> dict[str, Document]:
    return {repr(document["_id"]): document async for document in cursor}


def _differences(
    collection: str,
    expected: Mapping[str, Document],
    stored: Mapping[str, Document],
    key: Callable[[Document], Key],
    content: Callable[[Document], Document],
) -> Iterable[Difference]:
    for id in dict.fromkeys([*expected, *stored]):
        if id not in stored:
            document = expected[id]
            yield Difference(collection, key(document), document["_id"], "missing")
        elif id not in expected:
            document = stored[id]
            yield Difference(collection, key(document), document["_id"], "left over")
        else:
            made, kept = content(expected[id]), content(stored[id])
            names = [name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name)]
            if names:
                yield Difference(collection, key(stored[id]), stored[id]["_id"], "different", tuple(sorted(names)))


def _by_key(differences: Iterable[Difference]) -> dict[Key, list[Difference]]:
    grouped: dict[Key, list[Difference]] = {}
    for difference in differences:
        grouped.setdefault(difference.key, []).append(difference)
    return grouped
