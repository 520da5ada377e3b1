"""``gateway migrate``: what older versions stored, changed to what this one expects."""

from typing import Annotated

import typer
from rich.progress import TaskID

from gateway.cli.console import AsJson, note, print_json, print_line, progress
from gateway.cli.store_connection import run
from gateway.store.client import Database
from gateway.store.index_creation import IndexCreation
from gateway.store.migrations.migration import Migration
from gateway.store.migrations.migration_state import MigrationProgress
from gateway.store.migrations.migrator import Migrator, Progressed


def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be changed, and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the migrations that are pending, beside the service; what was interrupted goes on where it was."""
    with progress() as bars:

        def shown(task: TaskID) -> Progressed:
            return lambda reached: bars.update(task, completed=reached.read)

        async def work(database: Database) -> tuple[list[tuple[Migration, MigrationProgress]], list[int]]:
            migrator = Migrator(database)
            pending = await migrator.pending()
            if not dry_run:
                # However long they take: this is also how they are built ahead of the version that needs them.
                await IndexCreation(database).run()
                pending = await migrator.pending()
            done = []
            for migration in pending.migrations:
                task = bars.add_task(f"{migration.number}", total=await migrator.total(migration))
                make = migrator.would_change if dry_run else migrator.run
                done.append((migration, await make(migration, shown(task))))
            return done, list(pending.unknown)

        done, unknown = run(work)
    if unknown:
        note(f"A later version has made others: {', '.join(map(str, unknown))}.")
    if as_json:
        print_json({"dryRun": dry_run, "migrations": [_as_json(*entry) for entry in done], "unknown": unknown})
        return
    for migration, reached in done:
        verb = "would be changed" if dry_run else "changed"
        print_line(
            f"{migration.number}. {migration.title}: {reached.read:,} documents read, {reached.changed:,} {verb}."
        )
    if not done:
        print_line("Nothing is pending.")


def _as_json(migration: Migration, reached: MigrationProgress) -> dict[str, object]:
    return {
        "number": migration.number,
        "title": migration.title,
        "read": reached.read,
        "changed": reached.changed,
    }
