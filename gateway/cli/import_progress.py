"""The bar of ``gateway import``: how much of all files is read, how many lines, how fast, and how long it will take."""

import time
from collections.abc import Sequence

from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from gateway.interchange.course import Course
from gateway.interchange.detection import Format
from gateway.interchange.formats import Group
from gateway.interchange.report import Report

_SECONDS_BETWEEN = 0.1


class LinesColumn(ProgressColumn):
    """The number of lines that are done, and of those in a second."""

    def render(self, task: Task) -> Text:
        lines, since = task.fields["lines"], task.fields["since"]
        rate = (lines - since) / task.elapsed if task.elapsed else 0.0
        return Text(f"{lines:,} lines, {rate:,.0f}/s", style="progress.data.speed")


class ImportBar:
    """One bar over all files, in bytes of the files as they are; those of UBI are read twice."""

    def __init__(self, bars: Progress, groups: Sequence[Group], lines: int = 0) -> None:
        """``lines``: that are done already."""
        self._bars = bars
        self._groups = groups
        sizes = [_size(group) * _readings(group) for group in groups]
        is_known = all(source.size for group in groups for source in group.sources)
        self._before = [sum(sizes[:number]) for number in range(len(groups))]
        total = sum(sizes) if is_known else None
        self._task = bars.add_task("Reading", total=total, lines=lines, since=lines)
        self._shown_at = 0.0

    def show(self, course: Course, report: Report) -> None:
        """Shows where the import is; not more often than anybody can read."""
        if time.monotonic() - self._shown_at < _SECONDS_BETWEEN:
            return
        self._shown_at = time.monotonic()
        group = self._groups[course.group]
        read = sum(
            min(source.size, source.position() if source.number_of(course.place) < 1 << 39 else source.size)
            for source in group.sources
            if source.number_of(course.place)
        )
        # Where it goes on, nothing is read ahead a second time.
        earlier = _size(group) * (max(course.readings, _readings(group) if course.is_writing else 1) - 1)
        self._bars.update(
            self._task,
            description="Importing" if course.is_writing else "Reading",
            completed=self._before[course.group] + earlier + read,
            lines=report.lines,
        )


def _readings(group: Group) -> int:
    return 2 if group.format is Format.UBI else 1


def _size(group: Group) -> int:
    return sum(source.size for source in group.sources)
