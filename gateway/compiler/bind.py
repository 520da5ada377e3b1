"""A plan's fetches with their arguments and a namespace: the commands that the store is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLInputObjectType, get_argument_values
from graphql.execution.values import VariableValues

from gateway.commands import Count, Find, Join, JoinCount, Scan
from gateway.compiler.project import projection
from gateway.compiler.walk import Walk, scan, sort, walk
from gateway.compiler.where import compile_where
from gateway.context import Namespace
from gateway.errors import BadUserInput
from gateway.kinds import Kind, Order, position_order, time_order
from gateway.paging import Window, window
from gateway.plan import Fetch, Field, Listing, ResponsePath
from gateway.predicate import Lookup, Predicate
from gateway.schema.enums import InteractionOrderField, SortDirection

MAX_IDS = 1_000
MAX_COUNT = 1_000_000


def arguments(field: Field, variables: VariableValues) -> dict[str, Any]:
    """A field's arguments by their GraphQL names; raises `GraphQLError` where the executor would."""
    assert field.definition is not None, "introspection takes no arguments of ours"
    return get_argument_values(field.definition, field.node, variables)


def ids(given: Mapping[str, Any], argument: str, *, many: bool) -> list[str]:
    """The ids that an argument names; raises `BadUserInput` for more than 1,000."""
    values: list[str] = given[argument] if many else [given[argument]]
    if len(values) > MAX_IDS:
        raise BadUserInput(f"`{argument}` may hold at most {MAX_IDS} ids, not {len(values)}.", path=(argument,))
    return values


@dataclass(frozen=True, slots=True)
class BoundListing:
    """A connection's window and what is needed for its commands; ``bounds``: up to where each total is counted."""

    fetch: Fetch
    window: Window
    predicate: Predicate
    found: Walk
    bounds: Mapping[ResponsePath, int]

    @property
    def _kind(self) -> Kind:
        return self.found.index.kind

    @property
    def _paths(self) -> set[str]:
        paths = set(self.fetch.selections[self._kind.type_name].paths)
        return paths | {self.window.order.path, "_id"} if self.fetch.cursors else paths

    def _scan(self, namespace: Namespace, window: Window | None) -> Scan:
        return scan(namespace, self.found, self.window.order, self.predicate.times, window)

    def find(self, namespace: Namespace) -> Find:
        return Find(
            self._scan(namespace, self.window),
            projection(self._paths),
            sort(self.window.order, descending=self.window.descending),
            self.window.limit,
            self.found.index.name,
            self.found.unindexed,
        )

    def count(self, namespace: Namespace) -> Count:
        return Count(self._scan(namespace, None), max(self.bounds.values()), self.found.index.name)

    def join(self, namespace: Namespace, keys: Sequence[str]) -> Join:
        assert self.found.index.equality is not None
        return Join(
            self._scan(namespace, self.window),
            self.found.index.equality,
            keys,
            projection(self._paths),
            sort(self.window.order, descending=self.window.descending),
            self.window.limit,
            self.found.unindexed,
        )

    def join_count(self, namespace: Namespace, keys: Sequence[str]) -> JoinCount:
        assert self.found.index.equality is not None
        return JoinCount(self._scan(namespace, None), self.found.index.equality, keys, max(self.bounds.values()))


def bind_listing(fetch: Fetch, source: Listing, given: Mapping[str, Any], variables: VariableValues) -> BoundListing:
    """A connection with its arguments; raises `BadUserInput` for what they may not be."""
    order = _order(source.kind, given)
    input_type = fetch.definition.args["where"].type
    assert isinstance(input_type, GraphQLInputObjectType)
    predicate = compile_where(given.get("where"), input_type)
    return BoundListing(
        fetch,
        window(given, order),
        predicate,
        walk(source.kind, order, predicate, source.foreign),
        {path: _bound(total, variables) for path, total in fetch.totals},
    )


def _order(kind: Kind, given: Mapping[str, Any]) -> Order:
    order = given.get("orderBy") or {}
    descending = order.get("direction", SortDirection.DESC) is SortDirection.DESC
    if order.get("field") is InteractionOrderField.POSITION:
        return position_order(descending=descending)
    return time_order(kind, descending=descending)


def _bound(total: Field, variables: VariableValues) -> int:
    up_to: int = arguments(total, variables)["upTo"]
    if not 1 <= up_to <= MAX_COUNT:
        raise BadUserInput(f"`upTo` must be between 1 and {MAX_COUNT:,}, not {up_to}.", path=("totalCount", "upTo"))
    return up_to


def find_by_ids(namespace: Namespace, kind: Kind, keys: Sequence[str], paths: frozenset[str]) -> Find:
    """The documents with these ids, in no particular order; their ids are always among the paths."""
    sought = Lookup(kind.id_path, tuple(dict.fromkeys(keys)))
    return Find(Scan(namespace, kind, sought), projection(paths | {kind.id_path}), (), len(sought.values), "id")
