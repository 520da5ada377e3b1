"""Documents inserted unless something is stored under their ids."""

from collections.abc import Awaitable, Callable, Mapping
from operator import not_
from typing import Any
from uuid import UUID

from pymongo.errors import BulkWriteError
from tenacity import retry, retry_if_result, stop_after_attempt, wait_exponential

from gateway.context import Namespace
from gateway.errors import Unavailable
from gateway.store.client import Collection, Document
from gateway.store.driver_errors import duplicates, translated
from gateway.store.raw_batches import ReadDocuments, read_documents

ByteCount = Callable[[int], Any]

# From so many on, those that are stored are looked up first: to find an id takes a fiftieth of an insert, and one that
# fails takes longer than an insert and slows down those beside it.
_MANY = 100


async def find_by_ids(
    collection: Collection, within: Mapping[str, Any], ids: list[UUID], count: ByteCount
) -> dict[UUID, Document]:
    """Those of the documents that are ``within`` and have these ids, by them; ``count`` is called with their bytes
    before they are decoded, and may raise an error."""
    # Or every index that begins with the namespace is tried as well, each time.
    cursor = collection.find_raw_batches({"_id": {"$in": ids}, **within}, hint=[("_id", 1)])
    documents = ReadDocuments(collection.codec_options)
    await read_documents(cursor, documents, count)
    return {document["_id"]: document for document in await documents.decoded()}


async def insert(
    collection: Collection, namespace: Namespace, documents: Mapping[UUID, Document], count: ByteCount
) -> tuple[dict[UUID, Document], set[UUID]]:
    """What is stored under the ids of ``documents``, after inserting those that are new; and the ids that are fresh:
    inserted by this call. ``count``: as of `find_by_ids`, of what was stored before."""
    insertion = _Insertion(collection, namespace, documents, count)
    if len(documents) >= _MANY:
        await insertion.look_up()
    await until_readable(insertion.attempt)
    return insertion.stored, insertion.fresh


async def until_readable(attempt: Callable[[], Awaitable[bool]]) -> None:
    """Attempts to write until all of it is there to be read, which ``attempt`` tells: once is nearly always enough.

    Raises `Unavailable` where another writer's, under the same ids, isn't readable after 2.3 seconds.
    """
    if not await attempt() and not await _attempted_again(attempt):
        raise Unavailable("Another writer is recording the same; try again.")


# Before a majority has what another writer inserted, it can't be read: milliseconds as a rule. 2.3 seconds in all.
@retry(
    retry=retry_if_result(not_),
    wait=wait_exponential(multiplier=0.01, max=1),
    stop=stop_after_attempt(9),
    retry_error_callback=lambda _state: False,
)
async def _attempted_again(attempt: Callable[[], Awaitable[bool]]) -> bool:
    return await attempt()


class _Insertion:
    """The documents that one call inserts into a collection, or finds there.

    ``stored``: what is stored under their ids. ``fresh``: the ids of those that this inserted.
    """

    def __init__(
        self, collection: Collection, namespace: Namespace, documents: Mapping[UUID, Document], count: ByteCount
    ) -> None:
        self.stored: dict[UUID, Document] = {}
        self.fresh: set[UUID] = set()
        self._collection = collection
        self._namespace = namespace
        self._count = count
        self._missing = dict(documents)

    async def look_up(self) -> None:
        """Finds what is stored already, so that it need not be tried to insert."""
        with translated():
            within = {"namespace_id": self._namespace.id}
            self.stored |= await find_by_ids(self._collection, within, list(self._missing), self._count)
        self._missing = {id: document for id, document in self._missing.items() if id not in self.stored}

    async def attempt(self) -> bool:
        """Whether all documents are stored and read. What another writer inserted may not be readable yet."""
        with translated():
            existing = await _insert_new(self._collection, list(self._missing.values())) if self._missing else set()
            inserted = {id: document for id, document in self._missing.items() if id not in existing}
            self.stored |= inserted
            self.fresh |= inserted.keys()
            if existing:
                within = {"namespace_id": self._namespace.id}
                self.stored |= await find_by_ids(self._collection, within, list(existing), self._count)
        self._missing = {id: self._missing[id] for id in existing if id not in self.stored}
        return not self._missing


async def _insert_new(collection: Collection, documents: list[Document]) -> set[UUID]:
    """Inserts the documents whose ids are not stored, and gives the ids that are."""
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        return {documents[position]["_id"] for position in duplicates(error)}
    return set()
