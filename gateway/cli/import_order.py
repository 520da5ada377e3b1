"""One import of files: its namespace, its checkpoint and rejects, and the signals that stop it."""

import asyncio
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import typer

from gateway.cli.console import note, progress
from gateway.cli.import_progress import ImportBar, LinesColumn
from gateway.cli.stop_signals import stopped_by_signals
from gateway.cli.target_namespace import target_namespace
from gateway.context import Namespace
from gateway.errors import BadUserInput, GatewayError
from gateway.interchange.checkpoint import Checkpoint
from gateway.interchange.course import Changed, Course, Interrupted
from gateway.interchange.entries import Skipped
from gateway.interchange.formats import Group, Reading, import_groups
from gateway.interchange.imports import Recorder
from gateway.interchange.rehearsal import Rehearsal
from gateway.interchange.report import Report, of_state, rejected_line
from gateway.interchange.sources import Source
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer

_YOUNG_OBJECTS = 100_000


@dataclass(slots=True)
class Order:
    """The order to import files, as the command line says."""

    groups: Sequence[Group]
    reading: Reading
    namespace: str
    organization: str
    rejects: Path | None
    checkpoint: Path | None
    creates: bool
    restarts: bool
    is_dry: bool
    report: Report = field(default_factory=Report)
    is_interrupted: bool = False

    @property
    def sources(self) -> list[Source]:
        return [source for group in self.groups for source in group.sources]


async def import_order(database: Database, order: Order) -> None:
    """Imports what is ordered, and says in ``order.report`` what became of it; notes how it goes on if stopped."""
    await create_indexes(database)
    target = await target_namespace(
        Tenancy(database), order.organization, order.namespace, creates=order.creates, is_dry=order.is_dry
    )
    recorder: Recorder = Rehearsal() if order.is_dry else Writer(database)
    identity = {
        "namespace": target.id,
        "reading": order.reading.as_json(),
        "groups": [group.as_json() for group in order.groups],
    }
    checkpoint = _opened_checkpoint(order, identity)
    is_done = False
    try:
        if order.restarts:
            checkpoint.restart()
        try:
            await _run(order, recorder, target, checkpoint)
        except Changed:
            if not all(source.is_seekable for source in order.sources):
                raise BadUserInput(
                    "Standard input isn't what it was when its import stopped: --restart begins anew."
                ) from None
            note("The file isn't what it was when its import stopped: begins anew.")
            checkpoint.restart()
            await _run(order, recorder, target, checkpoint)
        is_done = True
    except Interrupted:
        order.is_interrupted = True
        _tell_reached(order, checkpoint)
    except (GatewayError, asyncio.CancelledError):
        _tell_reached(order, checkpoint)
        raise
    finally:
        checkpoint.close(is_done=is_done)


def _opened_checkpoint(order: Order, identity: Mapping[str, Any]) -> Checkpoint:
    try:
        return Checkpoint(order.checkpoint, identity)
    except OSError:
        note(f"{order.checkpoint} can't be written: after an interruption the import will begin at the first line.")
        order.checkpoint = None
        return Checkpoint(None, identity)


async def _run(order: Order, recorder: Recorder, target: Namespace, checkpoint: Checkpoint) -> None:
    reached = checkpoint.reached
    order.report = of_state(checkpoint.state["report"]) if reached is not None else Report()
    if reached is not None:
        note(f"Going on behind {_line_at(order, reached.place)}, where it was; --restart begins at the first line.")
    with _rejecting(order.rejects, checkpoint.state.get("rejects", 0)) as rejected, progress(LinesColumn()) as bars:
        bar = ImportBar(bars, order.groups, order.report.lines)
        course = Course(checkpoint, lambda: bar.show(course, order.report), rejected.state)
        with stopped_by_signals(course), _cycles_left_alone():
            await import_groups(
                order.groups, recorder, target, order.reading, checkpoint, course, rejected.add, order.report
            )


class Rejects:
    """The file of the lines that are skipped, if any; where an import goes on, behind those that it has."""

    def __init__(self, stream: BinaryIO | None) -> None:
        self._stream = stream

    def add(self, skipped: Skipped) -> None:
        if self._stream is not None:
            self._stream.write(rejected_line(skipped))

    def state(self) -> Mapping[str, Any]:
        if self._stream is None:
            return {}
        self._stream.flush()
        return {"rejects": self._stream.tell()}


@contextmanager
def _rejecting(rejects: Path | None, size: int) -> Iterator[Rejects]:
    """``size``: how much of the file is of the lines that are done."""
    if rejects is None:
        yield Rejects(None)
        return
    try:
        stream = rejects.open("r+b" if size and rejects.exists() else "wb")
    except OSError as error:
        raise typer.BadParameter(f"{rejects}: {error.strerror}", param_hint="--rejects") from None
    with stream:
        stream.truncate(size if stream.seek(0, 2) >= size else None)
        stream.seek(0, 2)
        yield Rejects(stream)


@contextmanager
def _cycles_left_alone() -> Iterator[None]:
    """What lines are made of is hardly ever a cycle; to look for those all the time takes a sixth of it."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _line_at(order: Order, place: int) -> str:
    source = max((each for each in order.sources if each.number_of(place)), key=lambda each: each.index)
    return f"line {source.number_of(place):,} of {source.file}"


def _tell_reached(order: Order, checkpoint: Checkpoint) -> None:
    """How far it came and how it goes on."""
    reached = checkpoint.reached
    if order.is_dry:
        note("Stopped; nothing was to be recorded.")
    elif reached is None or order.checkpoint is None:
        where = "Stopped" if reached is None else f"Stopped behind {_line_at(order, reached.place)}"
        note(f"{where}: the same command goes on, and finds what it has recorded existing.")
    else:
        note(
            f"Stopped behind {_line_at(order, reached.place)}: the same command goes on there, as {order.checkpoint} "
            "says."
        )
