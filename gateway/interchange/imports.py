"""The loop that every import runs: validate, write in batches, count, report; the next batch is read meanwhile."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from gateway.context import Namespace
from gateway.errors import BadUserInput, Conflict, GatewayError
from gateway.interchange.course import Course, Interrupted
from gateway.interchange.entries import Auxiliary, Candidate, Entry, SearchCandidate, Skipped
from gateway.interchange.import_batches import Batch
from gateway.interchange.lines import Line
from gateway.interchange.report import Report
from gateway.interchange.temporary_database import Occurrences, temporary_database
from gateway.interchange.vocabulary import UnknownName
from gateway.model.document_ids import search_request_id_of
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest, validate_interaction, validate_search_request
from gateway.plan.write_commands import Outcome, Recorded
from gateway.scheduling.cancellation import cancel, raise_if_cancelled

BATCH: Final = 1_000
"""At most as many as one mutation takes."""

_BATCH_BYTES: Final = 8_000_000
_KEPT_REQUESTS: Final = 1_000
_RECENT: Final = 10_000
_LINES_BETWEEN_TURNS: Final = 32
_TURNS: Final = 8
# So many are written at once: the documents of one are made while MongoDB stores those of the others.
_BATCHES: Final = 4


class Recorder(Protocol):
    """What records what an import reads: the store's Writer."""

    async def record(
        self, namespace: Namespace, recordings: Sequence[RecordedInteraction], now: datetime, *, makes_stubs: bool
    ) -> list[Outcome]: ...

    async def record_search_requests(
        self, namespace: Namespace, recordings: Sequence[tuple[RecordedSearchRequest, datetime]]
    ) -> list[Outcome]: ...


class Import:
    """One import of entries into a namespace, whatever their number.

    ``database`` remembers what has to be known of all lines. ``batch``: how many are written at once, unless their
    lines take 8 MB before. ``skipped`` is called for every line that is not imported, as it is met. ``is_strict``:
    names that the contract doesn't know are refused. ``report``: that of the lines before, where it goes on.
    """

    def __init__(
        self,
        recorder: Recorder,
        namespace: Namespace,
        database: sqlite3.Connection,
        *,
        batch: int = BATCH,
        skipped: Callable[[Skipped], None] = lambda _: None,
        is_strict: bool = False,
        report: Report | None = None,
    ) -> None:
        self.report = report or Report()
        self._recorder = recorder
        self._namespace = namespace
        self._most = batch
        self._skipped = skipped
        self._is_strict = is_strict
        self._search_requests = Occurrences(database, "search_requests")
        self._recent: set[str] = set()
        self._valid_requests: dict[tuple[int, str | None, str | None], RecordedSearchRequest] = {}
        self._batch = Batch()
        self._writing: list[tuple[Batch, asyncio.Task[None]]] = []

    async def run(self, entries: Iterable[Entry], course: Course | None = None) -> Report:
        """Raises `Unavailable` where the database does; what is written by then is found existing the next time.

        Where ``course`` is stopped, or an entry can't be read, what was read before is written first.
        """
        try:
            await self._run(entries, course or Course())
        finally:
            # Where it gives up, what is under way ends before its caller goes on.
            await cancel([writing for _, writing in self._writing])
        return self.report

    async def _run(self, entries: Iterable[Entry], course: Course) -> None:
        entry = None
        try:
            for count, entry in enumerate(entries):
                course.is_writing = True
                self._take(entry)
                if len(self._batch) >= self._most or self._batch.size >= _BATCH_BYTES:
                    await self._send()
                elif count % _LINES_BETWEEN_TURNS == 0:
                    await self._let_write()
                if self._writing and course.may_wait():
                    await self._wait()
                if course.may_save(entry):
                    await self._finish()
                    course.save(self.report)
                    if course.is_stopping:
                        raise Interrupted
        except (Interrupted, BadUserInput):
            await self._finish()
            if entry is not None and course.is_behind(entry):
                course.save(self.report)
            raise
        await self._finish()

    def _take(self, entry: Entry) -> None:
        report, batch = self.report, self._batch
        report.count(entry.line)
        try:
            match entry:
                case Candidate():
                    batch.add_interaction(entry, self._valid_interaction(entry))
                case SearchCandidate():
                    batch.add_search(entry, self._valid_search(entry))
                case Auxiliary():
                    report.auxiliary[entry.kind] += 1
                    return
                case Skipped():
                    self._skip(entry)
                    return
            if entry.unknown:
                self._tell_unknown(entry.unknown)
        except BadUserInput as error:
            self._refuse(entry.line, error)
        batch.size += len(entry.line.content)

    def _valid_interaction(self, candidate: Candidate) -> RecordedInteraction:
        if self._is_strict and candidate.unknown:
            raise _unknown(candidate.unknown)
        wire, request_id = candidate.wire, candidate.search_request_id
        request = wire.get("search_request")
        session_id = wire.get("session_id")
        same = (id(request), request_id, session_id if isinstance(session_id, str) else None)
        valid = self._valid_requests.get(same)
        if valid is not None and valid.raw is not request:
            valid = None
        recorded = validate_interaction(wire, search_request_id=request_id, request=valid, is_plain=candidate.is_plain)
        if valid is None and recorded.search_request is not None:
            if len(self._valid_requests) >= _KEPT_REQUESTS:
                self._valid_requests.clear()
            valid = self._valid_requests[same] = self._identified(recorded.search_request, session_id)
            recorded = replace(recorded, search_request=valid)
        return recorded if recorded.occurred_at else replace(recorded, occurred_at=candidate.occurred_at)

    def _identified(self, request: RecordedSearchRequest, session_id: str | None = None) -> RecordedSearchRequest:
        """The same with the id that it is stored under, by which batches are told that mustn't overtake each other."""
        if request.id is not None:
            return request
        id = search_request_id_of(self._namespace.id, request.raw, request.session_id or session_id)
        return replace(request, id=id)

    def _valid_search(self, candidate: SearchCandidate) -> RecordedSearchRequest:
        if self._is_strict and candidate.unknown:
            raise _unknown(candidate.unknown)
        return validate_search_request(
            candidate.wire,
            id=candidate.id,
            session_id=candidate.session_id,
            is_plain=candidate.is_plain,
            # As it is exported where nobody has recorded it.
            may_be_stub=True,
        )

    async def _send(self) -> None:
        """Begins to write the batch, beside those before, unless they have an id in common: then these have to be
        written first, as if each line had been sent after the other."""
        batch, self._batch = self._batch, Batch()
        if not batch:
            return
        while self._writing and (
            len(self._writing) >= _BATCHES or any(not batch.ids.isdisjoint(other.ids) for other, _ in self._writing)
        ):
            await self._wait_for_first()
        writing = asyncio.create_task(self._write(batch))
        # Of several that fail, the import raises the first one's error.
        writing.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._writing.append((batch, writing))
        # It has sent its first command before the next line is read.
        await self._let_write()

    async def _let_write(self) -> None:
        """Lets the writing of batches go on, which takes a few turns of the loop for each command."""
        for _ in range(_TURNS):
            if all(writing.done() for _, writing in self._writing):
                break
            await asyncio.sleep(0)

    async def _wait_for_first(self) -> None:
        _, writing = self._writing[0]
        await writing
        del self._writing[0]
        raise_if_cancelled()

    async def _wait(self) -> None:
        while self._writing:
            await self._wait_for_first()
        raise_if_cancelled()

    async def _finish(self) -> None:
        await self._send()
        await self._wait()

    async def _write(self, batch: Batch) -> None:
        now = datetime.now(UTC)
        # Searches first: a search request is first seen when it was made, not when somebody acted on its results.
        if batch.searches:
            made = [(recorded, entry.occurred_at or now) for entry, recorded in batch.searches]
            outcomes = await self._recorder.record_search_requests(self._namespace, made)
            for (search, _), outcome in zip(batch.searches, outcomes, strict=True):
                if self._recorded(search.line, outcome):
                    self.report.query_rows += 1
        if batch.interactions:
            outcomes = await self._record([recorded for _, recorded in batch.interactions], now)
            naming = {
                index: validate_interaction(candidate.naming())
                for index, ((candidate, _), outcome) in enumerate(zip(batch.interactions, outcomes, strict=True))
                if candidate.naming is not None and _is_of_search(outcome)
            }
            if naming:
                # What an earlier import, or the query's own row, has said of the search stands.
                named = await self._record(list(naming.values()), now)
                for index, outcome in zip(naming, named, strict=True):
                    outcomes[index] = outcome
            for (interaction, _), outcome in zip(batch.interactions, outcomes, strict=True):
                if recorded := self._recorded(interaction.line, outcome):
                    self.report.imported += recorded.created
                    self.report.existing += not recorded.created

    async def _record(self, recordings: Sequence[RecordedInteraction], now: datetime) -> list[Outcome]:
        # As by any other way in: a search request that is named may follow, in this file or another.
        return await self._recorder.record(self._namespace, recordings, now, makes_stubs=True)

    def _recorded(self, line: Line, outcome: Outcome) -> Recorded | None:
        match outcome:
            case Recorded(document):
                self._count_search_request(document.get("search_request_id"))
                self.report.use(line)
                return outcome
            case BadUserInput() | Conflict():
                self._refuse(line, outcome)
                return None
        # Anything else is no fault of the line.
        raise outcome

    def _count_search_request(self, id: str | None) -> None:
        if id is None or id in self._recent:
            return
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        self._recent.add(id)
        if self._search_requests.count(id.encode()) == 1:
            self.report.search_requests += 1

    def _tell_unknown(self, names: Iterable[UnknownName]) -> None:
        for name in names:
            self.report.tell_unknown(name)

    def _refuse(self, line: Line, error: GatewayError) -> None:
        self._skip(Skipped(line, error.code, error.message, tuple(map(str, error.path))))

    def _skip(self, skipped: Skipped) -> None:
        self.report.skip(skipped)
        self._skipped(skipped)


async def record_all(wires: Iterable[Mapping[str, Any]], recorder: Recorder, namespace: Namespace) -> Report:
    """Records interactions that come from no file, such as generated ones; "lines" are their positions from 1."""
    with temporary_database() as database:
        entries = (Candidate(Line(position, b""), dict(wire)) for position, wire in enumerate(wires, 1))
        return await Import(recorder, namespace, database).run(entries)


def _is_of_search(outcome: Outcome) -> bool:
    """Whether an interaction wasn't recorded as its search request is recorded with other content."""
    return isinstance(outcome, Conflict) and outcome.path[:1] == ("search_request",)


def _unknown(names: Sequence[UnknownName]) -> BadUserInput:
    told = ", ".join(f"{name.vocabulary.title} {name.name!r}" for name in dict.fromkeys(names))
    return BadUserInput(f"The contract doesn't know the {told}", path=names[0].vocabulary.path)
