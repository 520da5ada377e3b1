"""What matching percolators reads and writes: saved filters, the interactions that they are tried on, and matches."""

from collections.abc import Iterable, Sequence
from typing import Any

from bson import Timestamp
from pymongo import DeleteMany
from pymongo.errors import BulkWriteError

from gateway.model.kinds import INTERACTION
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_MATCH, happened
from gateway.store.client import Database, Document, session
from gateway.store.driver_errors import duplicates, translated

_BATCH = 1_000


class PercolatorMatches:
    """The repository of matches, and of what they are made of.

    Every method but the first reaches one namespace and no other. Those that read have all that was written until
    ``since``. All raise `Unavailable`.
    """

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._percolators = database[PERCOLATOR.collection]
        self._matches = database[PERCOLATOR_MATCH.collection]
        self._interactions = database[INTERACTION.collection]

    async def first_since(self) -> Timestamp | None:
        """The earliest time since which any percolator of any namespace is matched; None where there is none."""
        with translated():
            first = await self._percolators.find_one({}, {"since": 1}, sort=[("since", 1)])
        return None if first is None else first["since"]

    async def percolators(self, namespace_id: str, since: Timestamp) -> list[Document]:
        """All percolators of a namespace, in the order of their creation."""
        with translated():
            async with session(self._client, since) as reads:
                cursor = self._percolators.find({"namespace_id": namespace_id}, session=reads)
                return [document async for document in cursor.sort([("created_at", 1), ("_id", 1)])]

    async def interactions(
        self, namespace_id: str, ids: Sequence[Any], names: Iterable[str], since: Timestamp
    ) -> list[Document]:
        """Those of a namespace's interactions that have these values of ``_id``, as far as ``names`` say."""
        selected = {"_id": {"$in": list(ids)}, "namespace_id": namespace_id}
        projection = dict.fromkeys((INTERACTION.id_path, *names), 1)
        with translated():
            async with session(self._client, since) as reads:
                return [document async for document in self._interactions.find(selected, projection, session=reads)]

    async def insert(self, matches: Sequence[Document]) -> None:
        """Stores the matches, in their order, but for those that there are."""
        for start in range(0, len(matches), _BATCH):
            with translated():
                try:
                    await self._matches.insert_many(matches[start : start + _BATCH], ordered=False)
                except BulkWriteError as error:
                    # Raises the error again for all else.
                    duplicates(error)

    async def remove_of_interactions(self, namespace_id: str, deleted: Sequence[tuple[str, Timestamp]]) -> None:
        """Removes what these interactions matched before they were deleted, at a time each."""
        requests = [
            DeleteMany({"interaction_id": id, "happened": {"$lt": happened(at)}, "namespace_id": namespace_id})
            for id, at in deleted
        ]
        if requests:
            with translated():
                await self._matches.bulk_write(requests, ordered=False)

    async def remove_unmatched(
        self, namespace_id: str, replaced: Sequence[tuple[str, Timestamp, Sequence[str]]]
    ) -> None:
        """Removes what these interactions matched before they were replaced, at a time each, but for the matches of the
        percolators that are named with it."""
        requests = [
            DeleteMany(
                {
                    "interaction_id": id,
                    "happened": {"$lt": happened(at)},
                    "percolator_id": {"$nin": list(percolator_ids)},
                    "namespace_id": namespace_id,
                }
            )
            for id, at, percolator_ids in replaced
        ]
        if requests:
            with translated():
                await self._matches.bulk_write(requests, ordered=False)

    async def keep_newest(self, namespace_id: str, percolator_id: str, most: int) -> None:
        """Removes of a percolator's matches all but so many, the newest."""
        mine = {"percolator_id": percolator_id, "namespace_id": namespace_id}
        with translated():
            newest = self._matches.find(mine, {"happened": 1, "_id": 0}).sort([("happened", -1), ("_id", -1)])
            async for beyond in newest.skip(most).limit(1):
                await self._matches.delete_many({"happened": {"$lte": beyond["happened"]}, **mine})

    async def remove_of_percolator(self, namespace_id: str, percolator_id: str) -> None:
        with translated():
            await self._matches.delete_many({"percolator_id": percolator_id, "namespace_id": namespace_id})
