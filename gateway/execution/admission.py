"""Requests judged before they are run: the document valid, the operation known and allowed, its variables bound.

parse and validate (kept by text) → plan (kept by conditions) → bind (kept by variables) → cost
"""

from dataclasses import dataclass, replace
from functools import partial

from graphql import DocumentNode, GraphQLSyntaxError, OperationType

from gateway.auth.authenticator import require_permission
from gateway.context import NO_NAMESPACE, Context, Permission, with_included
from gateway.errors import (
    GatewayError,
    MethodNotAllowed,
    NamespaceRequired,
    OperationTooComplex,
    PersistenceDisabled,
    QueryNotPersisted,
)
from gateway.errors.formatting import Phase
from gateway.execution.answers import Answer, refused, refused_in
from gateway.observability.records import OperationRecord
from gateway.preparation.bound_operations import BoundOperation
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.preparation.known_operations import KnownOperations
from gateway.preparation.persisted_documents import PersistedDocuments
from gateway.preparation.prepared_documents import PreparedOperation
from gateway.scheduling.cpu_gate import ClientLeft
from gateway.scheduling.paid_work import PaidWork

# Of a request beside its document: more variables may take a while to be refused.
_SHORT_BYTES = 2_000
# A name that isn't known yet is no fault of the client: it costs one point.
_UNKNOWN_NAME = (QueryNotPersisted, PersistenceDisabled)


@dataclass(frozen=True, slots=True)
class AdmittedOperation:
    """A request that may run: its document valid, its operation known and allowed, its variables coerced.

    ``record``: what is told of it to whoever observes; ``known``: how much of what was sent was known, as there;
    ``waited``: the seconds of its time that are gone.
    """

    request: GraphQLRequest
    context: Context
    document: DocumentNode
    bound: BoundOperation
    record: OperationRecord
    known: str
    waited: float = 0.0

    @property
    def kind(self) -> OperationType:
        return self.bound.compiled.plan.operation

    @property
    def without_text(self) -> "AdmittedOperation":
        """The same without the bytes it came in, which nobody needs any longer: for what stays open."""
        return replace(self, request=replace(self.request, query=None, body=None, prepared=None))


class Admission:
    """The decision on which requests may run; ``cost_limit``: the points that an operation may cost.

    What takes long is ``paid_work``: it waits for its turn, and isn't done at all for a key that has no points left.
    What is refused is paid for by its size.
    """

    def __init__(
        self,
        known: KnownOperations,
        documents: PersistedDocuments,
        paid_work: PaidWork,
        *,
        cost_limit: int,
    ) -> None:
        self._known = known
        self._documents = documents
        self._paid_work = paid_work
        self._cost_limit = cost_limit

    def known_request(self, body: bytes, context: Context) -> GraphQLRequest | None:
        """The request in a body that the caller's organization sent before, byte for byte, where it is kept."""
        return self._known.request(body, context.caller.organization.id)

    async def admit(
        self, request: GraphQLRequest, context: Context, record: OperationRecord, left: ClientLeft | None = None
    ) -> AdmittedOperation | Answer:
        """The operation of a request, or the answer that refuses it; reads no stored interactions.

        Raises only what the gateway did not foresee, and what ``left`` does once the client has left.
        """
        prepared = request.prepared
        if (
            prepared is not None
            and prepared.permissions <= with_included(context.caller.permissions)
            and (context.namespace is not NO_NAMESPACE or not prepared.bound.needs_namespace)
        ):
            return AdmittedOperation(request, context, prepared.document, prepared.bound, record, "request")
        caller, query = context.caller, request.query or ""
        size, paid = max(request.size, len(query)), 0
        is_known = self._documents.knows(request.query, request.document_id, caller.organization.id)
        is_short = is_known and request.size - len(query) <= _SHORT_BYTES
        admit = partial(self._admit, request, context, record, "document" if is_known else "new")
        try:
            admitted = admit(only_quickly=True) if is_short else None
            if admitted is None:
                work = partial(admit, only_quickly=False)
                done = await self._paid_work.run(work, caller, size, left, waited=request.waited)
                admitted, paid = done.outcome, done.points
                assert admitted is not None, "however long it takes"
                if isinstance(admitted, AdmittedOperation):
                    admitted = replace(admitted, waited=request.waited + done.waited)
            if isinstance(admitted, Answer):
                if isinstance(admitted.refusal, _UNKNOWN_NAME):
                    self._paid_work.charge(caller, 1)
                else:
                    await self._paid_work.charge_refusal(caller, size, paid=paid)
            return admitted
        except GatewayError as error:
            return refused(error)

    def _admit(
        self, request: GraphQLRequest, context: Context, record: OperationRecord, known: str, *, only_quickly: bool
    ) -> AdmittedOperation | Answer | None:
        """None where ``only_quickly``, and it takes long."""
        organization_id = context.caller.organization.id
        try:
            document = self._documents.find(request.query, request.document_id, organization_id)
            if document.prepared.errors:
                return refused_in(Phase.VALIDATION, document.prepared.errors)
            operation = document.prepared.operation(request.operation_name)
            _require_allowed(operation, request, context)
            self._documents.remember(request.query, request.document_id, organization_id)
            if not request.variables.keys() <= operation.types.keys():
                request = replace(request, variables=operation.declared(request.variables))
            bind = self._known.quickly_bound if only_quickly else self._known.bound
            bound = bind(document, operation, request.variables)
            if bound is None:
                return None
            if isinstance(bound, list):
                return refused_in(Phase.VARIABLES, bound)
            _require_affordable(bound.cost, self._cost_limit)
            _require_namespace(bound, context)
            self._known.keep(request, document, operation, bound)
            return AdmittedOperation(request, context, document.prepared.node, bound, record, known, request.waited)
        except GraphQLSyntaxError as error:
            return refused_in(Phase.PARSING, [error])
        except GatewayError as error:
            return refused(error)


def _require_allowed(operation: PreparedOperation, request: GraphQLRequest, context: Context) -> None:
    if request.reads_only and operation.node.operation is OperationType.MUTATION:
        raise MethodNotAllowed("A mutation must be sent by POST.")
    if not operation.permissions <= with_included(context.caller.permissions):
        for permission in Permission:
            if permission in operation.permissions:
                require_permission(context.caller, permission)


def _require_namespace(bound: BoundOperation, context: Context) -> None:
    if context.namespace is NO_NAMESPACE and bound.needs_namespace:
        raise NamespaceRequired(
            f"This {context.caller.kind.value} has no default namespace: name one in the header X-Namespace."
        )


def _require_affordable(cost: int, limit: int) -> None:
    if cost > limit:
        raise OperationTooComplex(
            f"The operation may cost {cost:,} points; at most {limit:,} are allowed.",
            facts={"requested": cost, "limit": limit},
        )
