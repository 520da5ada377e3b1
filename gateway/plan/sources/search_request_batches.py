"""The mutation that records search requests by the batch, each judged alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.context import Context
from gateway.errors import BadUserInput, Forbidden, GatewayError
from gateway.model.wire import validate_search_request
from gateway.plan.commands import Document
from gateway.plan.sources.batches import batch_counts, batch_results
from gateway.plan.sources.input_values import InputValue
from gateway.plan.sources.own_recordings import own_search_request
from gateway.plan.sources.source import Source, SourceArguments
from gateway.plan.sources.writes import (
    MAX_BATCH,
    BoundWrite,
    described,
    replaces,
    require_replaceable,
)
from gateway.plan.write_commands import Outcome, RecordSearchRequest, RecordSearchRequests


@dataclass(frozen=True, slots=True)
class SearchRequestsRecording(Source):
    """Up to 1,000 search requests to record, each judged alone."""

    def bind(self, arguments: SourceArguments) -> "BoundSearchRequestsRecording":
        inputs = arguments.input().items("searchRequests")
        return BoundSearchRequestsRecording(inputs, replaces(arguments.values["input"]))


@dataclass(frozen=True, slots=True)
class BoundSearchRequestsRecording(BoundWrite):
    """The recording of a batch of search requests; ``replaces``: as of `RecordSearchRequests`."""

    inputs: Sequence[InputValue]
    replaces: bool

    @property
    def keeps_to_user(self) -> bool:
        return True

    @property
    def count(self) -> int:
        return len(self.inputs)

    def command(self, context: Context) -> RecordSearchRequests:
        if self.count > MAX_BATCH:
            raise BadUserInput(
                f"A batch may hold at most {MAX_BATCH} search requests, not {self.count}.",
                path=("input", "searchRequests"),
            )
        require_replaceable(context, replaces=self.replaces)
        now = datetime.now(UTC)
        recordings = [validated_search_request(input, context, now) for input in self.inputs]
        return RecordSearchRequests(context.reach, recordings, self.replaces)

    def payload(self, result: Sequence[Outcome], context: Context) -> Document:
        results = batch_results(result, self.inputs, search_request_result)
        return {"results": results, **batch_counts(results)}


def validated_search_request(input: InputValue, context: Context, now: datetime) -> RecordSearchRequest | GatewayError:
    """The search request of an item of a batch, or what is wrong with it."""
    seen_at: datetime | None = input.value.get("occurredAt")
    try:
        wire = own_search_request(input.field("searchRequest").wire(), context.caller.user_id)
        recording = validate_search_request(wire)
    except (BadUserInput, Forbidden) as error:
        return error
    return RecordSearchRequest(context.reach, recording, seen_at or now, is_dated=seen_at is not None)


def search_request_result(index: int, outcome: Outcome, input: InputValue) -> dict[str, Any]:
    """What became of a search request of a batch."""
    if isinstance(outcome, GatewayError):
        error = described(input.field("searchRequest").located(outcome))
        return {"index": index, "search_request": None, "created": False, "replaced": False, "error": error}
    done = {"created": outcome.created, "replaced": outcome.replaced}
    return {"index": index, "search_request": outcome, **done, "error": None}
