"""The adoption of what another program wrote into MongoDB: a copy of its documents, with all that is the gateway's."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.errors import BadUserInput
from gateway.interchange.document_shapes import DocumentShape
from gateway.interchange.entries import Entry, Skipped
from gateway.interchange.imports import Import
from gateway.interchange.jsonl import WireLines
from gateway.interchange.lines import LINE_LIMIT, Line, Unreadable, parsed_and_judged
from gateway.model.extended_json import id_spelling, plain_value
from gateway.output.printable import printable
from gateway.store.client import Document
from gateway.store.foreign_documents import ForeignDocuments

LISTED: Final = 1_000
"""How many skipped documents are kept to be listed; all of them are told as they are met."""


@dataclass(frozen=True, slots=True)
class SkippedDocument:
    """A document that isn't adopted, by its ``_id`` as `id_spelling` spells it, and why."""

    id: str
    skipped: Skipped

    def as_json(self) -> dict[str, Any]:
        skipped = self.skipped
        return {
            "document": self.id,
            "reason": skipped.reason,
            "message": skipped.message,
            "path": list(skipped.path),
        }

    def as_line(self) -> bytes:
        """With the document's content, as a line of JSON that may be looked at in a terminal."""
        content = self.skipped.line.content.decode(errors="backslashreplace")
        return printable(orjson.dumps(self.as_json() | {"content": content}).decode()).encode() + b"\n"


class Adoption:
    """One adoption of documents, in the order of their ids.

    ``last``: the id of the last document that was judged, and recorded where it could be: another adoption that begins
    there finds that one existing. ``told``: is called for every document that is skipped, ``moved`` behind each page.
    """

    def __init__(
        self,
        documents: ForeignDocuments,
        shape: DocumentShape,
        *,
        told: Callable[[SkippedDocument], None] = lambda _: None,
        moved: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.last: Any = None
        self.is_stopping = False
        self.listed: list[SkippedDocument] = []
        self._documents = documents
        self._shape = shape
        self._told = told
        self._moved = moved
        self._count = 0
        # Those of the page at hand, by the places of their documents.
        self._ids: dict[int, str] = {}

    def stop(self) -> None:
        """Has it end behind the page at hand."""
        self.is_stopping = True

    def skip(self, skipped: Skipped) -> None:
        """Is told of each document that can't be adopted: what `Import` calls."""
        document = SkippedDocument(self._ids[skipped.line.number], skipped)
        if len(self.listed) < LISTED:
            self.listed.append(document)
        self._told(document)

    async def run(self, importing: Import, wire_lines: WireLines, after: Any = None) -> None:
        """Adopts the documents from the one with the id ``after`` on, None: all, unless it is stopped. Raises
        `Unavailable`."""
        async for page in self._documents.pages(after):
            await importing.run(self._entries(page, wire_lines))
            if page:
                self.last = page[-1]["_id"]
            self._moved(self._count)
            if self.is_stopping:
                return

    def _entries(self, page: Sequence[Document], wire_lines: WireLines) -> Iterator[Entry]:
        self._ids.clear()
        for document in page:
            self._count += 1
            self._ids[self._count] = id_spelling(document["_id"])
            line = Line(self._count, orjson.dumps(plain_value(document)))
            if len(line.content) > LINE_LIMIT:
                yield Skipped(line, "DOCUMENT_TOO_LONG", f"the document has more than {LINE_LIMIT:,} bytes as JSON")
                continue
            try:
                plain, is_plain = parsed_and_judged(line)
                content = self._shape.content(document["_id"], plain)
                yield wire_lines.entry(line, content, is_plain=is_plain and self._shape.is_plain)
            except Unreadable as error:
                yield Skipped(line, error.reason, error.message)
            except BadUserInput as error:
                yield Skipped(line, error.code, error.message, tuple(map(str, error.path)))
