"""A job goes on while the database fails over, in the hands of whoever works on it: all is erased that was recorded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from pymongo.errors import PyMongoError

from gateway.context import Reach
from gateway.model.jobs import JOB
from gateway.model.kinds import INTERACTION
from gateway.scheduling.cancellation import cancel
from gateway.store.client import close, open_client
from gateway.store.index_creation import create_indexes
from gateway.store.jobs.job_repository import Jobs
from gateway.store.jobs.job_runner import JobRunner
from tests.faults.replica_set import ReplicaSet, eventually, replica_set
from tests.store.jobs.test_job_runner import JANE, SHOP, record

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def members(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ReplicaSet]:
    async with replica_set(tmp_path_factory.mktemp("replica-set")) as found:
        yield found


async def test_the_primary_is_killed_while_two_work(members: ReplicaSet) -> None:
    client = open_client(members.uri)
    database = client[f"test_{uuid4().hex}"]
    await create_indexes(database)
    await record(database, 20_000)
    job = await Jobs(database).start(Reach(SHOP), JANE)
    workers = [asyncio.create_task(JobRunner(database).run()) for _ in range(2)]

    async def stored() -> dict[str, Any]:
        """The job; nothing of it where the database doesn't answer."""
        with suppress(PyMongoError):
            return await database[JOB.collection].find_one({"_id": job["_id"]}) or {}
        return {}

    async def has_begun() -> bool:
        return bool((await stored()).get("interactions_deleted"))

    async def has_ended() -> bool:
        return "ended_at" in await stored()

    await eventually(has_begun, "the job has begun")
    (await members.primary()).kill()
    await eventually(has_ended, "the job ends")
    await cancel(workers)
    await members.heal()
    ended = await stored()
    assert ended["state"] == "done"
    # What was deleted by a step whose outcome nobody was told of isn't counted.
    assert 0 < ended["interactions_deleted"] <= 20_000
    assert await database[INTERACTION.collection].count_documents({}) == 0
    await client.drop_database(database.name)
    await close(client)
