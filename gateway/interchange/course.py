"""The course of an import: how far it is, whom it tells, when that is saved, and whether it is to stop."""

import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

from gateway.interchange.checkpoint import Checkpoint, Reached
from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Entry
from gateway.interchange.lines import Line
from gateway.interchange.report import Report
from gateway.interchange.sources import Lines

LINES_BETWEEN_LOOKS: Final = 64
_SECONDS_BETWEEN_SAVES: Final = 3.0


class Interrupted(BaseException):
    """The wish of whoever runs an import that it stops, where it waits for a line or none is written yet."""


class Changed(Exception):
    """A file isn't the one that was begun: what its checkpoint says of its beginning is no longer so."""


class Course:
    """The course of an import, one group of files after the other; without a checkpoint it is saved nowhere.

    ``moved`` is called every few lines, read or skipped; ``saved`` for what else is kept. ``is_reading``: the next line
    is waited for. ``is_writing``: entries are given, of which some may not be written yet. ``readings``: how often the
    group is begun to be read.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | None = None,
        moved: Callable[[], None] = lambda: None,
        saved: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self.is_stopping = False
        self.is_reading = False
        self.is_writing = False
        self._checkpoint = checkpoint
        self._moved = moved
        self._saved = saved
        self.group = 0
        self.readings = 0
        self._lines: TrackedLines | None = None
        self._saved_at = time.monotonic()
        self._is_due = False

    def begin(self, group: int, lines: Lines) -> "TrackedLines":
        """The lines of the next group, behind those that are done."""
        reached = None if self._checkpoint is None else self._checkpoint.reached
        self.group, self.is_writing, self.readings = group, False, 0
        self._lines = TrackedLines(lines, self, reached if reached is not None and reached.group == group else None)
        return self._lines

    @property
    def place(self) -> int:
        """The place of the line that was read last."""
        return 0 if self._lines is None else self._lines.place

    def may_wait(self) -> bool:
        """Whether the next line may be long in coming, for which nothing that was sent should wait."""
        return self._lines is not None and self._lines.may_wait()

    def stop(self) -> None:
        """Has the import end: at once where it waits for a line, by `Interrupted`; else once what was read is written.

        To be called where a signal is handled, which may be anywhere.
        """
        self.is_stopping = True
        if self.is_reading:
            self.is_reading = False
            raise Interrupted

    def looked(self) -> None:
        """Is called every few lines. Raises `Interrupted` where there is nothing to write first."""
        self._moved()
        if self.is_stopping and not self.is_writing:
            raise Interrupted
        self._is_due = self.is_stopping or time.monotonic() - self._saved_at > _SECONDS_BETWEEN_SAVES

    def may_save(self, entry: Entry) -> bool:
        """Whether it is time to save, and nothing of a line behind this entry's is remembered yet."""
        return self._is_due and self.is_behind(entry)

    def is_behind(self, entry: Entry) -> bool:
        is_part = isinstance(entry, Auxiliary) and entry.kind is AuxiliaryKind.ACTION
        return self._lines is not None and entry.line.place == self._lines.place and not is_part

    def save(self, report: Report) -> None:
        """Keeps that all is written which was read by now."""
        self._saved_at, self._is_due = time.monotonic(), False
        if self._checkpoint is not None and self._lines is not None:
            reached = Reached(self.group, self._lines.place, self._lines.digest)
            self._checkpoint.save(reached=reached._asdict(), report=report.as_state(), **self._saved())


class TrackedLines:
    """Lines behind those that are done, whose content must be as it was.

    ``place`` and ``digest``: of the last line that was given, and of all content until there, but that line's end.
    """

    def __init__(self, lines: Lines, course: Course, reached: Reached | None) -> None:
        self.place = 0
        self._inner = lines
        self._course = course
        self._reached = reached
        self._digest = blake2b(digest_size=16)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

    def lines(self) -> Iterator[Line]:
        """Raises `Changed` where the lines that are done differ from those that were read then."""
        self.place, self._digest = 0, blake2b(digest_size=16)
        add, course, reached = self._digest.update, self._course, self._reached
        course.readings += 1
        end = b""
        self._await_line()
        for count, line in enumerate(self._inner.lines()):
            course.is_reading = False
            if count % LINES_BETWEEN_LOOKS == 0:
                course.looked()
            if reached is not None and line.place > reached.place:
                self._require_same(reached)
                reached = None
            self.place = line.place
            # Only now: the end of what was the last line may not have been written yet.
            add(end)
            add(line.content)
            end = line.end or b"\n"
            if reached is None:
                yield line
            self._await_line()
        course.is_reading = False
        if reached is not None:
            self._require_same(reached)

    def _await_line(self) -> None:
        """From here on a signal interrupts the reading; one that came before it does where it may take long."""
        self._course.is_reading = True
        if self._course.is_stopping and self.may_wait():
            self._course.is_reading = False
            raise Interrupted

    def make_rereadable(self) -> None:
        self._inner.make_rereadable()

    def may_wait(self) -> bool:
        return self._inner.may_wait()

    def _require_same(self, reached: Reached) -> None:
        if (self.place, self.digest) != (reached.place, reached.digest):
            raise Changed
