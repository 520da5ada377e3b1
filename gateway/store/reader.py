"""Runs the read commands, each within a time limit."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar, overload

from pymongo.errors import OperationFailure

from gateway.errors import QueryTooBroad, ReadTooLarge
from gateway.errors.time_limit import too_broad
from gateway.errors.tracebacks import untraced
from gateway.model.undecoded_documents import UndecodedBatches, UndecodedDocuments
from gateway.plan.commands import Aggregation, Count, Document, Find, ReadCommand, SortKey
from gateway.plan.first_documents import FirstOfEach
from gateway.plan.joined_listings import JoinedFind
from gateway.plan.projection import most_bytes
from gateway.plan.usage import Usage
from gateway.scheduling.held_bytes import ReplyBytes
from gateway.store.client import (
    Client,
    ClientSession,
    Collection,
    CommandCursor,
    Database,
    aggregate,
    for_answers,
    undecoded,
)
from gateway.store.driver_errors import translated
from gateway.store.first_replies import given_at_once
from gateway.store.long_commands import LongCommands
from gateway.store.observed_commands import observed
from gateway.store.raw_batches import KeptBatches, ReadDocuments, read_documents, read_rows

T = TypeVar("T")
_Read = TypeVar("_Read", KeptBatches, ReadDocuments)
# Takes the key that documents are sorted by, and what counts a reply; keeps the batches.
_NoneYet: TypeAlias = Callable[[SortKey | None, ReplyBytes | None], _Read]

# Of what has no limit but its ids, of which an operation names up to 1,000: MongoDB's own first batch has 101.
_UNLIMITED_BATCH = 1_001
# A reply of MongoDB has at most so many; what is decoded at once takes up to as many as the former.
_ROOM_BYTES, _REPLY_BYTES = 1_000_000, 16_000_000
# MongoDB's error code for a hint that names no index.
_BAD_VALUE = 2


class Reader:
    """Reads of one database; ``time_limit_ms`` bounds each command on the server. ``killing_client``: by which those
    are killed that are given up, where it isn't the database's own.

    Documents come encoded and are decoded here, batch by batch, so that their bytes are known, and counted, before that
    is done, and that long batches wait for their turn. To ask for batches that aren't decoded takes no longer than to
    ask for documents.
    """

    def __init__(self, database: Database, *, time_limit_ms: int, killing_client: Client | None = None) -> None:
        self._database = for_answers(database)
        self._undecoded = undecoded(self._database)
        self._codec_options = self._database.codec_options
        self._raw_options = self._undecoded.codec_options
        # To make one takes as long as a tenth of a find.
        self._collections: dict[str, Collection] = {}
        self.time_limit_ms = time_limit_ms
        self._long_commands = LongCommands(database, killing_client, time_limit_ms=time_limit_ms)

    @overload
    def run(self, command: Find, usage: Usage) -> Awaitable[Sequence[Document]]: ...

    @overload
    def run(self, command: Count, usage: Usage) -> Awaitable[int | None]: ...

    @overload
    def run(self, command: Aggregation[T], usage: Usage) -> Awaitable[T]: ...

    def run(self, command: ReadCommand, usage: Usage) -> Awaitable[Any]:
        """What the command says that it gives; what it reads is counted in ``usage``, its operation's.

        Raises `Unavailable` where the database doesn't answer, and `ReadTooLarge` where the operation has read more
        than it may. Where the time limit passed, a count and what is optional are None, and all else raises
        `QueryTooBroad`, naming what no index serves: never a part of a page. What may be long is killed on the server
        where whoever waits for it is cancelled.
        """
        if isinstance(command, Find):
            return _documents(self._found(command, usage, partial(ReadDocuments, self._codec_options, usage.in_turn)))
        match command:
            case Count():  # Tens of keys are counted for a point.
                begin, count = partial(usage.begin, examines=bool(command.unindexed)), partial(self._count, command)
                return observed(command, usage, self._long_commands.run(count, begin))
            case Aggregation():  # MongoDB chooses as it goes.
                rows = self._rows(command, usage, partial(ReadDocuments, self._codec_options, usage.in_turn))
                return _result(command, rows)

    async def undecoded(self, command: Find | FirstOfEach | JoinedFind, usage: Usage) -> UndecodedDocuments:
        """As `run`, but that the documents are as the database sent them: nothing of them was looked at.

        What would read by another driver stands in the place of this: a command in, batches of BSON out.
        """
        if isinstance(command, Find):
            found = await self._found(command, usage, partial(KeptBatches, self._codec_options))
            documents = await found.documents()
        else:
            rows = await self.undecoded_rows(command, usage)
            assert rows is not None, "neither is optional"
            documents = rows
        return UndecodedDocuments(documents, range(documents.count))

    async def undecoded_rows(self, command: Aggregation[Any], usage: Usage) -> UndecodedBatches | None:
        """The rows of which `run` gives the result, as the database sent them; None as there."""
        rows = await self._rows(command, usage, partial(KeptBatches, self._codec_options))
        return None if rows is None else await rows.documents()

    def _found(self, command: Find, usage: Usage, none_yet: _NoneYet[_Read]) -> Awaitable[_Read]:
        most = (command.limit or _UNLIMITED_BATCH) * most_bytes(command.projection)
        reply = usage.reply(max(_ROOM_BYTES, min(most, _REPLY_BYTES)))
        find = partial(self._find, command, usage, none_yet(command.sort_key, reply))
        if command.may_be_long:
            begin = partial(usage.begin, examines=bool(command.unindexed))
            find = partial(self._long_commands.run, find, begin, command.since)
        return _read(command, usage, reply, find)

    def _collection(self, name: str) -> Collection:
        collection = self._collections.get(name)
        if collection is None:
            collection = self._collections[name] = self._database[name]
        return collection

    async def _find(self, command: Find, usage: Usage, documents: _Read, session: ClientSession | None = None) -> _Read:
        try:
            with translated():
                for filter_ in command.filters:
                    missing = command.limit - documents.count if command.limit else 0
                    if command.limit and missing <= 0:
                        break
                    at_once = self._at_once(command, filter_, missing)
                    # In a session that is told what it has to have seen, only cursors ask for that.
                    if command.since or not await self._add_at_once(at_once, documents, usage, session):
                        await self._add_by_cursor(command, filter_, missing, documents, usage, session)
        except ReadTooLarge as error:
            # Its traceback leads to what was read.
            raise untraced(error) from None
        except QueryTooBroad as error:
            raise too_broad(self.time_limit_ms, command.unindexed) from error
        usage.decoded(documents.count)
        return documents

    def _at_once(self, command: Find, filter_: Document, limit: int) -> Document:
        # With one more than there may be, MongoDB closes the cursor behind the last.
        bounds = {"limit": limit, "batchSize": limit + 1} if limit else {"batchSize": _UNLIMITED_BATCH}
        return {
            "find": command.scan.collection,
            "filter": filter_,
            **({"sort": dict(command.sort)} if command.sort else {}),
            "hint": command.hint,
            "maxTimeMS": self.time_limit_ms,
            "projection": command.projection,
            **bounds,
        }

    async def _add_at_once(
        self, command: Document, documents: KeptBatches | ReadDocuments, usage: Usage, session: ClientSession | None
    ) -> bool:
        """Adds what the command gives, where one reply holds all of it; whether it did."""
        if documents.reply is not None:
            await documents.reply.take()
        batch = await given_at_once(self._database, self._raw_options, command, session)
        if batch is None:
            return False
        if batch.cursor_id:
            usage.read_in_vain(len(batch.documents))
            return False
        usage.read(len(batch.documents))
        if batch.number:
            documents.add(batch.documents, batch.number)
        return True

    async def _add_by_cursor(
        self,
        command: Find,
        filter_: Document,
        limit: int,
        documents: _Read,
        usage: Usage,
        session: ClientSession | None,
    ) -> None:
        find = partial(
            self._collection(command.scan.collection).find_raw_batches,
            filter_,
            command.projection,
            sort=command.sort,
            # To the driver, 0 is no limit.
            limit=limit,
            batch_size=limit or _UNLIMITED_BATCH,
            max_time_ms=self.time_limit_ms,
            session=session,
        )
        try:
            await read_documents(find(hint=command.hint), documents, usage.read)
        except OperationFailure as error:
            _require_missing_index(error)
            await read_documents(find(), documents, usage.read)

    def _rows(self, command: Aggregation[Any], usage: Usage, none_yet: _NoneYet[_Read]) -> Awaitable[_Read | None]:
        reply = usage.reply(_REPLY_BYTES)
        run = partial(self._aggregate, command, usage, none_yet(command.sort_key, reply))
        if command.may_be_long:
            run = partial(self._long_commands.run, run, partial(usage.begin, examines=command.examines))
        return _read(command, usage, reply, run)

    async def _count(self, command: Count, session: ClientSession) -> int | None:
        count = partial(
            self._collection(command.scan.collection).count_documents,
            command.scan.filter,
            limit=command.limit,
            maxTimeMS=self.time_limit_ms,
            session=session,
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

    async def _aggregate(
        self, command: Aggregation[Any], usage: Usage, rows: _Read, session: ClientSession | None = None
    ) -> _Read | None:
        try:
            with translated():
                at_once = self._rows_at_once(command)
                if at_once is None or not await self._add_at_once(at_once, rows, usage, session):
                    await read_rows(await self._cursor(command, session), rows, usage.read)
        except ReadTooLarge as error:
            raise untraced(error) from None
        except QueryTooBroad as error:
            if command.optional:
                return None
            raise too_broad(self.time_limit_ms, command.unindexed) from error
        usage.decoded(rows.count)
        return rows

    def _rows_at_once(self, command: Aggregation[Any]) -> Document | None:
        # To be given again, by a cursor, long results would take twice the work.
        if command.most_rows is None or command.most_rows >= _UNLIMITED_BATCH:
            return None
        return {
            "aggregate": command.collection or 1,
            "pipeline": command.pipeline,
            "maxTimeMS": self.time_limit_ms,
            **({"hint": command.hint} if command.hint else {}),
            "cursor": {"batchSize": _UNLIMITED_BATCH},
        }

    async def _cursor(self, command: Aggregation[Any], session: ClientSession | None) -> CommandCursor:
        target = self._undecoded[command.collection] if command.collection else self._undecoded
        run = partial(aggregate, target, command.pipeline, maxTimeMS=self.time_limit_ms, session=session)
        if not command.hint:
            return await run()
        try:
            return await run(hint=command.hint)
        except OperationFailure as error:
            _require_missing_index(error)
            return await run()


async def _read(command: ReadCommand, usage: Usage, reply: ReplyBytes | None, run: Callable[[], Awaitable[T]]) -> T:
    """What the command gives, which begins once there is room for its reply: to wait would count as its time."""
    if reply is None:
        return await observed(command, usage, run())
    await reply.take()
    try:
        read = await observed(command, usage, run())
    except Exception:
        reply.end()
        raise
    # Where it is given up, the command may be under way: then its operation releases it.
    reply.end()
    return read


async def _documents(reading: Awaitable[ReadDocuments]) -> Sequence[Document]:
    """What is read, decoded once its command has ended: to wait for turns until then would count as its time."""
    return await (await reading).decoded()


async def _result(command: Aggregation[T], reading: Awaitable[ReadDocuments | None]) -> T | None:
    rows = await reading
    return None if rows is None else command.result(await rows.decoded())


def _require_missing_index(error: OperationFailure) -> None:
    """Raises the error again, unless it says that the index of the hint isn't there.

    While an index is built for the first time it can't be named; whatever there is serves meanwhile.
    """
    if error.code != _BAD_VALUE or "hint" not in str(error):
        raise error
