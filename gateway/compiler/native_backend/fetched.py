"""What was fetched, as the extension takes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.compiler.native_backend.extension import FetchedJoin, FetchedPage, FetchedRoot
from gateway.model.undecoded_documents import UndecodedBatches, UndecodedDocuments
from gateway.plan.paging import Page

_NO_BATCHES: Sequence[bytes] = ()


class FetchedOtherwise(Exception):
    """An error, or what is decoded, is in the place of undecoded documents."""


def fetched_root(page: Any) -> FetchedRoot:
    """A page at a root; raises `FetchedOtherwise`."""
    whole, fetched = _page(page)
    return whole.batches if whole else _NO_BATCHES, page.order.path, page.order.tag, fetched


def fetched_join(by_key: Mapping[str, Any] | Exception | None) -> FetchedJoin:
    """What parents are joined to; raises `FetchedOtherwise`."""
    if by_key is None or isinstance(by_key, Exception):
        raise FetchedOtherwise
    batches, key, tag, pages = _NO_BATCHES, "", "", []
    for name, page in by_key.items():
        whole, fetched = _page(page)
        if whole is not None:
            # One command fetched them, so that all are of its batches, and in one order.
            batches, key, tag = whole.batches, page.order.path, page.order.tag
        pages.append((name, fetched))
    return batches, key, tag, pages


def _page(page: Any) -> tuple[UndecodedBatches | None, FetchedPage]:
    """A page with the batches that it is of; None where it has no documents."""
    if not isinstance(page, Page):
        raise FetchedOtherwise
    documents = page.documents
    if isinstance(documents, UndecodedDocuments):
        whole, picked = documents.whole, documents.picked
        range_ = (picked.start, picked.stop, picked.step)
    elif documents:
        raise FetchedOtherwise
    else:
        whole, range_ = None, (0, 0, 1)
    return whole, (range_, page.has_next_page, page.has_previous_page, page.total)
