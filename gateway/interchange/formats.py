"""The formats of files that are imported, each a module that says what its lines are."""

from collections.abc import Callable
from enum import Enum

from gateway.context import Namespace
from gateway.interchange import jsonl, ubi
from gateway.interchange.entries import Skipped
from gateway.interchange.imports import Import
from gateway.interchange.lines import Source
from gateway.interchange.position_base import PositionBase
from gateway.interchange.report import Report
from gateway.interchange.temporary_database import temporary_database
from gateway.store.writer import Writer


class Format(Enum):
    """A format that a file may have; the values are what ``--format`` takes."""

    JSONL = "jsonl"
    UBI = "ubi"


async def import_source(
    source: Source,
    format: Format,
    writer: Writer,
    namespace: Namespace,
    *,
    batch: int,
    skipped: Callable[[Skipped], None],
    position_base: PositionBase = PositionBase.ZERO,
) -> Report:
    """Records the lines of ``source`` in a namespace; ``batch`` and ``skipped`` are those of `Import`,
    ``position_base`` is of UBI alone.

    Raises `BadUserInput` where a compressed file breaks, and `Unavailable` where the database doesn't answer.
    """
    with temporary_database() as database:
        run = Import(writer, namespace, database, batch=batch, skipped=skipped).run
        match format:
            case Format.JSONL:
                return await run(jsonl.entries(source, database))
            case Format.UBI:
                return await run(ubi.entries(source, database, position_base))
