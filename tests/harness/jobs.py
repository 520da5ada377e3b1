"""Jobs, done at once: what the tests of erasing wait for."""

from gateway.store.client import Database
from gateway.store.jobs.job_runner import JobRunner


async def jobs_done(database: Database) -> None:
    """Returns once every job has ended that was asked for until now."""
    runner = JobRunner(database)
    while await runner.turn():
        pass
