"""Connections: pages of the documents of one kind, of all in the namespace or of those that belong to their parents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.context import Context, Namespace
from gateway.model.kinds import Kind
from gateway.plan.access_path import AccessPath, choose_access_path, intervals, sort
from gateway.plan.commands import Count, Document, Find, ReadCommand, Scan
from gateway.plan.cost import examining, read
from gateway.plan.joins import Join, JoinCount
from gateway.plan.paging import Page, Window, page, window
from gateway.plan.predicate import Predicate
from gateway.plan.projection import projection
from gateway.plan.sources.source import BoundNested, BoundRoot, Estimate, Source, SourceArguments

# For so many of them, the commands of a listing are made once.
_MAX_NAMESPACES = 4
# About how many bytes a comparison of a filter takes up, measured.
_COMPARISON_BYTES = 700


@dataclass(frozen=True, slots=True)
class Listing(Source):
    """The documents of a kind in the namespace."""

    kind: Kind

    @property
    def page_type(self) -> str:
        return self.kind.type_name

    def bind(self, arguments: SourceArguments) -> "BoundListing":
        query = _page_query(self.kind, arguments)
        return BoundListing(query, **_properties(query, arguments))


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
        query = _page_query(self.kind, arguments, self.foreign_path)
        return BoundNestedListing(query, self.foreign_path, **_properties(query, arguments))


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page is asked for, and how it is found: all of its commands but the namespace, and the parents.

    ``total_limit``: how far the total is counted; 0: not at all. ``variables``: the names of the variables that some of
    its arguments are.
    """

    window: Window
    predicate: Predicate
    access_path: AccessPath
    projection: Document
    total_limit: int
    variables: Mapping[str, str]

    def at(self, cursors: Mapping[str, str]) -> "PageQuery":
        """The same with other values for variables that are cursors; raises `InvalidCursor`."""
        arguments = {name: cursors[variable] for name, variable in self.variables.items() if variable in cursors}
        if not arguments:
            return self
        moved = self.window.at(arguments)
        return PageQuery(moved, self.predicate, self.access_path, self.projection, self.total_limit, self.variables)

    def scan(self, namespace: Namespace) -> Scan:
        """The elements of the window."""
        return self._scan(namespace, self.window)

    def scan_all(self, namespace: Namespace) -> Scan:
        """The elements of all pages."""
        return self._scan(namespace, None)

    def _scan(self, namespace: Namespace, window: Window | None) -> Scan:
        path, kind = self.access_path, self.access_path.index.kind
        return Scan(namespace, kind, path.lookup, intervals(kind, self.predicate.times, window), path.residual)

    @property
    def sort(self) -> tuple[tuple[str, int], ...]:
        return sort(self.window.order, descending=self.window.descending)

    def estimate(self, parents: int, surcharge: int) -> Estimate:
        documents = parents * (self.window.limit - 1)
        return Estimate(read(documents, parents * self.total_limit) + surcharge, documents)


def _page_query(kind: Kind, arguments: SourceArguments, joined: str = "") -> PageQuery:
    """Raises `BadUserInput` and `InvalidCursor` for arguments that a connection doesn't take."""
    order = arguments.order(kind)
    predicate = arguments.predicate()
    paths = arguments.paths[kind.type_name]
    return PageQuery(
        window(arguments.values, order, arguments.page_size),
        predicate,
        choose_access_path(kind, order, predicate, joined),
        projection(paths, order.path, "_id") if arguments.cursors else projection(paths),
        max(arguments.bounds.values(), default=0),
        arguments.variables,
    )


def _properties(query: PageQuery, arguments: SourceArguments) -> dict[str, Any]:
    """What `BoundSource` tells of a connection."""
    empty = query.predicate.nothing
    commands = 2 if query.total_limit else 1
    return {
        "empty": empty,
        "bounds": arguments.bounds,
        "surcharge": 0 if empty else examining(query.access_path.unindexed, query.predicate.times, commands),
        "weight": _COMPARISON_BYTES * query.predicate.comparisons,
    }


@dataclass(frozen=True, slots=True)
class BoundListing(BoundRoot):
    query: PageQuery
    _commands: dict[str, tuple[ReadCommand, ...]] = field(default_factory=dict, init=False, compare=False)

    def at(self, cursors: Mapping[str, str]) -> "BoundListing":
        query = self.query.at(cursors)
        if query is self.query:
            return self
        return BoundListing(query, empty=self.empty, bounds=self.bounds, surcharge=self.surcharge, weight=self.weight)

    def estimate(self, parents: int) -> Estimate:
        return self.query.estimate(parents, self.surcharge)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        namespace = context.namespace
        commands = self._commands.get(namespace.id)
        if commands is None:
            if len(self._commands) >= _MAX_NAMESPACES:
                self._commands.clear()
            commands = self._commands[namespace.id] = self._made(namespace)
        return commands

    def _made(self, namespace: Namespace) -> tuple[ReadCommand, ...]:
        if self.empty:
            return ()
        query = self.query
        path, name = query.access_path, query.access_path.index.name
        find = Find(query.scan(namespace), query.projection, query.sort, query.window.limit, name, path.unindexed)
        return (find, Count(query.scan_all(namespace), query.total_limit, name)) if query.total_limit else (find,)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Page, int]:
        if self.empty:
            return page(self.query.window, [], 0), 0
        documents, total = results if self.query.total_limit else (results[0], None)
        found = page(self.query.window, documents, total)
        return found, read(len(found.documents), total or 0)


@dataclass(frozen=True, slots=True)
class BoundNestedListing(BoundNested):
    """``foreign_path``: where the documents have the parent's key."""

    query: PageQuery
    foreign_path: str

    def at(self, cursors: Mapping[str, str]) -> "BoundNestedListing":
        query = self.query.at(cursors)
        if query is self.query:
            return self
        return BoundNestedListing(
            query,
            self.foreign_path,
            empty=self.empty,
            bounds=self.bounds,
            surcharge=self.surcharge,
            weight=self.weight,
        )

    def estimate(self, parents: int) -> Estimate:
        return self.query.estimate(parents, self.surcharge)

    def commands(self, context: Context, keys: Sequence[str]) -> Sequence[ReadCommand]:
        query, namespace = self.query, context.namespace
        join = Join(
            query.scan(namespace),
            self.foreign_path,
            keys,
            query.projection,
            query.sort,
            query.window.limit,
            unindexed=query.access_path.unindexed,
        )
        if not query.total_limit:
            return (join,)
        return (join, JoinCount(query.scan_all(namespace), self.foreign_path, keys, query.total_limit))

    def pages(self, results: Sequence[Any], keys: Sequence[str]) -> tuple[Mapping[str, Page], int]:
        documents, totals = results if self.query.total_limit else (results[0], None)
        pages = {
            key: page(self.query.window, documents.get(key, []), None if totals is None else totals.get(key, 0))
            for key in keys
        }
        return pages, read(
            sum(len(page.documents) for page in pages.values()), sum(page.total or 0 for page in pages.values())
        )

    def empty_pages(self, keys: Sequence[str]) -> Mapping[str, Page]:
        return {key: page(self.query.window, [], 0) for key in keys}
