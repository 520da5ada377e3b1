"""Subscriptions: opened, answered for each inserted document, and charged to their keys."""

import marshal
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from time import thread_time

from graphql import GraphQLError

from gateway.context import Caller
from gateway.errors import GatewayError
from gateway.errors.formatting import Phase
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer, refused, refused_in
from gateway.execution.fetching import Fetcher, require_kept_to_user
from gateway.execution.response_builder import ResponseBuilder
from gateway.live.broker import Broker, TopicKey
from gateway.live.subscriber_queue import KeptPart, Subscriber
from gateway.observability.observer import Observer
from gateway.plan.cost import LEAST
from gateway.plan.fetched_pages import Pages
from gateway.plan.sources.insertions import BoundInsertions
from gateway.plan.usage import Usage, UsageLimits, answer_points
from gateway.preparation.bound_operations import BoundOperation, json_weight
from gateway.preparation.prepared_documents import document_weight
from gateway.scheduling.rate_limiter import RateLimiter, settle, spend_or_charge
from gateway.store.change_stream import InsertEvent


class Subscriptions:
    """The subscriptions of one process; ``cost_limit``: the points that those events of a subscription may cost
    together that are resolved at once; ``usage_limits``: what those may use together."""

    def __init__(
        self,
        responses: ResponseBuilder,
        fetcher: Fetcher,
        broker: Broker,
        rate_limiter: RateLimiter,
        observer: Observer,
        *,
        cost_limit: int,
        usage_limits: UsageLimits,
    ) -> None:
        self._responses = responses
        self._fetcher = fetcher
        self._broker = broker
        self._rate_limiter = rate_limiter
        self._observer = observer
        self._cost_limit = cost_limit
        self._usage_limits = usage_limits

    async def open(
        self, operation: AdmittedOperation, overflow: Callable[[GatewayError], None], *, least: int = LEAST
    ) -> Subscriber | Answer:
        """The answers of an admitted subscription, from now on and until they are closed, or the answer that refuses
        it. ``overflow`` is called where they aren't read fast enough; ``least``: the points that it costs at least to
        begin.

        Subscriptions of a key that ask the same of the same namespace share their answers, and what those cost.
        """
        bound, context = operation.bound, operation.context
        try:
            root = root_of(bound)
            if context.caller.user_id is not None:
                require_kept_to_user(root)
            await spend_or_charge(self._rate_limiter, context.caller, max(least, bound.cost))
            await self._fetcher.require_subject(root, context, Usage(self._usage_limits))
            # The same plan, for as long as the topic has it; a subscriber keeps this, however long the variables are.
            variables = marshal.dumps(dict(operation.request.variables), 2)
            selection = (id(bound.compiled), sha256(variables).digest())
            return await self._broker.subscribe(
                TopicKey(context.caller.organization.id, context.namespace.id, context.caller.id, selection, root.kind),
                self._events(operation.without_text),
                overflow,
            )
        except GraphQLError as error:
            answer = refused_in(Phase.VARIABLES, [error])
        except GatewayError as error:
            answer = refused(error)
        assert answer.refusal is not None, "it has no data"
        self._observer.refused(operation.record, answer.refusal.code)
        return answer

    def _events(self, operation: AdmittedOperation) -> "SubscriptionEvents":
        return SubscriptionEvents(
            operation,
            self._responses,
            self._fetcher,
            self._rate_limiter,
            cost_limit=self._cost_limit,
            usage_limits=self._usage_limits,
        )


def root_of(bound: BoundOperation) -> BoundInsertions:
    """What the only root field of a subscription is bound to; raises the error that prevented it."""
    [fetch] = bound.compiled.plan.fetches
    root = bound.bindings[fetch.path]
    if isinstance(root, Exception):
        raise root
    assert isinstance(root, BoundInsertions), "the only kind of root that a subscription has"
    return root


class SubscriptionEvents:
    """The events of one subscription: a `gateway.live.topic.EventResolver`.

    ``cost_limit``: the points that the events resolved at once may cost together; ``usage_limits``: what they may use.
    """

    def __init__(
        self,
        operation: AdmittedOperation,
        responses: ResponseBuilder,
        fetcher: Fetcher,
        rate_limiter: RateLimiter,
        *,
        cost_limit: int,
        usage_limits: UsageLimits,
    ) -> None:
        self._operation = operation
        self._responses = responses
        self._fetcher = fetcher
        self._rate_limiter = rate_limiter
        self._usage_limits = usage_limits
        self._surcharge = root_of(operation.bound).surcharge
        self._event_cost = operation.bound.cost - self._surcharge
        self.kept = kept_parts(operation)
        self.at_once = max(1, (cost_limit - self._surcharge) // self._event_cost)

    @property
    def _caller(self) -> Caller:
        return self._operation.context.caller

    def _cost(self, count: int) -> int:
        """What so many events may cost together."""
        return max(LEAST, self._surcharge + count * self._event_cost)

    async def pay(self, count: int) -> None:
        """Spends what so many events may cost. Raises `RateLimited` where the key has less left, or `Unavailable`."""
        await self._rate_limiter.spend(self._caller.id, self._cost(count), self._caller.rate)

    async def answers(self, inserted: Sequence[InsertEvent]) -> Iterator[tuple[InsertEvent, bytes]]:
        """Those that the subscription is about, in order, each answered as it is taken; what they didn't cost is given
        back.

        Raises what `Fetcher.fetch_events` does; `ReadTooLarge`: fewer at once may be answered."""
        operation = self._operation
        usage = Usage(self._usage_limits)
        paid = self._cost(len(inserted))
        try:
            fetched = await self._fetcher.fetch_events(operation.bound, operation.context, usage, inserted)
        except BaseException:
            self._rate_limiter.charge(self._caller.id, usage.beyond(paid), self._caller.rate)
            raise
        points = max(LEAST, fetched.points)
        settle(self._rate_limiter, self._caller, paid, points + usage.beyond(points))
        return ((event, self._answer(pages)) for event, pages in fetched.events)

    def _answer(self, pages: Pages) -> bytes:
        began = thread_time()
        answer = self._responses.response(self._operation, pages).body
        points = answer_points(len(answer), self._event_cost, thread_time() - began)
        self._rate_limiter.charge(self._caller.id, points, self._caller.rate)
        return answer


def kept_parts(operation: AdmittedOperation) -> Sequence[KeptPart]:
    """What is kept of an operation for as long as it is open."""
    bound, request = operation.bound, operation.request
    own = bound.weight + json_weight(request.variables) + len(request.operation_name or "")
    return (
        (operation.document, document_weight(operation.document)),
        (bound.compiled, bound.compiled.weight),
        (operation, own),
    )
