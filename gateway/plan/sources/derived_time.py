"""The time until which statistics count what was recorded, beside a page of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.context import Context
from gateway.model.derived_documents import DEFINITION, DERIVATION_ID, DERIVATION_STATES
from gateway.plan.commands import Aggregation, Document, ReadCommand
from gateway.plan.sources.source import BoundRoot, BoundSource, BoundSummary, Estimate, Source, SourceArguments


@dataclass(frozen=True, slots=True)
class DerivedTime(Source):
    """The time until which everything that was recorded is derived."""

    @property
    def of_page(self) -> bool:
        return True

    def bind(self, arguments: SourceArguments) -> "BoundDerivedTime":
        return BoundDerivedTime()


@dataclass(frozen=True, slots=True)
class BoundDerivedTime(BoundSummary):
    """The same for every connection."""

    def estimate(self, parents: int) -> Estimate:
        return Estimate(1, 0)

    def of(self, connection: BoundSource, keys: Sequence[str] | None) -> "StoredDerivedTime":
        return StoredDerivedTime(("",) if keys is None else tuple(keys))


@dataclass(frozen=True, slots=True)
class StoredDerivedTime(BoundRoot):
    """What the state of the derivation says, under each of the ``keys``."""

    keys: tuple[str, ...]

    def estimate(self, parents: int) -> Estimate:
        return Estimate(1, 0)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        return (_State(collection=DERIVATION_STATES),)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Mapping[str, Any], int]:
        return dict.fromkeys(self.keys, results[0]), 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _State(Aggregation[datetime | None]):
    """None while everything is derived anew, and where nothing ever was. No namespace has a part in it."""

    @property
    def pipeline(self) -> list[Document]:
        return [
            {"$match": {"_id": DERIVATION_ID, "definition": DEFINITION, "rebuild": None}},
            {"$project": {"_id": 0, "until": {"$toDate": "$derived_until"}}},
        ]

    def result(self, rows: Sequence[Document]) -> datetime | None:
        # Answers are read without zones; a time that is no stored one is told with its own.
        return next((row["until"].replace(tzinfo=UTC) for row in rows), None)
