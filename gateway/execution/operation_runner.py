"""One request, from its body to the bytes of the answer: admit → spend → fetch → respond."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from time import perf_counter, thread_time
from typing import TypeVar

from graphql import OperationType

from gateway.context import Budget, Caller, Context, OperationCost
from gateway.errors import BadRequest, GatewayError, Unavailable
from gateway.errors.tracebacks import untraced
from gateway.execution.admission import Admission, AdmittedOperation
from gateway.execution.answers import Answer, refused
from gateway.execution.fetching import Fetcher
from gateway.execution.response_builder import ResponseBuilder
from gateway.observability.observer import Observer
from gateway.observability.records import OperationRecord
from gateway.plan.cost import EXECUTOR_FACTOR, LEAST
from gateway.plan.fetched_pages import Pages
from gateway.plan.usage import Usage, UsageLimits, answer_points
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.scheduling.cpu_gate import ClientLeft, CpuGate, Stage
from gateway.scheduling.deadlines import Deadline
from gateway.scheduling.held_bytes import HeldBytes, OperationBytes
from gateway.scheduling.rate_limiter import RateLimiter, settle, spend_or_charge

T = TypeVar("T")

# What an answer is made of in 5 to 15 ms, mostly: points of its documents, and their bytes under all aliases.
_LONG_POINTS, _LONG_BYTES = 500, 100_000
# The native back end takes a quarter of the time, or less, with the decoding that it saves.
_NATIVE_FACTOR = 0.25


class OperationRunner:
    """The way of requests of one graph from admission to answer; ``time_limit_ms``: for each operation to
    wait, read, write and be answered; ``usage_limits``: what each may use; ``held_bytes``: what all hold of it."""

    def __init__(
        self,
        admission: Admission,
        fetcher: Fetcher,
        responses: ResponseBuilder,
        concurrency: ConcurrencyLimit,
        cpu_gate: CpuGate,
        rate_limiter: RateLimiter,
        observer: Observer,
        *,
        time_limit_ms: int,
        usage_limits: UsageLimits,
        held_bytes: HeldBytes,
    ) -> None:
        self._admission = admission
        self._fetcher = fetcher
        self._responses = responses
        self._concurrency = concurrency
        self._cpu_gate = cpu_gate
        self._rate_limiter = rate_limiter
        self._observer = observer
        self._time_limit_ms = time_limit_ms
        self._usage_limits = usage_limits
        self._held_bytes = held_bytes
        self._deadline = Deadline(time_limit_ms / 1_000)
        self._numbers = count()

    def known_request(self, body: bytes, context: Context) -> GraphQLRequest | None:
        """The request in a body that the caller's organization sent before, byte for byte, where it is kept."""
        return self._admission.known_request(body, context)

    async def admit(
        self, request: GraphQLRequest, context: Context, record: OperationRecord, left: ClientLeft | None = None
    ) -> AdmittedOperation | Answer:
        """The operation of a request, or the answer that refuses it; raises only what the gateway did not foresee, and
        what ``left`` does once the client has left."""
        outcome = await self._admission.admit(request, context, record, left)
        if isinstance(outcome, AdmittedOperation):
            self._observer.admitted(
                record,
                kind=outcome.kind.value,
                name=outcome.bound.compiled.name,
                text=request.query,
                document_id=request.document_id,
                known=outcome.known,
                estimated=max(LEAST, outcome.bound.cost),
                waited=outcome.waited,
            )
        elif outcome.refusal is not None:
            self._observer.refused(record, outcome.refusal.code)
        return outcome

    async def run(self, operation: AdmittedOperation) -> Answer:
        """The answer of an admitted operation; a subscription is refused, as it has many.

        What it may cost is taken from its key's bucket before it is run; what it didn't cost is given back afterwards,
        and bytes and time are taken, which no estimate knows.
        """
        if operation.kind is OperationType.SUBSCRIPTION:
            unanswerable = BadRequest("A subscription needs a websocket, or `text/event-stream` in Accept.")
            return self.refuse(operation.record, unanswerable)
        requested, caller = max(LEAST, operation.bound.cost), operation.context.caller
        number = next(self._numbers)
        in_turn = partial(self._cpu_gate.run, caller=caller, stage=Stage.READING, operation=number)
        held = self._held_bytes.of(caller)
        usage = Usage(self._usage_limits, in_turn, operation.record.span, held)
        try:
            with self._deadline.less(operation.waited).block():
                began = perf_counter()
                await self._concurrency.enter(caller, requested)
                waited = perf_counter() - began
                try:
                    budget = await spend_or_charge(self._rate_limiter, caller, requested)
                    try:
                        pages = await self._fetcher.fetch(operation.bound, operation.context, usage, budget)
                    finally:
                        self._observer.fetched(operation.record, usage, waited)
                    answer = await self._answer(operation, pages, usage, budget, number)
                except BaseException:
                    self._give_up(caller, requested, usage, held)
                    raise
                held.release()
                self._concurrency.leave(caller, requested)
        except GatewayError as error:
            return self.refuse(operation.record, error)
        except TimeoutError:
            limit = f"{self._time_limit_ms:,} ms"
            late = Unavailable(f"The operation took longer than {limit}; writes may be sent again.")
            return self.refuse(operation.record, late)
        return answer

    def refuse(self, record: OperationRecord, error: GatewayError) -> Answer:
        """The answer to an operation that is refused as a whole."""
        self._observer.refused(record, error.code)
        return refused(untraced(error))

    async def _answer(
        self, operation: AdmittedOperation, pages: Pages, usage: Usage, full: Budget | None, number: int
    ) -> Answer:
        """The answer over these pages, charged to its key; what takes long to make is made step by step, each in its
        turn, ahead of those of operations with a higher ``number``."""
        began = perf_counter()
        requested, caller = max(LEAST, operation.bound.cost), operation.context.caller
        points, time = max(LEAST, pages.points, usage.examination_points), _ProcessorTime()

        def settled(size: int) -> OperationCost:
            assert full is not None, "or nothing is counted"
            actual = points + usage.points + answer_points(size, points, time.seconds)
            settle(self._rate_limiter, caller, requested, actual)
            return OperationCost(requested, actual, full.refunded(requested - actual))

        long, made = _is_long(operation, pages), None
        piece = partial(time.spent_in, self._responses.pieces(operation, pages, in_turns=long))
        # Each way by which it may be made takes longer than the one before.
        ways = (
            [1.0, EXECUTOR_FACTOR]
            if operation.bound.compiled.native is None
            else [_NATIVE_FACTOR, 1.0, EXECUTOR_FACTOR]
        )
        while made is None and ways and not _is_long(operation, pages, ways.pop(0)):
            made = piece()
        while made is None:
            made = await self._cpu_gate.run(piece, caller, stage=Stage.ANSWERING, operation=number)
        # The executor keeps them, in cycles of its own.
        pages.clear()
        answer = self._responses.answer(operation, made, settled if full is not None else None)
        # What isn't spent on the processor is waiting for it.
        waited = max(0.0, perf_counter() - began - time.seconds) if long else 0.0
        self._observer.answered(
            operation.record,
            way=answer.way,
            codes=answer.codes if answer.refusal is None else (answer.refusal.code,),
            actual=answer.cost,
            size=len(answer.body),
            waited=waited,
        )
        return answer

    def _give_up(self, caller: Caller, requested: int, usage: Usage, held: OperationBytes) -> None:
        """Charges an operation that won't be answered, and lets another of its key in: once the last of its commands
        has ended on the server."""
        for command in usage.commands:
            if not command.done():
                command.add_done_callback(lambda _: self._give_up(caller, requested, usage, held))
                return
        if points := usage.beyond(requested):
            self._rate_limiter.charge(caller.id, points, caller.rate)
        held.release()
        self._concurrency.leave(caller, requested)


def _is_long(operation: AdmittedOperation, pages: Pages, factor: float = 1.0) -> bool:
    """Whether the answer over these pages may well take long to make, also where all of it takes ``factor`` times as
    long."""
    bytes_ = pages.size * (1 + operation.bound.compiled.plan.aliases)
    return pages.points * factor >= _LONG_POINTS or bytes_ * factor >= _LONG_BYTES


class _ProcessorTime:
    """The time of a processor in which one answer is made, piece by piece; ``seconds``: up to now."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0

    def spent_in(self, pieces: Iterator[T]) -> T:
        """The next of the pieces, made in whichever thread asks for it."""
        began = thread_time()
        try:
            return next(pieces)
        finally:
            self.seconds += thread_time() - began
