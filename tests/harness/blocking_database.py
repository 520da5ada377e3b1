"""A database as a test without an event loop sees it: each work in a loop and a client of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.store.client import Database, Document, close, open_client

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BlockingDatabase:
    """The database of this name at a server."""

    uri: str
    name: str

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to use it."""
        return {"GATEWAY_MONGODB_URI": self.uri, "GATEWAY_MONGODB_DATABASE": self.name}

    def run(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def run() -> T:
            client = open_client(self.uri)
            try:
                return await work(client[self.name])
            finally:
                await close(client)

        return asyncio.run(run())

    def insert(self, collection: str, *documents: Document) -> None:
        self.run(lambda database: database[collection].insert_many([dict(document) for document in documents]))

    def all(self, collection: str) -> list[Document]:
        """All documents of a collection, by their ids as they are ordered."""

        async def read(database: Database) -> list[Any]:
            return [document async for document in database[collection].find().sort("_id", 1)]

        return self.run(read)

    def drop(self) -> None:
        self.run(lambda database: database.client.drop_database(database.name))
