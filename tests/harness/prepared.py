"""Operations prepared, and run, without an application around them."""

from collections.abc import Mapping
from typing import Any, TypeVar

from gateway.execution.admission import Admission
from gateway.execution.fetching import Fetcher
from gateway.execution.operation_runner import OperationRunner
from gateway.execution.response_builder import ResponseBuilder
from gateway.limits import DEFAULTS, WORKER_DEFAULTS, PointLimits
from gateway.observability.observer import Observer
from gateway.observability.records import OperationRecord, RequestRecord
from gateway.preparation.bound_operations import BoundOperation, CompiledOperation
from gateway.preparation.known_operations import KnownOperations
from gateway.preparation.persisted_documents import PersistedDocuments, PersistedDocumentsPolicy
from gateway.preparation.prepared_documents import DocumentPreparation
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.scheduling.cpu_gate import CpuGate
from gateway.scheduling.held_bytes import HeldBytes
from gateway.scheduling.paid_work import PaidWork
from gateway.scheduling.rate_limiter import NoRateLimit
from gateway.schema.graph import build

R = TypeVar("R", bound=OperationRunner)


def compiled(query: str, variables: Mapping[str, Any], prefix: str = "", *, native: bool = True) -> CompiledOperation:
    """The one operation of a valid document, for these coerced variables; nothing of it is kept."""
    preparation = DocumentPreparation(build(prefix), introspection=True, native=native)
    document = preparation.document(query)
    assert document.errors == []
    operation = document.operation(None)
    return preparation.compiled(operation, operation.condition_values(variables))


def bound(known: KnownOperations, query: str, variables: Mapping[str, Any]) -> BoundOperation:
    """The one operation of a valid document, with these variables as they are sent."""
    document = known.document(query, "organization")
    assert document.prepared.errors == []
    operation = known.bound(document, document.prepared.operation(None), variables)
    assert isinstance(operation, BoundOperation), operation
    return operation


def new_table(*, native: bool = True) -> KnownOperations:
    return KnownOperations(DocumentPreparation(build(), introspection=True, native=native))


def new_record() -> OperationRecord:
    """Of an operation that nobody observes."""
    return OperationRecord(RequestRecord("1", "http", "POST", "/graphql"))


def operation_runner(
    fetcher: Fetcher, concurrency: ConcurrencyLimit, kind: type[R], *, native: bool = True
) -> tuple[R, ResponseBuilder]:
    """A runner of this kind without rate limits, and what builds its responses."""
    graph, known = build(), new_table(native=native)
    documents = PersistedDocuments(known, PersistedDocumentsPolicy())
    cpu_gate = CpuGate(concurrency, max_waiting=100)
    paid_work = PaidWork(cpu_gate, NoRateLimit(), time_limit_ms=DEFAULTS.operation_time_ms)
    admission = Admission(known, documents, paid_work, cost_limit=PointLimits().cost)
    responses = ResponseBuilder(graph)
    runner = kind(
        admission,
        fetcher,
        responses,
        concurrency,
        cpu_gate,
        NoRateLimit(),
        Observer(),
        time_limit_ms=DEFAULTS.operation_time_ms,
        usage_limits=DEFAULTS.usage,
        held_bytes=HeldBytes(WORKER_DEFAULTS.key_held_bytes),
    )
    return runner, responses
