"""The documents that are inserted into a collection, as they are inserted: by MongoDB's change streams."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bson import Timestamp
from pymongo.errors import OperationFailure, PyMongoError

from gateway.errors import Unavailable
from gateway.model.bson_values import is_text
from gateway.model.kinds import Kind
from gateway.store.client import ChangeStream, Database, for_answers, session, undecoded, watch
from gateway.store.document_decoding import decoded
from gateway.store.driver_errors import transient, translated

_LOG = logging.getLogger(__name__)

_PIPELINE: Sequence[Mapping[str, Any]] = [
    # What ends the stream has to come through too: it goes on behind that.
    {"$match": {"operationType": {"$in": ["insert", "invalidate"]}}},
    {"$project": {"operationType": 1, "clusterTime": 1, "documentKey._id": 1, "fullDocument.namespace_id": 1}},
]
_AWAIT_MS = 1_000
_BATCH = 500
_LOOKS_FOR_TIME, _LOOK_FOR_TIME_SECONDS = 50, 0.1
_PAUSES = (0.0, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class InsertEvent:
    """The insertion of a document. ``id``: its ``_id`` as `Reader` has it; ``at``: by the database's own clock."""

    id: Any
    namespace_id: str
    at: Timestamp


class InsertWatch:
    """The documents of one kind in a database, as far as their insertion can be watched."""

    def __init__(self, database: Database, kind: Kind) -> None:
        self._database = database
        self._kind = kind

    async def open(self) -> "InsertStream":
        """A stream of what is inserted from now on, for the caller to close. Raises `Unavailable`."""
        stream = InsertStream(self._database, self._kind, await self.now())
        with translated():
            await stream.open()
        return stream

    async def now(self) -> Timestamp:
        """The database's time: all that can be read by now has an earlier one, or this. Raises `Unavailable`.

        What can't be read yet, because a majority of servers doesn't have it or an earlier write isn't through, has a
        later one. That holds for reads by a majority only: commands have the time of the write that began last.
        """
        with translated():
            for _ in range(_LOOKS_FOR_TIME):
                async with session(self._database.client) as reads:
                    await self._database[self._kind.collection].find_one({"_id": None}, {"_id": 1}, session=reads)
                    if reads.operation_time is not None:
                        return reads.operation_time
                # For some 0.6 s after a server has started again it doesn't tell.
                await asyncio.sleep(_LOOK_FOR_TIME_SECONDS)
        raise Unavailable("The database doesn't tell its time yet; try again.")


class InsertStream:
    """A change stream that goes on where it broke off, whatever becomes of connections and servers: nothing is lost,
    and nothing comes twice. It begins behind ``since``."""

    def __init__(self, database: Database, kind: Kind, since: Timestamp) -> None:
        database = for_answers(database)
        # The driver would refuse all changes that come with one that it can't decode, and tell no further ones.
        self._collection = undecoded(database)[kind.collection]
        self._codec_options = database.codec_options
        self._since = since
        self._stream: ChangeStream | None = None
        # Of the change that was given out last.
        self._resume_token: Any = None
        self._failures = 0

    @property
    def is_cut_off(self) -> bool:
        """Whether it broke off, and hasn't gone on yet."""
        return self._failures > 0

    async def open(self) -> ChangeStream:
        """The change stream, opened behind what was given out last. Raises the driver's errors."""
        # Unlike `resumeAfter`, `startAfter` also goes on behind the end of a collection that was dropped.
        start = (
            {"start_at_operation_time": self._since}
            if self._resume_token is None
            else {"start_after": self._resume_token}
        )
        stream = await watch(self._collection, _PIPELINE, max_await_time_ms=_AWAIT_MS, batch_size=_BATCH, **start)
        self._stream, self._resume_token = stream, stream.resume_token
        return stream

    async def next(self) -> InsertEvent | None:
        """The next document; None where none came within about a second.

        Raises `Unavailable` where the stream can't go on, because the database no longer knows what happened since.
        """
        try:
            stream = self._stream or await self.open()
            encoded = await stream.try_next()
        except PyMongoError as error:
            await self.close()
            if not transient(error):
                raise Unavailable(
                    "The database can't tell what happened meanwhile: events may have been lost. Read what was missed, "
                    "and subscribe again."
                ) from error
            await self._pause(error)
            return None
        self._failures = 0
        self._resume_token = stream.resume_token
        if encoded is None:
            return None
        [change] = decoded(encoded.raw, self._codec_options)
        if change["operationType"] == "invalidate":
            await self.close()
            return None
        namespace_id = change.get("fullDocument", {}).get("namespace_id")
        # Of a time, a stream begins with what has that time.
        if not is_text(namespace_id) or change["clusterTime"] <= self._since:
            return None
        return InsertEvent(change["documentKey"]["_id"], namespace_id, change["clusterTime"])

    async def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(PyMongoError):
                await stream.close()

    async def _pause(self, error: PyMongoError) -> None:
        seconds = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        if not self.is_cut_off:
            code = error.code if isinstance(error, OperationFailure) else type(error).__name__
            _LOG.warning("The change stream broke off (%s); it is opened again where it was.", code)
        self._failures += 1
        await asyncio.sleep(seconds)
