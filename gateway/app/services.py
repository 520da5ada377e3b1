"""What answers requests, whatever the transport: every part made once and wired."""

from gateway.app.database import for_queries, open_database, open_killing_client
from gateway.app.observation import Observation
from gateway.app.token_verification import open_tokens
from gateway.app.trusted_documents import open_documents
from gateway.auth.authenticator import Authenticator
from gateway.auth.key_origins import KeyOrigins
from gateway.auth.open_connections import OpenConnections
from gateway.context import Rate
from gateway.execution.admission import Admission
from gateway.execution.fetching import Fetcher
from gateway.execution.operation_runner import OperationRunner
from gateway.execution.response_builder import ResponseBuilder
from gateway.limits import PointLimits
from gateway.limits.key_limits import operations_at_once
from gateway.limits.worker_limits import held_bytes_at_once
from gateway.live.broker import Broker
from gateway.live.follower import Follower
from gateway.live.subscriptions import Subscriptions
from gateway.model.jobs import JOB_PROGRESS
from gateway.model.kinds import INTERACTION
from gateway.model.percolators import PERCOLATOR_MATCH
from gateway.scheduling.bulk_work import BulkWork
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.scheduling.cpu_gate import CpuGate
from gateway.scheduling.event_loop_lag import EventLoopLag
from gateway.scheduling.held_bytes import HeldBytes
from gateway.scheduling.paid_work import PaidWork
from gateway.scheduling.rate_limiter import NoRateLimit, RateLimiter, TokenBuckets
from gateway.scheduling.spent_points import SpentPoints
from gateway.scheduling.unread_bytes import UnreadBytesByCaller
from gateway.scheduling.used_connections import UsedConnections
from gateway.schema.graph import build
from gateway.settings import Settings
from gateway.store.change_stream import InsertWatch
from gateway.store.client import Database
from gateway.store.index_creation import IndexCreation
from gateway.store.jobs.job_runner import JobRunner
from gateway.store.key_administration import KeyAdministration
from gateway.store.keys import Keys
from gateway.store.migrations.pending_migrations import PendingMigrations
from gateway.store.percolator_repository import Percolators
from gateway.store.reader import Reader
from gateway.store.tenancy import Tenancy
from gateway.store.token_buckets import SharedTokenBuckets
from gateway.store.writer import Writer


class Services:
    """The parts of one process; raises `SettingsError`. They connect to the database only once they are used."""

    def __init__(self, settings: Settings) -> None:
        limits, points, subscription_limits = settings.limits, settings.point_limits, settings.subscription_limits
        self.graph = build(settings.federation_prefix)

        self.event_loop_lag = EventLoopLag()

        self.observation = Observation(settings)
        self.database = open_database(settings, self.observation.listeners)
        self.index_creation = IndexCreation(self.database)
        self.pending_migrations = PendingMigrations(self.database)
        self.observer = self.observation.observer(self.database)
        tenancy = Tenancy(self.database)
        self.killing_client = open_killing_client(settings)
        reader, query_reader = (
            Reader(database, time_limit_ms=limits.read_time_ms, killing_client=self.killing_client)
            for database in (self.database, for_queries(self.database, settings))
        )
        percolators = Percolators(
            self.database,
            most=settings.percolator_limits.most,
            without_equality=settings.percolator_limits.without_equality,
        )
        administration = KeyAdministration(self.database, most=_rate(points))
        self.fetcher = Fetcher(reader, Writer(self.database, percolators, administration), query_reader)

        keys = Keys(self.database)
        self.spent_points = _rate_limiter(points, self.database, keys)
        self.rate_limiter: RateLimiter = self.spent_points or NoRateLimit()
        self.authenticator = Authenticator(
            keys,
            tenancy,
            self.rate_limiter,
            open_tokens(settings, tenancy),
            cache_seconds=settings.key_cache_seconds,
        )
        self.key_origins = KeyOrigins(keys, cache_seconds=settings.key_cache_seconds)
        self.used_connections = UsedConnections(settings.connection_limits.of_organization)
        self.connections = OpenConnections(
            self.authenticator,
            self.used_connections,
            max_of_key=subscription_limits.key_connections,
            max_unnamed=settings.connection_limits.unacknowledged,
        )

        self.concurrency = ConcurrencyLimit(*operations_at_once(settings.mongodb_max_pool_size))
        self.cpu_gate = CpuGate(self.concurrency, max_waiting=settings.worker_limits.key_waiting)
        self.paid_work = PaidWork(self.cpu_gate, self.rate_limiter, time_limit_ms=limits.operation_time_ms)

        self.bulk_work = BulkWork(self.concurrency, of_key=settings.worker_limits.key_exports)

        known, documents = open_documents(settings, self.graph)
        self.admission = Admission(known, documents, self.paid_work, cost_limit=points.cost)
        self.responses = ResponseBuilder(self.graph, limits, hide_suggestions=not settings.introspection)
        self.operations = OperationRunner(
            self.admission,
            self.fetcher,
            self.responses,
            self.concurrency,
            self.cpu_gate,
            self.rate_limiter,
            self.observer,
            time_limit_ms=limits.operation_time_ms,
            usage_limits=limits.usage,
            held_bytes=HeldBytes(*held_bytes_at_once(settings.worker_limits.key_held_bytes)),
        )

        self.unread_bytes = UnreadBytesByCaller(subscription_limits.key_buffer_bytes)
        watched = (INTERACTION, PERCOLATOR_MATCH, JOB_PROGRESS)
        watches = {kind: InsertWatch(self.database, kind) for kind in watched}
        self.broker = Broker(watches, subscription_limits, self.unread_bytes)
        self.subscriptions = Subscriptions(
            self.responses,
            self.fetcher,
            self.broker,
            self.rate_limiter,
            self.observer,
            cost_limit=points.cost,
            usage_limits=limits.usage,
        )
        self.follower = Follower(self.database, settings.percolator_limits.kept_matches) if settings.insights else None
        self.job_runner = JobRunner(self.database) if settings.jobs else None


def _rate_limiter(limits: PointLimits, database: Database, keys: Keys) -> SpentPoints | None:
    """None where points are not limited."""
    if (rate := _rate(limits)) is None:
        return None
    limiter: RateLimiter = SharedTokenBuckets(database, rate) if limits.store == "mongodb" else TokenBuckets(rate)
    return SpentPoints(limiter, keys.add_spent)


def _rate(limits: PointLimits) -> Rate | None:
    return Rate(limits.burst, limits.restore) if limits.restore else None
