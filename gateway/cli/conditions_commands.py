"""``gateway conditions``: what is derived from recorded search requests, checked and derived again."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO, TypeAlias

import orjson
import typer

from gateway.cli.console import AsJson, print_json, print_line, progress
from gateway.cli.store_connection import run
from gateway.output.printable import printable
from gateway.store.client import Database
from gateway.store.derived_fields import Progress, Report, Told, check, rebuild, total
from gateway.store.document_faults import WrongDocument

commands = typer.Typer(
    help="The indexed conditions of every filter tree, and what else is derived from recorded content.",
    no_args_is_help=True,
)

_Pass: TypeAlias = Callable[[Database, Progress, Told], Awaitable[Report]]
_LISTED, _SHOWN = 1_000, 20

Wrong = Annotated[
    Path | None,
    typer.Option(
        "--wrong", dir_okay=False, help="Write every document that is wrong to this file, with why, as lines of JSON."
    ),
]


@dataclass(slots=True)
class _WrongDocuments:
    """The first documents that are wrong; ``file``: where all of them go, as they are met."""

    file: BinaryIO | None
    listed: list[WrongDocument] = field(default_factory=list)

    def add(self, document: WrongDocument) -> None:
        if len(self.listed) < _LISTED:
            self.listed.append(document)
        if self.file is not None:
            self.file.write(printable(orjson.dumps(document.as_json()).decode()).encode() + b"\n")


@commands.command("check")
def check_everything(wrong: Wrong = None, as_json: AsJson = False) -> None:
    """Compare every document with its content, changing nothing; exit with 1 where any is wrong, and say why."""
    with _told(wrong) as documents:
        report = _over_everything("Checking", check, documents)
    _print(report, documents, as_json, f"{report.checked:,} documents checked, {report.wrong:,} wrong.")
    if report.wrong:
        raise typer.Exit(1)


@commands.command("rebuild")
def rebuild_everything(wrong: Wrong = None, as_json: AsJson = False) -> None:
    """Derive again what is wrong, beside the service; exit with 1 where something is that nothing sets right.

    Ids and times are left as they are: clients and other documents refer to those, and these stand nowhere else.
    """
    with _told(wrong) as documents:
        report = _over_everything("Rebuilding", rebuild, documents)
    left = report.wrong - report.rebuilt
    text = f"{report.checked:,} documents checked, {report.wrong:,} wrong, {report.rebuilt:,} rebuilt."
    if left:
        text += f" Left as they are: {left:,}."
    _print(report, documents, as_json, text)
    if left:
        raise typer.Exit(1)


@contextmanager
def _told(file: Path | None) -> Iterator[_WrongDocuments]:
    try:
        opened = nullcontext() if file is None else file.open("wb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--wrong") from None
    with opened as stream:
        yield _WrongDocuments(stream)


def _over_everything(name: str, work: _Pass, documents: _WrongDocuments) -> Report:
    """What ``work`` reports of the whole database; on a terminal, a bar shows how far it is."""
    with progress() as bars:

        async def counted(database: Database) -> Report:
            task = bars.add_task(name, total=await total(database))
            return await work(database, lambda report: bars.update(task, completed=report.checked), documents.add)

        return run(counted)


def _print(report: Report, documents: _WrongDocuments, as_json: bool, text: str) -> None:
    if as_json:
        print_json(
            {
                "checked": report.checked,
                "wrong": report.wrong,
                "rebuilt": report.rebuilt,
                "wrongDocuments": [document.as_json() for document in documents.listed],
            }
        )
        return
    print_line(text)
    for document in documents.listed[:_SHOWN]:
        print_line(f"  {document.collection} {document.id}: {' '.join(document.faults)}")
    if report.wrong > _SHOWN:
        print_line(f"  … and {report.wrong - _SHOWN:,} more; --wrong FILE writes all of them.")
