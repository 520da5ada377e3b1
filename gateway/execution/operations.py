"""One request, from its document to the bytes of the answer.

parse and validate → plan (kept by document) → bind (kept by variables) → spend → fetch → shape, or execute over what
was fetched → bytes
"""

import logging
from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLSyntaxError,
    OperationType,
    execute_sync,
)

from gateway.auth.authenticator import require
from gateway.compiler.cost import refusing
from gateway.compiler.leaves import Fallback
from gateway.context import Context, OperationCost, Permission
from gateway.errors import (
    BadRequest,
    GatewayError,
    MethodNotAllowed,
    OperationTooComplex,
    PersistenceDisabled,
    QueryNotPersisted,
    Unavailable,
)
from gateway.errors.formatting import Phase, described
from gateway.execution.answers import Answer, encode, refused, refused_in
from gateway.execution.fetching import Fetcher
from gateway.limits import DEFAULTS, Limits
from gateway.plan.pages import Pages
from gateway.preparation.bound_operations import BoundOperation, CompiledOperation
from gateway.preparation.persisted_documents import PersistedDocuments
from gateway.preparation.prepared_documents import PreparedOperation
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.scheduling.cpu_gate import CpuGate
from gateway.scheduling.deadlines import Deadline
from gateway.scheduling.rate_limiter import RateLimiter
from gateway.schema.graph import Graph

_LOG = logging.getLogger(__name__)

# Of a document that is kept for a request as well, beside those that are weighed together.
_LIGHT_BYTES = 300_000
# Of a request beside its document: more variables may take a while to be refused.
_SHORT_BYTES = 2_000
# A name that isn't known yet is no fault of the client.
_UNPAID = (QueryNotPersisted, PersistenceDisabled)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks, whoever sends it."""

    document: DocumentNode
    permissions: Set[Permission]
    bound: BoundOperation


@dataclass(slots=True, eq=False)
class GraphQLRequest:
    """A request as any transport understands it.

    It has a ``query``, or the ``document_id`` of one that is known, or both for it to be known from now on.
    ``reads_only``: it came in a way that must not change anything. ``size``: its bytes, as far as they are known.

    Where the same is sent again, a transport may give the same request: ``sent`` before, it keeps what was ``asked``.
    """

    query: str | None
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    reads_only: bool = False
    document_id: str | None = None
    size: int = 0
    sent: bool = field(default=False, init=False)
    asked: Asked | None = field(default=None, init=False)


@dataclass(frozen=True, slots=True)
class AdmittedOperation:
    """A request that may run: its document valid, its operation known and allowed, its variables coerced."""

    request: GraphQLRequest
    context: Context
    document: DocumentNode
    bound: BoundOperation

    @property
    def kind(self) -> OperationType:
        return self.bound.compiled.plan.operation


class OperationRunner:
    """Answers requests of one graph, for which the ``documents`` are prepared; one for each process."""

    def __init__(
        self,
        graph: Graph,
        documents: PersistedDocuments,
        fetcher: Fetcher,
        concurrency: ConcurrencyLimit,
        cpu_gate: CpuGate,
        rate_limiter: RateLimiter,
        *,
        introspection: bool = True,
        limits: Limits = DEFAULTS,
    ) -> None:
        self._graph = graph
        self._documents = documents
        self._fetcher = fetcher
        self._concurrency = concurrency
        self._cpu_gate = cpu_gate
        self._introspection = introspection
        self._limits = limits
        self._deadline = Deadline(limits.operation_time_ms / 1_000)
        self._rate_limiter = rate_limiter
        self.answered: Counter[str] = Counter()

    async def admit(self, request: GraphQLRequest, context: Context) -> AdmittedOperation | Answer:
        """The operation of a request, or the answer that refuses it; reads no stored interactions.

        What takes long is done in its turn, and not at all for who has no points left; what is refused is paid for by
        its size. Raises only what the gateway did not foresee.
        """
        asked = request.asked
        if asked is not None and asked.permissions <= context.caller.permissions:
            return AdmittedOperation(request, context, asked.document, asked.bound)
        query, key_id = request.query or "", context.caller.key_id
        quick = request.size - len(query) <= _SHORT_BYTES and (not query or self._documents.knows(query))
        try:
            if quick:
                found = self._ready(request, context)
            else:
                await self._require_points(key_id)
                found = await self._cpu_gate.do(partial(self._ready, request, context))
            if isinstance(found, Answer) and not isinstance(found.refusal, _UNPAID):
                if quick:
                    await self._require_points(key_id)
                self._rate_limiter.charge(key_id, refusing(max(request.size, len(query))))
            return found
        except GatewayError as error:
            return refused(error)

    async def _require_points(self, key_id: str) -> None:
        """Raises `RateLimited` where the key has none left."""
        await self._rate_limiter.spend(key_id, 1)
        self._rate_limiter.give_back(key_id, 1)

    def _ready(self, request: GraphQLRequest, context: Context) -> AdmittedOperation | Answer:
        try:
            named = request.query, request.document_id, context.caller.organization.id
            prepared = self._documents.find(*named)
            if prepared.errors:
                return refused_in(Phase.VALIDATION, prepared.errors)
            operation = prepared.operation(request.operation_name)
            _allow(operation, request, context)
            self._documents.remember(*named)
            bound = operation.bound(request.variables)
            if isinstance(bound, list):
                return refused_in(Phase.VARIABLES, bound)
            _affordable(bound.cost, self._limits.cost)
            # What a name stands for is each organization's own.
            if request.sent and request.document_id is None and prepared.weight <= _LIGHT_BYTES and bound.reusable:
                request.asked = Asked(prepared.node, operation.permissions, bound)
            request.sent = True
            return AdmittedOperation(request, context, prepared.node, bound)
        except GraphQLSyntaxError as error:
            return refused_in(Phase.PARSING, [error])
        except GatewayError as error:
            return refused(error)

    async def run(self, ready: AdmittedOperation) -> Answer:
        """The answer of an operation that is ready; a subscription is refused, as it has many.

        What it costs is taken from its key's bucket before it is run; what it didn't cost is given back afterwards.
        """
        if ready.kind is OperationType.SUBSCRIPTION:
            return refused(BadRequest("A subscription needs a websocket, or `text/event-stream` in Accept."))
        requested, key_id = ready.bound.cost, ready.context.caller.key_id
        try:
            with self._deadline.each():
                await self._concurrency.enter(key_id, requested)
                try:
                    budget = await self._rate_limiter.spend(key_id, requested)
                    pages = await self._fetcher.fetch(ready.bound, ready.context, budget)
                finally:
                    self._concurrency.leave(key_id)
        except GatewayError as error:
            return refused(error)
        except TimeoutError:
            limit = f"{self._limits.operation_time_ms:,} ms"
            return refused(Unavailable(f"The operation took longer than {limit}; writes may be sent again."))
        if budget is None:
            return self.completed(ready, pages)
        actual = min(requested, max(1, pages.points))
        self._rate_limiter.give_back(key_id, requested - actual)
        return self.completed(ready, pages, OperationCost(requested, actual, budget.with_back(requested - actual)))

    def completed(self, ready: AdmittedOperation, pages: Pages, spent: OperationCost | None = None) -> Answer:
        """The answer over these pages. `answered` counts how: "shaped", or why the executor answered."""
        data = self._shaped(ready.bound.compiled, pages)
        # What may be cached doesn't differ each time.
        told = {} if spent is None or ready.request.reads_only else {"extensions": {"cost": spent.extension}}
        budget = None if spent is None else spent.budget
        if data is not None:
            return Answer(encode({"data": data, **told}), budget=budget)
        result = self._executed(ready, pages)
        errors = {"errors": [described(error, Phase.EXECUTION) for error in result.errors]} if result.errors else {}
        return Answer(encode({**errors, "data": result.data, **told}), partial=bool(errors), budget=budget)

    def _shaped(self, compiled: CompiledOperation, pages: Pages) -> dict[str, Any] | None:
        """The response's data, or None where the executor has to answer."""
        data, how = None, compiled.fallback
        if compiled.shape is not None:
            try:
                data, how = compiled.shape(pages), "shaped"
            except Fallback as reason:
                how = str(reason)
            except GatewayError as error:
                how = error.code
            except Exception as error:
                how = f"{type(error).__name__} while shaping"
        self.answered[how] += 1
        if data is None:
            _LOG.debug("The executor answers: %.100s", how)
        return data

    def _executed(self, ready: AdmittedOperation, pages: Pages) -> ExecutionResult:
        return execute_sync(
            self._graph.executable,
            ready.document,
            pages,
            variable_values=dict(ready.request.variables),
            operation_name=ready.request.operation_name,
            hide_suggestions=not self._introspection,
        )


def _allow(operation: PreparedOperation, request: GraphQLRequest, context: Context) -> None:
    if request.reads_only and operation.node.operation is OperationType.MUTATION:
        raise MethodNotAllowed("A mutation must be sent by POST.")
    if not operation.permissions <= context.caller.permissions:
        for permission in Permission:
            if permission in operation.permissions:
                require(context.caller, permission)


def _affordable(cost: int, limit: int) -> None:
    if cost > limit:
        raise OperationTooComplex(
            f"The operation may cost {cost:,} points; at most {limit:,} are allowed.",
            facts={"requested": cost, "limit": limit},
        )
