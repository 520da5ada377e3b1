"""What is written to the recorded collections, as the keys that it touches and as changes in their order: by a change
stream that goes on where another one, of any process, has left off."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bson import Int64, Timestamp
from pymongo.errors import OperationFailure, PyMongoError

from gateway.insights.derived_keys import INTERACTION_READ, Key, item_keys, search_keys
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR
from gateway.store.client import ClientSession, Database, Document, start_session
from gateway.store.driver_errors import transient, translated
from gateway.store.recorded_changes import CHANGE_PROJECTION, IMAGE_READ, RecordedChange, recorded_change

BATCH = 1_000
"""At most so many changes are read at once."""

_COLLECTIONS = (INTERACTION.collection, SEARCH_REQUEST.collection, PERCOLATOR.collection)
# What takes a collection away, and says nothing of its documents.
_LOSSES = ("drop", "rename", "dropDatabase", "invalidate")
# What a later token doesn't help against: Unauthorized, AuthenticationFailed, and no replica set.
_REFUSALS = (13, 18, 40_573)
_IMAGES = ("fullDocument", "fullDocumentBeforeChange")
_PIPELINE: Sequence[Mapping[str, Any]] = [
    {
        "$match": {
            "$or": [
                {"ns.coll": {"$in": list(_COLLECTIONS)}},
                {"operationType": {"$in": ["dropDatabase", "invalidate"]}},
            ]
        }
    },
    {
        "$project": {
            "operationType": 1,
            "ns.coll": 1,
            **{f"{image}.{name}": 1 for image in _IMAGES for name in (*INTERACTION_READ, *IMAGE_READ)},
            **CHANGE_PROJECTION,
        }
    },
]


class HistoryLost(Exception):
    """The end of a change stream: what was written since isn't known, and everything has to be derived again."""


@dataclass(slots=True)
class Written:
    """What the changes since the last touch: with true, something may have been taken from the key.

    ``token``: where to go on; ``until``: the database's time until which these are all. ``changes``: those that
    matching cares for, in their order.
    """

    token: Mapping[str, Any]
    until: Timestamp
    keys: dict[Key, bool] = field(default_factory=dict)
    changes: list[RecordedChange] = field(default_factory=list)
    is_full: bool = False


class WrittenKeys:
    """The change stream over both recorded collections, to be closed; it is opened when it is first read.

    ``token`` None: from what is written after ``since``.
    """

    # The driver's own change streams give one change at a time, each for a good deal of processor time, and don't say
    # until when they have seen everything.

    def __init__(self, database: Database, token: Mapping[str, Any] | None, since: Timestamp | None = None) -> None:
        self._database = database
        self._start: Mapping[str, Any] = (
            {"startAtOperationTime": since} if token is None else {"startAfter": dict(token)}
        )
        self._session: ClientSession | None = None
        self._cursor_id = 0

    async def read(self, wait_ms: int, gather_ms: int = 0) -> Written:
        """The next changes, once there are any or ``wait_ms`` are over; after the first, others are gathered for a
        while.

        Raises `Unavailable` for what passes, and may be called again then; `HistoryLost` where the stream can't go on.
        """
        try:
            if not self._cursor_id:
                written = await self._open()
            else:
                written = await self._more(wait_ms)
            if written.keys and not written.is_full and gather_ms:
                await asyncio.sleep(gather_ms / 1_000)
                further = await self._more(1)
                _add(written.keys, further.keys.items())
                changes = written.changes + further.changes
                written = Written(further.token, further.until, written.keys, changes, further.is_full)
        except PyMongoError as error:
            await self.close()
            if not transient(error) and "startAfter" in self._start and not _is_refusal(error):
                raise HistoryLost from error
            with translated():
                raise
        return written

    async def close(self) -> None:
        """Closes the cursor; another call of `read` opens it where it was."""
        used, self._session, cursor_id, self._cursor_id = self._session, None, self._cursor_id, 0
        with suppress(PyMongoError):
            if cursor_id:
                command = {"killCursors": "$cmd.aggregate", "cursors": [Int64(cursor_id)]}
                await self._database.command(command, session=used)
        if used is not None:
            await used.end_session()

    async def _open(self) -> Written:
        images = {"fullDocument": "updateLookup", "fullDocumentBeforeChange": "whenAvailable"}
        command = {
            "aggregate": 1,
            "pipeline": [{"$changeStream": {**images, **self._start}}, *_PIPELINE],
            "cursor": {"batchSize": BATCH},
            "readConcern": {"level": "majority"},
        }
        self._session = await start_session(self._database.client)
        return self._written(await self._run(command), "firstBatch")

    async def _more(self, wait_ms: int) -> Written:
        command = {
            "getMore": Int64(self._cursor_id),
            "collection": "$cmd.aggregate",
            "batchSize": BATCH,
            "maxTimeMS": wait_ms,
        }
        return self._written(await self._run(command), "nextBatch")

    async def _run(self, command: Document) -> Document:
        # By itself a command decodes as the driver's defaults say.
        options = self._database.codec_options
        return await self._database.command(command, session=self._session, codec_options=options)

    def _written(self, reply: Mapping[str, Any], batch: str) -> Written:
        cursor = reply["cursor"]
        self._cursor_id = cursor["id"]
        token = cursor["postBatchResumeToken"]
        self._start = {"startAfter": token}
        changes: list[Document] = cursor[batch]
        written = Written(token, token_time(token), is_full=len(changes) >= BATCH)
        for change in changes:
            if change["operationType"] in _LOSSES:
                raise HistoryLost
            if change["ns"]["coll"] != PERCOLATOR.collection:
                _add(written.keys, _touched(change))
            if (recorded := recorded_change(change)) is not None:
                written.changes.append(recorded)
        return written


def token_time(token: Mapping[str, Any]) -> Timestamp:
    """The database's time that a resume token stands for: all earlier changes came before it."""
    data: str = token["_data"]
    # A key string: the type of a timestamp, and its two numbers of 32 bits.
    return Timestamp(int(data[2:10], 16), int(data[10:18], 16))


def _is_refusal(error: PyMongoError) -> bool:
    return isinstance(error, OperationFailure) and error.code in _REFUSALS


def _touched(change: Document) -> Iterator[tuple[Key, bool]]:
    for image in _IMAGES:
        document = change.get(image)
        if not isinstance(document, Mapping):
            continue
        shrinks = image == "fullDocumentBeforeChange"
        for key in search_keys(document):
            yield key, shrinks
        if change["ns"]["coll"] == INTERACTION.collection:
            for item in item_keys(document):
                yield item, shrinks


def _add(keys: dict[Key, bool], touched: Any) -> None:
    for key, shrinks in touched:
        keys[key] = shrinks or keys.get(key, False)
