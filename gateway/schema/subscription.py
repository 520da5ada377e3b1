"""The subscription root."""

from typing import Annotated

import strawberry

from gateway.model.kinds import INTERACTION
from gateway.plan.sources.insertions import Insertions
from gateway.plan.sources.job_listings import JobProgress
from gateway.plan.sources.percolator_listings import MatchInsertions
from gateway.schema.job_types import Job
from gateway.schema.objects import Interaction
from gateway.schema.percolator_types import PercolatorMatch
from gateway.schema.readings import fetched
from gateway.schema.where_inputs import InteractionWhere


def _interaction_recorded(
    where: Annotated[
        InteractionWhere | None, strawberry.argument(description="Only interactions that match all of this.")
    ] = strawberry.UNSET,
) -> None: ...


def _percolator_matched(
    ids: Annotated[
        list[strawberry.ID] | None,
        strawberry.argument(
            description="""Only matches of these percolators, each by its `percolatorId` or its `id`, up to 1,000; where
none are given, of all that there are and will be."""
        ),
    ] = strawberry.UNSET,
) -> None: ...


def _job_progressed(
    job_id: Annotated[strawberry.ID, strawberry.argument(description="The job's id within the namespace.")],
) -> None: ...


@strawberry.type(
    description="""What happens in the namespace, told as it happens: over a websocket (graphql-transport-ws) or as an
event stream (graphql-sse), with a key that has the READ permission."""
)
class Subscription:
    interaction_recorded: Interaction = fetched(
        Insertions(INTERACTION),
        """Each interaction that is recorded from now on, whoever records it: in the order in which the database stored
them, each once.""",
        signature=_interaction_recorded,
    )
    percolator_matched: PercolatorMatch = fetched(
        MatchInsertions(),
        """Each match of a percolator from now on, within about a second of the recording, each once; those of one
percolator in the order in which the interactions were recorded.""",
        signature=_percolator_matched,
    )
    job_progressed: Job = fetched(
        JobProgress(),
        """The job as it is, every two seconds or so while somebody works on it, and once it has ended. What was told
before isn't told again: who subscribes asks for the `job` afterwards.""",
        signature=_job_progressed,
    )
