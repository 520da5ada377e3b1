"""What runs operations of the graph for the command line, without a server: whoever reaches the database may ask."""

import asyncio
from dataclasses import replace

from gateway.app.database import for_queries, open_database
from gateway.app.trusted_documents import open_documents
from gateway.context import Caller, Context, Namespace, Organization, Permission
from gateway.execution.admission import Admission
from gateway.execution.asked_operations import AskedOperations
from gateway.execution.export_documents import RECORDED, export_documents
from gateway.execution.export_pages import ExportPages
from gateway.execution.fetching import Fetcher
from gateway.execution.operation_runner import OperationRunner
from gateway.execution.response_builder import ResponseBuilder
from gateway.live.recorded_interactions import RecordedInteractions
from gateway.observability.observer import Observer
from gateway.observability.records import OperationRecord, RequestRecord
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.scheduling.cpu_gate import CpuGate
from gateway.scheduling.held_bytes import HeldBytes
from gateway.scheduling.paid_work import PaidWork
from gateway.scheduling.rate_limiter import NoRateLimit
from gateway.schema.graph import build
from gateway.settings import Settings
from gateway.store.client import close
from gateway.store.reader import Reader
from gateway.store.writer import Writer

# Nobody else waits for what one page takes, and a statistic over everything may take a while.
_PAGE_SIZE, _MINUTE_MS, _BYTES = 1_000, 60_000, 64_000_000


class LocalOperations:
    """The parts that run operations in this process alone; raises `SettingsError`."""

    def __init__(self, settings: Settings) -> None:
        limits = replace(
            settings.limits,
            page_size=_PAGE_SIZE,
            read_time_ms=max(settings.limits.read_time_ms, _MINUTE_MS),
            operation_time_ms=max(settings.limits.operation_time_ms, 2 * _MINUTE_MS),
            read_bytes=max(settings.limits.read_bytes, _BYTES),
            answer_bytes=max(settings.limits.answer_bytes, _BYTES),
            answer_values=max(settings.limits.answer_values, _PAGE_SIZE * 1_000),
        )
        settings = settings.model_copy(update={"limits": limits})
        graph = build(settings.federation_prefix)
        self.database = open_database(settings)
        reader, query_reader = (
            Reader(database, time_limit_ms=limits.read_time_ms)
            for database in (self.database, for_queries(self.database, settings))
        )
        fetcher, points = Fetcher(reader, Writer(self.database), query_reader), NoRateLimit()
        concurrency = ConcurrencyLimit(1)
        gate = CpuGate(concurrency, max_waiting=1)
        known, documents = open_documents(settings, graph)
        paid_work = PaidWork(gate, points, time_limit_ms=limits.operation_time_ms)
        admission = Admission(known, documents, paid_work, cost_limit=_BYTES)
        responses = ResponseBuilder(graph, limits)
        self.operations = OperationRunner(
            admission,
            fetcher,
            responses,
            concurrency,
            gate,
            points,
            Observer(),
            time_limit_ms=limits.operation_time_ms,
            usage_limits=limits.usage,
            held_bytes=HeldBytes(_BYTES),
        )
        texts = export_documents(graph.executable)
        self.pages = ExportPages(AskedOperations(self.operations, texts), limits.page_size, native=settings.native)
        self.recorded = RecordedInteractions(
            self.database, self.operations, responses, fetcher, points, texts[RECORDED], usage_limits=limits.usage
        )

    async def close(self) -> None:
        await close(self.database.client)


class LocalAsking:
    """What the command line asks operations for: it doesn't leave, and waits for as long as it has to."""

    def operation(self) -> OperationRecord:
        return OperationRecord(RequestRecord("", "command line", "", ""))

    async def left(self) -> None:
        await asyncio.Event().wait()

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def reading_context(organization: Organization, namespace: Namespace) -> Context:
    """The command line as a caller that may read all of a namespace."""
    caller = Caller("command line", "command line", frozenset({Permission.READ}), organization, namespace.id)
    return Context(caller, namespace)
