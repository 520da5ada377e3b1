"""``gateway insights``: what statistics are read from, compared with what was recorded and derived again."""

import asyncio
from collections.abc import Callable
from typing import Any

import typer
from rich.progress import Progress

from gateway.cli.console import AsJson, note, print_json, print_line, progress
from gateway.cli.store_connection import run
from gateway.insights.derived_keys import ItemKey, Key, SearchKey, VisitKey
from gateway.live.follower import Follower
from gateway.store.client import Database
from gateway.store.derivation_check import CheckReport, DerivationCheck, Difference
from gateway.store.derivation_state import DerivationState
from gateway.store.derivation_walk import Walk
from gateway.store.index_creation import create_indexes

commands = typer.Typer(
    help="The derived documents that statistics are read from, one for each search and each item's day.",
    no_args_is_help=True,
)

_SHOWN = 20
# A gateway derives within two seconds what is written; more where it catches up.
_LOOKS = 10
_SECONDS_BETWEEN_LOOKS = 0.5


@commands.command("check")
def check_derived(as_json: AsJson = False) -> None:
    """Compare every derived document with what was recorded, changing nothing; exit with 1 where any differs."""
    with progress() as bars:

        async def work(database: Database) -> CheckReport:
            await create_indexes(database)
            check = DerivationCheck(database)
            # Whoever follows may be a little behind.
            is_followed = (await DerivationState(database).read()).is_owned
            task = bars.add_task("Checking", total=await check.total())
            return await check.run(_LOOKS if is_followed else 1, lambda done: bars.update(task, completed=done))

        report = run(work)
    if as_json:
        differences = [_as_json(difference) for difference in report.differences]
        print_json({"checked": report.checked, "differences": differences})
    else:
        print_line(f"{report.checked:,} documents checked, {len(report.differences):,} differ.")
        for difference in report.differences[:_SHOWN]:
            print_line(f"  {_described(difference)}")
        if len(report.differences) > _SHOWN:
            print_line(f"  … and {len(report.differences) - _SHOWN:,} more; --json names all of them.")
    if report.differences:
        raise typer.Exit(1)


@commands.command("rebuild")
def rebuild_derived(as_json: AsJson = False) -> None:
    """Derive every document again, beside the service; a rebuild that was interrupted goes on where it was."""
    with progress() as bars:

        async def work(database: Database) -> int:
            await create_indexes(database)
            follower = Follower(database)
            await follower.ask_for_rebuild()
            total = await Walk(database).total()
            moved = _deriving(bars, total)
            while not await follower.catch_up(moved):
                # A gateway does it: the one that follows what is written.
                rebuild = (await DerivationState(database).read()).rebuild
                if rebuild is None:
                    break
                moved(rebuild.done)
                await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            return total

        total = run(work)
    if as_json:
        print_json({"read": total})
    else:
        print_line(f"About {total:,} documents read, everything is derived again.")


async def catch_up(database: Database) -> None:
    """Derives what was written until now, where no gateway does it anyway; on a terminal, a bar shows how far it is."""
    with progress() as bars:
        if not await Follower(database).catch_up(_deriving(bars, await Walk(database).total())):
            note("A running gateway derives what statistics are read from.")


def _deriving(bars: Progress, total: int) -> Callable[[int], None]:
    """What moves a bar on to so many documents; what is derived meanwhile is read as well, and counts to the total."""
    task = bars.add_task("Deriving", total=total)
    return lambda done: bars.update(task, completed=done, total=max(total, done))


def _described(difference: Difference) -> str:
    fields = f": {', '.join(difference.fields)}" if difference.fields else ""
    return f"{difference.collection}: {_named(difference.key)} is {difference.problem}{fields}"


def _named(key: Key) -> str:
    match key:
        case SearchKey(namespace_id, id):
            return f"search request {id} of {namespace_id}"
        case VisitKey(namespace_id, visit):
            return f"a search request of visit {visit} of {namespace_id}"
        case ItemKey(namespace_id, id, day):
            return f"{id} of {namespace_id} on {day:%Y-%m-%d}"


def _as_json(difference: Difference) -> dict[str, Any]:
    return {
        "collection": difference.collection,
        "document": _named(difference.key),
        "problem": difference.problem,
        "fields": list(difference.fields),
    }
