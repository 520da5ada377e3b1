"""``gateway schema``: the schema in GraphQL's definition language."""

import difflib
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.console import note, print_line
from gateway.schema import build

_SHOWN = 40


def schema(
    check: Annotated[
        Path | None, typer.Option(help="Compare with this file instead of printing; exit with 1 where they differ.")
    ] = None,
) -> None:
    """Print the GraphQL schema."""
    printed = build().sdl
    if check is None:
        print_line(printed.rstrip("\n"))
        return
    try:
        committed = check.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        note(f"Error: {check} can't be read: {getattr(error, 'strerror', None) or 'not UTF-8'}")
        raise typer.Exit(2) from None
    if committed == printed:
        return
    difference = list(
        difflib.unified_diff(committed.splitlines(), printed.splitlines(), str(check), "the code", lineterm="")
    )
    note("\n".join(difference[:_SHOWN]))
    note(f"Error: {check} differs from the code; renew it with: gateway schema > {check}")
    raise typer.Exit(1)
