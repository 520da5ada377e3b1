"""What an operation reads whose documents stay as they come, as long as nobody has to look into them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from gateway.compiler.native_backend import undecoded_joins
from gateway.model.undecoded_documents import UndecodedBatches, UndecodedDocuments
from gateway.plan.commands import Document, Find
from gateway.plan.fetched_pages import Pages
from gateway.plan.first_documents import FirstOfEach
from gateway.plan.joined_listings import JoinedFind
from gateway.plan.joins import Join
from gateway.plan.usage import Usage
from gateway.store.reader import Reader

T = TypeVar("T")
_END: Any = object()


class UndecodedReading:
    """The reading of one operation into its ``pages``."""

    def __init__(self, reader: Reader, usage: Usage, pages: Pages) -> None:
        self._reader = reader
        self._usage = usage
        self._pages = pages

    async def run(
        self, command: Find | FirstOfEach | JoinedFind | Join
    ) -> UndecodedDocuments | Sequence[Document] | Mapping[str, Sequence[Document]]:
        """What the command gives, of documents that aren't decoded where they can stay so."""
        if isinstance(command, Join):
            return await self._joined(command)
        found = await self._reader.undecoded(command, self._usage)
        key = "" if isinstance(command, JoinedFind) else command.key
        return await self._looked_up(found.whole, key) if key else found

    async def decode(self) -> None:
        """Has all decoded that there is so far."""
        await self._in_turns(self._pages.decoding())

    async def _joined(self, command: Join) -> Mapping[str, Sequence[Document]]:
        rows = await self._reader.undecoded_rows(command, self._usage)
        assert rows is not None, "no join is optional"
        by_key = undecoded_joins.joined(rows, command.limit)
        return command.result(await self._decoded(rows)) if by_key is None else by_key

    async def _looked_up(self, found: UndecodedBatches, key: str) -> Sequence[Document]:
        documents = undecoded_joins.looked_up(found, key)
        return await self._decoded(found) if documents is None else documents

    async def _decoded(self, undecoded: UndecodedBatches) -> Sequence[Document]:
        self._pages.holds_decoded = True
        return await self._in_turns(undecoded.decoding()) or ()

    async def _in_turns(self, pieces: Iterator[T | None]) -> T | None:
        """The last of these pieces, each made in its turn."""
        in_turn, made = self._usage.in_turn, None
        while True:
            following = partial(next, pieces, _END)
            piece = following() if in_turn is None else await in_turn(following)
            if piece is _END:
                return made
            made = piece
