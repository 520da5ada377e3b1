"""Documents whose bytes are counted before they are decoded, batch by batch."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from bson.codec_options import CodecOptions

from gateway.errors import ReadTooLarge
from gateway.errors.tracebacks import untraced
from gateway.model.bson_elements import ends_of
from gateway.model.undecoded_documents import UndecodedBatches
from gateway.plan.commands import SortKey
from gateway.plan.usage import InTurn
from gateway.scheduling.held_bytes import ReplyBytes
from gateway.store.client import CommandCursor, Document, RawBatchCursor, next_batch
from gateway.store.document_decoding import decoded
from gateway.store.driver_errors import translated

# To decode so many bytes takes 0.2 to 2 ms, and so many of a piece up to 10.
_LONG_BYTES = 100_000
_PIECE_BYTES = 500_000


class KeptBatches:
    """The batches that were read so far, in order, for whoever wants them as they came.

    ``count``: the documents in them. ``reply``: counts what is held of them, as once they are decoded: they may be.
    ``sort_key``: as of `decoded`.
    """

    __slots__ = ("_batches", "_long", "_options", "_sort_key", "count", "reply")

    def __init__(
        self, options: CodecOptions[Document], sort_key: SortKey | None = None, reply: ReplyBytes | None = None
    ) -> None:
        self._options = options
        self._sort_key = sort_key
        self._batches: list[bytes] = []
        self._long = 0
        self.count = 0
        self.reply = reply

    def add(self, batch: bytes, count: int) -> None:
        """``count``: how many documents there are in it."""
        is_long = len(batch) >= _LONG_BYTES
        if self.reply is not None:
            self.reply.came(len(batch), is_decoded=not is_long)
        if is_long:
            self._long += len(batch)
        self._batches.append(batch)
        self.count += count

    async def documents(self) -> UndecodedBatches:
        """All of them, once there is room for what is long to be decoded."""
        if self.reply is not None and self._long:
            await self.reply.decode(self._long)
        sort_key, decode_cut = self._sort_key, None
        if sort_key is not None and sort_key.of_rows:
            decode_cut = partial(self._decoded, replace(sort_key, of_rows=False))
        return UndecodedBatches(self._batches, self.count, partial(self._decoded, sort_key), decode_cut)

    def _decoded(self, sort_key: SortKey | None, batch: bytes) -> Iterator[list[Document]]:
        for piece in _pieces(batch):
            with translated():
                documents = decoded(piece, self._options, sort_key)
            yield documents


class ReadDocuments:
    """The documents that were read so far, in order; from the first long batch on they aren't decoded yet, where that
    is done ``in_turn``.

    ``count``: how many there are. ``reply``: counts what is held of them, where that is counted. ``sort_key``: as of
    `decoded`.
    """

    __slots__ = ("_decoded", "_in_turn", "_options", "_sort_key", "_waiting", "count", "reply")

    def __init__(
        self,
        options: CodecOptions[Document],
        in_turn: InTurn | None = None,
        sort_key: SortKey | None = None,
        reply: ReplyBytes | None = None,
    ) -> None:
        self._options = options
        self._sort_key = sort_key
        self._in_turn = in_turn
        self.reply = reply
        self._decoded: list[Document] = []
        self._waiting = deque[bytes]()
        self.count = 0

    def add(self, batch: bytes, count: int) -> None:
        """``count``: how many documents there are in it."""
        is_decoded = self._in_turn is None or (len(batch) < _LONG_BYTES and not self._waiting)
        if self.reply is not None:
            self.reply.came(len(batch), is_decoded=is_decoded)
        if is_decoded:
            self._decoded += decoded(batch, self._options, self._sort_key)
        else:
            self._waiting.append(batch)
        self.count += count

    async def decoded(self) -> list[Document]:
        """All of them; what is long is decoded once there is room for it, piece by piece, each in its turn."""
        if self.reply is not None and self._waiting:
            await self.reply.decode(sum(map(len, self._waiting)))
        while self._waiting:
            assert self._in_turn is not None, "or none would wait"
            # It is let go once it is decoded.
            for piece in _pieces(self._waiting.popleft()):
                with translated():
                    self._decoded += await self._in_turn(partial(decoded, piece, self._options, self._sort_key))
        return self._decoded


async def read_documents(
    cursor: RawBatchCursor, documents: KeptBatches | ReadDocuments, count: Callable[[int], Any]
) -> None:
    """Adds all that a cursor has. ``count`` is called with the bytes of each batch, and may raise an error: then the
    batch isn't added, and no further one is asked for."""
    try:
        while cursor.alive:
            if documents.reply is not None:
                await documents.reply.take()
            await _read_batch(cursor, documents, count)
    except ReadTooLarge as error:
        await cursor.close()
        # Its traceback leads to the batch.
        raise untraced(error) from None
    except Exception:
        await cursor.close()
        raise


async def _read_batch(
    cursor: RawBatchCursor, documents: KeptBatches | ReadDocuments, count: Callable[[int], Any]
) -> None:
    # One, or none at the end.
    for batch in await cursor.to_list(1):
        count(len(batch))
        documents.add(batch, sum(1 for _ in ends_of(batch)))


async def read_rows(cursor: CommandCursor, rows: KeptBatches | ReadDocuments, count: Callable[[int], Any]) -> None:
    """As `read_documents`, of a pipeline, whose first batch has come with the cursor."""
    try:
        while cursor.alive:
            if rows.reply is not None:
                await rows.reply.take()
            await _read_rows(cursor, rows, count)
    except ReadTooLarge as error:
        await cursor.close()
        raise untraced(error) from None


async def _read_rows(cursor: CommandCursor, rows: KeptBatches | ReadDocuments, count: Callable[[int], Any]) -> None:
    documents = [row.raw for row in await next_batch(cursor)]
    batch = b"".join(documents)
    count(len(batch))
    rows.add(batch, len(documents))


def _pieces(batch: bytes) -> Iterator[memoryview]:
    """A batch in pieces of whole documents, each of which ends with the one by which it is long enough."""
    start, end, view = 0, 0, memoryview(batch)
    for end in ends_of(batch):
        if end - start >= _PIECE_BYTES:
            yield view[start:end]
            start = end
    if end > start:
        yield view[start:end]
