"""Jobs, and the mutations that erase by them."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any

import strawberry

from gateway.model import jobs
from gateway.model.jobs import JOB
from gateway.plan.sources.erasure_writes import InteractionsErasure, SearchRequestErasure, SessionErasure, UserErasure
from gateway.plan.sources.key_lookups import DocumentLookup
from gateway.plan.sources.source import Source
from gateway.schema.connections import PageInfo, connection_total, edge_cursor
from gateway.schema.lookups_by_id import identified
from gateway.schema.node import Node, node_id
from gateway.schema.readings import Attribute, embedded, fetched, field, stored
from gateway.schema.scalars import DateTime
from gateway.schema.where_inputs import InteractionWhere


def _value(member: Enum, description: str) -> Any:
    return strawberry.enum_value(member.value, description=description)


@strawberry.enum(description="What a job does.")
class JobKind(Enum):
    DELETE_USER_DATA = _value(jobs.JobKind.DELETE_USER_DATA, "Erases what names a user.")
    DELETE_SESSION = _value(jobs.JobKind.DELETE_SESSION, "Erases a session.")
    DELETE_SEARCH_REQUEST = _value(jobs.JobKind.DELETE_SEARCH_REQUEST, "Erases a search request.")
    DELETE_INTERACTIONS = _value(jobs.JobKind.DELETE_INTERACTIONS, "Deletes the interactions that match a filter.")
    DELETE_NAMESPACE = _value(jobs.JobKind.DELETE_NAMESPACE, "Deletes all that a namespace held.")
    RETENTION = _value(jobs.JobKind.RETENTION, "Erases what is older than the namespace keeps.")


@strawberry.enum(description="How far a job is.")
class JobState(Enum):
    PENDING = _value(jobs.JobState.PENDING, "Nobody has begun with it yet.")
    RUNNING = _value(jobs.JobState.RUNNING, "It has been begun, and goes on whatever becomes of who began it.")
    DONE = _value(jobs.JobState.DONE, "All is done.")
    FAILED = _value(jobs.JobState.FAILED, "It can't go on; `error` says why. What was done stays so.")


@identified(DocumentLookup(JOB))
@strawberry.type(
    description="""Work in the namespace that goes on beside requests. It names nothing of what it erases. Once it has
ended, it is known for 90 days."""
)
class Job(Node):
    id: strawberry.ID = node_id("Job", "namespace_id", "job_id")
    job_id: strawberry.ID = stored("job_id", description="The job's id within its namespace.")
    kind: JobKind = stored("kind", description="What it does.")
    state: JobState = stored("state", description="How far it is.")
    created_at: DateTime = stored("created_at", description="When it was asked for.")
    started_at: DateTime | None = stored("started_at", description="When it was begun; null where it wasn't yet.")
    ended_at: DateTime | None = stored("ended_at", description="When it ended; null where it hasn't.")
    done: float = stored("done", description="How many documents it has looked at.")
    total: float | None = stored(
        "total",
        description="""About how many it has to look at, which may be a little off; null where it hasn't been begun, or
they are too many to be counted.""",
    )
    interactions_deleted: float = stored("interactions_deleted", description="How many interactions it has deleted.")
    search_requests_deleted: float = stored(
        "search_requests_deleted", description="How many search requests it has deleted."
    )
    interactions_changed: float = stored(
        "interactions_changed",
        description="From how many interactions that stay it has taken the copy of an erased search request.",
    )
    error: str | None = stored(
        "error", description="The code of what it failed by, such as INTERNAL_SERVER_ERROR; null where it didn't."
    )


@strawberry.type(description="A job and its place in the connection.")
class JobEdge:
    cursor: str = edge_cursor()
    node: Job = field(Attribute("document"), "The job.")


@strawberry.type(description="A page of jobs.")
class JobConnection:
    edges: list[JobEdge] = field(Attribute("edges"), "The page's jobs with their cursors.")
    nodes: list[Job] = field(Attribute("documents"), "The page's jobs.")
    page_info: PageInfo = field(Attribute("page_info"), "Where the page stands in the connection.")
    total_count: int | None = connection_total()


@strawberry.input(description="Which user's data to erase.")
class DeleteUserDataInput:
    user_id: strawberry.ID = strawberry.field(description="The user's id, as it was recorded.")


@strawberry.input(description="Which session to erase.")
class DeleteSessionInput:
    session_id: strawberry.ID = strawberry.field(description="The session's id within the namespace.")


@strawberry.input(description="Which search request to erase.")
class DeleteSearchRequestInput:
    search_request_id: strawberry.ID = strawberry.field(description="The request's id within the namespace.")
    with_interactions: bool = strawberry.field(
        description="""Whether the interactions that it led to are deleted as well. Those that stay lose their copy of
it.""",
        default=False,
    )


@strawberry.input(description="Which interactions to delete.")
class DeleteInteractionsInput:
    where: InteractionWhere = strawberry.field(
        description="""The interactions that match all of this; `{}`: all of the namespace. `outcome` is not taken: it
changes while interactions are deleted."""
    )


def _job() -> Any:
    return embedded("job", description="The job that does it: `job` and `jobProgressed` tell how far it is.")


@strawberry.type(description="The erasure that was begun.")
class DeleteUserDataPayload:
    job: Job = _job()


@strawberry.type(description="The erasure that was begun.")
class DeleteSessionPayload:
    job: Job = _job()


@strawberry.type(description="The erasure that was begun.")
class DeleteSearchRequestPayload:
    job: Job = _job()


@strawberry.type(description="The deletion that was begun.")
class DeleteInteractionsPayload:
    job: Job = _job()


def _delete_user_data(
    input: Annotated[DeleteUserDataInput, strawberry.argument(description="Whose.")],
) -> None: ...


def _delete_session(
    input: Annotated[DeleteSessionInput, strawberry.argument(description="Which session.")],
) -> None: ...


def _delete_search_request(
    input: Annotated[DeleteSearchRequestInput, strawberry.argument(description="Which search request.")],
) -> None: ...


def _delete_interactions(
    input: Annotated[DeleteInteractionsInput, strawberry.argument(description="Which interactions.")],
) -> None: ...


def _erasing(source: Source, description: str, signature: Callable[..., None]) -> Any:
    return fetched(source, description, signature=signature)


def user_erasure() -> Any:
    return _erasing(
        UserErasure(),
        """Erases what was recorded of a user, by a job: interactions and search requests that name the user, search
requests that name nobody and led to these interactions alone, and the copies that others' interactions have of the
user's search requests; with them what is derived of all that.""",
        _delete_user_data,
    )


def session_erasure() -> Any:
    return _erasing(
        SessionErasure(),
        "Erases a session by a job: its interactions and search requests, whoever they name.",
        _delete_session,
    )


def search_request_erasure() -> Any:
    return _erasing(
        SearchRequestErasure(),
        "Erases a search request by a job, and on request the interactions that it led to.",
        _delete_search_request,
    )


def interactions_erasure() -> Any:
    return _erasing(
        InteractionsErasure(),
        "Deletes the interactions that match a filter, by a job; their search requests are kept.",
        _delete_interactions,
    )
