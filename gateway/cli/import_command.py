"""``gateway import``: interactions from a file."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import typer
from rich.progress import DownloadColumn, TransferSpeedColumn

from gateway.cli.console import AsJson, note, print_json, print_line, progress
from gateway.cli.insights_commands import catch_up
from gateway.cli.store_connection import run
from gateway.interchange.entries import Skipped
from gateway.interchange.formats import Format, import_source
from gateway.interchange.imports import BATCH
from gateway.interchange.lines import Source
from gateway.interchange.position_base import PositionBase
from gateway.interchange.report import Report, rejected_line
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer

STDIN = "-"
_SHOWN = 20


def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A path, or - for standard input; gzip is recognised.")],
    namespace: Annotated[str, typer.Option(help="Where to import to: a namespace's name; made where there is none.")],
    organization: Annotated[str, typer.Option(help="The organization's name; made where there is none.")],
    format: Annotated[
        Format, typer.Option(help="jsonl: a JSON object per line; ubi: OpenSearch's bulk format.")
    ] = Format.JSONL,
    position_base: Annotated[
        PositionBase,
        typer.Option(
            help="ubi: the number of the first position; auto: of each application, 1 where some is 1 and none is 0."
        ),
    ] = PositionBase.ZERO,
    rejects: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the lines that are skipped to this file, with reasons.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=BATCH, help="How many interactions to write at once.")] = BATCH,
    as_json: AsJson = False,
) -> None:
    """Import interactions; run again on the same file, it adds nothing."""
    if format is not Format.UBI and position_base is not PositionBase.ZERO:
        raise typer.BadParameter("positions of JSON lines are counted from 0.", param_hint="--position-base")
    with _opened(file) as source, _rejecting(rejects, file) as reject:

        async def work(database: Database) -> Report:
            tenancy = Tenancy(database)
            await create_indexes(database)
            owner = await tenancy.create_organization(organization)
            target, created = await tenancy.create_namespace(owner, namespace)
            if created:
                note(f"Made the namespace {target.name} ({target.id}) of {owner.name}.")
            return await import_source(
                source, format, Writer(database), target, batch=batch, skipped=reject, position_base=position_base
            )

        report = run(work).as_json()
    run(catch_up)
    if as_json:
        print_json(report)
    else:
        _print(report)


@contextmanager
def _opened(file: str) -> Iterator[Source]:
    """The lines of ``file``; on a terminal, a bar shows how much of it is read."""
    standard = file == STDIN
    try:
        raw = FileIO(sys.stdin.fileno() if standard else file, closefd=not standard)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from None
    with raw, progress(DownloadColumn(), TransferSpeedColumn()) as bars:
        size = raw.seek(0, 2) if raw.seekable() else 0
        if size:
            raw.seek(0)
            watched = cast(FileIO, bars.wrap_file(cast(BinaryIO, raw), size, description="Reading"))
        with closing(Source(BufferedReader(watched if size else raw))) as source:
            yield source


@contextmanager
def _rejecting(rejects: Path | None, file: str) -> Iterator[Callable[[Skipped], None]]:
    """Writes each skipped line to the file ``rejects``, if any."""
    if rejects is not None and file != STDIN and rejects.exists() and rejects.samefile(file):
        raise typer.BadParameter("the rejects would overwrite the file to import.", param_hint="--rejects")
    try:
        opened = nullcontext() if rejects is None else rejects.open("wb")
    except OSError as error:
        raise typer.BadParameter(f"{rejects}: {error.strerror}", param_hint="--rejects") from None
    with opened as stream:

        def reject(skipped: Skipped) -> None:
            if stream is not None:
                stream.write(rejected_line(skipped))

        yield reject


def _print(report: Mapping[str, Any]) -> None:
    skipped = sum(report["skipped"].values())
    print_line(
        f"{report['lines']:,} lines: {report['imported']:,} interactions imported, {report['existing']:,} there "
        f"already, {skipped:,} lines skipped; {report['searchRequests']:,} search requests."
    )
    for reason, count in report["skipped"].items():
        print_line(f"  {count:,} × {reason}")
    for line in report["skippedLines"][:_SHOWN]:
        print_line(f"  line {line['line']}: {line['message']}")
    if skipped > _SHOWN:
        print_line(f"  … and {skipped - _SHOWN:,} more; --rejects FILE writes all of them.")
