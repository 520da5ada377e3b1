"""The commands that judge items for queries from the interactions in scope: a page of judgments, and how many there
are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from gateway.errors import InvalidCursor
from gateway.insights.click_models import JudgmentModel, judgments
from gateway.model.kinds import INTERACTION, Order
from gateway.plan.commands import Aggregation, Document, Scan
from gateway.plan.cursors import Place
from gateway.plan.statistics_scopes import without_newer

# By query, then the best first, ties by item.
BY_RATING = Order("judgments.rating", "place", descending=False)
_SORT = {"query": 1, "rating": -1, "feature_id": 1}


@dataclass(frozen=True, slots=True)
class JudgedScope:
    """What is judged, and how: the interactions of ``scan``, by a model and its bounds. ``as_of``: without those that
    came since this time, which would move judgments from one page to another."""

    scan: Scan
    model: JudgmentModel
    max_rank: int
    min_views: int
    as_of: datetime | None = None

    @property
    def pipeline(self) -> list[Document]:
        return [
            {"$match": self.scan.filter},
            *self.scan.stages,
            *without_newer(INTERACTION.time_path, self.as_of),
            *judgments(self.model, max_rank=self.max_rank, min_views=self.min_views),
        ]


@dataclass(frozen=True, slots=True)
class JudgmentPlace:
    """The place of a judgment among those that there were at the time ``as_of``."""

    as_of: datetime
    query: str
    rating: float
    feature_id: str

    @property
    def text(self) -> str:
        """All of it but the item, as a cursor has it."""
        return orjson.dumps([self.as_of, self.query, self.rating], option=orjson.OPT_UTC_Z).decode()

    @classmethod
    def of(cls, place: Place, argument: str) -> "JudgmentPlace":
        """That of a cursor; raises `InvalidCursor`."""
        try:
            match orjson.loads(place.value), place.tie:
                case [str(as_of), str(query), float(rating)], str(feature_id):
                    at = datetime.fromisoformat(as_of)
                    if at.tzinfo is not None:
                        return cls(at.astimezone(UTC), query, rating, feature_id)
        except (TypeError, ValueError, OverflowError):
            pass
        raise InvalidCursor("This is not a cursor that this gateway gave out.", path=(argument,))

    @property
    def behind(self) -> Document:
        """The filter for what stands behind it."""
        query, rating, feature_id = (
            [f"${name}", {"$literal": value}]
            for name, value in (("query", self.query), ("rating", self.rating), ("feature_id", self.feature_id))
        )
        of_query = {"$or": [{"$lt": rating}, {"$and": [{"$eq": rating}, {"$gt": feature_id}]}]}
        return {"$expr": {"$or": [{"$gt": query}, {"$and": [{"$eq": query}, of_query]}]}}


@dataclass(frozen=True, slots=True)
class JudgedPage(Aggregation[Sequence[Document]]):
    """The first ``limit`` judgments behind a place, by query, the best first. ``as_of``: the time of the first page."""

    collection: str = field(default=INTERACTION.collection, kw_only=True)
    scope: JudgedScope
    as_of: datetime
    after: JudgmentPlace | None
    limit: int

    @property
    def examines(self) -> bool:
        return True

    @property
    def pipeline(self) -> list[Document]:
        behind: list[Document] = [{"$match": self.after.behind}] if self.after else []
        return [*self.scope.pipeline, *behind, {"$sort": _SORT}, {"$limit": self.limit}]

    def result(self, rows: Sequence[Document]) -> Sequence[Document]:
        return [self._document(row) for row in rows]

    def _document(self, row: Document) -> Document:
        place = JudgmentPlace(self.as_of, row["query"], row["rating"], row["feature_id"])
        return {**row, "_id": place.feature_id, BY_RATING.path: place.text}


@dataclass(frozen=True, slots=True)
class JudgmentCount(Aggregation[int]):
    """The number of judgments, up to ``limit``."""

    collection: str = field(default=INTERACTION.collection, kw_only=True)
    optional: bool = field(default=True, kw_only=True)
    scope: JudgedScope
    limit: int

    @property
    def examines(self) -> bool:
        return True

    @property
    def pipeline(self) -> list[Document]:
        return [*self.scope.pipeline, {"$limit": self.limit}, {"$count": "total"}]

    def result(self, rows: Sequence[Any]) -> int:
        return sum(row["total"] for row in rows)
