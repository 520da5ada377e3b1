"""What of a database is migrated, by whom, and how far: one document that all share.

    {"_id": "migrations", "owner": "…", "until": datetime, "finished": [{"number": 1, "at": datetime, "changed": 12}],
     "current": {"number": 2, "place": {…}, "read": 4000, "changed": 17}}

The owner holds a lease. ``current`` is how far a migration is that isn't finished, whoever works on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo.errors import DuplicateKeyError

from gateway.store.client import Collection, Database, Document
from gateway.store.driver_errors import translated
from gateway.store.lease import Lease
from gateway.store.migrations.migration import Place

STATE = "migrations"

LEASE_SECONDS = 15.0
"""How long a lease lasts that isn't renewed: with each step, of which few take a second."""

_ID = "migrations"


@dataclass(frozen=True, slots=True)
class MigrationProgress:
    """The place that a migration has come to; ``read`` and ``changed``: documents, by all who worked on it."""

    number: int
    place: Place | None = None
    read: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """What is migrated. ``is_known`` false: nothing is known of this database."""

    is_known: bool = False
    finished: frozenset[int] = frozenset()
    current: MigrationProgress | None = None


class MigrationState:
    """The document, as one of those sees it who may migrate. Methods raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._states: Collection = database[STATE]
        self._lease = Lease(self._states, _ID)

    async def take(self) -> bool:
        """Whether this may go on for `LEASE_SECONDS` from now: nobody else works on any migration then."""
        return await self._lease.take(LEASE_SECONDS)

    async def release(self) -> None:
        await self._lease.release()

    async def read(self) -> MigrationStatus:
        with translated():
            stored = await self._states.find_one({"_id": _ID})
        if stored is None:
            return MigrationStatus()
        current = stored.get("current")
        return MigrationStatus(
            is_known=True,
            finished=frozenset(entry["number"] for entry in stored.get("finished", ())),
            current=None if current is None else MigrationProgress(**current),
        )

    async def save(self, progress: MigrationProgress) -> None:
        """As the owner. Raises `LeaseLost`, as `finish` does."""
        current: Document = {
            "number": progress.number,
            "place": progress.place,
            "read": progress.read,
            "changed": progress.changed,
        }
        await self._lease.update({"$set": {"current": current}})

    async def finish(self, progress: MigrationProgress) -> None:
        """As the owner: this migration is done."""
        entry = {"number": progress.number, "at": datetime.now(UTC), "changed": progress.changed}
        await self._lease.update({"$push": {"finished": entry}, "$unset": {"current": ""}})

    async def begin(self, numbers: Iterable[int]) -> None:
        """Notes of a database of which nothing is known that these are done."""
        now = datetime.now(UTC)
        finished = [{"number": number, "at": now, "changed": 0} for number in numbers]
        with translated():
            try:
                await self._states.insert_one({"_id": _ID, "finished": finished})
            except DuplicateKeyError:
                return
