"""``gateway jobs``: the work that goes on beside the service, and what became of it."""

from typing import Annotated, Any

import typer

from gateway.cli.console import AsJson, print_json, print_line, print_table, timestamp
from gateway.cli.job_output import job_as_json, job_in_words
from gateway.cli.store_connection import run
from gateway.errors import BadUserInput
from gateway.store.client import Database
from gateway.store.jobs.job_repository import Jobs
from gateway.store.tenancy import Tenancy

_MOST = 10_000

commands = typer.Typer(
    help="Jobs: work that goes on beside the service, such as the erasure of a user.", no_args_is_help=True
)


@commands.command("list")
def list_jobs(
    organization: Annotated[str | None, typer.Option(help="Only this organization's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many jobs to list at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List jobs, the latest first."""
    jobs = run(lambda database: _list(database, organization, limit))
    if as_json:
        print_json([job_as_json(job) for job in jobs])
        return
    print_table(
        ("job id", "kind", "state", "created", "ended", "done", "total", "namespace"),
        [
            (
                job["job_id"],
                job["kind"],
                job["state"],
                timestamp(job["created_at"]),
                timestamp(job.get("ended_at")),
                f"{job['done']:,}",
                "" if job.get("total") is None else f"{job['total']:,}",
                job["namespace_id"],
            )
            for job in jobs
        ],
    )


@commands.command()
def show(
    job_id: Annotated[str, typer.Argument(help="The job's id, as in job_…")],
    as_json: AsJson = False,
) -> None:
    """Tell how far a job is."""
    job = run(lambda database: Jobs(database).named(job_id))
    if job is None:
        raise BadUserInput(f"There is no job {job_id!r}.")
    if as_json:
        print_json(job_as_json(job))
    else:
        print_line(job_in_words(job))


async def _list(database: Database, organization: str | None, limit: int) -> list[Any]:
    owner = None if organization is None else await Tenancy(database).organization(organization)
    return await Jobs(database).latest(limit, None if owner is None else owner.id)
