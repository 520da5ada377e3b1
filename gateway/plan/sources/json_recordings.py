"""The mutation that records search requests and interactions as JSON, whatever they hold beside what is declared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from gateway.context import Context
from gateway.errors import BadUserInput
from gateway.plan.commands import Document
from gateway.plan.sources.batches import batch_counts, batch_results
from gateway.plan.sources.input_values import InputValue
from gateway.plan.sources.search_request_batches import search_request_result, validated_search_request
from gateway.plan.sources.source import Source, SourceArguments
from gateway.plan.sources.writes import (
    MAX_BATCH,
    BoundWrite,
    interaction_result,
    validated,
)
from gateway.plan.write_commands import Outcome, RecordBatch, RecordInteractions


@dataclass(frozen=True, slots=True)
class JsonRecording(Source):
    """Up to 1,000 search requests and interactions to record, each judged alone."""

    def bind(self, arguments: SourceArguments) -> "BoundJsonRecording":
        input, values = arguments.input(), arguments.values["input"]
        return BoundJsonRecording(
            input.items("searchRequests"), input.items("interactions"), values["searchRequestsMayFollow"]
        )


@dataclass(frozen=True, slots=True)
class BoundJsonRecording(BoundWrite):
    """The recording of a batch: of its search requests, then of its interactions. ``makes_stubs``: as of
    `RecordInteractions`."""

    search_requests: Sequence[InputValue]
    interactions: Sequence[InputValue]
    makes_stubs: bool

    @property
    def keeps_to_user(self) -> bool:
        return True

    @property
    def count(self) -> int:
        return len(self.search_requests) + len(self.interactions)

    def command(self, context: Context) -> RecordBatch:
        if self.count > MAX_BATCH:
            raise BadUserInput(
                f"A batch may hold at most {MAX_BATCH:,} search requests and interactions, not {self.count:,}.",
                path=("input",),
            )
        now = datetime.now(UTC)
        searches = [validated_search_request(input, context, now) for input in self.search_requests]
        recordings = [validated(input, context, search_may_follow=self.makes_stubs) for input in self.interactions]
        return RecordBatch(searches, RecordInteractions(context.reach, recordings, now, self.makes_stubs))

    def payload(self, result: tuple[Sequence[Outcome], Sequence[Outcome]], context: Context) -> Document:
        searches, interactions = result
        results = {
            "search_requests": batch_results(searches, self.search_requests, search_request_result),
            "interactions": batch_results(interactions, self.interactions, interaction_result),
        }
        return {**results, **batch_counts(chain.from_iterable(results.values()))}
