"""What MongoDB is busy with, and documents that keep it so: by the dearest filter that a client may send."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.read_concern import ReadConcern

from gateway.model.bson_comparison import MAX_SEARCHED
from gateway.model.kinds import INTERACTION
from gateway.store.client import ClientSession, Database, aggregate
from tests.harness.waiting import PATIENCE

# Letters that repeat, up to the end of what is searched: each search takes as many steps as both lengths multiplied,
# some 4 ms. In all, that is half a minute, of which no test waits for the end.
_DOCUMENTS = 3_000
_TEXT = "a" * MAX_SEARCHED
PARTS = tuple("a" * length + "b" + "a" * (65 - length) for length in (55, 58, 61))


@dataclass(frozen=True, slots=True)
class Slow:
    """A database whose interactions take MongoDB long to search."""

    database: Database

    @classmethod
    async def stored(cls, database: Database, namespace_id: str = "ns_slow", count: int = _DOCUMENTS) -> "Slow":
        documents = [
            {
                "namespace_id": namespace_id,
                "interaction_id": f"i{number}",
                "feature_id": "f",
                "metadata": {"text": _TEXT},
            }
            for number in range(count)
        ]
        await database[INTERACTION.collection].insert_many(documents)
        return cls(database)

    async def count(self, session: ClientSession) -> int:
        condition = {"$or": [{"metadata.text": {"$regex": part}} for part in PARTS]}
        return await self.database[INTERACTION.collection].count_documents(condition, session=session)

    async def count_few(self, session: ClientSession) -> int:
        condition = {"interaction_id": "i0"}
        return await self.database[INTERACTION.collection].count_documents(condition, session=session)


async def current_operations(database: Database) -> Sequence[Mapping[str, Any]]:
    """What MongoDB is about to do for anybody with the database's interactions."""
    pipeline: list[Mapping[str, Any]] = [
        {"$currentOp": {"allUsers": True}},
        {"$match": {"ns": f"{database.name}.{INTERACTION.collection}", "active": True}},
    ]
    admin = database.client.admin.with_options(read_concern=ReadConcern("local"))
    return await (await aggregate(admin, pipeline)).to_list(None)


async def under_way(database: Database) -> None:
    """Returns once MongoDB is busy with the database's interactions."""
    await _until(database, busy=True)


async def ended(database: Database) -> None:
    """Returns once it no longer is."""
    await _until(database, busy=False)


async def _until(database: Database, *, busy: bool) -> None:
    deadline = time.monotonic() + PATIENCE
    while bool(await current_operations(database)) is not busy:
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.05)
