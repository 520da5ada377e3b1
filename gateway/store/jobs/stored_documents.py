"""Documents by which the same ones are found again, also where the driver reads their ids otherwise than they are
stored."""

from collections.abc import Mapping
from typing import Any

from gateway.store.client import Database, Document, undecoded
from gateway.store.document_decoding import decoded_as_stored


class StoredDocuments:
    """The documents of a database, with what finds them again as it is stored. Methods raise the driver's errors."""

    def __init__(self, database: Database) -> None:
        self._undecoded = undecoded(database)
        self._options = database.codec_options

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
        start: Mapping[str, Any],
        end: Mapping[str, Any],
        *,
        filter_: Mapping[str, Any],
        limit: int,
    ) -> list[tuple[Any, ...]]:
        """The keys of an index from ``start`` to ahead of ``end``, in its ``order``, of documents that match: each
        value as of `decoded_as_stored`."""
        cursor = (
            self._undecoded[collection]
            .find(filter_, return_key=True, hint=index, limit=limit)
            .min([*start.items()])
            .max([*end.items()])
            .sort([*order.items()])
        )
        keys = [decoded_as_stored(bytes(key.raw), self._options, [*order]) async for key in cursor]
        return [tuple(key.get(name) for name in order) for key in keys]
