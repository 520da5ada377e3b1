"""Pages as they are fetched for the native back end: of the same documents, encoded."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bson.errors import BSONError, InvalidBSON

from gateway.model.documents import TYPE_FIELD
from gateway.model.undecoded_documents import UndecodedDocuments
from gateway.plan.fetched_pages import Pages
from gateway.plan.operation_plan import Plan
from gateway.plan.paging import Page
from tests.harness.decoded import decoded_for_answers, stored


def undecoded(plan: Plan, pages: Pages) -> Pages | None:
    """The same pages of documents that aren't decoded; None where anything else is at a root, or has no BSON."""
    made: Pages | None = None
    for fetch in plan.fetches:
        page = pages.root(fetch.path)
        if not isinstance(page, Page):
            return None
        try:
            documents = _encoded(page)
        except (BSONError, OverflowError, TypeError):
            return None
        value = replace(page, documents=documents)
        if made is None:
            made = pages.rooted(fetch.path, value)
        else:
            made.put(fetch.path, value)
    return made


def decoded(pages: Pages) -> Pages:
    """The same pages, decoded as they are where the native back end gave up."""
    for _ in pages.decoding():
        pass
    return pages


def undecoded_documents(*batches: bytes, picked: range | None = None) -> UndecodedDocuments:
    """The documents of these batches, or those ``picked`` of them; where a batch isn't BSON, all that it may have is
    one."""
    if picked is None:
        try:
            picked = range(sum(1 for batch in batches for _ in _documents(batch)))
        except BSONError:
            picked = range(len(batches))
    return UndecodedDocuments(batches, picked, _decoded)


def _encoded(page: Page) -> UndecodedDocuments:
    """The page's documents in two batches, and backwards where they were fetched so."""
    raw = [stored(_without_type(document)) for document in page.documents]
    count, half = len(raw), len(raw) // 2
    if page.highest:
        raw.reverse()
    batches = [b"".join(raw[:half]), b"".join(raw[half:])]
    return UndecodedDocuments(batches, range(count)[:: -1 if page.highest else 1], _decoded)


def _without_type(document: Mapping[str, Any]) -> dict[str, Any]:
    # It tells apart documents of several types, which no page of undecoded ones has.
    return {name: value for name, value in document.items() if name != TYPE_FIELD}


def _decoded(batch: bytes) -> Iterator[list[Mapping[str, Any]]]:
    yield [decoded_for_answers(raw) for raw in _documents(batch)]


def _documents(batch: bytes) -> Iterator[bytes]:
    while batch:
        length = int.from_bytes(batch[:4], "little")
        if not 5 <= length <= len(batch):
            raise InvalidBSON("a length beyond the batch")
        yield batch[:length]
        batch = batch[length:]
