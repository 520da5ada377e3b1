"""How commands print: results on stdout, as text or as JSON; notes and one-line errors on stderr.

Exit statuses: 0 done, 1 an error of the gateway or of what it was given, 2 wrong usage or settings.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from gateway.errors import GatewayError
from gateway.model.wire import format_instant
from gateway.settings import SettingsError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.")]

# Wide enough that no line of a table is folded where no terminal says how wide it is.
_PIPED_WIDTH = 10_000


class Commands(TyperGroup):
    """A group of commands whose foreseen failures are one line and an exit status, not a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            _fail(str(error), status=2)
        except GatewayError as error:
            _fail(error.message, status=1)


def print_json(value: object) -> None:
    """One line of JSON on stdout; times are given as ``timestamp`` spells them."""
    typer.echo(orjson.dumps(value))


def print_line(text: str) -> None:
    typer.echo(text)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """A table on stdout; cells are plain text, never markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell or "") for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH).print(table)


def note(text: str) -> None:
    """One line on stderr for the person at the terminal; nothing that a program would read."""
    typer.echo(text, err=True)


def progress(*amount: ProgressColumn, stays: bool = False) -> Progress:
    """Bars on stderr, on a terminal, gone when their block ends; each tells ``amount``, by default how many are done.

    ``stays``: they are left standing, and the last of them is printed where there is no terminal, too.
    """
    console = Console(stderr=True)
    amounts = amount or (MofNCompleteColumn(),)
    columns = (TextColumn("{task.description}"), BarColumn(), *amounts, TimeRemainingColumn())
    return Progress(*columns, console=console, transient=not stays, disable=not (stays or console.is_terminal))


def timestamp(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds, as in 2024-05-01T12:00:00.000Z; None stays None."""
    return None if moment is None else format_instant(moment)


def _fail(message: str, *, status: int) -> NoReturn:
    note(f"Error: {message}")
    raise typer.Exit(status)
