"""How many interactions the demo has generated for each of its namespaces."""

from gateway.store.client import Collection, Database
from gateway.store.driver_errors import translated

_GENERATED = "demo"


class DemoProgress:
    """The counts of what was generated once, so that what a visitor deleted of it isn't made again."""

    def __init__(self, database: Database) -> None:
        self._counts: Collection = database[_GENERATED]

    async def reached(self, kind: str, count: int) -> bool:
        """Whether there were once as many of this kind."""
        with translated():
            return await self._counts.find_one({"_id": kind, "count": {"$gte": count}}) is not None

    async def note(self, kind: str, count: int) -> None:
        """Notes that as many were generated; raises `GatewayError`, as ``reached`` does."""
        with translated():
            await self._counts.update_one({"_id": kind}, {"$set": {"count": count}}, upsert=True)
