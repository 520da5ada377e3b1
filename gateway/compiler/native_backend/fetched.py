"""What was fetched, as the extension takes it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bson import encode
from bson.errors import BSONError

from gateway.compiler.native_backend.extension import FetchedJoin, FetchedPage, FetchedRoot
from gateway.model.undecoded_documents import UndecodedBatches, UndecodedDocument, UndecodedDocuments
from gateway.plan.paging import Page

_NO_BATCHES: Sequence[bytes] = ()


class FetchedOtherwise(Exception):
    """An error, or what is decoded, is in the place of undecoded documents."""


def fetched_root(value: Any) -> FetchedRoot:
    """What was fetched for a root: a page, an object or a list of objects; raises `FetchedOtherwise`."""
    if isinstance(value, Page):
        whole, fetched = _page(value)
        return whole.batches if whole else _NO_BATCHES, value.order.path, value.order.tag, fetched
    return _documents(value if isinstance(value, list) else [value])


def fetched_join(by_key: Mapping[str, Any] | Exception | None) -> FetchedJoin:
    """What parents are joined to; raises `FetchedOtherwise`."""
    if by_key is None or isinstance(by_key, Exception):
        raise FetchedOtherwise
    batches, key, tag = _NO_BATCHES, "", ""
    pages: list[tuple[str, FetchedPage]] = []
    for name, page in by_key.items():
        if not isinstance(page, Page):
            return _objects(by_key)
        whole, fetched = _page(page)
        if whole is not None:
            # One command fetched them, so that all are of its batches, and in one order.
            batches, key, tag = whole.batches, page.order.path, page.order.tag
        pages.append((name, fetched))
    return batches, key, tag, pages


def _page(page: Page) -> tuple[UndecodedBatches | None, FetchedPage]:
    """A page with the batches that it is of; None where it has no documents."""
    documents = page.documents
    if isinstance(documents, UndecodedDocuments):
        whole, picked = documents.whole, documents.picked
        range_ = (picked.start, picked.stop, picked.step)
    elif documents:
        raise FetchedOtherwise
    else:
        whole, range_ = None, (0, 0, 1)
    return whole, (range_, page.has_next_page, page.has_previous_page, page.total)


def _objects(by_key: Mapping[str, Any]) -> tuple[Sequence[bytes], Sequence[tuple[str, int | None]]]:
    # In the place of one there may be an error, for those who are joined to it.
    found = {key: value for key, value in by_key.items() if not isinstance(value, Exception)}
    batches, numbers = _documents(found.values())
    return batches, list(zip(found, numbers, strict=True))


def _documents(values: Iterable[Any]) -> tuple[Sequence[bytes], Sequence[int | None]]:
    """The batches of undecoded documents, with one more of what was made here, and the number of each."""
    whole: UndecodedBatches | None = None
    made: list[bytes] = []
    numbers: list[int | None] = []
    for value in values:
        if isinstance(value, UndecodedDocument):
            if whole not in (None, value.whole):
                raise FetchedOtherwise
            whole = value.whole
            numbers.append(value.number)
        elif value is None:
            numbers.append(None)
        elif isinstance(value, dict):
            # Counted below 0, until it is known how many others there are.
            made.append(_encoded(value))
            numbers.append(-len(made))
        else:
            raise FetchedOtherwise
    if not made:
        return whole.batches if whole else _NO_BATCHES, numbers
    count = whole.count if whole else 0
    batches = [*(whole.batches if whole else ()), b"".join(made)]
    return batches, [count - number - 1 if number is not None and number < 0 else number for number in numbers]


def _encoded(document: Mapping[str, Any]) -> bytes:
    try:
        return encode(document)
    except (BSONError, OverflowError, ValueError):
        raise FetchedOtherwise from None
