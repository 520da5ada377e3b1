"""``gateway schema``: the schema in GraphQL's definition language."""

import difflib
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.console import note, print_text
from gateway.schema.graph import build
from gateway.settings import SchemaSettings, load

_SHOWN = 40


def schema(
    check: Annotated[
        Path | None, typer.Option(help="Compare with this file instead of printing; exit with 1 where they differ.")
    ] = None,
    subgraph: Annotated[
        bool, typer.Option("--subgraph", help="What Apollo Federation composes, as `_service` answers it.")
    ] = False,
    federation_prefix: Annotated[
        str | None,
        typer.Option(help="What the names of generic types begin with; else GATEWAY_FEDERATION_PREFIX."),
    ] = None,
) -> None:
    """Print the GraphQL schema, without needing a database."""
    graph = build(load(SchemaSettings, federation_prefix=federation_prefix).federation_prefix)
    printed = graph.subgraph if subgraph else graph.sdl
    if check is None:
        print_text(printed.rstrip("\n"))
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
    for line in difference[:_SHOWN]:
        note(line)
    command = "gateway schema --subgraph" if subgraph else "gateway schema"
    note(f"Error: {check} differs from the code; renew it with: {command} > {check}")
    raise typer.Exit(1)
