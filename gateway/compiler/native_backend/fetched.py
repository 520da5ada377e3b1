"""What was fetched, as the extension takes it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bson import encode
from bson.errors import BSONError

from gateway.compiler.native_backend.extension import FetchedJoin, FetchedPage, FetchedRoot
from gateway.model.documents import TYPE_FIELD
from gateway.model.undecoded_documents import UndecodedBatches, UndecodedDocument, UndecodedDocuments
from gateway.plan.paging import Page

_NO_BATCHES: Sequence[bytes] = ()
_ONE_TYPE: Sequence[str] = ()


class FetchedOtherwise(Exception):
    """An error, or what is decoded, is in the place of undecoded documents."""


def fetched_root(value: Any) -> FetchedRoot:
    """What was fetched for a root: a page, an object or a list of objects; raises `FetchedOtherwise`."""
    if isinstance(value, Page):
        whole, fetched = _page(value)
        return whole.batches if whole else _NO_BATCHES, value.order.path, value.order.tag, fetched
    values = value if isinstance(value, list) else [value]
    batches, numbers = _documents(values)
    type_names = list(map(_type_name, values))
    return batches, numbers, type_names if any(type_names) else _ONE_TYPE


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
    """The batches of undecoded documents, command by command, with one more of what was made here, and the number of
    each."""
    batches: list[bytes] = []
    made: list[bytes] = []
    numbers: list[int | None] = []
    first, count = dict[UndecodedBatches, int](), 0
    for value in values:
        if isinstance(value, UndecodedDocument):
            whole = value.whole
            if whole not in first:
                first[whole] = count
                count += whole.count
                batches += whole.batches
            numbers.append(first[whole] + value.number)
        elif value is None:
            numbers.append(None)
        elif isinstance(value, dict):
            # Counted below 0, until it is known how many others there are.
            made.append(_encoded(value))
            numbers.append(-len(made))
        else:
            raise FetchedOtherwise
    if not made:
        return batches, numbers
    batches.append(b"".join(made))
    return batches, [count - number - 1 if number is not None and number < 0 else number for number in numbers]


def _type_name(value: Any) -> str:
    """The type of what was looked for among several; "" of all else."""
    if isinstance(value, UndecodedDocument):
        return value.type_name
    name: str = value.get(TYPE_FIELD, "") if isinstance(value, dict) else ""
    return name


def _encoded(document: Mapping[str, Any]) -> bytes:
    try:
        # No key of BSON has a NUL.
        return encode({name: value for name, value in document.items() if name != TYPE_FIELD})
    except (BSONError, OverflowError, ValueError):
        raise FetchedOtherwise from None
