"""Jobs: work in a namespace that outlasts the request for it, as it is stored while it goes on and once it has ended.

    {"_id": UUID, "job_id": "job_…", "kind": "user", "state": "running", "created_at": datetime, "started_at": datetime,
     "ended_at": datetime, "done": 4000, "total": 9000, "interactions_deleted": 3000, "search_requests_deleted": 1000,
     "interactions_changed": 12, "error": "INTERNAL_SERVER_ERROR", "is_open": True, "organization_id": "org_…",
     "work": {…}, "place": {…}, "owner": "…", "until": datetime, "served_at": datetime, "namespace_id": "ns_…"}

``done`` and ``total`` are documents that it has looked at, and about how many it has to. ``work`` says what there is to
do and ``place`` how far that is; both name what is being erased, and are taken away as the job ends. While it
``is_open``, whoever has the lease of it (``owner``, ``until``) works on it; ``served_at``: when somebody last took it.

What a job has come to is told beside it, by a document for each time:

    {"_id": UUID, "job_id": "job_…", "kind": …, "state": …, …, "at": datetime, "namespace_id": "ns_…"}
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from gateway.model.indexes import Index
from gateway.model.kinds import Kind

JOB: Final = Kind("Job", "jobs", "job_id", "created_at")
JOB_PROGRESS: Final = Kind("Job", "job_progress", "job_id", "at")

JOB_INDEXES: Final = (
    Index(JOB, "id", "job_id", "created_at"),
    Index(JOB, "time", None, "created_at"),
)

KEPT_JOBS: Final = timedelta(days=90)
"""How long a job is known that has ended."""

KEPT_PROGRESS: Final = timedelta(hours=1)

MAX_OPEN_JOBS: Final = 10_000
"""Of an organization."""

COUNTS: Final = ("interactions_deleted", "search_requests_deleted", "interactions_changed")
"""What a job counts of what it did."""

TOLD: Final = (
    *("job_id", "kind", "state", "created_at", "started_at", "ended_at", "done", "total", *COUNTS, "error"),
    "namespace_id",
)
"""What clients are told of a job."""


class JobKind(Enum):
    """What a job does; the values are the stored spelling."""

    DELETE_USER_DATA = "user"
    DELETE_SESSION = "session"
    DELETE_SEARCH_REQUEST = "search_request"
    DELETE_INTERACTIONS = "interactions"
    DELETE_NAMESPACE = "namespace"
    RETENTION = "retention"


class JobState(Enum):
    """The states of a job; the values are the stored spelling."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def new_job_id() -> str:
    return f"job_{secrets.token_hex(12)}"


def told(job: Mapping[str, Any]) -> dict[str, Any]:
    """Of a stored job what clients are told."""
    return {name: job[name] for name in TOLD if name in job}
