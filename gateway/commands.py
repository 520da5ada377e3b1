"""What the store is asked to read: values that can't be built without a namespace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.context import Namespace
from gateway.kinds import Kind

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scan:
    """The documents of one namespace that match any of ``branches`` and all of ``residual``.

    Every branch is an interval of one index, so that several are merged in order without a sort; the namespace
    stands in each, since a condition beside an ``$or`` lets MongoDB walk the whole index instead.
    """

    namespace: Namespace
    kind: Kind
    branches: tuple[Document, ...] = ({},)
    residual: tuple[Document, ...] = ()

    @property
    def filter(self) -> Document:
        scoped = [{"namespace_id": self.namespace.id, **branch} for branch in self.branches]
        conditions = [scoped[0] if len(scoped) == 1 else {"$or": scoped}, *self.residual]
        return conditions[0] if len(conditions) == 1 else {"$and": conditions}


@dataclass(frozen=True, slots=True)
class Find:
    """At most ``limit`` documents in the order of ``sort``, with the paths in ``projection`` only."""

    scan: Scan
    projection: Document
    sort: tuple[tuple[str, int], ...]
    limit: int
    hint: str
    unindexed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many documents match, up to ``limit``."""

    scan: Scan
    limit: int
    hint: str


@dataclass(frozen=True, slots=True)
class Join:
    """For each of ``keys``: the first ``limit`` documents of ``scan`` whose ``path`` equals it, in one round trip.

    Answers rows ``{"key": …, "document": …}``.
    """

    scan: Scan
    path: str
    keys: Sequence[str]
    projection: Document
    sort: tuple[tuple[str, int], ...]
    limit: int
    unindexed: tuple[str, ...] = ()

    @property
    def pipeline(self) -> list[Document]:
        stages: list[Document] = [{"$sort": dict(self.sort)}, {"$limit": self.limit}, {"$project": self.projection}]
        return [*_joined(self.scan, self.path, self.keys, stages), {"$project": {"_id": 0, "key": 1, "document": 1}}]


@dataclass(frozen=True, slots=True)
class JoinCount:
    """For each of ``keys``: how many documents of ``scan`` have it at ``path``, up to ``limit``.

    Answers rows ``{"key": …, "document": {"total": …}}``; a key without any has no row.
    """

    scan: Scan
    path: str
    keys: Sequence[str]
    limit: int

    @property
    def pipeline(self) -> list[Document]:
        return _joined(self.scan, self.path, self.keys, [{"$limit": self.limit}, {"$count": "total"}])


@dataclass(frozen=True, slots=True)
class SessionSpans:
    """For each session of ``keys``: when its first and last documents were, in one round trip.

    ``spans``: the kinds of documents, each with the path of the session. Answers rows ``{"key": …}`` with, for each
    kind and edge, a list of none or one ``{"at": …}``.
    """

    namespace: Namespace
    keys: Sequence[str]
    spans: tuple[tuple[Kind, str], ...]

    @property
    def pipeline(self) -> list[Document]:
        stages: list[Document] = [{"$documents": [{"key": key} for key in self.keys]}]
        for kind, path in self.spans:
            for direction, edge in ((1, "first"), (-1, "last")):
                scan = Scan(self.namespace, kind)
                only: list[Document] = [
                    {"$sort": {kind.time_path: direction, "_id": direction}},
                    {"$limit": 1},
                    {"$project": {"_id": 0, "at": f"${kind.time_path}"}},
                ]
                stages.append(_lookup(scan, path, f"{kind.collection}_{edge}", only))
        return stages


def _joined(scan: Scan, path: str, keys: Sequence[str], stages: list[Document]) -> list[Document]:
    # The unwinding is merged into the look-up, so that no parent's documents have to fit into one of 16 MB.
    return [
        {"$documents": [{"key": key} for key in keys]},
        _lookup(scan, path, "document", stages),
        {"$unwind": "$document"},
    ]


def _lookup(scan: Scan, path: str, name: str, stages: list[Document]) -> Document:
    return {
        "$lookup": {
            "from": scan.kind.collection,
            "localField": "key",
            "foreignField": path,
            "pipeline": [{"$match": scan.filter}, *stages],
            "as": name,
        }
    }
