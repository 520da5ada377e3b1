"""Connections: pages of the documents of one kind, of all in the namespace or of those that belong to their parents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from gateway.context import Context, Namespace
from gateway.model.kinds import Kind
from gateway.plan.access_path import AccessPath, choose_access_path, intervals, sort
from gateway.plan.commands import Count, Document, Find, ReadCommand, Scan
from gateway.plan.cost import joining_points, reading_estimate, reading_points, unindexed_points
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.joined_listings import JoinedCount, JoinedFind
from gateway.plan.joins import Join, JoinCount
from gateway.plan.paging import Page, Window, counted_up_to, page
from gateway.plan.predicate import Predicate
from gateway.plan.projection import projection
from gateway.plan.sources.source import BoundNested, BoundRoot, BoundSource, Estimate, Source, SourceArguments

# For so many of them, the commands of a listing are made once.
_MAX_NAMESPACES = 4
# About how many bytes a comparison of a filter takes up, measured.
COMPARISON_BYTES = 700


@dataclass(frozen=True, slots=True)
class Listing(Source):
    """The documents of a kind in the namespace."""

    kind: Kind

    @property
    def page_type(self) -> str:
        return self.kind.type_name

    def bind(self, arguments: SourceArguments) -> "BoundListing":
        return BoundListing(*_bound(self.kind, arguments))


@dataclass(frozen=True, slots=True)
class NestedListing(Source):
    """The documents of a kind whose ``foreign_path`` equals what their parent has at ``local_path``."""

    kind: Kind
    foreign_path: str
    local_path: str

    @property
    def page_type(self) -> str:
        return self.kind.type_name

    @property
    def local(self) -> str:
        return self.local_path

    def bind(self, arguments: SourceArguments) -> "BoundNestedListing":
        return BoundNestedListing(*_bound(self.kind, arguments, self.foreign_path))


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """What a connection is asked for, and how it is found: all but its place, the namespace and the parents.

    ``bounds``: up to where each total is counted, or what is wrong with that. ``total_limit``: how far MongoDB counts
    for them; 0: not at all. ``variables``: the names of the variables that some of the arguments are. ``surcharge``:
    the points of what its commands may examine in vain.
    """

    predicate: Predicate
    access_path: AccessPath
    projection: Document
    bounds: Mapping[ResponsePath, int | Exception]
    total_limit: int
    variables: Mapping[str, str]
    surcharge: int

    def scan(self, namespace: Namespace, window: Window | None) -> Scan:
        """The elements of a window; of all pages, where it is None."""
        path, kind = self.access_path, self.access_path.index.kind
        within = intervals(kind, self.predicate.times, window)
        return Scan(namespace, kind, path.lookup, within, path.residual, path.of_outcome)


def _bound(kind: Kind, arguments: SourceArguments, foreign_path: str = "") -> tuple[ListingQuery, Window]:
    """Raises `BadUserInput` and `InvalidCursor` for arguments that a connection doesn't take."""
    order = arguments.order(kind)
    predicate = arguments.predicate()
    paths = arguments.paths[kind.type_name]
    window = Window.of(arguments.values, order, arguments.page_size)
    access_path = choose_access_path(kind, order, predicate, foreign_path)
    projected = projection(paths, order.path, "_id") if arguments.cursors else projection(paths)
    bounds = arguments.bounds
    total_limit = counted_up_to(bounds)
    surcharge = 0
    if access_path.examined and not predicate.nothing:
        surcharge = unindexed_points(access_path.examined, predicate.times, commands=2 if total_limit else 1)
    query = ListingQuery(predicate, access_path, projected, bounds, total_limit, arguments.variables, surcharge)
    return query, window


@dataclass(frozen=True, slots=True)
class _BoundPages(BoundSource):
    query: ListingQuery
    window: Window

    @property
    def empty(self) -> bool:
        return self.query.predicate.nothing

    @property
    def bounds(self) -> Mapping[ResponsePath, int | Exception]:
        return self.query.bounds

    @property
    def unindexed(self) -> Sequence[str]:
        return self.query.access_path.unindexed

    @property
    def surcharge(self) -> int:
        return self.query.surcharge

    @property
    def weight(self) -> int:
        return COMPARISON_BYTES * self.query.predicate.comparisons

    def at(self, cursors: Mapping[str, str]) -> Self:
        variables = self.query.variables.items()
        arguments = {name: cursors[variable] for name, variable in variables if variable in cursors}
        return type(self)(self.query, self.window.at(arguments)) if arguments else self

    def estimate(self, parents: int) -> Estimate:
        documents = parents * (self.window.limit - 1)
        return Estimate(reading_estimate(documents, parents * self.query.total_limit) + self.surcharge, documents)

    @property
    def _sort(self) -> tuple[tuple[str, int], ...]:
        return sort(self.window.order, descending=self.window.descending)


@dataclass(frozen=True, slots=True)
class BoundListing(_BoundPages, BoundRoot):
    """A listing, bound; its commands are kept for the namespaces in which it was asked for last."""

    _commands: dict[str, tuple[ReadCommand, ...]] = field(default_factory=dict, init=False, compare=False)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        namespace = context.namespace
        commands = self._commands.get(namespace.id)
        if commands is None:
            if len(self._commands) >= _MAX_NAMESPACES:
                self._commands.clear()
            commands = self._commands[namespace.id] = () if self.empty else self._made(namespace)
        return commands

    def _made(self, namespace: Namespace) -> tuple[ReadCommand, ...]:
        query, window = self.query, self.window
        path, name = query.access_path, query.access_path.index.name
        scan, everything, limit = query.scan(namespace, window), query.scan(namespace, None), query.total_limit
        find: ReadCommand
        count: ReadCommand
        if path.of_outcome:
            collection, unindexed = scan.collection, path.unindexed
            find = JoinedFind(
                scan, query.projection, self._sort, window.limit, collection=collection, hint=name, unindexed=unindexed
            )
            count = JoinedCount(everything, limit, collection=collection, hint=name, unindexed=unindexed)
        else:
            find = Find(scan, query.projection, self._sort, window.limit, name, path.unindexed)
            count = Count(everything, limit, name, path.unindexed)
        return (find, count) if limit else (find,)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Page, int]:
        if self.empty:
            return page(self.window, [], 0), 0
        documents, total = results if self.query.total_limit else (results[0], None)
        elements = page(self.window, documents, total)
        return elements, reading_points(len(elements.documents), total or 0)


@dataclass(frozen=True, slots=True)
class BoundNestedListing(_BoundPages, BoundNested):
    """The pages of all parents, in one command, and one more where they are counted."""

    def commands(self, context: Context, keys: Sequence[str]) -> Sequence[ReadCommand]:
        query, namespace, path = self.query, context.namespace, self.query.access_path.index.equality
        assert path is not None, "the index of a join serves its path"
        join = Join(
            query.scan(namespace, self.window),
            path,
            keys,
            query.projection,
            self._sort,
            self.window.limit,
            unindexed=query.access_path.unindexed,
        )
        if not query.total_limit:
            return (join,)
        total = JoinCount(query.scan(namespace, None), path, keys, query.total_limit, unindexed=join.unindexed)
        return (join, total)

    def values(self, results: Sequence[Any], keys: Sequence[str], context: Context) -> tuple[Mapping[str, Page], int]:
        documents, totals = results if self.query.total_limit else (results[0], None)
        pages = {
            key: page(self.window, documents.get(key, []), None if totals is None else totals.get(key, 0), key)
            for key in keys
        }
        documents_read = sum(len(page.documents) for page in pages.values())
        counted = sum(page.total or 0 for page in pages.values())
        return pages, joining_points(documents_read, len(keys), counted, counts=bool(self.query.total_limit))

    def empty_values(self, keys: Sequence[str]) -> Mapping[str, Page]:
        return {key: page(self.window, [], 0, key) for key in keys}
