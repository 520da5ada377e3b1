"""Pipelines that find, for several keys at once, the documents that have one of them at a path."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from gateway.context import Namespace
from gateway.model.document_ids import id_spellings
from gateway.model.kinds import Kind
from gateway.plan.commands import Aggregation, Document, Scan


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
    def pipeline(self) -> list[Document]:
        stages: list[Document] = [*self.scan.stages, {"$limit": self.limit}, {"$count": "total"}]
        return _joined(self.scan.kind, self.scan.filter, self.path, self.keys, stages)

    def result(self, rows: Sequence[Document]) -> Mapping[str, int]:
        return {_key(row): row["document"]["total"] for row in rows}


@dataclass(frozen=True, slots=True)
class SessionSpans(Aggregation[Mapping[str, Document]]):
    """For each session of ``keys``: when its first and last documents were, in one round trip.

    ``spans``: the kinds of documents, each with the path of the session. Gives the sessions in which anything was
    recorded, by id, each with ``namespace_id``, ``session_id``, ``started_at`` and ``ended_at``.
    """

    namespace: Namespace
    keys: Sequence[str]
    spans: tuple[tuple[Kind, str], ...]

    @property
    def pipeline(self) -> list[Document]:
        stages: list[Document] = [_documents(self.keys)]
        for kind, path in self.spans:
            for direction, edge in ((1, "first"), (-1, "last")):
                only: list[Document] = [
                    {"$sort": {kind.time_path: direction, "_id": direction}},
                    {"$limit": 1},
                    {"$project": {"_id": 0, "at": f"${kind.time_path}"}},
                ]
                stages.append(_lookup(kind, Scan(self.namespace, kind).filter, path, f"{kind.collection}_{edge}", only))
        return stages

    def result(self, rows: Sequence[Document]) -> Mapping[str, Document]:
        # Rows {"key": …} with, for each kind and edge, a list of none or one {"at": …}.
        sessions: dict[str, Document] = {}
        for row in rows:
            key = _key(row)
            edges = [edge.get("at") for name, documents in row.items() if name != "key" for edge in documents]
            # What others wrote may have no time, or none that is one.
            times = [at for at in edges if isinstance(at, datetime)]
            if edges:
                sessions[key] = {
                    "namespace_id": self.namespace.id,
                    "session_id": key,
                    "started_at": min(times, default=None),
                    "ended_at": max(times, default=None),
                }
        return sessions


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


def _stored(key: str) -> str | list[str | int]:
    """What is looked up for an id: itself, or else all under which other programs may have stored it, itself first."""
    spellings = list(id_spellings([key]))
    return key if len(spellings) == 1 else spellings


def _key(row: Document) -> str:
    key: str | list[str] = row["key"]
    return key if isinstance(key, str) else key[0]


def _lookup(kind: Kind, filter_: Document, path: str, name: str, stages: list[Document]) -> Document:
    return {
        "$lookup": {
            "from": kind.collection,
            "localField": "key",
            "foreignField": path,
            "pipeline": [{"$match": filter_}, *stages],
            "as": name,
        }
    }
