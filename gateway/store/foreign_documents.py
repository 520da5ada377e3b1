"""The documents of a collection that another program writes, read by their ids and left as they are."""

from collections.abc import AsyncIterator
from difflib import get_close_matches
from typing import Any

from gateway.errors import BadUserInput
from gateway.store.client import Database, Document
from gateway.store.driver_errors import translated
from gateway.store.index_creation import own_collections
from gateway.store.keyset import next_by_id

_PAGE = 1_000


class ForeignDocuments:
    """The documents of ``collection``, in the database of the name ``database`` beside the gateway's, None: in that.

    Raises `BadUserInput` where the collection is the gateway's own.
    """

    def __init__(self, gateways: Database, collection: str, *, database: str | None = None) -> None:
        self._database = gateways if database is None else gateways.client[database]
        self._name = collection
        if self._database.name == gateways.name and collection in own_collections():
            raise BadUserInput(
                f"The collection {collection!r} is the gateway's own: `gateway conditions check` tells what is wrong "
                "in it."
            )

    async def total(self) -> int:
        """How many documents there are, by the collection's own count, which may be a little off. Raises
        `BadUserInput` where there is no such collection."""
        with translated():
            names = await self._database.list_collection_names()
            if self._name not in names:
                near = get_close_matches(self._name, names, 1)
                hint = f"; did you mean {near[0]!r}?" if near else "."
                raise BadUserInput(f"The database {self._database.name} has no collection {self._name!r}{hint}")
            return await self._database[self._name].estimated_document_count()

    async def pages(self, after: Any = None) -> AsyncIterator[list[Document]]:
        """All documents by their ids, of whatever type those are, from the one with the id ``after`` on; None: from the
        first. Raises `Unavailable`."""
        is_first = True
        while is_first or after is not None:
            with translated():
                documents, following = await next_by_id(self._database[self._name], after, (), _PAGE)
            # The last one of a step is read once more.
            yield documents if is_first else documents[1:]
            is_first, after = False, following
