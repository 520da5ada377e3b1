"""The loop that every import runs: validate, write in batches, count, report."""

import sqlite3
from asyncio import CancelledError, current_task, gather
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from gateway.context import Namespace
from gateway.errors import BadUserInput, Conflict, GatewayError
from gateway.interchange.entries import Auxiliary, Candidate, Entry, SearchCandidate, Skipped
from gateway.interchange.lines import Line
from gateway.interchange.report import Report
from gateway.interchange.temporary_database import Occurrences, temporary_database
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest, validate_interaction, validate_search_request
from gateway.plan.write_commands import Outcome, Recorded
from gateway.store.writer import Writer

BATCH: Final = 1_000
"""At most as many as one mutation takes."""

_BATCH_BYTES: Final = 8_000_000


class Import:
    """One import of entries into a namespace, whatever their number.

    ``batch``: how many are written at once, unless their lines take 8 MB before. ``skipped`` is called for every line
    that is not imported, as it is met.
    """

    def __init__(
        self,
        writer: Writer,
        namespace: Namespace,
        database: sqlite3.Connection,
        *,
        batch: int = BATCH,
        skipped: Callable[[Skipped], None] = lambda _: None,
    ) -> None:
        self.report = Report()
        self._writer = writer
        self._namespace = namespace
        self._batch = batch
        self._skipped = skipped
        self._search_requests = Occurrences(database, "search_requests")

    async def run(self, entries: Iterable[Entry]) -> Report:
        """Raises `Unavailable` where the database does; what is written by then is found existing the next time."""
        searches: list[tuple[SearchCandidate, RecordedSearchRequest]] = []
        interactions: list[tuple[Candidate, RecordedInteraction]] = []
        size = 0
        for entry in entries:
            self.report.lines += 1
            match entry:
                case Auxiliary():
                    self.report.auxiliary[entry.kind] += 1
                    continue
                case Skipped():
                    self._skip(entry)
                    continue
            try:
                if isinstance(entry, SearchCandidate):
                    searches.append((entry, validate_search_request(entry.wire)))
                else:
                    interactions.append((entry, _validated(entry)))
            except BadUserInput as error:
                self._refuse(entry.line, error)
                continue
            size += len(entry.line.content)
            if len(searches) + len(interactions) >= self._batch or size >= _BATCH_BYTES:
                await self._write(searches, interactions)
                _raise_if_cancelled()
                searches, interactions, size = [], [], 0
        await self._write(searches, interactions)
        _raise_if_cancelled()
        return self.report

    async def _write(
        self,
        searches: list[tuple[SearchCandidate, RecordedSearchRequest]],
        interactions: list[tuple[Candidate, RecordedInteraction]],
    ) -> None:
        now = datetime.now(UTC)
        # Searches first: a search request is first seen when it was made, not when somebody acted on its results.
        outcomes: list[Outcome] = await gather(
            *(self._record_search(recorded, entry.occurred_at or now) for entry, recorded in searches)
        )
        for (search, _), outcome in zip(searches, outcomes, strict=True):
            if self._recorded(search.line, outcome):
                self.report.query_rows += 1
        outcomes = await self._writer.record(self._namespace, [recorded for _, recorded in interactions], now)
        for (interaction, _), outcome in zip(interactions, outcomes, strict=True):
            if recorded := self._recorded(interaction.line, outcome):
                self.report.imported += recorded.created
                self.report.existing += not recorded.created

    async def _record_search(self, recorded: RecordedSearchRequest, made_at: datetime) -> Outcome:
        try:
            return await self._writer.record_search_request(self._namespace, recorded, made_at)
        except (BadUserInput, Conflict) as error:
            return error

    def _recorded(self, line: Line, outcome: Outcome) -> Recorded | None:
        match outcome:
            case Recorded(document):
                search_request_id = document.get("search_request_id")
                if search_request_id is not None and self._search_requests.count(search_request_id.encode()) == 1:
                    self.report.search_requests += 1
                return outcome
            case BadUserInput() | Conflict():
                self._refuse(line, outcome)
                return None
        # Anything else is no fault of the line.
        raise outcome

    def _refuse(self, line: Line, error: GatewayError) -> None:
        self._skip(Skipped(line, error.code, error.message, error.path))

    def _skip(self, skipped: Skipped) -> None:
        self.report.skip(skipped)
        self._skipped(skipped)


async def record_all(wires: Iterable[Mapping[str, Any]], writer: Writer, namespace: Namespace) -> Report:
    """Records interactions that come from no file, such as generated ones; "lines" are their positions from 1."""
    with temporary_database() as database:
        entries = (Candidate(Line(position, b""), dict(wire)) for position, wire in enumerate(wires, 1))
        return await Import(writer, namespace, database).run(entries)


def _raise_if_cancelled() -> None:
    """Raises CancelledError where this task was cancelled: PyMongo's bulk writes may end as if it had not been."""
    task = current_task()
    if task is not None and task.cancelling():
        raise CancelledError


def _validated(candidate: Candidate) -> RecordedInteraction:
    recorded = validate_interaction(candidate.wire)
    return recorded if recorded.occurred_at else replace(recorded, occurred_at=candidate.occurred_at)
