"""The formats of files that are imported, each a module that says what its lines are."""

from collections.abc import Callable
from enum import Enum

from gateway.context import Namespace
from gateway.interchange import jsonl, ubi
from gateway.interchange.entries import Skipped
from gateway.interchange.imports import Import
from gateway.interchange.lines import Source
from gateway.interchange.report import Report
from gateway.interchange.temporary_database import temporary_database
from gateway.store.writer import Writer


class Format(Enum):
    """A format that a file may have; the values are what ``--format`` takes."""

    JSONL = "jsonl"
    UBI = "ubi"


_ENTRIES = {Format.JSONL: jsonl.entries, Format.UBI: ubi.entries}


async def import_source(
    source: Source,
    format: Format,
    writer: Writer,
    namespace: Namespace,
    *,
    batch: int,
    skipped: Callable[[Skipped], None],
) -> Report:
    """Records the lines of ``source`` in a namespace; ``batch`` and ``skipped`` are those of `Import`.

    Raises `BadUserInput` where a compressed file breaks, and `Unavailable` where the database doesn't answer.
    """
    with temporary_database() as database:
        run = Import(writer, namespace, database, batch=batch, skipped=skipped).run
        return await run(_ENTRIES[format](source, database))
