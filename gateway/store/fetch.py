"""Runs the read commands, each within a time limit."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from pymongo.errors import OperationFailure

from gateway.commands import Count, Document, Find, Join, JoinCount, SessionSpans
from gateway.errors import QueryTooBroad
from gateway.store.client import Database, aggregate
from gateway.store.errors import translated

T = TypeVar("T")

# MongoDB's error code for a hint that names no index.
_BAD_VALUE = 2


class Reader:
    """Reads of one database; ``time_limit_ms`` bounds each command on the server.

    Every method raises `Unavailable` where the database doesn't answer, and `QueryTooBroad`, naming what no index
    serves, where the time limit passed: never a part of a page.
    """

    def __init__(self, database: Database, *, time_limit_ms: int) -> None:
        self._database = database
        self._time_limit_ms = time_limit_ms

    async def find(self, command: Find) -> Sequence[Document]:
        collection = self._database[command.scan.kind.collection]

        async def found(filter_: Document, limit: int, **hint: Any) -> Sequence[Document]:
            cursor = collection.find(
                filter_,
                command.projection,
                limit=limit,
                batch_size=limit,
                max_time_ms=self._time_limit_ms,
                **hint,
            )
            if command.sort:
                cursor = cursor.sort(list(command.sort))
            return await cursor.to_list(None)

        documents: list[Document] = []
        with translated(), _naming(command.unindexed):
            for filter_ in command.filters:
                if (missing := command.limit - len(documents)) > 0:
                    documents += await _hinted(partial(found, filter_, missing), command.hint)
        return documents

    async def count(self, command: Count) -> int | None:
        """The count, or None where the time limit passed."""
        collection = self._database[command.scan.kind.collection]

        async def counted(**hint: Any) -> int:
            return await collection.count_documents(
                command.scan.filter, limit=command.limit, maxTimeMS=self._time_limit_ms, **hint
            )

        try:
            with translated():
                return await _hinted(counted, command.hint)
        except QueryTooBroad:
            return None

    async def join(self, command: Join) -> dict[str, list[Document]]:
        """The documents of each key, in order; a key without any is absent."""
        by_key: dict[str, list[Document]] = defaultdict(list)
        rows = await self._aggregate(command.pipeline, command.unindexed)
        for row in sorted(rows, key=itemgetter("part")):
            if len(by_key[row["key"]]) < command.limit:
                by_key[row["key"]].append(row["document"])
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
        found: dict[str, Document] = {}
        for row in await self._aggregate(command.pipeline, ()):
            key = row["key"]
            times = [edge["at"] for name, edges in row.items() if name != "key" for edge in edges]
            if times:
                found[key] = {
                    "namespace_id": command.namespace.id,
                    "session_id": key,
                    "started_at": min(times),
                    "ended_at": max(times),
                }
        return found

    async def _aggregate(self, pipeline: Sequence[Document], unindexed: Sequence[str]) -> Sequence[Document]:
        with translated(), _naming(unindexed):
            cursor = await aggregate(self._database, pipeline, maxTimeMS=self._time_limit_ms)
            return await cursor.to_list(None)


async def _hinted(run: Callable[..., Awaitable[T]], index: str) -> T:
    try:
        return await run(hint=index)
    except OperationFailure as error:
        # While an index is being built for the first time it can't be named; whatever there is serves meanwhile.
        if error.code == _BAD_VALUE and "hint" in str(error):
            return await run()
        raise


@contextmanager
def _naming(unindexed: Sequence[str]) -> Iterator[None]:
    try:
        yield
    except QueryTooBroad as error:
        filtered = f" No index serves {', '.join(f'`{name}`' for name in unindexed)}:" if unindexed else ""
        raise QueryTooBroad(
            f"The query took too long.{filtered} narrow it by an exact id, a condition or a range of time."
        ) from error
