"""Jobs as they are stored: started, taken by one worker at a time, and what they have come to."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from pymongo import IndexModel, ReturnDocument

from gateway.context import NO_NAMESPACE, Caller, Namespace, Organization, Reach
from gateway.errors import BadUserInput
from gateway.model.document_ids import document_id
from gateway.model.jobs import (
    COUNTS,
    JOB,
    JOB_PROGRESS,
    KEPT_JOBS,
    KEPT_PROGRESS,
    MAX_OPEN_JOBS,
    JobKind,
    JobState,
    new_job_id,
    told,
)
from gateway.model.wire import in_milliseconds
from gateway.plan.erasures import Erasure
from gateway.store.audit import Action, Audit
from gateway.store.client import Collection, Database, Document, aggregate
from gateway.store.driver_errors import translated
from gateway.store.jobs.stored_work import stored_work
from gateway.store.jobs.sweeper import JobStep
from gateway.store.lease import LeaseLost
from gateway.store.tenancy import Tenancy

LEASE_SECONDS: Final = 30.0
"""How long a job is a worker's that has died: few of its steps take a second."""

INDEXES: Mapping[str, list[IndexModel]] = {
    JOB.collection: [
        IndexModel([("organization_id", 1), ("created_at", 1)], name="open", partialFilterExpression={"is_open": True}),
        IndexModel([("ended_at", 1)], name="ended", expireAfterSeconds=int(KEPT_JOBS.total_seconds())),
    ],
    JOB_PROGRESS.collection: [
        IndexModel([("at", 1)], name="told", expireAfterSeconds=int(KEPT_PROGRESS.total_seconds())),
    ],
}

_ACTIONS: Final = {
    JobKind.DELETE_USER_DATA: Action.ERASE_USER,
    JobKind.DELETE_SESSION: Action.ERASE_SESSION,
    JobKind.DELETE_SEARCH_REQUEST: Action.ERASE_SEARCH_REQUEST,
    JobKind.DELETE_INTERACTIONS: Action.ERASE_INTERACTIONS,
}

_IS_FREE: Final = {"$lte": [{"$ifNull": ["$until", None]}, "$$NOW"]}


def _in_seconds(seconds: float) -> Document:
    return {"$add": ["$$NOW", int(seconds * 1_000)]}


class Jobs:
    """The repository of jobs, for one worker: those that it takes are its own until it releases them, or has died.
    Methods raise `Unavailable`."""

    def __init__(self, database: Database, *, most: int = MAX_OPEN_JOBS) -> None:
        self.collection: Collection = database[JOB.collection]
        self._progress: Collection = database[JOB_PROGRESS.collection]
        self._audit = Audit(database)
        self._tenancy = Tenancy(database)
        self._most = most
        self._owner = uuid4().hex

    async def start(self, reach: Reach, erasure: Erasure, *, by: Caller | None = None) -> Document:
        """A job that is to be done from now on; ``by`` None: the command line. Raises `BadUserInput` where the
        organization has as many as it may."""
        with translated():
            work = stored_work(erasure, reach.user_id, self.collection)
        await self._require_few(reach.namespace.organization_id)
        job_id = new_job_id()
        if (action := _ACTIONS.get(erasure.kind)) is not None:
            # By the job's id: what is erased may not be kept here.
            await self._audit.add(
                action,
                by,
                organization_id=reach.namespace.organization_id,
                namespace_id=reach.namespace.id,
                object_id=job_id,
            )
        return await self._insert(job_id, erasure.kind, reach.namespace, work)

    async def start_removal(
        self,
        organization: Organization,
        namespace_id: str,
        name: str,
        reach: Reach | None = None,
        *,
        by: Caller | None = None,
    ) -> Document:
        """A job that removes the organization's namespace with this id, which has to have this name; nobody enters it
        from now on. ``reach``: where the job is known, unless that is the namespace itself. Raises `BadUserInput`."""
        namespace = await self._tenancy.find_namespace(organization.id, namespace_id)
        if namespace is None or namespace.id != namespace_id or (by is not None and not by.may_enter(namespace)):
            raise BadUserInput("This organization has no such namespace.", path=("namespaceId",))
        if namespace.name != name:
            raise BadUserInput("This is not the name of the namespace that is to be deleted.", path=("name",))
        await self._require_few(organization.id)
        await self._audit.add(
            Action.DELETE_NAMESPACE,
            by,
            organization_id=organization.id,
            namespace_id=namespace.id,
            object_id=namespace.id,
        )
        home = namespace if reach is None or reach.namespace is NO_NAMESPACE else reach.namespace
        job = await self._insert(new_job_id(), JobKind.DELETE_NAMESPACE, home, {"namespace_id": namespace.id})
        # The job does so, too, where this comes to nothing.
        await self._tenancy.close_namespace(namespace)
        return job

    async def _require_few(self, organization_id: str) -> None:
        open_jobs = {"organization_id": organization_id, "is_open": True}
        with translated():
            if await self.collection.count_documents(open_jobs, limit=self._most) >= self._most:
                raise BadUserInput(
                    f"An organization may have at most {self._most:,} jobs that haven't ended; try again later."
                )

    async def _insert(self, job_id: str, kind: JobKind, namespace: Namespace, work: Document) -> Document:
        job: Document = {
            "_id": document_id(namespace.id, "job", job_id),
            "job_id": job_id,
            "kind": kind.value,
            "state": JobState.PENDING.value,
            "created_at": in_milliseconds(datetime.now(UTC)),
            "done": 0,
            **dict.fromkeys(COUNTS, 0),
            "is_open": True,
            "work": work,
            "organization_id": namespace.organization_id,
            "namespace_id": namespace.id,
        }
        with translated():
            await self.collection.insert_one(job)
        return job

    async def find(self, namespace_id: str, job_id: str) -> Document | None:
        """What is stored of a job; None where the namespace has none with this id."""
        with translated():
            return await self.collection.find_one({"job_id": job_id, "namespace_id": namespace_id})

    async def named(self, job_id: str) -> Document | None:
        """As `find`, whosever it is: for who administers the gateway."""
        with translated():
            return await self.collection.find_one({"job_id": job_id})

    async def latest(self, limit: int, organization_id: str | None = None) -> list[Document]:
        """At most ``limit`` jobs of an organization, or of all, the latest first."""
        condition = {} if organization_id is None else {"organization_id": organization_id}
        with translated():
            cursor = self.collection.find(condition).sort("created_at", -1).limit(limit)
            return [job async for job in cursor]

    async def take_next(self) -> Document | None:
        """The job to go on with: the first of the organization that nobody has worked for the longest; None where there
        is nothing to do."""
        turns: list[Document] = [
            {"$match": {"is_open": True}},
            {"$group": {"_id": "$organization_id", "served_at": {"$max": "$served_at"}}},
            {"$sort": {"served_at": 1, "_id": 1}},
        ]
        with translated():
            organizations = await (await aggregate(self.collection, turns)).to_list()
        for row in organizations:
            if (job := await self._take({"organization_id": row["_id"], "is_open": True})) is not None:
                return job
        return None

    async def take(self, job: Document) -> Document | None:
        """This very job, as it is stored by now; None where it has ended, or is another worker's."""
        return await self._take({"_id": job["_id"], "is_open": True, "namespace_id": job["namespace_id"]})

    async def save_total(self, job: Document, total: int | None) -> Document:
        """Notes about how many documents there are to look at; this, as `save`, raises `LeaseLost`."""
        return await self._update(job, [{"$set": {"total": {"$literal": total}}}])

    async def save(self, job: Document, step: JobStep) -> Document:
        """Notes that a step was made, and keeps the job for `LEASE_SECONDS` more."""
        added = {"done": step.looked_at, **{name: count for name, count in step.counts.items() if count}}
        sums = {name: {"$add": [f"${name}", count]} for name, count in added.items()}
        if step.place is None:
            # What was counted may have been erased along with other things.
            whole = {"$set": {"total": "$done"}}
            return await self._update(job, [{"$set": sums}, whole, *_ended(JobState.DONE)])
        going_on = {"place": {"$literal": step.place.stored()}, "until": _in_seconds(LEASE_SECONDS)}
        return await self._update(job, [{"$set": {**sums, **going_on}}, {"$unset": ["attempts"]}])

    async def fail(self, job: Document, code: str) -> Document:
        """Ends a job that can't be done."""
        return await self._update(job, [{"$set": {"error": code}}, *_ended(JobState.FAILED)])

    async def release(self, job: Document, seconds: float = 0.0, *, failed: bool = False) -> None:
        """Leaves a job that hasn't ended to whoever takes it, in so many seconds; ``failed``: a step of it."""
        mine = {"_id": job["_id"], "owner": self._owner, "namespace_id": job["namespace_id"]}
        attempts = {"attempts": {"$add": [{"$ifNull": ["$attempts", 0]}, 1]}} if failed else {}
        with translated():
            await self.collection.update_one(mine, [{"$set": {"until": _in_seconds(seconds), **attempts}}])

    async def tell(self, job: Document) -> None:
        """Tells those who subscribed to it what a job has come to."""
        with translated():
            await self._progress.insert_one({"_id": uuid4(), "at": in_milliseconds(datetime.now(UTC)), **told(job)})

    async def _take(self, condition: Document) -> Document | None:
        taken = {
            "owner": self._owner,
            "until": _in_seconds(LEASE_SECONDS),
            "served_at": "$$NOW",
            "state": JobState.RUNNING.value,
            "started_at": {"$ifNull": ["$started_at", "$$NOW"]},
        }
        with translated():
            return await self.collection.find_one_and_update(
                {"$expr": _IS_FREE, **condition},
                [{"$set": taken}],
                sort=[("created_at", 1)],
                return_document=ReturnDocument.AFTER,
            )

    async def _update(self, job: Document, change: Sequence[Document]) -> Document:
        mine = {"_id": job["_id"], "owner": self._owner, "namespace_id": job["namespace_id"]}
        with translated():
            changed: Document | None = await self.collection.find_one_and_update(
                mine, list(change), return_document=ReturnDocument.AFTER
            )
        if changed is None:
            raise LeaseLost
        return changed


def _ended(state: JobState) -> list[Document]:
    """What becomes of a job that ends: what it was about isn't kept."""
    return [
        {"$set": {"state": state.value, "ended_at": "$$NOW"}},
        {"$unset": ["is_open", "work", "place", "owner", "until", "attempts", "served_at"]},
    ]
