"""What the store is asked to read: values that can't be built without a namespace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bson import Timestamp

from gateway.context import Namespace
from gateway.model.kinds import Kind
from gateway.plan.predicate import Lookup

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scan:
    """The documents of one namespace that match ``lookup``, any of ``intervals`` and all of ``residual``.

    With the look-up every interval is one of the same index. They don't overlap, and stand in the order of the walk.
    """

    namespace: Namespace
    kind: Kind
    lookup: Lookup | None = None
    intervals: tuple[Document, ...] = ({},)
    residual: tuple[Document, ...] = ()

    @property
    def filter(self) -> Document:
        return self._any_of([{**self._found, **interval} for interval in self.intervals])

    @property
    def parts(self) -> list[Document]:
        """A filter for each interval."""
        return [self._any_of([{**self._found, **interval}]) for interval in self.intervals]

    @property
    def parts_by_value(self) -> list[Document]:
        """A filter for each interval, in which every value looked up has one of its own."""
        assert self.lookup is not None
        path, values = self.lookup.field, self.lookup.values
        return [self._any_of([{path: {"$eq": value}, **interval} for value in values]) for interval in self.intervals]

    @property
    def _found(self) -> Document:
        match self.lookup:
            case None:
                return {}
            case Lookup(path, (value,)):
                return {path: {"$eq": value}}
            case Lookup(path, values):
                return {path: {"$in": list(values)}}

    def _any_of(self, branches: Sequence[Document]) -> Document:
        # MongoDB merges branches in order without a sort. The namespace stands in each: a condition beside an `$or`
        # lets it walk the whole index instead. It is the last key, so that nothing in a branch can replace it.
        scoped = [{**branch, "namespace_id": self.namespace.id} for branch in branches]
        conditions = [scoped[0] if len(scoped) == 1 else {"$or": scoped}, *self.residual]
        return conditions[0] if len(conditions) == 1 else {"$and": conditions}


@dataclass(frozen=True)
class Find:
    """At most ``limit`` documents in the order of ``sort``, with the paths in ``projection`` only.

    ``since``: a time of the database's own clock; the answer has all that was written until then, whoever answers.
    """

    scan: Scan
    projection: Document
    sort: tuple[tuple[str, int], ...]
    limit: int
    hint: str
    unindexed: tuple[str, ...] = ()
    since: Timestamp | None = None

    @cached_property
    def filters(self) -> list[Document]:
        """What is asked one after the other, until there are ``limit`` documents: mostly one filter.

        Several intervals for several values are asked interval by interval. All at once, a key would be examined in
        each interval of each value, where either the first interval holds few elements or the others aren't needed.
        """
        lookup = self.scan.lookup
        if lookup and len(lookup.values) > 1 and len(self.scan.intervals) > 1:
            return self.scan.parts_by_value
        return [self.scan.filter]


@dataclass(frozen=True, slots=True)
class Count:
    """How many documents match, up to ``limit``."""

    scan: Scan
    limit: int
    hint: str


@dataclass(frozen=True, slots=True)
class Join:
    """For each of ``keys``: the first ``limit`` documents of ``scan`` whose ``path`` equals it, in one round trip.

    Answers rows ``{"key": …, "part": …, "document": …}``, up to ``limit`` of each key in each part; the rows of a part
    stand in order, and those of a lower part come first. Each part is one interval of the scan: a look-up takes no
    hint, but of one interval MongoDB's planner sees by itself which index holds it.
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
        first, *others = [
            _joined(self.scan.kind, filter_, self.path, self.keys, stages, part=part)
            for part, filter_ in enumerate(self.scan.parts)
        ]
        return [*first, *({"$unionWith": {"pipeline": other}} for other in others)]


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
        stages: list[Document] = [{"$limit": self.limit}, {"$count": "total"}]
        return _joined(self.scan.kind, self.scan.filter, self.path, self.keys, stages)


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
    return {"$documents": [{"key": {"$literal": key}, **constant} for key in keys]}


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
