"""Pages as they are fetched for the native back end: of the same documents, encoded."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bson.errors import BSONError, InvalidBSON

from gateway.model.documents import TYPE_FIELD
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, time_order
from gateway.model.undecoded_documents import UndecodedBatches, UndecodedDocument, UndecodedDocuments
from gateway.plan.fetched_pages import Pages
from gateway.plan.operation_plan import Fetch, Plan
from gateway.plan.paging import Page
from tests.harness.decoded import decoded_for_answers, stored


def undecoded(plan: Plan, pages: Pages) -> Pages | None:
    """The same pages of documents that aren't decoded; None where anything else was fetched, or has no BSON."""
    made = Pages()
    try:
        for fetch in plan.all_fetches:
            if len(fetch.path) == 1:
                made.put(fetch.path, _encoded([pages.root(fetch.path)], typed=len(fetch.selections) > 1)[0])
            elif isinstance(by_key := pages.joined(fetch.path), Mapping):
                made.put_nested(fetch.path, dict(zip(by_key, _encoded(list(by_key.values())), strict=True)))
            elif by_key is not None:
                made.put_nested(fetch.path, by_key)
            for path, _ in fetch.totals:
                # The fetcher binds what has no parents, too.
                made.put_bounds({path: 10})
                with suppress(KeyError):
                    made.put_bounds({path: pages.bound(path)})
    except (BSONError, OverflowError, TypeError, NotImplementedError):
        return None
    return made


def decoded(pages: Pages) -> Pages:
    """The same pages, decoded as they are where the native back end gave up."""
    for _ in pages.decoding():
        pass
    return pages


def pages_of(
    plan: Plan, documents: Callable[[], UndecodedDocuments], *, has_more: bool = True, is_backwards: bool = False
) -> Pages:
    """Pages of these documents wherever interactions or search requests are fetched, a copy for each. ``has_more``: of
    the order behind them; they are a page of the default order, or one backwards. Lists of several types have them as
    of each."""
    pages = Pages()
    for fetch in plan.all_fetches:
        kind = SEARCH_REQUEST if fetch.path == ("Query.searchRequests",) else INTERACTION
        found = documents()
        if len(fetch.selections) > 1:
            pages.put(fetch.path, _of_each_type(fetch, found))
            continue
        page = Page(time_order(kind, descending=not is_backwards), found, has_more, is_backwards, 12)
        if len(fetch.path) == 1:
            pages.put(fetch.path, page)
        else:
            # By what recorded interactions have, and by nothing; of the first key not all are picked.
            pages.put_nested(fetch.path, {"f": replace(page, documents=found[1:]), "r": page, "": page})
        pages.put_bounds({path: 10 for path, _ in fetch.totals})
    return pages


def _of_each_type(fetch: Fetch, documents: UndecodedDocuments) -> list[UndecodedDocument | None]:
    """Documents that were looked for among several types, one of each, and what wasn't found."""
    names, numbers = list(fetch.selections), list(documents.picked)
    typed = [
        UndecodedDocument(documents.whole, numbers[place % len(numbers)], "", "", name)
        for place, name in enumerate(names)
        if numbers
    ]
    return [*typed, None]


def undecoded_documents(*batches: bytes, picked: range | None = None) -> UndecodedDocuments:
    """The documents of these batches, or those ``picked`` of them; where a batch isn't BSON, all that it may have is
    one."""
    if picked is None:
        try:
            picked = range(sum(1 for batch in batches for _ in _documents(batch)))
        except BSONError:
            picked = range(len(batches))
    return UndecodedDocuments(UndecodedBatches(batches, len(batches), _decoded), picked)


def _encoded(values: Sequence[Any], *, typed: bool = False) -> list[Any]:
    """The same values, with the documents of all of them in two batches, and those of pages backwards where they were
    fetched so. ``typed``: they are of several types, each of which has batches of its own."""
    raw: dict[str, list[bytes]] = defaultdict(list)
    made = [_numbered(value, raw, typed=typed) for value in values]
    whole = {name: _halved(of_type) for name, of_type in raw.items()}
    return [undecoded(whole) for undecoded in made]


def _halved(raw: Sequence[bytes]) -> UndecodedBatches:
    half = len(raw) // 2
    return UndecodedBatches([b"".join(raw[:half]), b"".join(raw[half:])], len(raw), _decoded)


def _numbered(
    value: Any, raw: dict[str, list[bytes]], *, typed: bool
) -> Callable[[Mapping[str, UndecodedBatches]], Any]:
    """Adds the documents of a value; what that is of the batches of all."""
    if isinstance(value, Page):
        start = len(raw[""])
        of_page = [stored(_without_type(document)) for document in value.documents]
        raw[""] += reversed(of_page) if value.highest else of_page
        picked = range(start, len(raw[""]))[:: -1 if value.highest else 1]
        return lambda whole: replace(value, documents=UndecodedDocuments(whole[""], picked))
    if isinstance(value, list):
        items = [_numbered(item, raw, typed=typed) for item in value]
        return lambda whole: [item(whole) for item in items]
    if value is None or isinstance(value, Exception):
        return lambda _: value
    if not isinstance(value, Mapping):
        raise NotImplementedError
    name: str = value[TYPE_FIELD] if typed else ""
    of_type = raw[name]
    of_type.append(stored(_without_type(value)))
    number = len(of_type) - 1
    return lambda whole: UndecodedDocument(whole[name], number, "", "", name)


def _without_type(document: Mapping[str, Any]) -> dict[str, Any]:
    # It tells apart documents of several types, which undecoded ones have beside them.
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
