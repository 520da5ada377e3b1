"""The mutations: each with its input as it is recorded, its command, and its payload."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from gateway.context import Context, Permission
from gateway.errors import BadUserInput, Forbidden, GatewayError
from gateway.errors.formatting import message_and_path
from gateway.model.kinds import INTERACTION
from gateway.model.wire import RecordedInteraction, validate_interaction, validate_search_request
from gateway.plan import global_ids
from gateway.plan.commands import Document
from gateway.plan.cost import NAMESPACE_CREATED, WRITTEN
from gateway.plan.sources.batches import batch_counts, batch_results
from gateway.plan.sources.input_values import InputValue
from gateway.plan.sources.own_recordings import own_interaction, own_search_request
from gateway.plan.sources.payload_documents import readable_payload
from gateway.plan.sources.source import BoundRoot, Estimate, Source, SourceArguments
from gateway.plan.viewer_documents import namespace_document
from gateway.plan.write_commands import (
    CreateNamespace,
    DeleteInteraction,
    Outcome,
    Recorded,
    RecordInteractions,
    RecordSearchRequest,
    WriteCommand,
)

MAX_BATCH = 1_000


class RecordMode(Enum):
    """What becomes of what is recorded already; the values are those of the graph's enum."""

    ADD = "add"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class InteractionRecording(Source):
    """An interaction to record."""

    def bind(self, arguments: SourceArguments) -> "BoundInteractionRecording":
        return BoundInteractionRecording(arguments.input())


@dataclass(frozen=True, slots=True)
class InteractionsRecording(Source):
    """Up to 1,000 interactions to record, each judged alone."""

    def bind(self, arguments: SourceArguments) -> "BoundInteractionsRecording":
        values = arguments.values["input"]
        return BoundInteractionsRecording(
            arguments.input().items("interactions"),
            makes_stubs=values.get("searchRequestsMayFollow", False),
            replaces=replaces(values),
        )


@dataclass(frozen=True, slots=True)
class SearchRequestRecording(Source):
    """A search request to record."""

    def bind(self, arguments: SourceArguments) -> "BoundSearchRequestRecording":
        seen_at = arguments.values["input"].get("occurredAt")
        return BoundSearchRequestRecording(arguments.input().field("searchRequest"), seen_at)


@dataclass(frozen=True, slots=True)
class InteractionDeletion(Source):
    """An interaction to delete."""

    def bind(self, arguments: SourceArguments) -> "BoundInteractionDeletion":
        return BoundInteractionDeletion(arguments.values["input"]["interactionId"])


@dataclass(frozen=True, slots=True)
class NamespaceCreation(Source):
    """A namespace to create in the caller's organization."""

    def bind(self, arguments: SourceArguments) -> "BoundNamespaceCreation":
        return BoundNamespaceCreation(arguments.values["input"]["name"])


class BoundWrite(BoundRoot):
    """A write, paid for by what it writes, before it does, and bound each time; ``count``: how many documents.

    Its input is only validated as its command is made: by then it is paid for.
    """

    __slots__ = ()

    @property
    def count(self) -> int:
        return 1

    @property
    def surcharge(self) -> int:
        return WRITTEN * self.count

    @property
    def reusable(self) -> bool:
        return False

    def estimate(self, parents: int) -> Estimate:
        return Estimate(self.surcharge, self.count)

    def commands(self, context: Context) -> Sequence[WriteCommand]:
        return (self.command(context),)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Document, int]:
        return readable_payload(self.payload(results[0], context), context.caller), 0

    @abstractmethod
    def command(self, context: Context) -> WriteCommand:
        """What is written; raises `BadUserInput` with a path from ``input`` down."""

    @abstractmethod
    def payload(self, result: Any, context: Context) -> Document:
        """What the field's type reads, from the result of the command; stored documents are in it as they were
        `Recorded`. Raises `BadUserInput` or `Conflict` with a path from ``input`` down."""


@dataclass(frozen=True, slots=True)
class BoundInteractionRecording(BoundWrite):
    """The recording of one interaction."""

    input: InputValue

    @property
    def keeps_to_user(self) -> bool:
        return True

    def command(self, context: Context) -> RecordInteractions:
        return RecordInteractions(context.reach, [validated(self.input, context)], datetime.now(UTC))

    def payload(self, result: Sequence[Outcome], context: Context) -> Document:
        [outcome] = result
        if isinstance(outcome, GatewayError):
            raise self.input.located(outcome)
        return {"interaction": outcome, "created": outcome.created}


@dataclass(frozen=True, slots=True)
class BoundInteractionsRecording(BoundWrite):
    """The recording of a batch of interactions; ``makes_stubs``, ``replaces``: as of `RecordInteractions`."""

    inputs: Sequence[InputValue]
    makes_stubs: bool
    replaces: bool = False

    @property
    def keeps_to_user(self) -> bool:
        return True

    @property
    def count(self) -> int:
        return len(self.inputs)

    def command(self, context: Context) -> RecordInteractions:
        if self.count > MAX_BATCH:
            raise BadUserInput(
                f"A batch may hold at most {MAX_BATCH} interactions, not {self.count}.", path=("input", "interactions")
            )
        require_replaceable(context, replaces=self.replaces)
        recordings = [validated(input, context) for input in self.inputs]
        return RecordInteractions(context.reach, recordings, datetime.now(UTC), self.makes_stubs, self.replaces)

    def payload(self, result: Sequence[Outcome], context: Context) -> Document:
        results = batch_results(result, self.inputs, interaction_result)
        return {"results": results, **batch_counts(results)}


@dataclass(frozen=True, slots=True)
class BoundSearchRequestRecording(BoundWrite):
    """The recording of one search request."""

    input: InputValue
    seen_at: datetime | None

    @property
    def keeps_to_user(self) -> bool:
        return True

    def command(self, context: Context) -> RecordSearchRequest:
        try:
            recording = validate_search_request(own_search_request(self.input.wire(), context.caller.user_id))
        except (BadUserInput, Forbidden) as error:
            raise self.input.located(error) from error
        return RecordSearchRequest(context.reach, recording, self.seen_at or datetime.now(UTC))

    def payload(self, result: Outcome, context: Context) -> Document:
        if isinstance(result, GatewayError):
            raise self.input.located(result)
        return {"search_request": result, "created": result.created}


@dataclass(frozen=True, slots=True)
class BoundInteractionDeletion(BoundWrite):
    """The deletion of one interaction."""

    interaction_id: str

    @property
    def keeps_to_user(self) -> bool:
        return True

    def command(self, context: Context) -> DeleteInteraction:
        return DeleteInteraction(context.reach, self.interaction_id, context.caller)

    def payload(self, result: bool, context: Context) -> Document:
        id = global_ids.encode(INTERACTION.type_name, context.namespace.id, self.interaction_id)
        return {"deleted_id": id if result else None}


@dataclass(frozen=True, slots=True)
class BoundNamespaceCreation(BoundWrite):
    """The creation of one namespace."""

    name: str

    @property
    def in_namespace(self) -> bool:
        return False

    @property
    def surcharge(self) -> int:
        return NAMESPACE_CREATED

    def command(self, context: Context) -> CreateNamespace:
        return CreateNamespace(context.caller.organization, self.name, context.caller)

    def payload(self, result: Any, context: Context) -> Document:
        if isinstance(result, BadUserInput):
            raise BadUserInput(result.message, path=("input", "name")) from result
        namespace, created = result
        return {"namespace": Recorded(namespace_document(namespace), created), "created": created}


def require_done(result: Any, names: Mapping[str, str] = MappingProxyType({})) -> None:
    """Raises the error that a command ended with, where it did: at its path from ``input`` down, with ``names`` in the
    place of those of the store."""
    if isinstance(result, GatewayError):
        raise type(result)(result.message, path=("input", *(names.get(step, step) for step in result.path)))


def validated(
    input: InputValue, context: Context, *, search_may_follow: bool = False
) -> RecordedInteraction | GatewayError:
    """The interaction of an input, or what is wrong with it; ``search_may_follow``: as of `validate_interaction`."""
    try:
        wire = own_interaction(input.wire(), context.caller.user_id)
        return validate_interaction(wire, search_may_follow=search_may_follow)
    except (BadUserInput, Forbidden) as error:
        return error


def interaction_result(index: int, outcome: Outcome, input: InputValue) -> dict[str, Any]:
    """What became of an interaction of a batch."""
    if not isinstance(outcome, GatewayError):
        done = {"created": outcome.created, "replaced": outcome.replaced}
        return {"index": index, "interaction": outcome, **done, "error": None}
    error = described(input.located(outcome))
    return {"index": index, "interaction": None, "created": False, "replaced": False, "error": error}


def replaces(values: Mapping[str, Any]) -> bool:
    """Whether a batch replaces what is recorded; ``values``: of its input."""
    return RecordMode(values["mode"].value) is RecordMode.REPLACE


def require_replaceable(context: Context, *, replaces: bool) -> None:
    """Raises `Forbidden` where a batch replaces, and its caller may only record: a page's key must take nothing
    away."""
    if replaces and Permission.WRITE not in context.caller.permissions:
        raise Forbidden(f"This {context.caller.kind.value} lacks the permission WRITE, which replacing asks for.")


def described(error: GatewayError) -> dict[str, Any]:
    """An error that stands beside what a batch made."""
    message, path = message_and_path(error)
    return {"code": error.code, "message": message, "path": path}
