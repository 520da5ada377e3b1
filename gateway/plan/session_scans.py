"""The pipelines that make sessions: they aren't stored, but follow from what was recorded in them.

All of them are made of the indexes by session, which hold all that is needed of interactions and search requests; those
of some users by looking up what was recorded in each. A session has ``started_at`` and ``ended_at``, when its first and
last search or interaction was, ``interactions``, how many it has, and, as far as they are looked at, `OF_OUTCOMES` and
`USERS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.context import Reach
from gateway.model.derived_documents import FIRST_TIME, LAST_TIME, SEARCH_OUTCOMES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind
from gateway.plan.commands import Document
from gateway.plan.reach_filters import beyond_user, last_words

USERS: Final = "users"
OF_OUTCOMES: Final = ("searches", "clicked", "converted", "abandoned")
"""What follows from the outcomes of a session's searches."""

# Both kinds have it, with an index by it.
_SESSION = "effective_session_id"
_USER: Final[Mapping[Kind, str]] = {kind: kind.user_path for kind in (INTERACTION, SEARCH_REQUEST)}
_KINDS: Final[Mapping[str, Kind]] = {kind.collection: kind for kind in _USER}
_FLAGS = OF_OUTCOMES[1:]
_IS_SESSION = {"$gt": ""}


@dataclass(frozen=True, slots=True)
class SessionScan:
    """The sessions of a reach that match all of ``filters``.

    ``user_ids``: those of any of these users, however their ids are stored, None: all. ``since``: no session that began
    before counts. ``reads``: which of `OF_OUTCOMES` and `USERS` are looked at.
    """

    reach: Reach
    filters: tuple[Document, ...]
    user_ids: tuple[Any, ...] | None
    since: datetime | None
    reads: frozenset[str]

    @property
    def with_outcomes(self) -> bool:
        return not self.reads.isdisjoint(OF_OUTCOMES)

    @property
    def with_users(self) -> bool:
        return USERS in self.reads

    def within(self, condition: Document, collection: str) -> Document:
        """A condition on the documents of a collection, that are in reach."""
        # The last keys: nothing ahead of them can replace them.
        if (kind := _KINDS.get(collection)) is not None:
            return {**condition, **last_words(self.reach, kind)}
        if self.reach.user_id is not None:
            raise beyond_user()
        return {**condition, "namespace_id": self.reach.namespace.id}

    @property
    def sessions(self) -> list[Document]:
        """The stages, of a pipeline on interactions or on documents of its own, that give a document for each."""
        if self.user_ids is None:
            return self._grouped
        users: list[Document] = [{"user": {"$literal": user}} for user in self.user_ids]
        return [
            {"$documents": users},
            *self.of_users,
            {"$group": {"_id": "$session"}},
            {"$set": {"session": "$_id"}},
            *self.facts,
        ]

    @property
    def of_users(self) -> list[Document]:
        """From documents with a ``user`` to one for each ``session`` of his."""
        found = [
            self._lookup(
                kind.collection, "user", path, kind.collection, {_SESSION: _IS_SESSION}, {"_id": f"${_SESSION}"}
            )
            for kind, path in _USER.items()
        ]
        return [
            *found,
            {"$set": {"session": {"$setUnion": [f"${kind.collection}._id" for kind in _USER]}}},
            {"$unset": [kind.collection for kind in _USER]},
            {"$unwind": "$session"},
        ]

    @property
    def facts(self) -> list[Document]:
        """From documents with a ``session`` to what is known of it."""
        parts = [
            self._lookup(
                kind.collection, "session", _SESSION, kind.collection, self._in_time(kind), self._spanned(kind)
            )
            for kind in _USER
        ]
        names = [kind.collection for kind in _USER]
        if self.with_outcomes:
            parts += [
                {"$set": {"visit": {"$concat": ["s:", "$session"]}}},
                self._lookup(SEARCH_OUTCOMES, "visit", "visit", SEARCH_OUTCOMES, {}, self._judged),
            ]
            names.append(SEARCH_OUTCOMES)
        merged = [{"$ifNull": [{"$first": f"${name}"}, {}]} for name in names]
        everything = {"$concatArrays": [f"${name}" for name in names]}
        spans: Document = {"started_at": {"$min": "$all.started_at"}, "ended_at": {"$max": "$all.ended_at"}}
        users = {USERS: _union("$all.users")} if self.with_users else {}
        return [
            *parts,
            {"$set": {"all": everything}},
            {"$replaceWith": {"$mergeObjects": [*merged, {"_id": "$session", "user": "$user", **spans, **users}]}},
            # What has no time is nothing that could be listed.
            {"$match": {"started_at": {"$ne": None}}},
            {"$set": self._complete},
        ]

    @property
    def _grouped(self) -> list[Document]:
        parts = [
            (kind.collection, {_SESSION: _IS_SESSION, **self._in_time(kind)}, self._spanned(kind)) for kind in _USER
        ]
        if self.with_outcomes:
            of_sessions = {"visit": {"$gte": "s:", "$lt": "s;"}, **self._outcomes_in_time}
            parts.append((SEARCH_OUTCOMES, of_sessions, self._judged))
        grouped: list[tuple[str, list[Document]]] = [
            (
                collection,
                [{"$match": self.within(condition, collection)}, {"$group": {**group, "_id": _ids_of(collection)}}],
            )
            for collection, condition, group in parts
        ]
        (_, first), *others = grouped
        sums = ["interactions", *(["searches"] if self.with_outcomes else [])]
        flags = _FLAGS if self.with_outcomes else ()
        users: Document = {USERS: {"$push": f"${USERS}"}} if self.with_users else {}
        return [
            *first,
            *({"$unionWith": {"coll": collection, "pipeline": stages}} for collection, stages in others),
            {
                "$group": {
                    "_id": "$_id",
                    "started_at": {"$min": "$started_at"},
                    "ended_at": {"$max": "$ended_at"},
                    **{name: {"$sum": f"${name}"} for name in sums},
                    **{name: {"$max": f"${name}"} for name in flags},
                    **users,
                }
            },
            # Of outcomes alone it has no time: what they are derived of may have been deleted since.
            {"$match": {"started_at": {"$ne": None}}},
            {"$set": {**self._complete, **({USERS: _union(f"${USERS}")} if self.with_users else {})}},
        ]

    @property
    def without_earlier(self) -> list[Document]:
        """The stages that leave out, of sessions in the order asked, those that began before ``since``: only what was
        recorded since is looked at."""
        if self.since is None or self.user_ids is not None:
            return []
        names = {kind: f"earlier_{kind.collection}" for kind in _USER}
        earlier = [
            self._lookup(
                kind.collection, "_id", _SESSION, name, {kind.time_path: {"$gte": FIRST_TIME, "$lt": self.since}}, None
            )
            for kind, name in names.items()
        ]
        return [*earlier, {"$match": {name: [] for name in names.values()}}]

    def _in_time(self, kind: Kind) -> Document:
        since = FIRST_TIME if self.since is None or self.user_ids is not None else self.since
        return {kind.time_path: {"$gte": since, "$lte": LAST_TIME}}

    @property
    def _outcomes_in_time(self) -> Document:
        return {} if self.since is None else {"first_seen_at": {"$gte": self.since}}

    def _spanned(self, kind: Kind) -> Document:
        counted = {"interactions": {"$sum": 1}} if kind is INTERACTION else {}
        users = {USERS: {"$addToSet": f"${_USER[kind]}"}} if self.with_users else {}
        return {
            "_id": None,
            "started_at": {"$min": f"${kind.time_path}"},
            "ended_at": {"$max": f"${kind.time_path}"},
            **counted,
            **users,
        }

    @property
    def _judged(self) -> Document:
        return {
            "_id": None,
            "searches": {"$sum": {"$cond": ["$merged", 0, 1]}},
            **{name: {"$max": f"${name}"} for name in _FLAGS},
        }

    @property
    def _complete(self) -> Document:
        """What nothing was found for."""
        counts: dict[str, Any] = {"interactions": {"$ifNull": ["$interactions", 0]}}
        if not self.with_outcomes:
            return counts
        searches: dict[str, Any] = {"searches": {"$ifNull": ["$searches", 0]}}
        return counts | searches | {name: {"$ifNull": [f"${name}", False]} for name in _FLAGS}

    def _lookup(
        self, collection: str, local: str, foreign: str, name: str, condition: Document, group: Document | None
    ) -> Document:
        """``group``: what is made of those that are found; None: whether there is any."""
        stages: list[Document] = [{"$limit": 1}, {"$project": {"_id": 1}}] if group is None else [{"$group": group}]
        return {
            "$lookup": {
                "from": collection,
                "localField": local,
                "foreignField": foreign,
                "pipeline": [{"$match": self.within(condition, collection)}, *stages],
                "as": name,
            }
        }


def _ids_of(collection: str) -> str:
    return "$session_id" if collection == SEARCH_OUTCOMES else f"${_SESSION}"


def _union(lists: str) -> Document:
    """All that is in any of these lists; missing where nothing is, as a list is there."""
    union = {"$setUnion": ["$$value", {"$ifNull": ["$$this", []]}]}
    users = {"$setDifference": [{"$reduce": {"input": lists, "initialValue": [], "in": union}}, [None]]}
    return {"$cond": [{"$eq": [users, []]}, "$$REMOVE", users]}
