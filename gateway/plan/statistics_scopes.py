"""The documents that statistics are of: those that a filter matches, in the namespace, in the form that is grouped."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from gateway.context import Reach
from gateway.insights.stored_values import id_text
from gateway.model.derived_documents import SEARCH_OUTCOMES
from gateway.model.document_ids import id_spellings
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind, time_order
from gateway.plan.access_path import choose_access_path, intervals
from gateway.plan.commands import Aggregation, Document, Scan
from gateway.plan.outcome_filters import outcomes_that_match
from gateway.plan.predicate import Lookup, Predicate
from gateway.plan.reach_filters import beyond_user, within_reach

# What is found by one of several ids that others stored in a list is no one parent's.
_HAS_PARENT: Final[Document] = {"$match": {"parent": {"$ne": None}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Aggregation[Sequence[Document]]):
    """A pipeline that examines many documents and gives few rows."""

    stages: tuple[Document, ...]

    @property
    def examines(self) -> bool:
        return True

    @property
    def pipeline(self) -> list[Document]:
        return list(self.stages)

    def result(self, rows: Sequence[Document]) -> Sequence[Document]:
        return rows


class Joined(NamedTuple):
    """What documents are joined to their parents by: one of ``keys`` at ``path``."""

    path: str
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Scope(ABC):
    """The documents that ``predicate`` matches; of all parents of a nested connection where they are ``joined``: they
    then have their parent's key at "parent". ``keeps_to_user``: whether they may be those of one user."""

    predicate: Predicate
    joined: Joined | None = None

    @property
    def keeps_to_user(self) -> bool:
        return False

    @abstractmethod
    def rows(self, reach: Reach, pipeline: Sequence[Document], as_of: datetime | None = None) -> Rows:
        """What the pipeline makes of them. ``as_of``: without those that came since this time."""


@dataclass(frozen=True, slots=True)
class InteractionScope(Scope):
    """Interactions as they are stored."""

    @property
    def keeps_to_user(self) -> bool:
        return True

    def rows(self, reach: Reach, pipeline: Sequence[Document], as_of: datetime | None = None) -> Rows:
        scan, hint, unindexed = _scan(INTERACTION, self, reach)
        parent: list[Document] = []
        if self.joined:
            parent = [{"$set": {"parent": id_text(f"${self.joined.path}")}}, _HAS_PARENT]
        return Rows(
            collection=INTERACTION.collection,
            hint=hint,
            unindexed=unindexed,
            stages=(*_found(scan), *without_newer(INTERACTION.time_path, as_of), *parent, *pipeline),
        )


@dataclass(frozen=True, slots=True)
class SearchScope(Scope):
    """The outcomes of search requests. Where outcomes hold all that is compared they are looked for themselves, else by
    the search requests that match. They are derived of what everybody did."""

    def rows(self, reach: Reach, pipeline: Sequence[Document], as_of: datetime | None = None) -> Rows:
        if reach.user_id is not None:
            raise beyond_user()
        namespace = reach.namespace
        behind = (*without_newer(SEARCH_REQUEST.time_path, as_of), *pipeline)
        filter_ = None if self.joined else outcomes_that_match(self.predicate.tree, namespace)
        if filter_ is not None:
            return Rows(collection=SEARCH_OUTCOMES, stages=({"$match": filter_}, *behind))
        scan, hint, unindexed = _scan(SEARCH_REQUEST, self, reach)
        outcome = {
            "from": SEARCH_OUTCOMES,
            "localField": "_id",
            "foreignField": "_id",
            "pipeline": [{"$match": {"namespace_id": namespace.id}}],
            "as": "outcome",
        }
        joined: list[Document] = [
            *_found(scan),
            *self._referring,
            {"$lookup": outcome},
            {"$unwind": "$outcome"},
            {"$replaceWith": {"$mergeObjects": ["$outcome", {"parent": "$parent"}]}},
        ]
        return Rows(collection=SEARCH_REQUEST.collection, hint=hint, unindexed=unindexed, stages=(*joined, *behind))

    @property
    def _referring(self) -> list[Document]:
        """The stages that keep what leads to an outcome, and to a parent."""
        if self.joined is None:
            return [{"$project": {"_id": 1}}]
        return [{"$project": {"_id": 1, "parent": id_text(f"${self.joined.path}")}}, _HAS_PARENT]


def _scan(kind: Kind, scope: Scope, reach: Reach) -> tuple[Scan, str, tuple[str, ...]]:
    joined, predicate = scope.joined, within_reach(scope.predicate, reach, kind)
    path = choose_access_path(kind, time_order(kind, descending=True), predicate, joined.path if joined else "")
    lookup = Lookup(joined.path, tuple(id_spellings(joined.keys))) if joined else path.lookup
    within = intervals(kind, predicate.times, None)
    scan = Scan(reach, kind, lookup, within, path.residual, path.of_outcome)
    return scan, path.index.name, path.unindexed


def _found(scan: Scan) -> Sequence[Document]:
    return [{"$match": scan.filter}, *scan.stages]


def without_newer(time: str, as_of: datetime | None) -> tuple[dict[str, Any], ...]:
    """The stage that leaves out what came since ``as_of``, by the path of its time; none without it."""
    # What is dated after today was there on the first page too.
    return ({"$match": {"$nor": [{time: {"$gt": as_of, "$lte": datetime.now(as_of.tzinfo)}}]}},) if as_of else ()
