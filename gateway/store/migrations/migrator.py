"""Makes the migrations of a database that are pending, one after the other, beside the service."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import not_

from tenacity import retry, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from gateway.errors import GatewayError, Unavailable
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import Database
from gateway.store.driver_errors import translated
from gateway.store.lease import LeaseLost
from gateway.store.migrations.migration import Migration, Place, Step
from gateway.store.migrations.migration_state import LEASE_SECONDS, MigrationProgress, MigrationState, MigrationStatus
from gateway.store.migrations.registry import MIGRATIONS

# A failover takes some ten seconds.
_PATIENCE_SECONDS = 60.0

Progressed = Callable[[MigrationProgress], None]


@dataclass(frozen=True, slots=True)
class Pending:
    """The migrations that aren't done. ``unknown``: the numbers of those that a later version has done."""

    migrations: Sequence[Migration]
    unknown: Sequence[int] = ()


class Migrator:
    """The migrations of a database. Methods raise `GatewayError`; what was interrupted goes on where it was."""

    def __init__(self, database: Database, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        self._database = database
        self._migrations = migrations
        self._state = MigrationState(database)

    async def pending(self) -> Pending:
        """What is to be done, in its order."""
        status = await self._state.read()
        known = [migration.number for migration in self._migrations]
        return Pending(
            [migration for migration in self._migrations if migration.number not in status.finished],
            sorted(status.finished.difference(known)),
        )

    async def note_new(self) -> None:
        """Where nothing was ever recorded there is nothing to migrate: what this version stores is as it has to be."""
        if (await self._state.read()).is_known:
            return
        with translated():
            for kind in (INTERACTION, SEARCH_REQUEST):
                if await self._database[kind.collection].find_one({}, {"_id": 1}) is not None:
                    return
        await self._state.begin(migration.number for migration in self._migrations)

    async def total(self, migration: Migration) -> int:
        return await migration.total(self._database)

    async def run(self, migration: Migration, progress: Progressed = lambda _: None) -> MigrationProgress:
        """Makes a migration, from where it was left, once a process that was killed has lost its lease; nothing where
        another has made it meanwhile. Raises `Unavailable` where another works on one, also where that takes over."""
        try:
            if not await self._take_eventually():
                raise _taken()
            status = await self._state.read()
            if migration.number in status.finished:
                return MigrationProgress(migration.number)
            return await self._made(migration, status, progress)
        except LeaseLost:
            raise _taken() from None
        finally:
            # Else the lease ends by itself.
            with suppress(GatewayError):
                await self._state.release()

    async def would_change(self, migration: Migration, progress: Progressed = lambda _: None) -> MigrationProgress:
        """What it would do from its beginning, changing nothing."""
        done, place, is_done = MigrationProgress(migration.number), None, False
        while not is_done:
            step = await self._step(migration, place, write=False)
            done, place, is_done = _further(done, step), step.place, step.place is None
            progress(done)
        return done

    async def _made(self, migration: Migration, status: MigrationStatus, progress: Progressed) -> MigrationProgress:
        current = status.current
        done = current if current and current.number == migration.number else MigrationProgress(migration.number)
        while True:
            step = await self._step(migration, done.place, write=True)
            done = _further(done, step)
            progress(done)
            if step.place is None:
                await self._state.finish(done)
                return done
            # Not ahead of what is done: whoever goes on makes the last step again.
            await self._state.save(done)
            if not await self._state.take():
                raise _taken()

    @retry(
        retry=retry_if_result(not_),
        wait=wait_fixed(1),
        stop=stop_after_delay(LEASE_SECONDS + 5),
        retry_error_callback=lambda _state: False,
    )
    async def _take_eventually(self) -> bool:
        return await self._state.take()

    @retry(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_fixed(1),
        stop=stop_after_delay(_PATIENCE_SECONDS),
        reraise=True,
    )
    async def _step(self, migration: Migration, place: Place | None, *, write: bool) -> Step:
        return await migration.step(self._database, place, write=write)


def _further(done: MigrationProgress, step: Step) -> MigrationProgress:
    return replace(done, place=step.place, read=done.read + step.read, changed=done.changed + step.changed)


def _taken() -> Unavailable:
    return Unavailable("Another process migrates this database; what it does is told once it has ended.")
