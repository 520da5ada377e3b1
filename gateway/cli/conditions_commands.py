"""``gateway conditions``: what is derived from recorded search requests, checked and derived again."""

from collections.abc import Awaitable, Callable

import typer

from gateway.cli.console import AsJson, print_json, print_line, progress
from gateway.cli.store_connection import run
from gateway.store.client import Database
from gateway.store.derived_fields import Report, check, rebuild, total

commands = typer.Typer(
    help="The indexed conditions of every filter tree, and what else is derived from recorded content.",
    no_args_is_help=True,
)

_Pass = Callable[[Database, Callable[[Report], None]], Awaitable[Report]]


@commands.command("check")
def check_everything(as_json: AsJson = False) -> None:
    """Compare every document with its content, changing nothing; exit with 1 where any is wrong."""
    report = _over_everything("Checking", check)
    _print(report, as_json, f"{report.checked:,} documents checked, {report.wrong:,} wrong.")
    if report.wrong:
        raise typer.Exit(1)


@commands.command("rebuild")
def rebuild_everything(as_json: AsJson = False) -> None:
    """Derive again what is wrong, beside the service; exit with 1 where a document has an id that isn't its content's.

    Such ids are left as they are: clients and other documents refer to them.
    """
    report = _over_everything("Rebuilding", rebuild)
    left = report.wrong - report.rebuilt
    text = f"{report.checked:,} documents checked, {report.wrong:,} wrong, {report.rebuilt:,} rebuilt."
    if left:
        text += f" Left as they are, for their id is not their content's: {left:,}."
    _print(report, as_json, text)
    if left:
        raise typer.Exit(1)


def _over_everything(name: str, work: _Pass) -> Report:
    """What ``work`` reports of the whole database; on a terminal, a bar shows how far it is."""
    with progress() as bars:

        async def counted(database: Database) -> Report:
            task = bars.add_task(name, total=await total(database))
            return await work(database, lambda report: bars.update(task, completed=report.checked))

        return run(counted)


def _print(report: Report, as_json: bool, text: str) -> None:
    if as_json:
        print_json({"checked": report.checked, "wrong": report.wrong, "rebuilt": report.rebuilt})
    else:
        print_line(text)
