"""The import of files: each by the module of its format, those of one format together, on the course that they take."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.context import Namespace
from gateway.interchange import csv_table, jsonl, ubi
from gateway.interchange.checkpoint import Checkpoint
from gateway.interchange.course import Course
from gateway.interchange.detection import Format
from gateway.interchange.entries import Entry, Skipped
from gateway.interchange.field_mapping import Assignment
from gateway.interchange.imports import BATCH, Import, Recorder
from gateway.interchange.position_base import PositionBase
from gateway.interchange.report import Report
from gateway.interchange.sources import Lines, Source, Sources


@dataclass(frozen=True, slots=True)
class Reading:
    """The way in which files are read: ``assignments`` of CSV's columns; ``position_base`` of UBI; ``is_strict`` and
    ``batch`` as of `Import`."""

    assignments: Sequence[Assignment] = ()
    position_base: PositionBase = PositionBase.ZERO
    is_strict: bool = False
    batch: int = BATCH

    def as_json(self) -> list[Any]:
        """What an import has to have in common with the one that it goes on with."""
        columns = [[each.column, list(each.field), each.is_json] for each in self.assignments]
        return [columns, self.position_base.value, self.is_strict]


@dataclass(frozen=True, slots=True)
class Group:
    """The files of one format, which are read together: what one of UBI's says of a query another one adds to."""

    format: Format
    sources: Sequence[Source]

    def as_json(self) -> list[Any]:
        """As of `Reading`; where all is read ahead of the first line, nothing may have been added."""
        is_whole = self.format is Format.UBI
        return [self.format.value, [[source.file, source.size if is_whole else 0] for source in self.sources]]


def grouped(sources: Sequence[tuple[Format, Source]]) -> list[Group]:
    """The files by their formats, in the order of the first of each; their lines are numbered in this order."""
    formats = dict.fromkeys(format for format, _ in sources)
    groups = [Group(format, [source for other, source in sources if other is format]) for format in formats]
    for index, source in enumerate(source for group in groups for source in group.sources):
        source.index = index
    return groups


async def import_groups(
    groups: Sequence[Group],
    recorder: Recorder,
    namespace: Namespace,
    reading: Reading,
    checkpoint: Checkpoint,
    course: Course,
    skipped: Callable[[Skipped], None],
    report: Report,
) -> None:
    """Records the lines of all files in a namespace, behind those that are done, as ``checkpoint`` says; and counts
    them in ``report``, which has those.

    Raises what `Import.run` does, `Interrupted` where ``course`` is stopped, and `Changed` where a file isn't what it
    was.
    """
    first = 0 if checkpoint.reached is None else checkpoint.reached.group
    importing = Import(
        recorder,
        namespace,
        checkpoint.database,
        batch=reading.batch,
        skipped=skipped,
        is_strict=reading.is_strict,
        report=report,
    )
    for number, group in enumerate(groups):
        if number >= first:
            lines = course.begin(number, Sources(group.sources))
            if number > first:
                # What is saved from here on is of this group: the one before is not to be gone on with.
                course.save(report)
            await importing.run(_entries(group, lines, reading, checkpoint), course)


def _entries(group: Group, lines: Lines, reading: Reading, checkpoint: Checkpoint) -> Iterator[Entry]:
    match group.format:
        case Format.JSONL:
            return jsonl.entries(lines, checkpoint.database)
        case Format.CSV:
            return csv_table.entries(lines, checkpoint.database, reading.assignments, checkpoint.state)
        case Format.UBI:
            return _ubi_entries(lines, reading, checkpoint)


def _ubi_entries(lines: Lines, reading: Reading, checkpoint: Checkpoint) -> Iterator[Entry]:
    gathered = ubi.Gathered(checkpoint.database, reading.position_base)
    if "origins" in checkpoint.state:
        gathered.origins.restore(checkpoint.state["origins"])
    else:
        gathered.read(lines)
        checkpoint.save(origins=gathered.origins.as_state())
    yield from gathered.entries(lines)
