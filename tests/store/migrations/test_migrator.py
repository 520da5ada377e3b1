import asyncio
import os
import sys
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from gateway.context import Namespace
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import Unavailable
from gateway.model.wire import validate_interaction
from gateway.store.client import Database
from gateway.store.derived_fields import check
from gateway.store.index_creation import create_indexes
from gateway.store.migrations.derived_fields_everywhere import BATCH, DerivedFieldsEverywhere
from gateway.store.migrations.migration import Migration, Place, Step
from gateway.store.migrations.migration_state import STATE, MigrationProgress, MigrationState
from gateway.store.migrations.migrator import Migrator
from gateway.store.migrations.registry import MIGRATIONS
from gateway.store.writer import Writer
from tests.harness.held_document import held
from tests.harness.waiting import PATIENCE

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
SHOP = Namespace("ns_shop", "shop", "org_1", NOON)
# What a version stored that didn't derive it yet.
TEXTS = {"query_text": "", "text_tokens": ""}


class Numbers(Migration):
    """Three steps, of one document each."""

    number: ClassVar[int] = 2
    title: ClassVar[str] = "Numbers are noted"

    async def total(self, database: Database) -> int:
        return 3

    async def step(self, database: Database, place: Place | None, *, write: bool) -> Step:
        number = 0 if place is None else place["number"]
        if write:
            await database["numbers"].insert_one({"number": number})
        return Step(None if number == 2 else {"number": number + 1}, 1, 1)


async def record(database: Database, count: int) -> None:
    """Interactions, each with a search of its own, as a version stored them that knew no texts."""
    query = {"vector_index": "text", "type": "text"}
    recordings = [
        validate_interaction(
            {
                "interaction_id": f"i{number}",
                "feature_id": "p1",
                "interaction_type": "view",
                "search_request": {"queries": [{**query, "value": f"shoes {number}"}], "collections": []},
            }
        )
        for number in range(count)
    ]
    await Writer(database).record(SHOP, recordings, NOON)
    for name in ("interactions", "search_requests"):
        await database[name].update_many({}, {"$unset": TEXTS})


async def numbers(database: Database) -> list[int]:
    return [document["number"] async for document in database["numbers"].find({}).sort("_id", 1)]


async def test_what_older_versions_recorded_is_found_by_its_text(database: Database) -> None:
    await record(database, 700)
    [migration] = (await Migrator(database).pending()).migrations
    told: list[int] = []
    done = await Migrator(database).run(migration, lambda reached: told.append(reached.changed))
    assert (done.changed, told) == (1_400, [500, 700, 1_200, 1_400])
    assert await database["interactions"].count_documents({"query_text": "shoes 17", "namespace_id": SHOP.id}) == 1
    assert (await check(database)).wrong == 0
    assert (await Migrator(database).pending()).migrations == []
    assert (await Migrator(database).run(DerivedFieldsEverywhere())).changed == 0


async def test_a_dry_run_tells_what_would_change_and_changes_nothing(database: Database) -> None:
    await record(database, 3)
    assert (await Migrator(database).would_change(DerivedFieldsEverywhere())).changed == 6
    assert (await check(database)).wrong == 6
    assert len((await Migrator(database).pending()).migrations) == len(MIGRATIONS)


async def test_a_new_database_has_nothing_to_migrate(database: Database) -> None:
    await create_indexes(database)
    await record(database, 1)
    assert (await Migrator(database).pending()).migrations == []


async def test_a_database_with_recorded_documents_waits_to_be_migrated(database: Database) -> None:
    await record(database, 1)
    await create_indexes(database)
    assert [migration.number for migration in (await Migrator(database).pending()).migrations] == [1]


async def test_what_was_interrupted_goes_on_behind_the_last_step_that_was_noted(database: Database) -> None:
    class Interrupted(Exception): ...

    def interrupt(reached: MigrationProgress) -> None:
        if reached.read == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        await Migrator(database, [Numbers()]).run(Numbers(), interrupt)
    done = await Migrator(database, [Numbers()]).run(Numbers())
    # The second step was made, and not noted.
    assert (await numbers(database), done.read) == ([0, 1, 1, 2], 3)
    assert (await MigrationState(database).read()).finished == {2}


async def test_two_never_migrate_at_once(database: Database) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Waiting(Numbers):
        async def step(self, database: Database, place: Place | None, *, write: bool) -> Step:
            begun.set()
            await go_on.wait()
            return await super().step(database, place, write=write)

    first = asyncio.create_task(Migrator(database).run(Waiting()))
    await begun.wait()
    assert not await MigrationState(database).take()
    second = asyncio.create_task(Migrator(database).run(Numbers()))
    go_on.set()
    assert (await first).changed == 3
    assert await numbers(database) == [0, 1, 2]
    assert (await second).read == 0, "what another has made isn't made again"


async def test_who_lost_the_lease_stops(database: Database) -> None:
    def taken_over(reached: MigrationProgress) -> None:
        stolen.append(reached.read)

    stolen: list[int] = []

    class Stolen(Numbers):
        async def step(self, database: Database, place: Place | None, *, write: bool) -> Step:
            await database[STATE].update_one({"_id": "migrations"}, {"$set": {"owner": "another"}})
            return await super().step(database, place, write=write)

    with pytest.raises(Unavailable, match="Another process migrates"):
        await Migrator(database).run(Stolen(), taken_over)
    assert stolen == [1]


async def test_a_step_is_tried_again_while_the_database_is_away(database: Database) -> None:
    class Away(Numbers):
        failures = 1

        async def step(self, database: Database, place: Place | None, *, write: bool) -> Step:
            if self.failures:
                self.failures -= 1
                raise Unavailable("The database is away.")
            return await super().step(database, place, write=write)

    assert (await Migrator(database).run(Away())).changed == 3


async def test_migrations_of_a_later_version_are_told(database: Database) -> None:
    await Migrator(database, [Numbers()]).run(Numbers())
    assert (await Migrator(database).pending()).unknown == [2]


def test_numbers_are_given_once_and_in_order() -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


@pytest.mark.slow
async def test_a_process_that_is_killed_leaves_a_migration_that_goes_on(
    mongod: EmbeddedServer, database: Database
) -> None:
    await record(database, 1_000)
    documents: list[dict[str, Any]] = await database["interactions"].find({}).to_list()
    for copy in range(10):
        await database["interactions"].insert_many(
            [{**document, "_id": f"{copy}-{document['interaction_id']}"} for document in documents]
        )
    settings = {"GATEWAY_MONGODB_URI": mongod.uri, "GATEWAY_MONGODB_DATABASE": database.name}
    command = [sys.executable, "-m", "gateway", "migrate"]
    [last] = await database["interactions"].find({}, {"_id": 1}).sort("_id", -1).limit(1).to_list()
    async with held(database["interactions"], last["_id"]):
        process = await asyncio.create_subprocess_exec(*command, env=os.environ | settings)
        async with asyncio.timeout(PATIENCE):
            while (await MigrationState(database).read()).current is None:
                assert process.returncode is None
                await asyncio.sleep(0.01)
            process.kill()
            await process.wait()
        assert (await check(database)).wrong > 0
    done = await Migrator(database).run(DerivedFieldsEverywhere())
    # What the step that was killed had written is right already once that is made again, and isn't counted twice.
    assert 12_000 - BATCH <= done.changed <= 12_000
    assert (await database["interactions"].count_documents({"query_text": {"$exists": False}})) == 0
