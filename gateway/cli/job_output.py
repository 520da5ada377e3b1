"""How commands print jobs."""

from collections.abc import Mapping
from typing import Any

from gateway.cli.console import timestamp


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
