"""Works on jobs beside the service: one at a time, for a second or two each, so that no organization waits for another.

Between two steps as long a pause as the step took: requests have the database for half of the time, and more.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from gateway.context import NO_NAMESPACE, Namespace, Reach
from gateway.errors import GatewayError, Unavailable
from gateway.model.jobs import JobKind
from gateway.store.client import Database, Document
from gateway.store.jobs.job_repository import Jobs
from gateway.store.jobs.namespace_removal import NamespaceRemoval
from gateway.store.jobs.retention import Retention
from gateway.store.jobs.stored_work import Place, erasure_of
from gateway.store.jobs.sweeper import Sweeper
from gateway.store.lease import LeaseLost

_LOG = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_RETENTION_SECONDS = 10.0
_TURN_SECONDS = 2.0
_MOST_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 1.0

Progressed = Callable[[Mapping[str, Any]], None]


class JobRunner:
    """One of those who work on the jobs of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs = Jobs(database)
        self._retention = Retention(database, self._jobs)
        self._failing = False
        self._looked_at = -_RETENTION_SECONDS

    async def run(self) -> None:
        """Works for as long as there is anything to do, and looks for more; ends only by being cancelled."""
        while True:
            worked = False
            try:
                await self._look_for_retention()
                worked = await self.turn()
                self._failing = False
            except GatewayError as error:
                if not self._failing:
                    _LOG.warning("Jobs can't go on at the moment: %s", error.message)
                self._failing = True
            except Exception:
                # Others are waiting: better late than never again.
                _LOG.exception("Jobs can't go on at the moment")
            if not worked:
                await asyncio.sleep(_LOOK_SECONDS)

    async def _look_for_retention(self) -> None:
        now = time.monotonic()
        if now - self._looked_at >= _RETENTION_SECONDS:
            self._looked_at = now
            await self._retention.begin_due()

    async def turn(self) -> bool:
        """Goes on with the job whose turn it is, for a while; whether there was one. Raises `GatewayError`."""
        job = await self._jobs.take_next()
        if job is None:
            return False
        await self._go_on(job, _TURN_SECONDS, paced=True)
        return True

    async def finish(self, job: Document, progress: Progressed = lambda _: None) -> Document:
        """Works on this job until it has ended, or waits until others have done so; gives it as it was stored then.
        ``progress`` is called with what it has come to. Raises `GatewayError`."""
        while True:
            taken = await self._jobs.take(job)
            if taken is not None:
                taken = await self._go_on(taken, _TURN_SECONDS, progress=progress)
            stored = taken or await self._jobs.find(job["namespace_id"], job["job_id"])
            if stored is None or not stored.get("is_open"):
                return stored or job
            progress(stored)
            if taken is None:
                await asyncio.sleep(_LOOK_SECONDS)

    async def _go_on(
        self, job: Document, seconds: float, *, paced: bool = False, progress: Progressed = lambda _: None
    ) -> Document | None:
        """The job as it is after so long; None where it is another's by now."""
        deadline, pause = time.monotonic() + seconds, 0.0
        try:
            steps = self._steps(job)
            if "total" not in job:
                job = await self._jobs.save_total(job, await steps.total())
            while job.get("is_open"):
                began = time.monotonic()
                step = await steps.step(Place.of(job.get("place")))
                job = await self._jobs.save(job, step)
                progress(job)
                if pause := step.pause_seconds:
                    break
                if time.monotonic() > deadline:
                    break
                if paced:
                    await asyncio.sleep(time.monotonic() - began)
        except LeaseLost:
            return None
        except Unavailable:
            # Else the lease ends by itself.
            with suppress(GatewayError):
                await self._jobs.release(job, _FIRST_PAUSE_SECONDS)
            raise
        except GatewayError as error:
            return await self._failed(job, error)
        if job.get("is_open"):
            await self._jobs.release(job, pause)
        await self._jobs.tell(job)
        return job

    async def _failed(self, job: Document, error: GatewayError) -> Document | None:
        """A step that fails is made again, in case that helps, later each time."""
        attempts = job.get("attempts", 0) + 1
        _LOG.error("A step of %s, a job of %s, has failed.", job["job_id"], job["namespace_id"], exc_info=error)
        if attempts < _MOST_ATTEMPTS:
            await self._jobs.release(job, _FIRST_PAUSE_SECONDS * 2**attempts, failed=True)
            return job
        try:
            job = await self._jobs.fail(job, error.code)
        except LeaseLost:
            return None
        await self._jobs.tell(job)
        return job

    def _steps(self, job: Document) -> Sweeper | NamespaceRemoval:
        work = job["work"]
        if job["kind"] == JobKind.DELETE_NAMESPACE.value:
            return NamespaceRemoval(self._database, job["organization_id"], work["namespace_id"], job["job_id"])
        namespace = Namespace(job["namespace_id"], "", job["organization_id"], NO_NAMESPACE.created_at)
        erasure = erasure_of(JobKind(job["kind"]), work, self._jobs.collection)
        return Sweeper(self._database, Reach(namespace, work["user_id"]), erasure)
