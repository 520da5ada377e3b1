"""Runs the read commands, each within a time limit."""

from collections import defaultdict
from collections.abc import Awaitable, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

from bson import Timestamp
from pymongo.errors import OperationFailure

from gateway.errors import QueryTooBroad
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.plan.commands import Count, Document, Find, Join, JoinCount, SessionSpans
from gateway.store.client import ClientSession, Database, aggregate, reading, session
from gateway.store.error_translation import translated

# MongoDB's error code for a hint that names no index.
_BAD_VALUE = 2


class Reader:
    """Reads of one database; ``time_limit_ms`` bounds each command on the server.

    Every method raises `Unavailable` where the database doesn't answer. Where the time limit passed, a count is None,
    and all else raises `QueryTooBroad`, naming what no index serves: never a part of a page.
    """

    def __init__(self, database: Database, *, time_limit_ms: int) -> None:
        self._database = reading(database)
        self._collections = {kind: self._database[kind.collection] for kind in (INTERACTION, SEARCH_REQUEST)}
        self._time_limit_ms = time_limit_ms

    def find(self, command: Find) -> Awaitable[Sequence[Document]]:
        return self._found(command) if command.since is None else self._found_since(command, command.since)

    async def _found_since(self, command: Find, since: Timestamp) -> Sequence[Document]:
        with translated():
            async with session(self._database.client, since) as seeing:
                return await self._found(command, seeing)

    async def _found(self, command: Find, seeing: ClientSession | None = None) -> Sequence[Document]:
        documents: list[dict[str, Any]] = []
        try:
            with translated():
                for filter_ in command.filters:
                    missing = command.limit - len(documents)
                    if missing <= 0:
                        break
                    find = partial(
                        self._collections[command.scan.kind].find,
                        filter_,
                        command.projection,
                        sort=command.sort,
                        limit=missing,
                        batch_size=missing,
                        max_time_ms=self._time_limit_ms,
                        session=seeing,
                    )
                    try:
                        documents += await find(hint=command.hint).to_list(None)
                    except OperationFailure as error:
                        _require_missing_index(error)
                        documents += await find().to_list(None)
        except QueryTooBroad as error:
            raise self._naming(command.unindexed) from error
        return documents

    async def count(self, command: Count) -> int | None:
        """The count, or None where the time limit passed."""
        count = partial(
            self._collections[command.scan.kind].count_documents,
            command.scan.filter,
            limit=command.limit,
            maxTimeMS=self._time_limit_ms,
        )
        try:
            with translated():
                try:
                    return await count(hint=command.hint)
                except OperationFailure as error:
                    _require_missing_index(error)
                    return await count()
        except QueryTooBroad:
            return None

    async def join(self, command: Join) -> dict[str, list[Document]]:
        """The documents of each key, in order; a key without any is absent."""
        by_key: dict[str, list[Document]] = defaultdict(list)
        rows = await self._aggregate(command.pipeline, command.unindexed)
        if len(command.scan.intervals) > 1:
            rows = sorted(rows, key=itemgetter("part"))
        for row in rows:
            found = by_key[row["key"]]
            if len(found) < command.limit:
                found.append(row["document"])
        return by_key

    async def join_count(self, command: JoinCount) -> dict[str, int] | None:
        """How many documents each key has (a key without any is absent), or None where the time limit passed."""
        try:
            rows = await self._aggregate(command.pipeline, ())
        except QueryTooBroad:
            return None
        return {row["key"]: row["document"]["total"] for row in rows}

    async def sessions(self, command: SessionSpans) -> dict[str, Document]:
        """The sessions in which anything was recorded, by id.

        Each has ``namespace_id``, ``session_id``, ``started_at`` and ``ended_at``.
        """
        sessions: dict[str, Document] = {}
        for row in await self._aggregate(command.pipeline, ()):
            key = row["key"]
            edges = [edge.get("at") for name, found in row.items() if name != "key" for edge in found]
            # What others wrote may have no time, or none that is one.
            times = [at for at in edges if isinstance(at, datetime)]
            if edges:
                sessions[key] = {
                    "namespace_id": command.namespace.id,
                    "session_id": key,
                    "started_at": min(times, default=None),
                    "ended_at": max(times, default=None),
                }
        return sessions

    async def _aggregate(self, pipeline: Sequence[Document], unindexed: Sequence[str]) -> Sequence[Document]:
        try:
            with translated():
                cursor = await aggregate(self._database, pipeline, maxTimeMS=self._time_limit_ms)
                return await cursor.to_list(None)
        except QueryTooBroad as error:
            raise self._naming(unindexed) from error

    def _naming(self, unindexed: Sequence[str]) -> QueryTooBroad:
        served = f". No index serves {', '.join(f'`{name}`' for name in unindexed)}" if unindexed else ""
        return QueryTooBroad(
            f"The query took longer than {self._time_limit_ms:,} ms{served}: "
            "narrow it by an exact id, a condition or a range of time."
        )


def _require_missing_index(error: OperationFailure) -> None:
    """Raises the error again, unless it says that the index of the hint isn't there.

    While an index is built for the first time it can't be named; whatever there is serves meanwhile.
    """
    if error.code != _BAD_VALUE or "hint" not in str(error):
        raise error
