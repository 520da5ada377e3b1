"""Pipelines that find, for several keys at once, the documents that have one of them at a path."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from bson import ObjectId

from gateway.context import Reach
from gateway.model.document_ids import other_spelling
from gateway.model.kinds import Kind
from gateway.plan.commands import Aggregation, Document, Scan, SortKey, sort_key

# As many are found in about 20 ms.
_MANY_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Join(Aggregation[Mapping[str, list[Document]]]):
    """For each of ``keys``: the first ``limit`` documents of ``scan`` whose ``path`` equals it, in one round trip.

    Each part is one interval of the scan: a look-up takes no hint, but of one interval MongoDB's planner sees by itself
    which index holds it. Gives the documents of each key, in order; a key without any is absent.
    """

    scan: Scan
    path: str
    keys: Sequence[str]
    projection: Document
    sort: tuple[tuple[str, int], ...]
    limit: int

    @property
    def sort_key(self) -> SortKey | None:
        return sort_key(self.projection, self.sort, of_rows=True)

    @property
    def most_rows(self) -> int:
        return len(self.scan.intervals) * len(self.keys) * self.limit

    @property
    def may_be_long(self) -> bool:
        # Each key's documents are found in their order by an index, as those of a `Find`.
        return bool(self.unindexed) or self.most_rows > _MANY_ROWS

    @property
    def pipeline(self) -> list[Document]:
        stages: list[Document] = [
            {"$sort": dict(self.sort)},
            *self.scan.stages,
            {"$limit": self.limit},
            {"$project": self.projection},
        ]
        first, *others = [
            _joined(self.scan.kind, filter_, self.path, self.keys, stages, part=part)
            for part, filter_ in enumerate(self.scan.parts)
        ]
        return [*first, *({"$unionWith": {"pipeline": other}} for other in others)]

    def result(self, rows: Sequence[Document]) -> Mapping[str, list[Document]]:
        # Rows {"key": …, "part": …, "document": …}, up to ``limit`` of each key in each part; the rows of a part stand
        # in order, and those of a lower part come first.
        if len(self.scan.intervals) > 1:
            rows = sorted(rows, key=itemgetter("part"))
        by_key: dict[str, list[Document]] = defaultdict(list)
        for row in rows:
            documents = by_key[_key(row)]
            if len(documents) < self.limit:
                documents.append(row["document"])
        return by_key


@dataclass(frozen=True, slots=True)
class JoinCount(Aggregation[Mapping[str, int]]):
    """For each of ``keys``: how many documents of ``scan`` have it at ``path``, up to ``limit``; a key without any is
    absent."""

    scan: Scan
    path: str
    keys: Sequence[str]
    limit: int
    optional: bool = field(default=True, kw_only=True)

    @property
    def most_rows(self) -> int:
        return len(self.keys)

    @property
    def pipeline(self) -> list[Document]:
        stages: list[Document] = [*self.scan.stages, {"$limit": self.limit}, {"$count": "total"}]
        return _joined(self.scan.kind, self.scan.filter, self.path, self.keys, stages)

    def result(self, rows: Sequence[Document]) -> Mapping[str, int]:
        return {_key(row): row["document"]["total"] for row in rows}


class Span(NamedTuple):
    """The times of the first and the last document of what ``id`` names; None where none has a time."""

    id: str
    first: datetime | None
    last: datetime | None


class Through(NamedTuple):
    """The documents of a ``kind`` that have a key at ``path``; the latest has, at ``names``, the id of a span."""

    kind: Kind
    path: str
    names: str


@dataclass(frozen=True, slots=True)
class Spans(Aggregation[Mapping[str, Span]]):
    """For each of ``keys``: when the first and last documents were that have it, in one round trip.

    ``paths``: the kinds of documents, each with the path of the key. ``through``: where the keys lead to the ids that
    documents have there; without, they are those. A key without documents is absent.
    """

    reach: Reach
    keys: Sequence[str]
    paths: tuple[tuple[Kind, str], ...]
    through: Through | None = None

    @property
    def most_rows(self) -> int:
        return len(self.keys)

    @property
    def pipeline(self) -> list[Document]:
        stages: list[Document] = [_documents(self.keys)]
        local = "key"
        if self.through is not None:
            local = "id"
            stages += self._named(self.through)
        for kind, path in self.paths:
            for direction, edge in ((1, "first"), (-1, "last")):
                only = self._edge(kind, direction, f"${kind.time_path}", "at")
                name = f"{kind.collection}_{edge}"
                stages.append(_lookup(kind, self._all_of(kind), path, name, only, local=local))
        return stages

    def _named(self, through: Through) -> list[Document]:
        kind = through.kind
        latest = self._edge(kind, -1, f"${through.names}", "id")
        return [
            _lookup(kind, self._all_of(kind), through.path, "id", latest),
            {"$set": {"id": {"$first": "$id.id"}}},
            # Nothing would be found with whatever has none either.
            {"$match": {"id": {"$gt": ""}}},
        ]

    def _all_of(self, kind: Kind) -> Document:
        return Scan(self.reach, kind).filter

    @staticmethod
    def _edge(kind: Kind, direction: int, value: str, name: str) -> list[Document]:
        return [
            {"$sort": {kind.time_path: direction, "_id": direction}},
            {"$limit": 1},
            {"$project": {"_id": 0, name: value}},
        ]

    def result(self, rows: Sequence[Document]) -> Mapping[str, Span]:
        # Rows {"key": …} with, for each kind and edge, a list of none or one {"at": …}.
        spans: dict[str, Span] = {}
        for row in rows:
            key = _key(row)
            edges = [edge.get("at") for name, found in row.items() if name not in ("key", "id") for edge in found]
            # What others wrote may have no time, or none that is one.
            times = [at for at in edges if isinstance(at, datetime)]
            if edges:
                spans[key] = Span(row.get("id", key), min(times, default=None), max(times, default=None))
        return spans


def _joined(
    kind: Kind, filter_: Document, path: str, keys: Sequence[str], stages: list[Document], **constant: Any
) -> list[Document]:
    # The unwinding is merged into the look-up, so that no parent's documents have to fit into one of 16 MB.
    return [
        _documents(keys, **constant),
        _lookup(kind, filter_, path, "document", stages),
        {"$unwind": "$document"},
    ]


def _documents(keys: Sequence[str], **constant: Any) -> Document:
    # A string that begins with a dollar sign would be evaluated.
    return {"$documents": [{"key": {"$literal": _stored(key)}, **constant} for key in keys]}


def _stored(key: str) -> str | list[str | int | ObjectId]:
    """What is looked up for an id: itself, or else all under which other programs may have stored it, itself first."""
    other = other_spelling(key)
    return key if other is None else [key, other]


def _key(row: Document) -> str:
    key: str | list[str] = row["key"]
    return key if isinstance(key, str) else key[0]


def _lookup(
    kind: Kind, filter_: Document, path: str, name: str, stages: list[Document], *, local: str = "key"
) -> Document:
    return {
        "$lookup": {
            "from": kind.collection,
            "localField": local,
            "foreignField": path,
            "pipeline": [{"$match": filter_}, *stages],
            "as": name,
        }
    }
