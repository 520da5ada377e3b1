"""Jobs go on whatever becomes of who works on them, by turns among organizations, and each step may be made again."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.context import Namespace, Reach
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import BadUserInput, GatewayError, Unavailable
from gateway.model.jobs import JOB, JOB_PROGRESS
from gateway.model.kinds import INTERACTION
from gateway.model.wire import validate_interaction
from gateway.plan import erasures
from gateway.store.client import Database, Document, Driver
from gateway.store.index_creation import create_indexes
from gateway.store.jobs import job_runner
from gateway.store.jobs.job_repository import Jobs
from gateway.store.jobs.job_runner import JobRunner
from gateway.store.jobs.stored_work import Place
from gateway.store.jobs.sweeper import JobStep, Sweeper
from gateway.store.lease import LeaseLost
from gateway.store.writer import Writer
from tests.harness.gateway_process import running
from tests.harness.held_document import held
from tests.harness.jobs import jobs_done
from tests.harness.waiting import soon

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
SHOP = Namespace("ns_shop", "shop", "org_1", NOON)
OTHER = Namespace("ns_other", "shop", "org_2", NOON)
JANE = erasures.of_user("jane", alone=False)


@pytest.fixture(params=["pymongo", "motor"])
def driver(request: pytest.FixtureRequest) -> Driver:
    chosen: Driver = request.param
    return chosen


@pytest.fixture
async def jobs(database: Database) -> Jobs:
    await create_indexes(database)
    return Jobs(database)


async def record(database: Database, count: int, namespace: Namespace = SHOP, first: int = 0) -> None:
    for start in range(first, first + count, 1_000):
        recordings = [
            validate_interaction(
                {"interaction_id": f"i{number}", "feature_id": "p1", "interaction_type": "view", "user_id": "jane"}
            )
            for number in range(start, min(first + count, start + 1_000))
        ]
        await Writer(database).record(namespace, recordings, NOON)


async def left(database: Database) -> int:
    return await database[INTERACTION.collection].count_documents({})


async def stored(database: Database, job: Document) -> Document:
    found = await database[JOB.collection].find_one({"_id": job["_id"]})
    assert found is not None
    return found


async def lease_ends(database: Database, job: Document) -> None:
    """As where its worker has died long ago."""
    await database[JOB.collection].update_one({"_id": job["_id"]}, {"$set": {"until": NOON}})


async def test_a_job_says_what_it_did_and_keeps_nothing_of_it(database: Database, jobs: Jobs) -> None:
    await record(database, 2_500)
    job = await jobs.start(Reach(SHOP), JANE)
    assert job["work"]["sweeps"][0]["values"] == ["jane"]
    await jobs_done(database)
    ended = await stored(database, job)
    assert {name for name in ended if name not in ("_id", "created_at", "started_at", "ended_at", "job_id")} == {
        *("kind", "state", "done", "total", "interactions_deleted", "search_requests_deleted", "interactions_changed"),
        *("organization_id", "namespace_id"),
    }
    assert (ended["state"], ended["interactions_deleted"], ended["total"]) == ("done", 2_500, 2_500)
    assert ended["created_at"] <= ended["started_at"] <= ended["ended_at"]
    assert await left(database) == 0
    told = [row async for row in database[JOB_PROGRESS.collection].find({"job_id": job["job_id"]}).sort("at", 1)]
    assert told[-1]["state"] == "done"
    assert not any("work" in row or "place" in row for row in told)


async def test_a_worker_that_dies_between_two_steps_is_followed_by_another(database: Database, jobs: Jobs) -> None:
    await record(database, 2_500)
    job = await jobs.start(Reach(SHOP), JANE)
    mortal, successor = Jobs(database), JobRunner(database)
    taken = await mortal.take_next()
    assert taken is not None
    sweeper = Sweeper(database, Reach(SHOP), JANE)
    step = await sweeper.step(Place())
    # It was made, and not noted.
    assert step.counts == {"interactions_deleted": 1_000}
    assert not await successor.turn()
    await lease_ends(database, job)
    await jobs_done(database)
    assert (await stored(database, job))["interactions_deleted"] == 1_500
    assert await left(database) == 0
    # It comes back, and finds that the job is another's.
    with pytest.raises(LeaseLost):
        await mortal.save(taken, step)


async def test_two_workers_share_the_jobs_and_never_one_job(database: Database, jobs: Jobs) -> None:
    await record(database, 3_000)
    started = [await jobs.start(Reach(SHOP), JANE) for _ in range(6)]
    workers = [JobRunner(database) for _ in range(4)]

    async def work(runner: JobRunner) -> None:
        while await runner.turn():
            pass

    await asyncio.gather(*map(work, workers))
    await jobs_done(database)
    ended = [await stored(database, job) for job in started]
    assert {job["state"] for job in ended} == {"done"}
    assert sum(job["interactions_deleted"] for job in ended) == 3_000


async def test_two_who_make_the_same_steps_at_once_erase_it_all_the_same(database: Database, jobs: Jobs) -> None:
    """Where a lease has ended and its owner goes on, unaware of it."""
    await record(database, 3_000)

    async def sweep() -> None:
        sweeper, place = Sweeper(database, Reach(SHOP), JANE), Place()
        while (step := await sweeper.step(place)).place is not None:
            place = step.place

    await asyncio.gather(sweep(), sweep())
    assert await left(database) == 0


async def test_organizations_take_turns_however_many_jobs_one_has(
    database: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "_TURN_SECONDS", 0.0)
    for _ in range(20):
        await jobs.start(Reach(SHOP), JANE)
    last = await jobs.start(Reach(OTHER), JANE)
    runner = JobRunner(database)
    for _ in range(12):
        await runner.turn()
    assert (await stored(database, last))["state"] == "done"
    assert await database[JOB.collection].count_documents({"organization_id": "org_1", "state": "done"}) < 10
    await jobs_done(database)


async def test_what_is_recorded_meanwhile_is_erased_as_well(
    database: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(database, 1_500)
    await jobs.start(Reach(SHOP), JANE)
    steps = 0
    step = Sweeper.step

    async def recorded_beside(self: Sweeper, place: Any) -> JobStep:
        nonlocal steps
        made = await step(self, place)
        if steps < 2:
            # The latest come first, and are behind it by now.
            await record(database, 5, first=10_000 + 5 * steps)
        steps += 1
        return made

    monkeypatch.setattr(Sweeper, "step", recorded_beside)
    await jobs_done(database)
    assert await left(database) == 0


async def test_a_user_who_goes_on_and_on_is_not_erased_for_ever(
    database: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(database, 5)
    job = await jobs.start(Reach(SHOP), JANE)
    step = Sweeper.step
    numbers = iter(range(1_000_000))

    async def recorded_beside(self: Sweeper, place: Any) -> JobStep:
        made = await step(self, place)
        await record(database, 1, first=10_000 + next(numbers))
        return made

    monkeypatch.setattr(Sweeper, "step", recorded_beside)
    await jobs_done(database)
    assert (await stored(database, job))["state"] == "done"


async def test_a_step_that_fails_is_tried_again_and_ends_the_job_at_last(
    database: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await jobs.start(Reach(SHOP), JANE)

    async def fail(self: Sweeper, place: Any) -> JobStep:
        raise GatewayError("The database could not do this.")

    monkeypatch.setattr(Sweeper, "step", fail)
    runner = JobRunner(database)
    for attempts in range(1, 5):
        assert await runner.turn()
        assert (await stored(database, job))["attempts"] == attempts
        assert not await runner.turn()
        await lease_ends(database, job)
    assert await runner.turn()
    failed = await stored(database, job)
    assert (failed["state"], failed["error"]) == ("failed", "INTERNAL_SERVER_ERROR")
    assert not {"work", "place", "is_open"} & failed.keys()


async def test_a_database_that_does_not_answer_ends_no_job(
    database: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await jobs.start(Reach(SHOP), JANE)

    async def fail(self: Sweeper, place: Any) -> JobStep:
        raise Unavailable("The database cannot be reached; try again.")

    with monkeypatch.context() as patched:
        patched.setattr(Sweeper, "step", fail)
        for _ in range(10):
            with pytest.raises(Unavailable):
                await JobRunner(database).turn()
            await lease_ends(database, job)
    await jobs_done(database)
    assert (await stored(database, job))["state"] == "done"


async def test_an_organization_has_so_many_open_jobs_at_most(database: Database) -> None:
    await create_indexes(database)
    jobs = Jobs(database, most=2)
    for _ in range(2):
        await jobs.start(Reach(SHOP), JANE)
    with pytest.raises(BadUserInput, match="at most 2 jobs"):
        await jobs.start(Reach(SHOP), JANE)
    await jobs.start(Reach(OTHER), JANE)
    await jobs_done(database)
    await jobs.start(Reach(SHOP), JANE)


async def test_a_part_of_an_index_is_walked_whatever_times_are(database: Database, jobs: Jobs) -> None:
    """Of other programs: times as texts and numbers, none, and lists of users."""
    odd: list[Any] = [[NOON, "x"], "2024", 12, None, {"a": 1}, datetime(1, 1, 1, tzinfo=UTC), True]
    documents: list[Document] = [
        {"interaction_id": f"o{number}", "user_id": ["joe", "jane"] if number % 2 else "jane", "occurred_at": at}
        for number, at in enumerate(odd)
    ]
    documents += [{"interaction_id": "without a time", "user_id": "jane"}, {"user_id": "jane"}]
    await database[INTERACTION.collection].insert_many([{**one, "namespace_id": SHOP.id} for one in documents])
    job = await jobs.start(Reach(SHOP), JANE)
    await jobs_done(database)
    assert await left(database) == 0
    assert (await stored(database, job))["interactions_deleted"] == len(documents)


@pytest.mark.slow
async def test_a_gateway_that_is_killed_leaves_its_job_to_the_next(
    database: Database, mongod: EmbeddedServer, jobs: Jobs
) -> None:
    await record(database, 20_000)
    job = await jobs.start(Reach(SHOP), JANE)
    # The one that is erased last: the latest come first.
    order = [("occurred_at", 1), ("_id", 1)]
    [last] = await database[INTERACTION.collection].find({}, {"_id": 1}).sort(order).limit(1).to_list(None)
    with running(mongod.uri, database.name, jobs=True) as (process, _):
        async with held(database[INTERACTION.collection], last["_id"]):
            await soon(lambda: _has_begun(database, job))
            process.kill()
            process.wait()
            assert 0 < await left(database) < 20_000
    await lease_ends(database, job)
    with running(mongod.uri, database.name, jobs=True):
        await soon(lambda: _has_ended(database, job))
    assert await left(database) == 0


async def _has_begun(database: Database, job: Document) -> bool:
    return bool((await stored(database, job))["interactions_deleted"])


async def _has_ended(database: Database, job: Document) -> bool:
    return bool((await stored(database, job))["state"] == "done")
