"""Documents by which the same ones are found again, also where the driver reads their ids otherwise than they are
stored."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from bson.raw_bson import RawBSONDocument

from gateway.model.undecoded_values import UndecodedValue, one_of
from gateway.store.client import Database, Document, undecoded
from gateway.store.document_decoding import decoded_as_stored

IndexKey: TypeAlias = tuple[Any, ...] | bytes
"""A key of an index: its values, or the document of these as MongoDB gave it, where the driver would send others."""

# Their ids are sent back in one command, which has at most 16 MB.
_MOST_BYTES = 4_000_000


class IndexKeys(NamedTuple):
    """The next keys of an index: the ids at their ends, each as of `decoded_as_stored`, and the last key; None at the
    end of the index."""

    ids: Sequence[Any]
    last: IndexKey | None


class StoredDocuments:
    """The documents of a database, with what finds them again as it is stored. Methods raise the driver's errors."""

    def __init__(self, database: Database) -> None:
        self._undecoded = undecoded(database)
        self._options = database.codec_options

    def with_ids(self, ids: Sequence[Any]) -> Mapping[str, Any]:
        """The filter for the documents with these ids."""
        return one_of("_id", ids, self._options)

    def same(self, documents: Iterable[Document]) -> Mapping[str, Any]:
        """The filter for the same documents as were `found`."""
        return self.with_ids([document["_id"] for document in documents])

    async def found(
        self,
        collection: str,
        filter_: Mapping[str, Any],
        projection: Mapping[str, Any],
        *,
        hint: str = "",
        limit: int = 0,
    ) -> list[Document]:
        """Those that match, at most ``limit``, 0: all of them; each with its ``_id`` as of `decoded_as_stored`."""
        cursor = self._undecoded[collection].find(filter_, projection, limit=limit, hint=hint or None)
        return [decoded_as_stored(bytes(document.raw), self._options, ("_id",)) async for document in cursor]

    async def keys(
        self,
        collection: str,
        index: str,
        order: Mapping[str, int],
        start: IndexKey,
        end: IndexKey,
        *,
        filter_: Mapping[str, Any],
        limit: int,
    ) -> IndexKeys:
        """The keys of an index in its ``order``, from ``start`` on, at most ``limit``, ahead of ``end``; of documents
        that match."""
        # A cursor takes no start but what the driver can send.
        command = {
            "find": collection,
            "filter": filter_,
            "returnKey": True,
            "hint": index,
            "min": _bound(order, start),
            "max": _bound(order, end),
            "sort": dict(order),
            "limit": limit,
            "batchSize": limit,
            **({"readConcern": concern} if (concern := self._undecoded.read_concern.document) else {}),
        }
        reply = (await self._undecoded.command(command, codec_options=self._undecoded.codec_options))["cursor"]
        if reply["id"]:
            await self._undecoded.command({"killCursors": collection, "cursors": [reply["id"]]})
        found = [bytes(key.raw) for key in reply["firstBatch"]]
        keys = _of_bytes(found, _MOST_BYTES)
        ids = [decoded_as_stored(key, self._options, ("_id",))["_id"] for key in keys]
        is_at_end = len(keys) == len(found) < limit and not reply["id"]
        return IndexKeys(ids, None if is_at_end else self._key(order, keys[-1]))

    def _key(self, order: Mapping[str, int], encoded: bytes) -> IndexKey:
        key = decoded_as_stored(encoded, self._options, [*order])
        values = tuple(key.get(name) for name in order)
        return encoded if any(value.__class__ is UndecodedValue for value in values) else values


def _bound(order: Mapping[str, int], key: IndexKey) -> Mapping[str, Any]:
    return RawBSONDocument(key) if isinstance(key, bytes) else dict(zip(order, key, strict=True))


def _of_bytes(documents: Sequence[bytes], most: int) -> Sequence[bytes]:
    """The first of them, of so many bytes together, and two at least: the first of them may be known."""
    size = 0
    for number, document in enumerate(documents):
        size += len(document)
        if size > most:
            return documents[: max(number, 2)]
    return documents
