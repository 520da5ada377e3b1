"""Whether a database waits to be migrated: looked for beside the service, told in the log and by `/readyz`."""

import asyncio
import logging

from gateway.errors import GatewayError
from gateway.store.client import Database
from gateway.store.migrations.migrator import Migrator

_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = 30.0


class PendingMigrations:
    """The migrations that a database waits for. ``note``: in a sentence; None where there are none, or that isn't known
    yet."""

    def __init__(self, database: Database) -> None:
        self._migrator = Migrator(database)
        self.note: str | None = None

    async def run(self) -> None:
        """Looks until none is pending; ends then."""
        while True:
            try:
                await self._look()
            except GatewayError:
                # Whether the database answers is told elsewhere.
                pass
            else:
                if self.note is None:
                    return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        pending = await self._migrator.pending()
        if pending.unknown:
            numbers = ", ".join(map(str, pending.unknown))
            _LOG.warning("A later version migrated this database (%s): see docs/upgrades.md, Downgrades.", numbers)
        note = None
        if pending.migrations:
            numbers = ", ".join(str(migration.number) for migration in pending.migrations)
            note = f"Pending: {numbers}. Run `gateway migrate`, beside the service."
        if note is not None and note != self.note:
            _LOG.warning("Migrations: %s", note)
        self.note = note
