"""A plan's fetches with their arguments: the commands that the store is asked, but for the namespace.

What is bound depends on the plan and the values of its variables alone, and may serve whoever sends them again; the
namespace is put in where a command is made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import Timestamp
from graphql import GraphQLError, GraphQLInputObjectType, VariableValues

from gateway.compiler.where import compile_where
from gateway.context import Namespace
from gateway.errors import BadUserInput, GatewayError
from gateway.model.kinds import Kind, Order, position_order, time_order
from gateway.plan.access_path import AccessPath, among, choose_access_path, intervals, sort
from gateway.plan.commands import Count, Document, Find, Join, JoinCount, Scan
from gateway.plan.operation_plan import Arrival, Fetch, Field, Listing, Plan, ResponsePath
from gateway.plan.paging import Window, window
from gateway.plan.predicate import Lookup, Predicate
from gateway.plan.projection import projection
from gateway.schema.enums import InteractionOrderField, SortDirection

MAX_IDS = 1_000
MAX_COUNT = 1_000_000
# For so many of them, what is found in each is made once.
_MAX_NAMESPACES = 4


def arguments(field: Field, variables: VariableValues) -> dict[str, Any]:
    """A field's arguments by their GraphQL names; raises `GraphQLError` where the executor would."""
    return field.arguments.values(variables) if field.arguments else {}


def ids(given: Mapping[str, Any], argument: str, *, many: bool) -> list[str]:
    """The ids that an argument names; raises `BadUserInput` for more than 1,000."""
    values: list[str] = given[argument] if many else [given[argument]]
    if len(values) > MAX_IDS:
        raise BadUserInput(f"`{argument}` may hold at most {MAX_IDS} ids, not {len(values)}.", path=(argument,))
    return values


@dataclass(frozen=True, slots=True)
class BoundListing:
    """A connection with its arguments: its commands, but for the namespace.

    ``bounds``: up to where each total is counted. ``variables``: the arguments that are variables, with their names.
    """

    window: Window
    predicate: Predicate
    walk: AccessPath
    projection: Document
    bounds: Mapping[ResponsePath, int]
    variables: Mapping[str, str]
    _finds: dict[str, Find] = field(default_factory=dict, compare=False)

    def at(self, cursors: Mapping[str, str]) -> "BoundListing":
        """The same connection with other values for variables that are cursors and nothing else; raises
        `InvalidCursor`."""
        given = {name: cursors[variable] for name, variable in self.variables.items() if variable in cursors}
        if not given:
            return self
        moved = self.window.at(given)
        return BoundListing(moved, self.predicate, self.walk, self.projection, self.bounds, self.variables)

    def _scan(self, namespace: Namespace, window: Window | None) -> Scan:
        """The elements of the window, or all."""
        walk, kind = self.walk, self.walk.index.kind
        return Scan(
            namespace,
            kind,
            walk.lookup,
            intervals(kind, self.predicate.times, window),
            walk.residual,
        )

    @property
    def _sort(self) -> tuple[tuple[str, int], ...]:
        return sort(self.window.order, descending=self.window.descending)

    def find(self, namespace: Namespace) -> Find:
        known = self._finds.get(namespace.id)
        if known is None:
            scan, index = self._scan(namespace, self.window), self.walk.index.name
            known = Find(scan, self.projection, self._sort, self.window.limit, index, self.walk.unindexed)
            if len(self._finds) >= _MAX_NAMESPACES:
                self._finds.clear()
            self._finds[namespace.id] = known
        return known

    def count(self, namespace: Namespace) -> Count:
        return Count(self._scan(namespace, None), max(self.bounds.values()), self.walk.index.name)

    def join(self, namespace: Namespace, keys: Sequence[str]) -> Join:
        scan, path = self._scan(namespace, self.window), self.walk.index.equality
        assert path is not None
        return Join(scan, path, keys, self.projection, self._sort, self.window.limit, self.walk.unindexed)

    def join_count(self, namespace: Namespace, keys: Sequence[str]) -> JoinCount:
        path = self.walk.index.equality
        assert path is not None
        return JoinCount(self._scan(namespace, None), path, keys, max(self.bounds.values()))


@dataclass(frozen=True, slots=True)
class BoundArrival:
    """The root of a subscription with its arguments: the command that picks out what it is about, but for the
    namespace."""

    kind: Kind
    predicate: Predicate
    projection: Document

    def find(self, namespace: Namespace, inserted: Sequence[Any], since: Timestamp) -> Find:
        """Of the documents with these values of ``_id``, written by ``since``, those that match, in no particular
        order; ``_id`` is always among their paths."""
        found = among(namespace, self.kind, inserted, self.predicate)
        return Find(found, self.projection, (), len(inserted), "_id_", since=since)


# A fetch's arguments, what is bound to them, or the error that they are.
Binding = Mapping[str, Any] | BoundListing | BoundArrival | Exception
Bindings = Mapping[ResponsePath, Binding]


def bind(plan: Plan, variables: VariableValues, page_size: int) -> Bindings:
    """All fetches of a plan with their arguments, by path; an error stands in the place of what it prevents.

    ``page_size``: how many elements a connection may be asked for.
    """
    return {fetch.path: _binding(fetch, variables, page_size) for fetch in plan.all_fetches}


def _binding(fetch: Fetch, variables: VariableValues, page_size: int) -> Binding:
    try:
        given = arguments(fetch.field, variables)
        match fetch.source:
            case Listing() as source:
                return bind_listing(fetch, source, given, variables, page_size)
            case Arrival() as source:
                return bind_arrival(fetch, source, given)
        return given
    except (GatewayError, GraphQLError) as error:
        return error


def bind_listing(
    fetch: Fetch, source: Listing, given: Mapping[str, Any], variables: VariableValues, page_size: int
) -> BoundListing:
    """A connection with its arguments; raises `BadUserInput` for what they may not be."""
    kind = source.kind
    order = _order(kind, given)
    predicate = _predicate(fetch, given)
    paths = fetch.selections[kind.type_name].paths
    return BoundListing(
        window(given, order, page_size),
        predicate,
        choose_access_path(kind, order, predicate, source.foreign),
        projection(paths, order.path, "_id") if fetch.cursors else projection(paths),
        {path: _up_to(total, variables) for path, total in fetch.totals},
        fetch.field.arguments.variables if fetch.field.arguments else {},
    )


def bind_arrival(fetch: Fetch, source: Arrival, given: Mapping[str, Any]) -> BoundArrival:
    """The root of a subscription with its arguments; raises `BadUserInput` for what they may not be."""
    paths = fetch.selections[source.kind.type_name].paths
    return BoundArrival(source.kind, _predicate(fetch, given), projection(paths, "_id"))


def _predicate(fetch: Fetch, given: Mapping[str, Any]) -> Predicate:
    input_type = fetch.definition.args["where"].type
    assert isinstance(input_type, GraphQLInputObjectType)
    return compile_where(given.get("where"), input_type)


def _order(kind: Kind, given: Mapping[str, Any]) -> Order:
    order = given.get("orderBy") or {}
    descending = order.get("direction", SortDirection.DESC) is SortDirection.DESC
    if order.get("field") is InteractionOrderField.POSITION:
        return position_order(descending=descending)
    return time_order(kind, descending=descending)


def _up_to(total: Field, variables: VariableValues) -> int:
    up_to: int = arguments(total, variables)["upTo"]
    if not 1 <= up_to <= MAX_COUNT:
        raise BadUserInput(f"`upTo` must be between 1 and {MAX_COUNT:,}, not {up_to}.", path=("totalCount", "upTo"))
    return up_to


def find_by_ids(namespace: Namespace, kind: Kind, keys: Sequence[str], paths: frozenset[str]) -> Find:
    """The documents with these ids, in no particular order; their ids are always among the paths."""
    sought = Lookup(kind.id_path, tuple(dict.fromkeys(keys)))
    return Find(Scan(namespace, kind, sought), projection(paths, kind.id_path), (), len(sought.values), "id")
