"""The mutation root and what its fields answer."""

from typing import Annotated

import strawberry

from gateway.context import Permission
from gateway.plan.sources.json_recordings import JsonRecording
from gateway.plan.sources.percolator_writes import PercolatorCreation, PercolatorDeletion, PercolatorUpdate
from gateway.plan.sources.search_request_batches import SearchRequestsRecording
from gateway.plan.sources.writes import (
    InteractionDeletion,
    InteractionRecording,
    InteractionsRecording,
    NamespaceCreation,
    SearchRequestRecording,
)
from gateway.schema.job_types import (
    DeleteInteractionsPayload,
    DeleteSearchRequestPayload,
    DeleteSessionPayload,
    DeleteUserDataPayload,
    interactions_erasure,
    search_request_erasure,
    session_erasure,
    user_erasure,
)
from gateway.schema.key_types import (
    CreateKeyPayload,
    LimitKeyPayload,
    RevokeKeyPayload,
    key_creation,
    key_limiting,
    key_revocation,
)
from gateway.schema.namespace_changes import (
    DeleteNamespacePayload,
    SetRetentionPayload,
    namespace_deletion,
    retention_setting,
)
from gateway.schema.objects import Interaction, SearchRequest
from gateway.schema.percolator_types import (
    CreatePercolatorInput,
    DeletePercolatorInput,
    Percolator,
    UpdatePercolatorInput,
)
from gateway.schema.readings import embedded, fetched, stored
from gateway.schema.recording_inputs import (
    CreateNamespaceInput,
    DeleteInteractionInput,
    RecordInteractionInput,
    RecordInteractionsInput,
    RecordJsonInput,
    RecordSearchRequestInput,
    RecordSearchRequestsInput,
)
from gateway.schema.viewer_types import Namespace


@strawberry.type(description="The recorded interaction.")
class RecordInteractionPayload:
    interaction: Interaction = embedded("interaction", description="The interaction as it is stored.")
    created: bool = stored("created", description="False where it had been recorded before, with the same content.")


@strawberry.type(description="What is wrong with an input.")
class InputError:
    code: str = stored("code", description="What kind of error it is, such as BAD_USER_INPUT or CONFLICT.")
    message: str = stored("message", description="What is wrong, in a sentence.")
    path: list[str] = stored("path", description="Where it is wrong: field names and list indices below the item.")


@strawberry.type(description="What became of one interaction of a batch.")
class RecordInteractionResult:
    index: int = stored("index", description="The interaction's place in the batch, from 0.")
    interaction: Interaction | None = embedded("interaction", description="The interaction, unless it was refused.")
    created: bool = stored("created", description="False where it was refused, or had been recorded before.")
    replaced: bool = stored("replaced", description="Whether it took the place of other content.")
    error: InputError | None = embedded("error", description="Why it was refused; null where it wasn't.")


@strawberry.type(description="What became of the interactions of a batch.")
class RecordInteractionsPayload:
    results: list[RecordInteractionResult] = embedded(
        "results", many=True, description="One result for each interaction, in the order given."
    )
    created_count: int = stored("created_count", description="How many were recorded now.")
    replaced_count: int = stored("replaced_count", description="How many took the place of other content.")
    error_count: int = stored("error_count", description="How many were refused.")


@strawberry.type(description="The recorded search request.")
class RecordSearchRequestPayload:
    search_request: SearchRequest = embedded("search_request", description="The search request as it is stored.")
    created: bool = stored("created", description="False where it had been recorded before, with the same content.")


@strawberry.type(description="What became of one search request of a batch.")
class RecordSearchRequestResult:
    index: int = stored("index", description="The search request's place in the batch, from 0.")
    search_request: SearchRequest | None = embedded(
        "search_request", description="The search request, unless it was refused."
    )
    created: bool = stored("created", description="False where it was refused, or had been recorded before.")
    replaced: bool = stored("replaced", description="Whether it took the place of other content.")
    error: InputError | None = embedded("error", description="Why it was refused; null where it wasn't.")


@strawberry.type(description="What became of search requests and interactions that were sent as JSON.")
class RecordJsonPayload:
    search_requests: list[RecordSearchRequestResult] = embedded(
        "search_requests", many=True, description="One result for each search request, in the order given."
    )
    interactions: list[RecordInteractionResult] = embedded(
        "interactions", many=True, description="One result for each interaction, in the order given."
    )
    created_count: int = stored("created_count", description="How many of both were recorded now.")
    error_count: int = stored("error_count", description="How many of both were refused.")


@strawberry.type(description="What became of the search requests of a batch.")
class RecordSearchRequestsPayload:
    results: list[RecordSearchRequestResult] = embedded(
        "results", many=True, description="One result for each search request, in the order given."
    )
    created_count: int = stored("created_count", description="How many were recorded now.")
    replaced_count: int = stored("replaced_count", description="How many took the place of other content.")
    error_count: int = stored("error_count", description="How many were refused.")


@strawberry.type(description="The deleted interaction.")
class DeleteInteractionPayload:
    deleted_id: strawberry.ID | None = stored(
        "deleted_id", description="The global id of the deleted interaction; null where there was none."
    )


@strawberry.type(description="The created namespace.")
class CreateNamespacePayload:
    namespace: Namespace = embedded("namespace", description="The namespace, from now on for X-Namespace to name.")
    created: bool = stored("created", description="False where the organization had a namespace of this name.")


@strawberry.type(description="The created percolator.")
class CreatePercolatorPayload:
    percolator: Percolator = embedded("percolator", description="The percolator as it is stored.")


@strawberry.type(description="The changed percolator.")
class UpdatePercolatorPayload:
    percolator: Percolator = embedded("percolator", description="The percolator as it is stored.")


@strawberry.type(description="The deleted percolator.")
class DeletePercolatorPayload:
    deleted_id: strawberry.ID | None = stored(
        "deleted_id", description="The global id of the deleted percolator; null where there was none."
    )


def _record_interaction(
    input: Annotated[RecordInteractionInput, strawberry.argument(description="The interaction to record.")],
) -> None: ...


def _record_interactions(
    input: Annotated[RecordInteractionsInput, strawberry.argument(description="The interactions to record.")],
) -> None: ...


def _record_search_request(
    input: Annotated[RecordSearchRequestInput, strawberry.argument(description="The search request.")],
) -> None: ...


def _record_json(
    input: Annotated[RecordJsonInput, strawberry.argument(description="What to record.")],
) -> None: ...


def _record_search_requests(
    input: Annotated[RecordSearchRequestsInput, strawberry.argument(description="The search requests to record.")],
) -> None: ...


def _delete_interaction(
    input: Annotated[DeleteInteractionInput, strawberry.argument(description="Which interaction.")],
) -> None: ...


def _create_namespace(
    input: Annotated[CreateNamespaceInput, strawberry.argument(description="The namespace.")],
) -> None: ...


def _create_percolator(
    input: Annotated[CreatePercolatorInput, strawberry.argument(description="The percolator.")],
) -> None: ...


def _update_percolator(
    input: Annotated[UpdatePercolatorInput, strawberry.argument(description="Which percolator, and what to change.")],
) -> None: ...


def _delete_percolator(
    input: Annotated[DeletePercolatorInput, strawberry.argument(description="Which percolator.")],
) -> None: ...


@strawberry.type(
    description="""What can be written, with a key that has the WRITE permission where a field asks for no other; what
records asks for RECORD, which WRITE includes."""
)
class Mutation:
    record_interaction: RecordInteractionPayload = fetched(
        InteractionRecording(),
        "Records an interaction, and its search request where that is new. Safe to retry with an `interactionId`.",
        signature=_record_interaction,
        permission=Permission.RECORD,
    )
    record_interactions: RecordInteractionsPayload = fetched(
        InteractionsRecording(),
        "Records up to 1,000 interactions, each judged alone.",
        signature=_record_interactions,
        permission=Permission.RECORD,
    )
    record_search_request: RecordSearchRequestPayload = fetched(
        SearchRequestRecording(),
        "Records a search request that nobody has interacted with yet.",
        signature=_record_search_request,
        permission=Permission.RECORD,
    )
    record_search_requests: RecordSearchRequestsPayload = fetched(
        SearchRequestsRecording(),
        "Records up to 1,000 search requests, each judged alone.",
        signature=_record_search_requests,
        permission=Permission.RECORD,
    )
    record_json: RecordJsonPayload = fetched(
        JsonRecording(),
        "Records up to 1,000 search requests and interactions as JSON, each judged alone: what `json` of them reads.",
        signature=_record_json,
        permission=Permission.RECORD,
    )
    delete_interaction: DeleteInteractionPayload = fetched(
        InteractionDeletion(),
        "Deletes an interaction; its search request is kept.",
        signature=_delete_interaction,
    )
    delete_interactions: DeleteInteractionsPayload = interactions_erasure()
    delete_search_request: DeleteSearchRequestPayload = search_request_erasure()
    delete_session: DeleteSessionPayload = session_erasure()
    delete_user_data: DeleteUserDataPayload = user_erasure()
    create_percolator: CreatePercolatorPayload = fetched(
        PercolatorCreation(),
        "Creates a percolator: a saved filter that each interaction recorded from now on is matched with.",
        signature=_create_percolator,
    )
    update_percolator: UpdatePercolatorPayload = fetched(
        PercolatorUpdate(),
        "Changes a percolator, as to what is recorded from now on; its matches stay.",
        signature=_update_percolator,
    )
    delete_percolator: DeletePercolatorPayload = fetched(
        PercolatorDeletion(),
        "Deletes a percolator with its matches.",
        signature=_delete_percolator,
    )
    create_namespace: CreateNamespacePayload = fetched(
        NamespaceCreation(),
        "Creates a namespace of the key's organization. Safe to retry. The key must have the ADMIN permission.",
        signature=_create_namespace,
        permission=Permission.ADMIN,
        in_subgraph=False,
    )
    set_retention: SetRetentionPayload = retention_setting()
    delete_namespace: DeleteNamespacePayload = namespace_deletion()
    create_key: CreateKeyPayload = key_creation()
    revoke_key: RevokeKeyPayload = key_revocation()
    limit_key: LimitKeyPayload = key_limiting()
