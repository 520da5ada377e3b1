"""What namespaces keep for so many days only: a job now and then, where there is anything older."""

from datetime import UTC, datetime, timedelta

from gateway.context import Namespace, Reach
from gateway.errors import BadUserInput
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.plan.erasures import older_than
from gateway.store.client import Database
from gateway.store.driver_errors import translated
from gateway.store.jobs.job_repository import Jobs
from gateway.store.tenancy import Tenancy

_EVERY = timedelta(hours=1)


class Retention:
    """The beginning of what is due by the retention of any namespace. Methods raise `Unavailable`."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs
        self._tenancy = Tenancy(database)

    async def begin_due(self) -> None:
        """Starts a job for each namespace of which it is due; of several who look, one does so."""
        while (namespace := await self._tenancy.take_due_retention(_EVERY)) is not None:
            assert namespace.retention_days is not None, "it is due for what it keeps"
            moment = datetime.now(UTC) - timedelta(days=namespace.retention_days)
            if not await self._has_older(namespace, moment):
                continue
            try:
                await self._jobs.start(Reach(namespace), older_than(moment))
            except BadUserInput:
                # The organization has too many jobs: in an hour again.
                continue

    async def _has_older(self, namespace: Namespace, moment: datetime) -> bool:
        with translated():
            for kind in (INTERACTION, SEARCH_REQUEST):
                older = {kind.time_path: {"$lt": moment}, "namespace_id": namespace.id}
                if await self._database[kind.collection].find_one(older, {"_id": 1}, hint="time") is not None:
                    return True
        return False
