"""The application: every part made once, wired in one place."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, WebSocketRoute

from gateway.app.database import open_database
from gateway.auth.authenticator import Authenticator
from gateway.auth.open_connections import OpenConnections
from gateway.context import Rate
from gateway.execution.admission import Admission
from gateway.execution.fetching import Fetcher
from gateway.execution.operations import OperationRunner
from gateway.execution.recording import Recorder
from gateway.execution.response_builder import ResponseBuilder
from gateway.live.broker import Broker
from gateway.live.subscriptions import Subscriptions
from gateway.model.kinds import INTERACTION
from gateway.preparation.known_operations import KnownOperations
from gateway.preparation.manifest import ManifestError, read_manifest
from gateway.preparation.persisted_documents import PersistedDocuments, PersistedDocumentsPolicy
from gateway.preparation.prepared_documents import DocumentPreparation
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.scheduling.cpu_gate import CpuGate
from gateway.scheduling.rate_limiter import NoRateLimit, RateLimiter, TokenBuckets
from gateway.schema.graph import Graph, build
from gateway.settings import Settings, SettingsError, load
from gateway.store.change_stream import InsertWatch
from gateway.store.client import Database, close
from gateway.store.index_creation import create_indexes_eventually
from gateway.store.keys import Keys
from gateway.store.reader import Reader
from gateway.store.tenancy import Tenancy
from gateway.store.token_buckets import SharedTokenBuckets
from gateway.store.writer import Writer
from gateway.transport.exchange import ExchangeTerms
from gateway.transport.http.caching import cache_control
from gateway.transport.http.endpoint import GraphQLEndpoint
from gateway.transport.http.event_streams import EventStreams
from gateway.transport.http.health import Health
from gateway.transport.http.not_found import refuse
from gateway.transport.http.request_reader import RequestReader
from gateway.transport.pages.graphiql import TEMPLATE_HEADERS, GraphiQLPage
from gateway.transport.server.uvicorn_adapter import ENDING
from gateway.transport.websocket.conversation import ConversationServices
from gateway.transport.websocket.messages import MessageReader
from gateway.transport.websocket.socket_endpoint import NoWebSocketEndpoint, WebSocketEndpoint

_LOG = logging.getLogger(__name__)
_INDEXING_SECONDS = 5.0
# A nested page of 50 interactions has some 10,000.
_YOUNG_OBJECTS = 20_000
# What pages of other origins may read beside the body.
_EXPOSED = ("ETag", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "WWW-Authenticate")
_PREFLIGHT_SECONDS = 7_200


def from_environment() -> Starlette:
    """The application of a worker process; raises `SettingsError`."""
    app = create_app(load(Settings))
    settle()
    return app


def settle() -> None:
    """Takes what there is by now out of the garbage collector's sight: it stays for good.

    A new document makes so many objects that each of them had the collector walk the schema, for longer than it took to
    plan the document. From then on it is also woken less often: a page has thousands of objects, and what requests
    leave behind is hardly ever a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)


def check_documents(settings: Settings) -> None:
    """Raises `SettingsError` where the trusted documents can't be used."""
    _documents(settings, build(settings.federation_prefix))


def _documents(settings: Settings, graph: Graph) -> tuple[KnownOperations, PersistedDocuments]:
    """The documents of the graph; what is wrong with a trusted one is a wrong setting."""
    path = settings.trusted_documents
    if path is None and settings.only_trusted_documents:
        raise SettingsError("GATEWAY_ONLY_TRUSTED_DOCUMENTS: expected GATEWAY_TRUSTED_DOCUMENTS beside it")
    preparation = DocumentPreparation(
        graph, introspection=settings.introspection, subgraph=settings.subgraph, limits=settings.limits
    )
    known = KnownOperations(preparation)
    try:
        policy = PersistedDocumentsPolicy(
            trusted={} if path is None else read_manifest(path),
            only_trusted=settings.only_trusted_documents,
            automatic=settings.persisted_queries,
        )
        return known, PersistedDocuments(known, policy)
    except ManifestError as error:
        raise SettingsError(f"GATEWAY_TRUSTED_DOCUMENTS: {error}") from None


def create_app(
    settings: Settings,
    *,
    page_headers: Mapping[str, str] = TEMPLATE_HEADERS,
    building: type[ResponseBuilder] = ResponseBuilder,
) -> Starlette:
    """The gateway as an ASGI application.

    ``page_headers`` stand in GraphiQL's header editor; ``building`` is what builds responses.
    """
    database = open_database(settings)
    tenancy = Tenancy(database)
    authenticator = Authenticator(Keys(database), tenancy, cache_seconds=settings.key_cache_seconds)
    reader = Reader(database, time_limit_ms=settings.limits.read_time_ms)
    fetcher = Fetcher(reader, Recorder(Writer(database), tenancy), tenancy)
    broker = Broker(InsertWatch(database, INTERACTION), settings.subscription_limits)
    connections = OpenConnections(authenticator, max_of_key=settings.subscription_limits.key_connections)
    graph = build(settings.federation_prefix)
    cpu_gate = CpuGate()
    rate_limiter = _rate_limiter(settings, database)
    admission = Admission(*_documents(settings, graph), cpu_gate, rate_limiter, cost_limit=settings.point_limits.cost)
    responses = building(graph, hide_suggestions=not settings.introspection)
    operations = OperationRunner(
        admission,
        fetcher,
        responses,
        ConcurrencyLimit(max(1, settings.mongodb_max_pool_size * 3 // 4)),
        rate_limiter,
        time_limit_ms=settings.limits.operation_time_ms,
    )
    subscriptions = Subscriptions(responses, fetcher, broker, rate_limiter, cost_limit=settings.point_limits.cost)
    page = GraphiQLPage(page_headers) if settings.graphiql else None
    endpoint = GraphQLEndpoint(
        ExchangeTerms(authenticator, settings.connection_limits),
        RequestReader(operations, cpu_gate, settings.limits),
        operations,
        EventStreams(subscriptions, connections),
        cache_control=cache_control(settings.cache_seconds, public=settings.cache_public),
        page=page,
    )
    messages = MessageReader(
        cpu_gate, entry_limit=settings.limits.entries, unacknowledged_bytes=settings.connection_limits.header_bytes
    )
    conversations = ConversationServices(
        authenticator,
        operations,
        subscriptions,
        messages,
        max_operations=settings.subscription_limits.socket_operations,
    )
    sockets = WebSocketEndpoint(conversations, connections, origins=settings.cors_origins)
    health = Health(database)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Callable[[], Awaitable[None]]]]:
        indexing = asyncio.create_task(create_indexes_eventually(database))
        # Long enough for a new database, or one that is ready; a large one is indexed beside the service.
        await asyncio.wait([indexing], timeout=_INDEXING_SECONDS)

        async def end() -> None:
            _LOG.info("Shutting down")
            await connections.close()

        try:
            yield {ENDING: end}
        finally:
            await connections.close()
            await broker.close()
            indexing.cancel()
            with suppress(asyncio.CancelledError):
                await indexing
            await close(database.client)
            counts = [f"{how} {times:,}" for how, times in responses.answered.most_common()]
            _LOG.info("How operations were answered: %s", ", ".join(counts) or "none was")

    app = Starlette(
        routes=[
            Route("/graphql", endpoint),
            WebSocketRoute("/graphql", sockets),
            Route("/healthcheck", health.live),
            Route("/readyz", health.ready),
            *([Route("/graphql/assets/{name}", page.asset)] if page else []),
            WebSocketRoute("/{path:path}", NoWebSocketEndpoint()),
        ],
        middleware=[_cors(settings.cors_origins)] if settings.cors_origins else [],
        exception_handlers={HTTPException: refuse},
        lifespan=lifespan,
    )
    # A redirect would be to http:// behind a proxy that ends TLS, and clients send the key after it.
    app.router.redirect_slashes = False
    return app


def _cors(origins: Collection[str]) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST"],
        # Whatever a client's libraries add: such an origin is allowed, and a header that nobody knows does nothing.
        allow_headers=["*"],
        expose_headers=_EXPOSED,
        max_age=_PREFLIGHT_SECONDS,
    )


def _rate_limiter(settings: Settings, database: Database) -> RateLimiter:
    limits = settings.point_limits
    if not limits.restore:
        return NoRateLimit()
    rate = Rate(limits.burst, limits.restore)
    return SharedTokenBuckets(database, rate) if limits.store == "mongodb" else TokenBuckets(rate)
