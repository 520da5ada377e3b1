"""Connections: pages of the documents of one kind, of all in the namespace or of those that belong to their parents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from gateway.context import Context, Reach
from gateway.model.kinds import SEARCH_REQUEST, Kind, Order
from gateway.plan.access_path import AccessPath, choose_access_path, intervals, sort
from gateway.plan.commands import Count, Document, Find, ReadCommand, Scan
from gateway.plan.cost import joining_points, reading_estimate, reading_points, unindexed_points
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.joined_listings import JoinedCount, JoinedFind, OutcomeCount
from gateway.plan.joins import Join, JoinCount
from gateway.plan.outcome_filters import needs_outcome, outcomes_that_match
from gateway.plan.paging import Page, Window, counted_up_to, page
from gateway.plan.predicate import Predicate
from gateway.plan.projection import projection
from gateway.plan.reach_filters import within_reach
from gateway.plan.sources.source import BoundNested, BoundRoot, BoundSource, Estimate, Source, SourceArguments

# For so many of them, the commands of a listing are made once.
_MAX_REACHES = 4
_ReachKey = tuple[str, str | None]
# About how many bytes a comparison of a filter takes up, measured.
COMPARISON_BYTES = 700


@dataclass(frozen=True, slots=True)
class Listing(Source):
    """The documents of a kind in the namespace."""

    kind: Kind

    @property
    def page_type(self) -> str:
        return self.kind.type_name

    @property
    def as_stored(self) -> bool:
        return True

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
    def as_stored(self) -> bool:
        return True

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

    def path(self, reach: Reach, order: Order, joined: str = "") -> AccessPath:
        """How they are found within a reach: of one user, rather by that. The others: as of `choose_access_path`."""
        if reach.user_id is None:
            return self.access_path
        kind = self.access_path.index.kind
        return choose_access_path(kind, order, within_reach(self.predicate, reach, kind), joined)

    def scan(self, reach: Reach, path: AccessPath, window: Window | None) -> Scan:
        """The elements of a window; of all pages, where it is None."""
        kind = path.index.kind
        within = intervals(kind, self.predicate.times, window)
        return Scan(reach, kind, path.lookup, within, path.residual, path.of_outcome)


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
    def keeps_to_user(self) -> bool:
        return bool(self.query.access_path.index.kind.user_path)

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
    """A listing, bound; its commands are kept for the reaches in which it was asked for last."""

    _commands: dict[_ReachKey, tuple[ReadCommand, ...]] = field(default_factory=dict, init=False, compare=False)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        key = (context.namespace.id, context.caller.user_id)
        commands = self._commands.get(key)
        if commands is None:
            if len(self._commands) >= _MAX_REACHES:
                self._commands.clear()
            commands = self._commands[key] = () if self.empty else self._made(context.reach)
        return commands

    def _made(self, reach: Reach) -> tuple[ReadCommand, ...]:
        path = self.query.path(reach, self.window.order)
        find = self._find(reach, path)
        return (find, self._count(reach, path)) if self.query.total_limit else (find,)

    def _find(self, reach: Reach, path: AccessPath) -> ReadCommand:
        scan, name, unindexed = self.query.scan(reach, path, self.window), path.index.name, path.unindexed
        projection, sort, limit = self.query.projection, self._sort, self.window.limit
        if path.of_outcome:
            return JoinedFind(scan, projection, sort, limit, collection=scan.collection, hint=name, unindexed=unindexed)
        return Find(scan, projection, sort, limit, name, unindexed)

    def _count(self, reach: Reach, path: AccessPath) -> ReadCommand:
        everything, limit, name = self.query.scan(reach, path, None), self.query.total_limit, path.index.name
        if not path.of_outcome:
            return Count(everything, limit, name, path.unindexed)
        outcomes = self._outcomes(reach)
        if outcomes is not None:
            return OutcomeCount(outcomes, limit, unindexed=path.unindexed)
        collection = everything.collection
        return JoinedCount(everything, limit, collection=collection, hint=name, unindexed=path.unindexed)

    def _outcomes(self, reach: Reach) -> Document | None:
        """The filter for the outcomes of what is listed; None where these don't hold all that is compared, or where
        what has none is listed as well."""
        tree = self.query.predicate.tree
        is_of_searches = self.query.access_path.index.kind is SEARCH_REQUEST
        return outcomes_that_match(tree, reach.namespace) if is_of_searches and needs_outcome(tree) else None

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
        query, reach, foreign = self.query, context.reach, self.query.access_path.index.equality
        assert foreign is not None, "the index of a join serves its path"
        path = query.path(reach, self.window.order, foreign)
        join = Join(
            query.scan(reach, path, self.window),
            foreign,
            keys,
            query.projection,
            self._sort,
            self.window.limit,
            unindexed=path.unindexed,
        )
        if not query.total_limit:
            return (join,)
        total = JoinCount(query.scan(reach, path, None), foreign, keys, query.total_limit, unindexed=join.unindexed)
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
