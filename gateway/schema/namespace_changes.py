"""How long a namespace keeps what is recorded, and its end."""

from typing import Annotated, Any

import strawberry

from gateway import context
from gateway.plan.sources.namespace_writes import NamespaceDeletion, RetentionSetting
from gateway.schema.job_types import Job
from gateway.schema.readings import embedded, fetched
from gateway.schema.viewer_types import Namespace


@strawberry.input(description="How long the namespace keeps what is recorded.")
class SetRetentionInput:
    retention_days: int | None = strawberry.field(
        description="""After how many days what happened is erased: 1 to 36,500; null: it is kept. What is older by
then is erased within minutes."""
    )


@strawberry.input(description="Which namespace to delete.")
class DeleteNamespaceInput:
    namespace_id: strawberry.ID = strawberry.field(description="The namespace's id, as in `ns_…`.")
    name: str = strawberry.field(description="Its name, which confirms that it is the one.")


@strawberry.type(description="The namespace, as it keeps what is recorded from now on.")
class SetRetentionPayload:
    namespace: Namespace = embedded("namespace", description="The namespace as it is stored.")


@strawberry.type(description="The deletion that was begun.")
class DeleteNamespacePayload:
    job: Job = embedded(
        "job",
        description="""The job that deletes what the namespace held. It is known in the namespace that this request was
made in; else, or where that is the deleted one, to the command line alone.""",
    )


def _set_retention(
    input: Annotated[SetRetentionInput, strawberry.argument(description="How long.")],
) -> None: ...


def _delete_namespace(
    input: Annotated[DeleteNamespaceInput, strawberry.argument(description="Which namespace.")],
) -> None: ...


def retention_setting() -> Any:
    return fetched(
        RetentionSetting(),
        """Has what happened in this namespace erased after so many days: interactions, search requests, and what is
derived of them. The caller must have the ADMIN permission.""",
        signature=_set_retention,
        permission=context.Permission.ADMIN,
        in_subgraph=False,
    )


def namespace_deletion() -> Any:
    return fetched(
        NamespaceDeletion(),
        """Deletes a namespace of the organization: nobody may enter it from then on, and a job deletes all that it
held. The caller must have the ADMIN permission.""",
        signature=_delete_namespace,
        permission=context.Permission.ADMIN,
        in_subgraph=False,
    )
