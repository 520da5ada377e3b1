"""Search requests inserted unless something is stored under their ids; a stub gives way to the first full one.

Interactions hold copies. Of a stub that was completed they are made right in two steps: the full search request is
stored with the id of its completion, which is taken away once all that copied the stub have their copies. Who meets
such an id makes them right again, and who copied a stub looks whether it still is one: so nothing stays behind that
races, or was interrupted.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from gateway.context import Namespace
from gateway.model.documents import OF_STUBS, STUB, is_stub
from gateway.model.kinds import SEARCH_REQUEST
from gateway.store.client import Database, Document
from gateway.store.driver_errors import duplicates, translated
from gateway.store.idempotent_inserts import ByteCount, find_by_ids, insert, until_readable
from gateway.store.search_request_copies import SearchRequestCopies

# Each has up to 1 MB.
_BATCH = 20


class SearchRequestInserts:
    """The repository of search requests, as far as they are inserted. Methods raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._search_requests = database[SEARCH_REQUEST.collection]
        self._copies = SearchRequestCopies(database)

    async def insert(
        self, namespace: Namespace, documents: Mapping[UUID, Document], count: ByteCount
    ) -> tuple[dict[UUID, Document], set[UUID]]:
        """As `gateway.store.idempotent_inserts.insert`, but that the ids of stubs that this completed are fresh too."""
        stored, fresh = await insert(self._search_requests, namespace, documents, count)
        waiting = {
            id: document
            for id, document in documents.items()
            if id not in fresh and is_stub(stored[id]) and not is_stub(document)
        }
        if waiting:
            completion = _Completion(self._search_requests, namespace, waiting, count)
            await until_readable(completion.attempt)
            stored |= completion.stored
            fresh |= completion.fresh
        return stored, fresh

    async def complete_copies(self, namespace: Namespace, ids: Collection[UUID]) -> None:
        """Gives the interactions that copied the stubs of these search requests the copy of what is recorded by now.

        To be called for every search request that was a stub, or its completion under way, as it was copied or
        completed; once that is written.
        """
        found = {"_id": {"$in": list(ids)}, STUB: {"$ne": True}, "namespace_id": namespace.id}
        completed: list[UUID] = []
        with translated():
            async for request in self._search_requests.find(found, batch_size=_BATCH):
                await self._copies.renew(namespace, [request], OF_STUBS)
                completed.append(request["_id"])
            if completed:
                marked = {"_id": {"$in": completed}, STUB: {"$exists": True, "$ne": True}, "namespace_id": namespace.id}
                await self._search_requests.update_many(marked, {"$unset": {STUB: ""}})


class _Completion:
    """The completion of stubs by full search requests: of several writers one completes each.

    ``stored``: what is stored under their ids then; ``fresh``: the ids of those that this completed.
    """

    def __init__(
        self, collection: Any, namespace: Namespace, documents: Mapping[UUID, Document], count: ByteCount
    ) -> None:
        self.stored: dict[UUID, Document] = {}
        self.fresh: set[UUID] = set()
        self._collection = collection
        self._within = {"namespace_id": namespace.id}
        self._count = count
        self._missing = dict(documents)
        self._id = uuid4()

    async def attempt(self) -> bool:
        """Whether all are full and read. What a writer completed may not be readable yet."""
        with translated():
            self.fresh |= self._missing.keys() - await self._complete()
            found = await find_by_ids(self._collection, self._within, list(self._missing), self._count)
        self.stored |= {id: document for id, document in found.items() if not is_stub(document)}
        self._missing = {id: document for id, document in self._missing.items() if id not in self.stored}
        return not self._missing

    async def _complete(self) -> set[UUID]:
        """Puts the documents in the places of their stubs, and gives the ids of those that are stubs no longer."""
        # Where there is no stub, this would insert: that the id is there tells which of many weren't replaced.
        replacements = [
            ReplaceOne(
                {"_id": id, STUB: True, **self._within}, {**document, STUB: self._id, **self._within}, upsert=True
            )
            for id, document in self._missing.items()
        ]
        ids = list(self._missing)
        try:
            await self._collection.bulk_write(replacements, ordered=False)
        except BulkWriteError as error:
            return {ids[position] for position in duplicates(error)}
        return set()
