"""Sessions as connections: all of a namespace, or those of users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

from gateway.context import Context, Reach
from gateway.model.document_ids import id_spellings
from gateway.model.kinds import INTERACTION, Order, session_order
from gateway.plan.commands import Document, ReadCommand
from gateway.plan.cost import COUNTED_AT_MOST, SESSIONS_GROUPED, SPANNED, joining_points, reading_points
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.paging import Page, Window, counted_up_to, page
from gateway.plan.predicate import Predicate
from gateway.plan.session_pages import CountOfUsers, SessionCount, SessionFind, SessionsOfUsers
from gateway.plan.session_scans import OF_OUTCOMES, USERS, SessionScan
from gateway.plan.sources.source import BoundNested, BoundRoot, BoundSource, Estimate, Source, SourceArguments

SESSION = "Session"
# How all sessions are found: by the interactions' index; what clients call what it is walked for.
_ALL: Final[Mapping[str, Any]] = {"collection": INTERACTION.collection, "hint": "session", "unindexed": ("sessions",)}


@dataclass(frozen=True, slots=True)
class SessionListing(Source):
    """The sessions of the namespace."""

    @property
    def page_type(self) -> str:
        return SESSION

    def bind(self, arguments: SourceArguments) -> "BoundSessionListing":
        return BoundSessionListing(*_bound(arguments))


@dataclass(frozen=True, slots=True)
class SessionsOfUser(Source):
    """The sessions in which the user that the parent is searched or did anything."""

    @property
    def page_type(self) -> str:
        return SESSION

    @property
    def local(self) -> str:
        return "user_id"

    def bind(self, arguments: SourceArguments) -> "BoundSessionsOfUsers":
        return BoundSessionsOfUsers(*_bound(arguments))


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """What is asked of sessions, but for the place, the namespace and the users that are parents; the other attributes
    are as of `gateway.plan.sources.listings.ListingQuery` and `SessionScan`."""

    predicate: Predicate
    filters: tuple[Document, ...]
    user_ids: tuple[Any, ...] | None
    since: datetime | None
    reads: frozenset[str]
    bounds: Mapping[ResponsePath, int | Exception]
    total_limit: int
    variables: Mapping[str, str]

    def scan(self, reach: Reach) -> SessionScan:
        """Those in reach: of one user, by what he did, unless it is asked for another's, whose there are none of."""
        user_ids = self.user_ids
        if user_ids is None and reach.user_id is not None:
            user_ids = tuple(id_spellings([reach.user_id]))
        return SessionScan(reach, self.filters, user_ids, self.since, self.reads)


def _order_of(arguments: SourceArguments) -> Order:
    order = arguments.values.get("orderBy")
    # Declared by the schema: its fields stand for paths.
    path = order["field"].value if order else "started_at"
    return session_order(path, descending=not order or order["direction"].value == "desc")


def _bound(arguments: SourceArguments) -> tuple[SessionQuery, Window]:
    """Raises `BadUserInput` and `InvalidCursor` for arguments that a connection doesn't take."""
    order, predicate = _order_of(arguments), arguments.predicate()
    conjuncts = predicate.conjuncts
    of_users = next((conjunct for conjunct in conjuncts if conjunct.lookup and conjunct.lookup.field == USERS), None)
    examined = [conjunct for conjunct in conjuncts if conjunct is not of_users]
    times: list[Document] = [{"started_at": {bound.operator: bound.value}} for bound in predicate.times]
    since = max((bound.value for bound in predicate.times if bound.operator in ("$gt", "$gte")), default=None)
    compared = (comparison.path for conjunct in examined for comparison in conjunct.comparisons)
    bounds = arguments.bounds
    query = SessionQuery(
        predicate,
        (*times, *(conjunct.filter for conjunct in examined)),
        of_users.lookup.values if of_users and of_users.lookup else None,
        since,
        frozenset({order.path, *compared}),
        bounds,
        counted_up_to(bounds),
        arguments.variables,
    )
    return query, Window.of(arguments.values, order, arguments.page_size)


@dataclass(frozen=True, slots=True)
class _BoundPages(BoundSource):
    query: SessionQuery
    window: Window

    @property
    def empty(self) -> bool:
        return self.query.predicate.nothing

    @property
    def keeps_to_user(self) -> bool:
        return self.query.reads.isdisjoint(OF_OUTCOMES)

    @property
    def bounds(self) -> Mapping[ResponsePath, int | Exception]:
        return self.query.bounds

    def at(self, cursors: Mapping[str, str]) -> Self:
        variables = self.query.variables.items()
        arguments = {name: cursors[variable] for name, variable in variables if variable in cursors}
        return type(self)(self.query, self.window.at(arguments)) if arguments else self

    def estimate(self, parents: int) -> Estimate:
        sessions = parents * (self.window.limit - 1)
        counted = -(-parents * self.query.total_limit // COUNTED_AT_MOST)
        return Estimate(self.surcharge + SPANNED * sessions + counted, sessions)


@dataclass(frozen=True, slots=True)
class BoundSessionListing(_BoundPages, BoundRoot):
    """A page of a namespace's sessions."""

    @property
    def surcharge(self) -> int:
        if self.query.user_ids is not None or self.empty:
            return 0
        return SESSIONS_GROUPED * (2 if self.query.total_limit else 1)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        if self.empty:
            return ()
        query, scan = self.query, self.query.scan(context.reach)
        find, count = SessionFind(scan, self.window), SessionCount(scan, query.total_limit)
        if scan.user_ids is None:
            # Those of users begin with documents of their own.
            find, count = replace(find, **_ALL), replace(count, **_ALL)
        return (find, count) if query.total_limit else (find,)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Page, int]:
        if self.empty:
            return page(self.window, [], 0), 0
        sessions, total = results if self.query.total_limit else (results[0], None)
        elements = page(self.window, sessions, total)
        return elements, reading_points(SPANNED * len(elements.documents), total or 0)


@dataclass(frozen=True, slots=True)
class BoundSessionsOfUsers(_BoundPages, BoundNested):
    """The pages of all users, in one command, and one more where they are counted."""

    def commands(self, context: Context, keys: Sequence[str]) -> Sequence[ReadCommand]:
        query, scan = self.query, self.query.scan(context.reach)
        find = SessionsOfUsers(scan, keys, self.window)
        return (find, CountOfUsers(scan, keys, query.total_limit)) if query.total_limit else (find,)

    def values(self, results: Sequence[Any], keys: Sequence[str], context: Context) -> tuple[Mapping[str, Page], int]:
        sessions, totals = results if self.query.total_limit else (results[0], None)
        pages = {
            key: page(self.window, sessions.get(key, []), None if totals is None else totals.get(key, 0), key)
            for key in keys
        }
        read = SPANNED * sum(len(page.documents) for page in pages.values())
        counted = sum(page.total or 0 for page in pages.values())
        return pages, joining_points(read, len(keys), counted, counts=bool(self.query.total_limit))

    def empty_values(self, keys: Sequence[str]) -> Mapping[str, Page]:
        return {key: page(self.window, [], 0, key) for key in keys}
