"""``gateway import``: interactions and search requests from files."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.console import AsJson, note, print_json
from gateway.cli.import_order import Order, import_order
from gateway.cli.import_outcome import as_json_object, print_outcome
from gateway.cli.insights_commands import catch_up
from gateway.cli.store_connection import run
from gateway.errors import BadUserInput
from gateway.interchange.detection import Format, detect
from gateway.interchange.field_mapping import Assignment, assignments
from gateway.interchange.formats import Group, Reading, grouped
from gateway.interchange.imports import BATCH
from gateway.interchange.position_base import PositionBase
from gateway.interchange.sources import Source, opened, paths

_INTERRUPTED = 130


def import_files(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Files, folders, or - for standard input; gzip and Zstandard are recognised.",
        ),
    ],
    namespace: Annotated[str, typer.Option(help="Where to import to: a namespace's name.")],
    organization: Annotated[str, typer.Option(help="The organization's name.")],
    create: Annotated[
        bool, typer.Option("--create", help="Make the organization and the namespace where there are none.")
    ] = False,
    format: Annotated[
        Format | None,
        typer.Option(
            help="jsonl: a JSON object per line; ubi: OpenSearch's, bulk or one document per line; csv: with a header. "
            "Default: what the first lines tell."
        ),
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=FIELD", help="csv: which field a column is, as in sku=feature_id; repeatable."),
    ] = None,
    position_base: Annotated[
        PositionBase,
        typer.Option(
            help="ubi: the number of the first position; auto: of each application, 1 where some is 1 and none is 0."
        ),
    ] = PositionBase.ZERO,
    strict: Annotated[
        bool, typer.Option("--strict", help="Skip lines with types or operators that the contract doesn't know.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, and record nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the lines that are skipped to this file, with reasons.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin at the first line, whatever an interrupted import has done.")
    ] = False,
    batch: Annotated[int, typer.Option(min=1, max=BATCH, help="How many interactions to write at once.")] = BATCH,
    as_json: AsJson = False,
) -> None:
    """Import interactions; run again on the same files, it adds nothing."""
    columns = _columns(map or [])
    with ExitStack() as stack:
        groups = _groups(stack, files, format, columns)
        formats = {group.format for group in groups}
        if Format.UBI not in formats and position_base is not PositionBase.ZERO:
            raise typer.BadParameter("positions are counted from 0, but in UBI.", param_hint="--position-base")
        if Format.CSV not in formats and columns:
            raise typer.BadParameter("no file is CSV.", param_hint="--map")
        order = Order(
            groups=groups,
            reading=Reading(columns, position_base, strict, batch),
            namespace=namespace,
            organization=organization,
            rejects=rejects,
            checkpoint=None if dry_run else _checkpoint_path(groups, files, rejects),
            creates=create,
            restarts=restart,
            is_dry=dry_run,
        )
        _require_apart(order)
        run(lambda database: import_order(database, order))
    _finish(order, as_json=as_json)


def _columns(texts: Sequence[str]) -> list[Assignment]:
    try:
        return assignments(texts)
    except BadUserInput as error:
        raise typer.BadParameter(error.message, param_hint="--map") from None


def _groups(
    stack: ExitStack, files: Sequence[str], format: Format | None, columns: Sequence[Assignment]
) -> list[Group]:
    """The files that hold something, each with its format. Raises BadUserInput for one that has none, or another."""
    sources: list[tuple[Format, Source]] = []
    named = list(paths(files))
    if len(set(named)) < len(named):
        raise typer.BadParameter("a file is named twice.", param_hint="FILE")
    for file in named:
        try:
            source = stack.enter_context(closing(opened(file)))
        except OSError as error:
            raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from None
        detected = detect(source.head(), columns)
        if detected.is_empty:
            note(f"{source.file} holds no lines.")
            continue
        if format is not None and detected.format is not None and detected.format is not format:
            raise BadUserInput(
                f"{source.file} is no {format.title}: it looks like {detected.format.title}. Leave --format out, or "
                f"give --format {detected.format.value}."
            )
        if format is None and detected.format is None:
            raise BadUserInput(f"{source.file} can't be imported: {detected.hint}.")
        if detected.format is None:
            note(f"{source.file} may be no {format.title if format else ''}: {detected.hint}.")
        chosen = detected.format or format or Format.JSONL
        note(f"{source.file}: {chosen.title}")
        sources.append((chosen, source))
    if not sources:
        raise BadUserInput("There is nothing to import.")
    return grouped(sources)


def _checkpoint_path(groups: Sequence[Group], files: Sequence[str], rejects: Path | None) -> Path | None:
    """Where it is kept how far the import came: beside the rejects, else beside the first file. None of standard input
    without rejects, nor where it is read twice: the next import's may be another one."""
    if any(not source.is_seekable for group in groups for source in group.sources) and (
        rejects is None or any(group.format is Format.UBI for group in groups)
    ):
        return None
    beside = Path(files[0]) if rejects is None else rejects
    return beside.with_name(f"{beside.name or 'import'}.checkpoint")


def _require_apart(order: Order) -> None:
    for source in order.sources:
        path = Path(source.file)
        if order.rejects is not None and order.rejects.exists() and path.exists() and order.rejects.samefile(path):
            raise typer.BadParameter("the rejects would overwrite the file to import.", param_hint="--rejects")


def _finish(order: Order, *, as_json: bool) -> None:
    unused = [
        source.file for source in order.sources if order.report.read[source.file] and not order.report.used[source.file]
    ]
    if as_json:
        print_json(as_json_object(order))
    else:
        print_outcome(order)
    if order.is_interrupted:
        raise typer.Exit(_INTERRUPTED)
    if not order.is_dry and order.report.imported:
        _derive()
    for file in unused:
        note(f"Error: nothing of {file} could be imported.")
    if unused:
        raise typer.Exit(1)


def _derive() -> None:
    try:
        run(catch_up)
    except KeyboardInterrupt:
        note("All is imported. What statistics are read from is derived by the next `gateway serve` or import.")
        raise typer.Exit(_INTERRUPTED) from None
