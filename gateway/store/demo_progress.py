"""What the demo has generated: how many interactions for each of its namespaces, how, and up to which instant."""

from datetime import datetime

from gateway.store.client import Collection, Database
from gateway.store.driver_errors import translated

_GENERATED = "demo"
_EDITION = "edition"


class DemoProgress:
    """What was generated once: what a visitor deleted of it isn't made again, and more of it fits to what there is.

    ``edition``: the way of generating; its data can't be added to those of another.
    """

    def __init__(self, database: Database, *, edition: int) -> None:
        self._documents: Collection = database[_GENERATED]
        self._edition = edition

    async def until(self, instant: datetime) -> datetime | None:
        """Up to which instant this database's data are generated: this one, unless another was noted before; None where
        they are of another edition. Raises `GatewayError`, as the others do."""
        with translated():
            if await self._documents.find_one({"_id": {"$ne": _EDITION}}) is None:
                noted = {"edition": self._edition, "until": instant}
                await self._documents.update_one({"_id": _EDITION}, {"$setOnInsert": noted}, upsert=True)
            found = await self._documents.find_one({"_id": _EDITION, "edition": self._edition})
        return found["until"] if found else None

    async def reached(self, kind: str, count: int) -> bool:
        """Whether there were once as many of this kind."""
        with translated():
            return await self._documents.find_one({"_id": kind, "count": {"$gte": count}}) is not None

    async def note(self, kind: str, count: int) -> None:
        """Notes that as many were generated."""
        with translated():
            await self._documents.update_one({"_id": kind}, {"$set": {"count": count}}, upsert=True)
