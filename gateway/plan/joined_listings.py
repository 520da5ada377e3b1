"""Pages of a listing, and its totals, by pipelines: where a filter compares what has to be joined to each document."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.model.derived_documents import SEARCH_OUTCOMES
from gateway.plan.commands import Aggregation, Document, Scan, SortKey, sort_key


@dataclass(frozen=True, slots=True)
class JoinedFind(Aggregation[Sequence[Document]]):
    """What a `Find` gives: the first ``limit`` documents of ``scan`` in the order of ``sort``, which the index of the
    hint has. They are joined one by one, in that order, until there are enough."""

    scan: Scan
    projection: Document
    sort: tuple[tuple[str, int], ...]
    limit: int

    @property
    def sort_key(self) -> SortKey | None:
        return sort_key(self.projection, self.sort)

    @property
    def most_rows(self) -> int:
        return self.limit

    @property
    def pipeline(self) -> list[Document]:
        return [
            {"$match": self.scan.filter},
            {"$sort": dict(self.sort)},
            *self.scan.stages,
            {"$limit": self.limit},
            {"$project": self.projection},
        ]

    def result(self, rows: Sequence[Document]) -> Sequence[Document]:
        return rows


@dataclass(frozen=True, slots=True)
class JoinedCount(Aggregation[int]):
    """What a `Count` gives: how many documents of ``scan`` there are, up to ``limit``."""

    scan: Scan
    limit: int
    optional: bool = field(default=True, kw_only=True)

    @property
    def most_rows(self) -> int:
        return 1

    @property
    def pipeline(self) -> list[Document]:
        return [{"$match": self.scan.filter}, *self.scan.stages, {"$limit": self.limit}, {"$count": "total"}]

    def result(self, rows: Sequence[Document]) -> int:
        return sum(row["total"] for row in rows)


@dataclass(frozen=True, slots=True)
class OutcomeCount(Aggregation[int]):
    """The same of the search requests whose outcomes match ``filter``: counted by these, a hundredth of the work."""

    filter: Document
    limit: int
    collection: str = field(default=SEARCH_OUTCOMES, kw_only=True)
    optional: bool = field(default=True, kw_only=True)

    @property
    def most_rows(self) -> int:
        return 1

    @property
    def pipeline(self) -> list[Document]:
        return [{"$match": self.filter}, {"$limit": self.limit}, {"$count": "total"}]

    def result(self, rows: Sequence[Document]) -> int:
        return sum(row["total"] for row in rows)
