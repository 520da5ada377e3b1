"""What an operation fetched before it is executed or shaped."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from gateway.errors import GatewayError, UnreadableDocument
from gateway.errors.time_limit import too_broad
from gateway.model.document_ids import id_text
from gateway.model.documents import TYPE_FIELD
from gateway.model.filter_trees.flat import Count
from gateway.model.undecoded_documents import Undecoded, UndecodedBatches, UndecodedDocument, UndecodedDocuments
from gateway.plan.paging import Page
from gateway.plan.statistics_pages import GroupPage

# Steps "Type.key" from the root, without list indices: a response key and the type of the object that has it. The keys
# alone don't tell apart what several types of one list select under the same name, each with arguments of its own.
ResponsePath = tuple[str, ...]


NO_KEY = ""
"""Among the values of a nested object: parents that are joined to none have null. No id is empty."""


class Pages:
    """Values by response path; of nested connections by the parent's key too. A value may be the error it met.

    ``time_limit_ms``: of each read. ``points``: what fetching them cost. ``size``: how many bytes the documents have in
    the database. ``count``: what counts the nodes of trees that the executor has walked through. ``holds_decoded``:
    whether there may be documents among them that were undecoded before.
    """

    def __init__(self, time_limit_ms: int = 0) -> None:
        self._time_limit_ms = time_limit_ms
        self._roots: dict[ResponsePath, Any] = {}
        self._nested: dict[ResponsePath, Mapping[str, Any] | Exception] = {}
        self._bounds: dict[ResponsePath, int | Exception] = {}
        self._unindexed: dict[ResponsePath, Sequence[str]] = {}
        self._parameters: dict[ResponsePath, Mapping[str, Any] | Exception] = {}
        self.points = 0
        self.size = 0
        self.count: Count | None = None
        self.holds_decoded = False
        self._found = 0

    def rooted(self, path: ResponsePath, value: Any) -> "Pages":
        """The same with another root, which is at this path: what was nested there was fetched for several."""
        pages = Pages(self._time_limit_ms)
        pages._roots = {path: value}
        pages._nested = self._nested
        pages._bounds = self._bounds
        pages._unindexed = self._unindexed
        pages._parameters = self._parameters
        pages.size = self.size
        return pages

    def clear(self) -> None:
        """Lets go of all that was fetched, and of what errors it met."""
        for values in (self._roots, self._nested, self._bounds, self._parameters):
            values.clear()

    @property
    def nested_errors(self) -> list[Exception]:
        """What the fetching of nested connections met."""
        return [pages for pages in self._nested.values() if isinstance(pages, Exception)]

    @property
    def most_uses(self) -> int:
        """How often the page of a nested connection stands in an answer at most, of all that were looked up so far."""
        pages = sum(len(by_key) for by_key in self._nested.values() if not isinstance(by_key, Exception))
        return max(1, 1 + self._found - pages)

    def put(self, path: ResponsePath, value: Any) -> None:
        self._roots[path] = value

    def put_nested(self, path: ResponsePath, by_key: Mapping[str, Any] | Exception) -> None:
        self._nested[path] = by_key

    def put_parameters(self, path: ResponsePath, values: Mapping[str, Any] | Exception) -> None:
        """The arguments of the field at ``path``, which is read of its parent, or what is wrong with them."""
        self._parameters[path] = values

    def parameters(self, path: ResponsePath) -> Mapping[str, Any]:
        """The arguments of the field at ``path``; raises what is wrong with them."""
        values = self._parameters[path]
        if isinstance(values, Exception):
            raise values
        return values

    def summary(self, path: ResponsePath, page: Page) -> Any:
        """What was fetched for the field at ``path`` of all elements of the connection that ``page`` is of. Raises the
        error that fetching met."""
        by_key = self._nested[path]
        if isinstance(by_key, Exception):
            raise by_key
        return by_key[page.key]

    def root(self, path: ResponsePath) -> Any:
        """What was fetched for the root at ``path``, which may be the error that fetching met."""
        return self._roots[path]

    def joined(self, path: ResponsePath) -> Mapping[str, Any] | Exception | None:
        """What was fetched for the nested field at ``path``, by what its parents are joined on, or the error that it
        met; None where an error prevented that there are parents."""
        return self._nested.get(path)

    def values(self, path: ResponsePath) -> Sequence[Any]:
        """All that was fetched for the field at ``path``: an error has none."""
        if len(path) == 1:
            return (self._roots[path],)
        by_key = self._nested[path]
        return () if isinstance(by_key, Exception) else list(by_key.values())

    def decoding(self) -> Iterator[None]:
        """Decodes the documents that aren't yet, piece by piece; an error stands in the place of what can't be."""
        self.holds_decoded = True
        for path, value in list(self._roots.items()):
            try:
                [self._roots[path]] = yield from _decoded([value])
            except GatewayError as error:
                self._roots[path] = error
        for path, by_key in list(self._nested.items()):
            if not isinstance(by_key, Exception):
                try:
                    decoded = yield from _decoded(by_key.values())
                    self._nested[path] = dict(zip(by_key, decoded, strict=True))
                except GatewayError as error:
                    self._nested[path] = error

    def bound(self, path: ResponsePath) -> int | Exception:
        """What the ``totalCount`` field at ``path`` counts up to, or what is wrong with that."""
        return self._bounds[path]

    def put_bounds(self, bounds: Mapping[ResponsePath, int | Exception], unindexed: Sequence[str] = ()) -> None:
        """What the ``totalCount`` fields at these paths count up to, or what is wrong with that; ``unindexed``: the
        filters that no index serves."""
        self._bounds |= bounds
        self._unindexed |= dict.fromkeys(bounds, unindexed)

    def total(self, path: ResponsePath, page: Page) -> int:
        """A page's total, up to the bound of the field at ``path``. Raises what is wrong with the bound, and
        `QueryTooBroad` where counting took too long."""
        bound = self._bounds[path]
        if isinstance(bound, Exception):
            raise bound
        if page.total is None:
            raise too_broad(self._time_limit_ms, self._unindexed[path], "total")
        return min(page.total, bound)

    def at(self, path: ResponsePath, parent: Any = None, local: str = "") -> Any:
        """What was fetched for the field at ``path``; of a nested connection for this parent, which has at ``local``
        what they are joined on. Raises the error that fetching met."""
        if len(path) == 1:
            value = self._roots[path]
        else:
            self._found += 1
            by_key = self._nested[path]
            value = by_key if isinstance(by_key, Exception) else _of_parent(by_key, _key_of(parent, local))
        if isinstance(value, Exception):
            raise value
        return value


def _key_of(parent: Any, local: str) -> Any:
    """What a parent has at a dotted path; None where it has nothing there."""
    if "." not in local:
        return parent.get(local)
    for step in local.split("."):
        if not isinstance(parent, (dict, Mapping)):
            return None
        parent = parent.get(step)
    return parent


def _of_parent(by_key: Mapping[str, Any], stored: Any) -> Any:
    key = id_text(stored)
    if key is None:
        # An object may be missing where a parent is joined to none; a connection can't.
        if stored is None and NO_KEY in by_key:
            return None
        raise UnreadableDocument("What these are joined on is not an id.")
    return by_key[key]


def _decoded(values: Iterable[Any]) -> Generator[None, None, list[Any]]:
    """The same values with their documents decoded, those that one command gave together."""
    by_command: dict[UndecodedBatches, list[Mapping[str, Any]]] = {}
    made = []
    for value in values:
        for parents in parents_of(value):
            if isinstance(parents, Undecoded) and parents.whole not in by_command:
                for documents in parents.whole.decoding():
                    if documents is None:
                        yield
                    else:
                        by_command[parents.whole] = documents
        made.append(_with_decoded(value, by_command))
    return made


def _with_decoded(value: Any, by_command: Mapping[UndecodedBatches, list[Mapping[str, Any]]]) -> Any:
    match value:
        case UndecodedDocument(whole=whole, number=number, type_name=name):
            document = by_command[whole][number]
            return {**document, TYPE_FIELD: name} if name else document
        case Page(documents=UndecodedDocuments() as documents):
            return replace(value, documents=documents.of(by_command[documents.whole]))
        case list():
            return [_with_decoded(item, by_command) for item in value]
    return value


Parents: TypeAlias = Undecoded | Mapping[str, Any]
"""Undecoded documents that were fetched together, or one that is decoded."""


def parents_of(value: Any) -> Sequence[Parents]:
    """The documents of a value, as `documents_of` has them once they are decoded."""
    match value:
        case UndecodedDocument():
            return (value,)
        case Page(documents=UndecodedDocuments() as documents):
            return (documents,)
        case list():
            return [parents for item in value for parents in parents_of(item)]
    return documents_of(value)


def documents_of(value: Any) -> list[Mapping[str, Any]]:
    """The documents of a root's value: of a page, of a list of documents and errors, or itself."""
    values = value.documents if isinstance(value, Page | GroupPage) else value if isinstance(value, list) else [value]
    return [document for document in values if isinstance(document, (dict, Mapping))]


def ids_at(documents: Iterable[Any], path: str) -> list[str]:
    """What every id at a dotted path of documents reads as, through the lists on the way: each once, as first seen."""
    steps, ids = path.split(".") if path else [], dict[str, None]()
    for document in documents:
        value = document
        for step in steps:
            if value.__class__ is not dict:
                break
            value = value.get(step)
        else:
            # Nearly always there is one, right at the path.
            if value.__class__ is str:
                ids[value] = None
                continue
        ids |= dict.fromkeys(id for item in _values_at(document, steps) if (id := id_text(item)) is not None)
    return list(ids)


def _values_at(document: Any, steps: list[str]) -> Iterator[Any]:
    pending = [(document, steps)]
    while pending:
        value, steps = pending.pop()
        if isinstance(value, list):
            pending.extend((item, steps) for item in reversed(value))
        elif not steps:
            yield value
        elif isinstance(value, Mapping):
            pending.append((value.get(steps[0]), steps[1:]))
