"""What a subscription is about: the documents of a kind, as they are inserted."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bson import Timestamp

from gateway.context import Context
from gateway.errors import BadUserInput, NotFound
from gateway.model.kinds import Kind
from gateway.plan.access_path import scan_of_ids
from gateway.plan.commands import Document, Find
from gateway.plan.cost import reading_points, unindexed_points
from gateway.plan.predicate import Predicate
from gateway.plan.projection import projection
from gateway.plan.sources.listings import COMPARISON_BYTES
from gateway.plan.sources.source import BoundSource, Estimate, Source, SourceArguments


class BoundInsertions(BoundSource):
    """The bound root of a subscription: the insertions that it is about."""

    __slots__ = ()

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """Whose insertions are watched."""

    @abstractmethod
    def commands(self, context: Context, ids: Sequence[Any], since: Timestamp) -> Sequence[Find]:
        """What picks out, of the documents with these values of ``_id``, written by ``since``, those that match."""

    def subject(self, context: Context) -> "Subject | None":
        """The one document that all of them are of, which has to be there already; None: there is no such document."""
        return None

    def estimate(self, parents: int) -> Estimate:
        return Estimate(1 + self.surcharge, 1)

    def documents(self, results: Sequence[Sequence[Document]]) -> tuple[Sequence[Document], int]:
        """Those that match, in no particular order, each with its ``_id``, and the points of what was read."""
        documents = results[0] if results else []
        return documents, reading_points(len(documents))


@dataclass(frozen=True, slots=True)
class Subject:
    """What finds the document that a subscription is about, and the error where it isn't there: nothing would ever be
    told of it."""

    command: Find
    absence: NotFound


@dataclass(frozen=True, slots=True)
class Insertions(Source):
    """Each document of a kind as it is inserted: the root of a subscription."""

    kind: Kind

    def bind(self, arguments: SourceArguments) -> "BoundDocumentInsertions":
        predicate = arguments.predicate()
        if predicate.outcome_at:
            raise BadUserInput(
                "A subscription can't filter by `outcome`: nothing has become of a search when it is told.",
                path=predicate.outcome_at,
            )
        # They are found by their ids, and an equality that an index might serve is compared in no time.
        examined = [conjunct for conjunct in predicate.conjuncts if conjunct.lookup is None]
        points = 0 if predicate.nothing else unindexed_points(examined, predicate.times, commands=1)
        paths = arguments.paths[self.kind.type_name]
        return BoundDocumentInsertions(self.kind, predicate, projection(paths, "_id"), points)


@dataclass(frozen=True, slots=True)
class BoundDocumentInsertions(BoundInsertions):
    """The insertions of documents that match a predicate; ``points``: of what each batch of them may examine in
    vain."""

    inserted: Kind
    predicate: Predicate
    projection: Document
    points: int

    @property
    def kind(self) -> Kind:
        return self.inserted

    @property
    def keeps_to_user(self) -> bool:
        return True

    @property
    def surcharge(self) -> int:
        return self.points

    @property
    def weight(self) -> int:
        return COMPARISON_BYTES * self.predicate.comparisons

    def commands(self, context: Context, ids: Sequence[Any], since: Timestamp) -> Sequence[Find]:
        if self.predicate.nothing:
            return ()
        scan = scan_of_ids(context.reach, self.kind, ids, self.predicate)
        return (Find(scan, self.projection, (), len(ids), "_id_", self._searched, since),)

    @property
    def _searched(self) -> tuple[str, ...]:
        """What texts are searched by, which may take long: all else takes no time within documents that are found."""
        conjuncts = self.predicate.conjuncts
        return tuple(
            conjunct.name for conjunct in conjuncts if any(comparison.patterns for comparison in conjunct.comparisons)
        )
