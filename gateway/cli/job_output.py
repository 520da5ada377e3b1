"""How commands do jobs, and print them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import typer

from gateway.cli.console import print_json, print_line, progress, timestamp
from gateway.cli.store_connection import run
from gateway.model.jobs import JobState
from gateway.store.client import Database, Document
from gateway.store.jobs.job_runner import JobRunner


def finish(start: Callable[[Database], Awaitable[Document]], as_json: bool, name: str) -> None:
    """Does the job that ``start`` gives, with a bar of this name on a terminal, and prints what became of it; exits
    with 1 where it failed."""
    with progress() as bars:

        async def work(database: Database) -> Document:
            job = await start(database)
            bar = bars.add_task(name, total=None)
            return await JobRunner(database).finish(
                job, lambda job: bars.update(bar, completed=job["done"], total=job.get("total"))
            )

        job = run(work)
    if as_json:
        print_json(job_as_json(job))
    else:
        print_line(job_in_words(job))
    if job["state"] != JobState.DONE.value:
        raise typer.Exit(1)


def job_as_json(job: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "jobId": job["job_id"],
        "kind": job["kind"],
        "state": job["state"],
        "createdAt": timestamp(job["created_at"]),
        "startedAt": timestamp(job.get("started_at")),
        "endedAt": timestamp(job.get("ended_at")),
        "done": job["done"],
        "total": job.get("total"),
        "interactionsDeleted": job["interactions_deleted"],
        "searchRequestsDeleted": job["search_requests_deleted"],
        "interactionsChanged": job["interactions_changed"],
        "error": job.get("error"),
        "namespaceId": job["namespace_id"],
    }


def job_in_words(job: Mapping[str, Any]) -> str:
    """A job in a line."""
    counts = (
        f"{job['interactions_deleted']:,} interactions and {job['search_requests_deleted']:,} search requests deleted, "
        f"{job['interactions_changed']:,} interactions changed"
    )
    error = f" ({job['error']})" if "error" in job else ""
    return f"{job['job_id']}  {job['state']}{error}: {counts}."
