"""``gateway schema``: the schema in GraphQL's definition language."""

import difflib
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.console import note, print_line, print_text
from gateway.schema.graph import build
from gateway.schema.schema_changes import NotASchema, SchemaComparison, compared
from gateway.settings import SchemaSettings, load

_SHOWN = 40


def schema(
    check: Annotated[
        Path | None, typer.Option(help="Compare with this file instead of printing; exit with 1 where they differ.")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            help="List what has changed since this released schema instead of printing; exit with 1 where a change "
            "breaks clients and isn't accepted."
        ),
    ] = None,
    accepted: Annotated[
        Path | None, typer.Option(help="Breaking changes that are accepted: a line of --compare each, # for remarks.")
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
    if accepted is not None and compare is None:
        raise typer.BadParameter("it goes with --compare", param_hint="--accepted")
    if compare is not None and (check is not None or subgraph):
        raise typer.BadParameter("it goes with neither --check nor --subgraph", param_hint="--compare")
    if compare is not None:
        _compare(compare, graph.sdl, "" if accepted is None else _read(accepted))
    elif check is not None:
        _check(check, printed, "gateway schema --subgraph" if subgraph else "gateway schema")
    else:
        print_text(printed.rstrip("\n"))


def _compare(released: Path, sdl: str, accepted: str) -> None:
    try:
        comparison = compared(_read(released), sdl, accepted.splitlines())
    except NotASchema as error:
        note(f"Error: {released} is no schema: {error}")
        raise typer.Exit(2) from None
    for change in (*comparison.breaking, *comparison.dangerous):
        print_line(change)
    note(_summary(comparison))
    for line in comparison.unknown:
        note(f"Error: accepted, but no such change: {line}")
    if comparison.refused or comparison.unknown:
        raise typer.Exit(1)


def _summary(comparison: SchemaComparison) -> str:
    accepted = len(comparison.breaking) - len(comparison.refused)
    return (
        f"{len(comparison.breaking):,} breaking changes, {accepted:,} of them accepted; "
        f"{len(comparison.dangerous):,} dangerous and {comparison.safe:,} safe ones."
    )


def _check(check: Path, printed: str, command: str) -> None:
    committed = _read(check)
    if committed == printed:
        return
    difference = list(
        difflib.unified_diff(committed.splitlines(), printed.splitlines(), str(check), "the code", lineterm="")
    )
    for line in difference[:_SHOWN]:
        note(line)
    note(f"Error: {check} differs from the code; renew it with: {command} > {check}")
    raise typer.Exit(1)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        note(f"Error: {file} can't be read: {getattr(error, 'strerror', None) or 'not UTF-8'}")
        raise typer.Exit(2) from None
