"""The steps in which a namespace goes: first nobody may enter it any more, then all that it holds is deleted.

What was under way then may write for a little longer: a minute later all is gone through once more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.jobs import JOB, JOB_PROGRESS
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_MATCH
from gateway.store.client import Database
from gateway.store.driver_errors import translated
from gateway.store.jobs.stored_documents import StoredDocuments
from gateway.store.jobs.stored_work import Place
from gateway.store.jobs.sweeper import JobStep
from gateway.store.keys import KEYS
from gateway.store.tenancy import NAMESPACES

EMPTIED: Final[Sequence[str]] = (
    PERCOLATOR.collection,
    INTERACTION.collection,
    SEARCH_REQUEST.collection,
    PERCOLATOR_MATCH.collection,
    SEARCH_OUTCOMES,
    ITEM_DAYS,
    JOB_PROGRESS.collection,
    JOB.collection,
)
"""The collections whose documents are in a namespace, but for the audit log, which keeps what it has."""

_BATCH = 1_000
# Longer than a worker knows a namespace that it has looked up, and a request may take.
_PAUSE_SECONDS = 60.0
_ROUNDS = 2
_COUNTED: Final = {
    INTERACTION.collection: "interactions_deleted",
    SEARCH_REQUEST.collection: "search_requests_deleted",
}


class NamespaceRemoval:
    """The steps of the removal of one namespace. Methods raise `GatewayError`, and may be called again after it.

    ``job_id``: of its job, which may be known in this very namespace.
    """

    def __init__(self, database: Database, organization_id: str, namespace_id: str, job_id: str) -> None:
        self._database = database
        self._stored = StoredDocuments(database)
        self._organization_id = organization_id
        self._namespace_id = namespace_id
        self._job_id = job_id

    async def total(self) -> int | None:
        total = 0
        with translated():
            for collection in EMPTIED:
                mine = {"namespace_id": self._namespace_id}
                total += await self._database[collection].count_documents(mine, limit=10_000_000)
        return total

    async def step(self, place: Place) -> JobStep:
        """The step that begins there."""
        if place.sweep == 0:
            await self._close()
        collection = EMPTIED[place.sweep]
        filter_: Mapping[str, Any] = {"namespace_id": self._namespace_id}
        if collection == JOB.collection:
            filter_ = {"job_id": {"$ne": self._job_id}, **filter_}
        with translated():
            documents = await self._stored.found(collection, filter_, {"_id": 1}, limit=_BATCH)
            deleted = 0
            if documents:
                result = await self._database[collection].delete_many({**self._stored.same(documents), **filter_})
                deleted = result.deleted_count
        counts = {_COUNTED[collection]: deleted} if collection in _COUNTED else {}
        if len(documents) == _BATCH:
            return JobStep(place, len(documents), counts)
        if place.sweep + 1 < len(EMPTIED):
            return JobStep(replace(place, sweep=place.sweep + 1), len(documents), counts)
        if place.round + 1 < _ROUNDS:
            return JobStep(Place(place.round + 1), len(documents), counts, pause_seconds=_PAUSE_SECONDS)
        return JobStep(None, len(documents), counts)

    async def _close(self) -> None:
        """Nobody enters it from now on, and no key does so by default."""
        with translated():
            identity = {"_id": self._namespace_id, "organization_id": self._organization_id}
            await self._database[NAMESPACES].delete_one(identity)
            entering = {"organization_id": self._organization_id, "default_namespace_id": self._namespace_id}
            await self._database[KEYS].update_many(entering, {"$unset": {"default_namespace_id": ""}})
