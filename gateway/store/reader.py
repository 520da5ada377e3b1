"""Runs the read commands, each within a time limit."""

from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any, TypeVar, overload

from bson import Timestamp
from pymongo.errors import OperationFailure

from gateway.errors import QueryTooBroad
from gateway.plan.commands import Aggregation, Count, Document, Find, ReadCommand
from gateway.store.client import ClientSession, Collection, Database, aggregate, for_answers, session
from gateway.store.driver_errors import translated

T = TypeVar("T")

# MongoDB's error code for a hint that names no index.
_BAD_VALUE = 2


class Reader:
    """Reads of one database; ``time_limit_ms`` bounds each command on the server."""

    def __init__(self, database: Database, *, time_limit_ms: int) -> None:
        self._database = for_answers(database)
        # To make one takes as long as a tenth of a find.
        self._collections: dict[str, Collection] = {}
        self._time_limit_ms = time_limit_ms

    @overload
    def run(self, command: Find) -> Awaitable[Sequence[Document]]: ...

    @overload
    def run(self, command: Count) -> Awaitable[int | None]: ...

    @overload
    def run(self, command: Aggregation[T]) -> Awaitable[T]: ...

    def run(self, command: ReadCommand) -> Awaitable[Any]:
        """What the command says that it gives.

        Raises `Unavailable` where the database doesn't answer. Where the time limit passed, a count and what is
        optional are None, and all else raises `QueryTooBroad`, naming what no index serves: never a part of a page.
        """
        match command:
            case Find():
                return self._find(command) if command.since is None else self._find_since(command, command.since)
            case Count():
                return self._count(command)
            case Aggregation():
                return self._aggregate(command)

    def _collection(self, name: str) -> Collection:
        collection = self._collections.get(name)
        if collection is None:
            collection = self._collections[name] = self._database[name]
        return collection

    async def _find_since(self, command: Find, since: Timestamp) -> Sequence[Document]:
        with translated():
            async with session(self._database.client, since) as causal_session:
                return await self._find(command, causal_session)

    async def _find(self, command: Find, causal_session: ClientSession | None = None) -> Sequence[Document]:
        documents: list[dict[str, Any]] = []
        try:
            with translated():
                for filter_ in command.filters:
                    # To the driver, 0 is no limit.
                    missing = command.limit - len(documents) if command.limit else 0
                    if command.limit and missing <= 0:
                        break
                    find = partial(
                        self._collection(command.scan.collection).find,
                        filter_,
                        command.projection,
                        sort=command.sort,
                        limit=missing,
                        batch_size=missing,
                        max_time_ms=self._time_limit_ms,
                        session=causal_session,
                    )
                    try:
                        documents += await find(hint=command.hint).to_list(None)
                    except OperationFailure as error:
                        _require_missing_index(error)
                        documents += await find().to_list(None)
        except QueryTooBroad as error:
            raise self._too_broad(command.unindexed) from error
        return documents

    async def _count(self, command: Count) -> int | None:
        count = partial(
            self._collection(command.scan.collection).count_documents,
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

    async def _aggregate(self, command: Aggregation[T]) -> T | None:
        try:
            with translated():
                cursor = await aggregate(self._database, command.pipeline, maxTimeMS=self._time_limit_ms)
                rows = await cursor.to_list(None)
        except QueryTooBroad as error:
            if command.optional:
                return None
            raise self._too_broad(command.unindexed) from error
        return command.result(rows)

    def _too_broad(self, unindexed: Sequence[str]) -> QueryTooBroad:
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
