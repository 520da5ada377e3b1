"""How commands print: results on stdout, as text or as JSON; notes and one-line errors on stderr.

Ids, names and lines of files are clients': what doesn't show, or controls the terminal, is escaped in all that is
printed, as JSON escapes it. Nothing else prints.

Exit statuses: 0 done, 1 an error of the gateway or of what it was given, 2 wrong usage or settings.
"""

import json
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from gateway.errors import GatewayError
from gateway.model.wire import format_instant
from gateway.output.printable import printable, printable_lines
from gateway.output.redaction import redacted
from gateway.settings import SettingsError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.")]

# Wide enough that no line of a table is folded where no terminal says how wide it is.
_PIPED_WIDTH = 10_000


class Commands(TyperGroup):
    """A group of commands whose foreseen failures are one line and an exit status, not a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _printable_usage_errors():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _printable_usage_errors():
                return super().invoke(ctx)
        except SettingsError as error:
            _fail(str(error), status=2)
        except GatewayError as error:
            _fail(error.message, status=1)
        except (typer.TyperException, typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            # Here, as Python would print a secret, or what controls the terminal, that a message quotes.
            typer.echo(printable_lines(redacted("".join(traceback.format_exception(error)).rstrip())), err=True)
            raise typer.Exit(1) from None


@contextmanager
def _printable_usage_errors() -> Iterator[None]:
    """Typer's own errors quote what was typed; it prints them itself."""
    try:
        yield
    except typer.TyperException as error:
        error.message = _printable_text(error.message)
        raise


def print_json(value: object) -> None:
    """One line of JSON on stdout; times are given as ``timestamp`` spells them."""
    # Not by orjson: it refuses what the command line gives for bytes that aren't UTF-8.
    typer.echo(printable(json.dumps(value, ensure_ascii=False, separators=(",", ":"))).encode())


def print_line(text: str) -> None:
    """One line on stdout, whatever the text holds."""
    typer.echo(printable(text))


def print_text(text: str) -> None:
    """Several lines on stdout, none of whose ends are anybody else's."""
    typer.echo(_printable_text(text))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """A table on stdout; cells are plain text, never markup."""
    # Without bold headers, all that is printed is printable.
    table = Table(box=None, pad_edge=False, header_style="none")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell or "")) for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH).print(table)


def note(text: str) -> None:
    """One line on stderr for the person at the terminal; nothing that a program would read."""
    typer.echo(printable(text), err=True)


def warn(*texts: str) -> None:
    """Each as a note on what works, but would better be otherwise."""
    for text in texts:
        note(f"Warning: {text}")


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


def _printable_text(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))
