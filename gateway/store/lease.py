"""A document that one process at a time owns: a lease by MongoDB's clock, which ends by itself where its owner dies."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from gateway.store.client import Collection
from gateway.store.driver_errors import translated


class LeaseLost(Exception):
    """The end of an owner's work: another process is the owner by now. Clients never hear of it."""


class Lease:
    """The lease of the document ``id``, as one of those sees it who may own it. Methods raise `Unavailable`."""

    def __init__(self, collection: Collection, id: str) -> None:
        self._collection = collection
        self._id = id
        self._owner = uuid4().hex

    async def take(self, seconds: float) -> bool:
        """Whether this owns the document for so long from now: as before, or as nobody does."""
        free = {"$lte": [{"$ifNull": ["$until", None]}, "$$NOW"]}
        until = {"$add": ["$$NOW", int(seconds * 1_000)]}
        mine = {"_id": self._id, "$expr": {"$or": [{"$eq": ["$owner", self._owner]}, free]}}
        update = [{"$set": {"owner": self._owner, "until": until}}]
        with translated():
            if (await self._collection.update_one(mine, update)).matched_count:
                return True
            if await self._collection.find_one({"_id": self._id}, {"_id": 1}) is not None:
                return False
            try:
                await self._collection.insert_one({"_id": self._id})
            except DuplicateKeyError:
                return False
            return bool((await self._collection.update_one(mine, update)).matched_count)

    async def release(self) -> None:
        with translated():
            await self._collection.update_one(
                {"_id": self._id, "owner": self._owner}, {"$unset": {"owner": "", "until": ""}}
            )

    async def update(self, update: Mapping[str, Any]) -> None:
        """As the owner; raises `LeaseLost` where it isn't this any more."""
        with translated():
            result = await self._collection.update_one({"_id": self._id, "owner": self._owner}, update)
        if not result.matched_count:
            raise LeaseLost
