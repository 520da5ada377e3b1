"""The Observer: told of each request at four places, admitted, fetched, answered, refused, and of its end."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any, Protocol

from gateway.context import Context
from gateway.observability.records import OperationRecord, RequestRecord, document_hash
from gateway.output.redaction import redacted

_MAX_NAME = 100


class MeasuredUsage(Protocol):
    """What an operation used of MongoDB; see `gateway.plan.usage`."""

    @property
    def documents(self) -> int: ...

    @property
    def read_bytes(self) -> int: ...

    @property
    def written_bytes(self) -> int: ...

    @property
    def seconds(self) -> float: ...

    @property
    def sent(self) -> Sequence[Any]: ...

    @property
    def ended(self) -> Sequence[tuple[str, float, str]]: ...


class Sink:
    """What becomes of records: lines of a log, metrics, spans. Each method is called within a request, so none may wait
    or raise."""

    def request_began(self, request: RequestRecord) -> None:
        """A request over HTTP, or one for a websocket, has arrived."""

    def operation_admitted(self, operation: OperationRecord) -> None:
        """The operation is about to be run."""

    def subscription_opened(self, operation: OperationRecord) -> None:
        """The operation has subscribed, and goes on until it ends."""

    def event_sent(self) -> None:
        """A subscription had another answer."""

    def operation_ended(self, operation: OperationRecord) -> None:
        """Nothing more becomes of it; over HTTP its reply is sent."""

    def request_ended(self, request: RequestRecord) -> None:
        """Nothing more becomes of it; its operations have ended before."""


class Observer:
    """The only writer of records, which passes them on to its sinks; one for each process."""

    def __init__(self, sinks: Sequence[Sink] = ()) -> None:
        self._sinks = tuple(sinks)

    def received(self, request: RequestRecord) -> None:
        for sink in self._sinks:
            sink.request_began(request)

    def identified(self, request: RequestRecord, context: Context) -> None:
        """Who asks is known by now."""
        request.context = context

    def operation(self, request: RequestRecord) -> OperationRecord:
        """The record of another operation of the request; over HTTP it ends with that."""
        operation = OperationRecord(request)
        if request.transport == "http":
            request.operations.append(operation)
        return operation

    def admitted(
        self,
        operation: OperationRecord,
        *,
        kind: str,
        name: str | None,
        text: str | None,
        document_id: str | None,
        known: str,
        estimated: int,
        waited: float,
    ) -> None:
        """It may run; ``waited``: the seconds of its time that are gone by waiting."""
        operation.kind = kind
        # Here, as it becomes a label of metrics and an attribute of spans, too.
        operation.name = name and redacted(name)[:_MAX_NAME]
        operation.text = text
        operation.document_id = document_id and document_id[:_MAX_NAME]
        operation.known = known
        operation.estimated = estimated
        operation.waited = waited
        for sink in self._sinks:
            sink.operation_admitted(operation)

    def fetched(self, operation: OperationRecord, usage: MeasuredUsage, waited: float) -> None:
        """Its commands have ended, after it had to wait for so many seconds more."""
        operation.documents = usage.documents
        operation.read_bytes = usage.read_bytes
        operation.written_bytes = usage.written_bytes
        operation.in_mongodb = usage.seconds
        operation.commands = usage.sent
        operation.ended_commands = usage.ended
        operation.waited += waited

    def answered(
        self, operation: OperationRecord, *, way: str, codes: Sequence[str], actual: int, size: int, waited: float
    ) -> None:
        """Its answer is made; ``codes``: of the errors beside the data; ``size``: in bytes."""
        operation.way = way
        operation.codes = codes
        operation.actual = actual
        operation.answer_bytes = size
        operation.waited += waited

    def refused(self, record: OperationRecord | RequestRecord, code: str) -> None:
        """It has no data."""
        record.codes = (code,)

    def opened(self, operation: OperationRecord) -> None:
        """It has subscribed: nothing is kept for long of what it was asked by."""
        operation.hash, operation.text = document_hash(operation), None
        operation.is_open = True
        for sink in self._sinks:
            sink.subscription_opened(operation)

    def sent(self, operation: OperationRecord, size: int) -> None:
        """Another event was handed to its transport."""
        operation.events += 1
        operation.answer_bytes += size
        for sink in self._sinks:
            sink.event_sent()

    def ended(self, operation: OperationRecord) -> None:
        """Nothing more becomes of an operation."""
        operation.seconds = perf_counter() - operation.began
        for sink in self._sinks:
            sink.operation_ended(operation)

    def replied(self, request: RequestRecord, *, status: int, size: int) -> None:
        """Nothing more becomes of a request; ``size``: the bytes of the reply's body as they were sent."""
        request.status = status
        request.sent_bytes = size
        request.seconds = perf_counter() - request.began
        for operation in request.operations:
            self.ended(operation)
        for sink in self._sinks:
            sink.request_ended(request)
        # Each knows its request: a cycle that keeps all of them, and their commands, until the garbage collector comes.
        request.operations.clear()
