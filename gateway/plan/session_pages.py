"""Pages of sessions, and their totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.model.document_ids import id_spellings
from gateway.model.undecoded_values import under
from gateway.plan.commands import Aggregation, Document
from gateway.plan.paging import Window
from gateway.plan.session_scans import SessionScan


def _sort(window: Window) -> Document:
    direction = -1 if window.descending else 1
    return {window.order.path: direction, "_id": direction}


def _between(window: Window) -> list[Document]:
    """The stage that keeps what is between the window's cursors."""
    behind, ahead = ("$lt", "$gt") if window.order.descending else ("$gt", "$lt")
    place = [f"${window.order.path}", "$_id"]
    bounds = [
        {operator: [place, [under("$literal", cursor.value), under("$literal", cursor.tie)]]}
        for operator, cursor in ((behind, window.after), (ahead, window.before))
        if cursor is not None
    ]
    return [{"$match": {"$expr": {"$and": bounds}}}] if bounds else []


@dataclass(frozen=True, slots=True)
class SessionFind(Aggregation[Sequence[Document]]):
    """The first sessions of ``scan`` in a ``window``, in the direction in which it is fetched."""

    scan: SessionScan
    window: Window

    @property
    def pipeline(self) -> list[Document]:
        return [
            *self.scan.sessions,
            *_matched(self.scan),
            *_between(self.window),
            {"$sort": _sort(self.window)},
            *self.scan.without_earlier,
            {"$limit": self.window.limit},
            {"$project": _PROJECTION},
        ]

    def result(self, rows: Sequence[Document]) -> Sequence[Document]:
        return [_session(row, self.scan) for row in rows]


@dataclass(frozen=True, slots=True)
class SessionCount(Aggregation[int]):
    """The number of sessions that ``scan`` has, up to ``limit``."""

    scan: SessionScan
    limit: int
    optional: bool = field(default=True, kw_only=True)

    @property
    def pipeline(self) -> list[Document]:
        scan = self.scan
        return [*scan.sessions, *_matched(scan), *scan.without_earlier, {"$limit": self.limit}, {"$count": "total"}]

    def result(self, rows: Sequence[Document]) -> int:
        return sum(row["total"] for row in rows)


@dataclass(frozen=True, slots=True)
class SessionsOfUsers(Aggregation[Mapping[str, Sequence[Document]]]):
    """For each user of ``keys``: the first of his sessions in a ``window``; one without any is absent."""

    scan: SessionScan
    keys: Sequence[str]
    window: Window

    @property
    def pipeline(self) -> list[Document]:
        first = {"$topN": {"n": self.window.limit, "sortBy": _sort(self.window), "output": _OUTPUT}}
        return [
            *_of_users(self.scan, self.keys),
            *_between(self.window),
            {"$group": {"_id": "$user", "sessions": first}},
        ]

    def result(self, rows: Sequence[Document]) -> Mapping[str, Sequence[Document]]:
        return {_user(row["_id"]): [_session(session, self.scan) for session in row["sessions"]] for row in rows}


@dataclass(frozen=True, slots=True)
class CountOfUsers(Aggregation[Mapping[str, int]]):
    """For each user of ``keys``: how many sessions he has, up to ``limit``; one without any is absent."""

    scan: SessionScan
    keys: Sequence[str]
    limit: int
    optional: bool = field(default=True, kw_only=True)

    @property
    def pipeline(self) -> list[Document]:
        return [*_of_users(self.scan, self.keys), {"$group": {"_id": "$user", "total": {"$sum": 1}}}]

    def result(self, rows: Sequence[Document]) -> Mapping[str, int]:
        return {_user(row["_id"]): min(row["total"], self.limit) for row in rows}


_PROJECTION: Final = {"started_at": 1, "ended_at": 1, "searches": 1, "interactions": 1}
_OUTPUT: Final = {"_id": "$_id", **{name: f"${name}" for name in _PROJECTION}}


def _matched(scan: SessionScan) -> list[Document]:
    return [{"$match": {"$and": list(scan.filters)}}] if scan.filters else []


def _of_users(scan: SessionScan, keys: Sequence[str]) -> list[Document]:
    # Other programs may have stored an id as a number or as an ObjectId: what it reads as comes first.
    users = [{"user": {"$literal": list(id_spellings([key]))}} for key in keys]
    return [{"$documents": users}, *scan.of_users, *scan.facts, *_matched(scan)]


def _user(spellings: Sequence[Any]) -> str:
    return str(spellings[0])


def _session(row: Document, scan: SessionScan) -> Document:
    return {**row, "namespace_id": scan.reach.namespace.id, "session_id": row["_id"]}
