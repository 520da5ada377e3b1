"""Percolators and what they matched: listed, counted, and told as they match."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bson import Timestamp

from gateway.context import Context
from gateway.errors import BadUserInput
from gateway.model.indexes import Index
from gateway.model.kinds import Kind, time_order
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_INDEXES, PERCOLATOR_MATCH
from gateway.plan import global_ids
from gateway.plan.access_path import AccessPath
from gateway.plan.commands import Aggregation, Document, Find, Scan
from gateway.plan.cost import reading_points
from gateway.plan.paging import Window, counted_up_to
from gateway.plan.predicate import Lookup, Predicate
from gateway.plan.projection import projection
from gateway.plan.sources.insertions import BoundInsertions
from gateway.plan.sources.listings import BoundListing, BoundNestedListing, ListingQuery
from gateway.plan.sources.lookups import MAX_IDS
from gateway.plan.sources.source import BoundNested, Estimate, Source, SourceArguments

# As of a page of a hundred, whose totals are counted to ten thousand each.
_COUNTED_POINTS: Final = 10
_, _BY_TIME, _BY_PERCOLATOR, _ = PERCOLATOR_INDEXES


def _bound(index: Index, arguments: SourceArguments) -> tuple[ListingQuery, Window]:
    """All documents that an index has, the first first."""
    order = time_order(index.kind, descending=False)
    paths, bounds = arguments.paths[index.kind.type_name], arguments.bounds
    total_limit = counted_up_to(bounds)
    query = ListingQuery(
        Predicate(),
        AccessPath(index, None, ()),
        projection(paths, order.path, "_id") if arguments.cursors else projection(paths),
        bounds,
        total_limit,
        arguments.variables,
        surcharge=0,
    )
    return query, Window.of(arguments.values, order, arguments.page_size)


@dataclass(frozen=True, slots=True)
class PercolatorListing(Source):
    """The namespace's percolators, in the order in which they were created."""

    @property
    def page_type(self) -> str:
        return PERCOLATOR.type_name

    def bind(self, arguments: SourceArguments) -> BoundListing:
        return BoundListing(*_bound(_BY_TIME, arguments))


@dataclass(frozen=True, slots=True)
class NestedMatches(Source):
    """The matches of each percolator, in the order in which that was recorded."""

    @property
    def page_type(self) -> str:
        return PERCOLATOR_MATCH.type_name

    @property
    def local(self) -> str:
        return PERCOLATOR.id_path

    def bind(self, arguments: SourceArguments) -> BoundNestedListing:
        return BoundNestedListing(*_bound(_BY_PERCOLATOR, arguments))


@dataclass(frozen=True, slots=True)
class MatchCounts(Aggregation[Mapping[str, int]]):
    """The number of matches of each percolator of ``scan``; one without any is absent."""

    collection: str = field(default=PERCOLATOR_MATCH.collection, kw_only=True)
    hint: str = field(default=_BY_PERCOLATOR.name, kw_only=True)
    scan: Scan

    @property
    def pipeline(self) -> list[Document]:
        return [
            {"$match": self.scan.filter},
            {"$group": {"_id": "$percolator_id", "count": {"$sum": 1}}},
        ]

    def result(self, rows: Sequence[Document]) -> Mapping[str, int]:
        return {row["_id"]: row["count"] for row in rows}


@dataclass(frozen=True, slots=True)
class NestedMatchCount(Source):
    """The number of matches of each percolator."""

    @property
    def local(self) -> str:
        return PERCOLATOR.id_path

    def bind(self, arguments: SourceArguments) -> "BoundMatchCounts":
        return BoundMatchCounts()


@dataclass(frozen=True, slots=True)
class BoundMatchCounts(BoundNested):
    """The numbers of matches of all parents."""

    def estimate(self, parents: int) -> Estimate:
        return Estimate(_COUNTED_POINTS * parents, 0)

    def commands(self, context: Context, keys: Sequence[str]) -> Sequence[MatchCounts]:
        lookup = Lookup(PERCOLATOR.id_path, tuple(keys))
        return (MatchCounts(Scan(context.reach, PERCOLATOR_MATCH, lookup)),)

    def values(self, results: Sequence[Any], keys: Sequence[str], context: Context) -> tuple[Mapping[str, int], int]:
        counts: Mapping[str, int] = results[0]
        points = max(len(keys), reading_points(0, sum(counts.values())))
        return {key: counts.get(key, 0) for key in keys}, points

    def empty_values(self, keys: Sequence[str]) -> Mapping[str, int]:
        return dict.fromkeys(keys, 0)


@dataclass(frozen=True, slots=True)
class MatchInsertions(Source):
    """Each match as it happens, of all percolators or of those that ``ids`` names: the root of a subscription."""

    def bind(self, arguments: SourceArguments) -> "BoundMatchInsertions":
        ids: Sequence[str] | None = arguments.values.get("ids")
        if ids is not None and len(ids) > MAX_IDS:
            raise BadUserInput(f"`ids` may hold at most {MAX_IDS:,} ids, not {len(ids):,}.", path=("ids",))
        named = None if ids is None else tuple(dict.fromkeys(ids))
        return BoundMatchInsertions(named, projection(arguments.paths[PERCOLATOR_MATCH.type_name], "_id"))


@dataclass(frozen=True, slots=True)
class BoundMatchInsertions(BoundInsertions):
    """The matches that a subscription is about. ``ids``: of percolators, their own or global ones; None: of all."""

    ids: tuple[str, ...] | None
    projection: Document

    @property
    def kind(self) -> Kind:
        return PERCOLATOR_MATCH

    def commands(self, context: Context, ids: Sequence[Any], since: Timestamp) -> Sequence[Find]:
        residual: tuple[Document, ...] = ()
        if self.ids is not None:
            keys = [key for id in self.ids if (key := _key(id, context)) is not None]
            residual = ({PERCOLATOR.id_path: {"$in": keys}},)
        scan = Scan(context.reach, PERCOLATOR_MATCH, Lookup("_id", tuple(ids)), residual=residual)
        return (Find(scan, self.projection, (), len(ids), "_id_", (), since),)


def _key(id: str, context: Context) -> str | None:
    """A percolator's own id, whichever it is named by; None for a global id of anything else, or of elsewhere."""
    try:
        named = global_ids.decode(id)
    except BadUserInput:
        return id
    is_here = named.type_name == PERCOLATOR.type_name and named.scope == context.namespace.id
    return named.key if is_here else None
