"""One line of the log for each operation, and for each request that has none."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from structlog.typing import FilteringBoundLogger

from gateway.observability.observer import Sink
from gateway.observability.records import OperationRecord, RequestRecord, document_hash

# What orchestrators and browsers ask for all the time.
QUIET_PATHS = ("/healthcheck", "/livez", "/readyz", "/graphql/assets/", "/insights/assets/")
MAX_PATH = 100
_LEVELS = logging.getLevelNamesMapping()
_ERRORS = frozenset({"INTERNAL_SERVER_ERROR"})
# What could have been answered, were there room for it.
_WARNINGS = frozenset(
    {
        "ANSWERS_UNREAD",
        "QUERY_TOO_BROAD",
        "RATE_LIMITED",
        "SUBSCRIBER_TOO_SLOW",
        "TOO_MANY_CONNECTIONS",
        "TOO_MANY_SUBSCRIPTIONS",
        "UNAVAILABLE",
    }
)

# Is told of an operation that took long, and may log more of it by and by.
SlowOperations = Callable[[OperationRecord], None]


class RequestLog(Sink):
    """The log of what ended: an error where the gateway failed, a warning where it had no room or took long, else at
    the level info; what asks for health is for debugging.

    No line holds a header, a variable or, but for ``texts``, what a document says. ``slow_ms``: from so many
    milliseconds on an operation is slow, and ``slow`` is told of it; 0: none is.
    """

    def __init__(
        self, logger: FilteringBoundLogger, *, texts: bool, slow_ms: int, slow: SlowOperations | None = None
    ) -> None:
        methods = {"error": logger.error, "warning": logger.warning, "info": logger.info, "debug": logger.debug}
        # What isn't written needn't be gathered: of a page of 20 that takes a twentieth of all that it costs.
        self._log = {name: log for name, log in methods.items() if logger.is_enabled_for(_LEVELS[name.upper()])}
        self._texts = texts
        self._slow_seconds = slow_ms / 1_000
        self._slow = slow

    def operation_ended(self, operation: OperationRecord) -> None:
        codes = operation.codes or operation.request.codes
        severity, event = level(codes), "operation"
        if 0 < self._slow_seconds <= operation.seconds and operation.kind != "subscription":
            severity, event = "warning" if severity == "info" else severity, "slow operation"
            if self._slow is not None:
                self._slow(operation)
        log = self._log.get(severity)
        if log is None:
            return
        fields = request_fields(operation.request)
        # Of one of many that a reply is made of, that isn't known yet.
        if operation.request.transport == "http" and operation.request.status:
            fields["status"] = operation.request.status
        if codes:
            fields["code"] = ",".join(dict.fromkeys(codes))
        fields |= _operation_fields(operation)
        if self._texts and operation.text is not None:
            fields["text"] = operation.text
        log(event, **fields)

    def request_ended(self, request: RequestRecord) -> None:
        if request.operations:
            return
        log = self._log.get("debug" if request.path.startswith(QUIET_PATHS) else level(request.codes))
        if log is None:
            return
        fields = request_fields(request)
        fields |= {"method": request.method, "path": request.path[:MAX_PATH], "status": request.status}
        if request.codes:
            fields["code"] = ",".join(request.codes)
        log(
            "websocket" if request.transport == "websocket" else "request",
            **fields,
            sent_bytes=request.sent_bytes,
            ms=milliseconds(request.seconds),
        )


def request_fields(request: RequestRecord) -> dict[str, Any]:
    """Which request it was, and who sent it."""
    fields: dict[str, Any] = {"request_id": request.id}
    name, version = request.client
    if name:
        fields["client"] = name
    if version:
        fields["client_version"] = version
    if request.context is not None:
        caller = request.context.caller
        fields["organization"] = caller.organization.id
        fields["namespace"] = request.context.namespace.id
        # "key" or "token".
        fields[caller.kind.value] = caller.id
    return fields


def _operation_fields(operation: OperationRecord) -> dict[str, Any]:
    """What was asked, and what it took; nothing of what was refused ahead of its admission."""
    if not operation.kind:
        return {"ms": milliseconds(operation.seconds)}
    fields: dict[str, Any] = {"type": operation.kind}
    if operation.name:
        fields["name"] = operation.name
    if digest := document_hash(operation):
        fields["hash"] = digest
    if operation.document_id:
        fields["document_id"] = operation.document_id
    if operation.way:
        fields["way"] = operation.way
    if operation.kind == "subscription":
        fields["events"] = operation.events
    return fields | {
        "estimated": operation.estimated,
        "cost": operation.actual,
        "documents": operation.documents,
        "read_bytes": operation.read_bytes,
        "written_bytes": operation.written_bytes,
        "answer_bytes": operation.answer_bytes,
        "ms": milliseconds(operation.seconds),
        "mongodb_ms": milliseconds(operation.in_mongodb),
        "waiting_ms": milliseconds(operation.waited),
    }


def milliseconds(seconds: float) -> float:
    """Rounded to microseconds."""
    return round(seconds * 1_000, 3)


def level(codes: Sequence[str]) -> str:
    """How severe it is that these prevented an answer, or a part of one."""
    if _ERRORS.intersection(codes):
        return "error"
    return "warning" if _WARNINGS.intersection(codes) else "info"
