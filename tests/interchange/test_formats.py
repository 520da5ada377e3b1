import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.context import Namespace
from gateway.interchange.checkpoint import Checkpoint
from gateway.interchange.course import Changed, Course, Interrupted
from gateway.interchange.detection import Format
from gateway.interchange.formats import Reading, grouped, import_groups
from gateway.interchange.rehearsal import Rehearsal
from gateway.interchange.report import Report, of_state
from gateway.interchange.sources import opened
from gateway.model.wire import RecordedInteraction
from gateway.model.wire.fields import OPERATORS
from gateway.plan.write_commands import Outcome
from gateway.schema.enums import ComparisonOperator, known_values
from tests.interchange.test_jsonl import line, source
from tests.interchange.test_ubi import event, query

LINES = line() * 200
BULK = query() + event() * 90 + query(query_id="q2") + event(query_id="q2") * 90


TABLES = [
    b"feature_id;interaction_type;metadata.text\r\n" + b'p,1;click;"a\r\n,,,\r\nb"\r\n' * 60,
    # As all of these rows are, without interaction_id, told apart by how often their content came before.
    b'"no"header\ninteraction_type,feature_id\n' + b'view,"p\n1"\n' * 60,
    b"metadata.a,feature_id,interaction_type\n1,p,view",
]


class Remembering(Rehearsal):
    """Remembers what it was to record."""

    def __init__(self) -> None:
        self.recorded: list[Mapping[str, Any]] = []

    async def record(
        self, namespace: Namespace, recordings: Sequence[RecordedInteraction], now: datetime, *, makes_stubs: bool
    ) -> list[Outcome]:
        self.recorded += [recording.raw for recording in recordings]
        return await super().record(namespace, recordings, now, makes_stubs=makes_stubs)


def imported(
    files: Sequence[tuple[Format, Path]],
    checkpoint: Checkpoint,
    stop_at: int | None = None,
    recorder: Rehearsal | None = None,
) -> Report:
    """The report of an import that is stopped by whoever looks for the so-manieth time."""
    report = of_state(checkpoint.state["report"]) if checkpoint.reached else Report()
    looks = 0

    def moved() -> None:
        nonlocal looks
        looks += 1
        if looks == stop_at:
            course.stop()

    course = Course(checkpoint, moved)
    groups = grouped([(format, opened(str(file), 0)) for format, file in files])
    try:
        asyncio.run(
            import_groups(
                groups,
                recorder or Rehearsal(),
                Rehearsal.NAMESPACE,
                Reading(),
                checkpoint,
                course,
                lambda _: None,
                report,
            )
        )
    finally:
        for group in groups:
            for source in group.sources:
                source.close()
    return report


@pytest.mark.parametrize("stop_at", range(1, 14))
def test_an_import_that_is_stopped_anywhere_goes_on_to_the_same_report(tmp_path: Path, stop_at: int) -> None:
    jsonl, ubi, path = tmp_path / "a.jsonl", tmp_path / "b.ndjson", tmp_path / "checkpoint"
    jsonl.write_bytes(LINES)
    ubi.write_text(BULK)
    files = [(Format.JSONL, jsonl), (Format.UBI, ubi)]
    whole = imported(files, Checkpoint(None, {}))
    assert whole.imported == 380

    checkpoint = Checkpoint(path, {})
    with pytest.raises(Interrupted):
        imported(files, checkpoint, stop_at)
    checkpoint.close(is_done=False)
    again = Checkpoint(path, {})
    report = imported(files, again)
    again.close(is_done=True)
    assert report.as_json() == whole.as_json()
    assert (report.read, report.used) == (whole.read, whole.used)
    assert not path.exists()


@pytest.mark.parametrize("stop_at", range(1, 17))
def test_tables_that_are_stopped_anywhere_go_on_below_their_headers(tmp_path: Path, stop_at: int) -> None:
    files = [(Format.CSV, tmp_path / f"{number}.csv") for number in range(len(TABLES))]
    for (_, file), content in zip(files, TABLES, strict=True):
        file.write_bytes(content)
    # Whose queries are gathered, and saved, behind the last row of the tables.
    files.append((Format.UBI, tmp_path / "b.ndjson"))
    files[-1][1].write_text(BULK)
    path, at_once, in_two = tmp_path / "checkpoint", Remembering(), Remembering()
    whole = imported(files, Checkpoint(None, {}), recorder=at_once)
    assert whole.imported == 60 + 60 + 1 + 180

    checkpoint = Checkpoint(path, {})
    with pytest.raises(Interrupted):
        imported(files, checkpoint, stop_at, in_two)
    checkpoint.close(is_done=False)
    again = Checkpoint(path, {})
    report = imported(files, again, recorder=in_two)
    again.close(is_done=True)
    assert report.as_json() == whole.as_json()
    told = {recorded["interaction_id"]: recorded for recorded in in_two.recorded}
    assert told == {recorded["interaction_id"]: recorded for recorded in at_once.recorded}


@pytest.mark.parametrize(
    ("since", "left"),
    [
        (b"a\r\nb", []),
        (b"a\r\nb\n", []),
        (b"a\r\nb\r\nc", [b"c"]),
        (b"a\nb\r\nc", None),
        (b"a\r\nb\r", []),
        (b"a\r\nbc", None),
        (b"a\r\n", None),
    ],
)
def test_a_file_may_be_written_on_while_its_import_is_stopped(since: bytes, left: list[bytes] | None) -> None:
    """``left``: the lines behind those that are done, None where these have changed, if only in how they end."""
    checkpoint = Checkpoint(None, {})
    course = Course(checkpoint)
    assert [line.content for line in course.begin(0, source(b"a\r\nb")).lines()] == [b"a", b"b"]
    course.save(Report())
    again = Course(checkpoint).begin(0, source(since))
    if left is None:
        with pytest.raises(Changed):
            list(again.lines())
    else:
        assert [line.content for line in again.lines()] == left


def test_what_is_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    file, path = tmp_path / "a.jsonl", tmp_path / "checkpoint"
    file.write_bytes(LINES)
    checkpoint = Checkpoint(path, {})
    with pytest.raises(Interrupted):
        imported([(Format.JSONL, file)], checkpoint, 3)
    checkpoint.close(is_done=False)
    file.write_bytes(line(position=1) + LINES)
    again = Checkpoint(path, {})
    with pytest.raises(Changed):
        imported([(Format.JSONL, file)], again)
    again.restart()
    assert imported([(Format.JSONL, file)], again).imported == 201
    again.close(is_done=True)


def test_a_checkpoint_of_another_import_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    checkpoint = Checkpoint(path, {"namespace": "a"})
    checkpoint.save(reached={"group": 0, "place": 1, "digest": "x"})
    checkpoint.close(is_done=False)
    other = Checkpoint(path, {"namespace": "b"})
    assert other.reached is None
    other.close(is_done=True)


def test_a_file_that_is_no_checkpoint_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    path.write_text("mine " * 1_000)
    with pytest.raises(Exception, match="no checkpoint of an import"):
        Checkpoint(path, {})
    assert path.read_text().startswith("mine")


def test_the_operators_that_an_import_knows_are_those_that_the_graph_tells() -> None:
    assert set(OPERATORS) == set(known_values(ComparisonOperator))
