"""The application: its routes over the services of one process."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from gateway.app.lifespan import lifespan
from gateway.app.project_links import documentation_address
from gateway.app.readiness import readiness_checks
from gateway.app.services import Services
from gateway.execution.asked_operations import AskedOperations
from gateway.execution.export_documents import export_documents
from gateway.execution.export_pages import ExportPages
from gateway.observability.observer import Observer
from gateway.settings import Settings
from gateway.transport.collect.collect_routes import collect_routes
from gateway.transport.collect.collector_description import described_collectors
from gateway.transport.exchange.allowed_origins import AllowedOrigins
from gateway.transport.exchange.exact_routes import ExactRoute, ExactWebSocketRoute
from gateway.transport.exchange.exchange import ExchangePolicy
from gateway.transport.export.export_endpoint import ExportEndpoint
from gateway.transport.http.caching import cache_control
from gateway.transport.http.direct_route import DirectRoute
from gateway.transport.http.endpoint import GraphQLEndpoint
from gateway.transport.http.event_streams import EventStreams
from gateway.transport.http.health import LIVE_PATH, ORIGINAL_PATH, READY_PATH, Health
from gateway.transport.http.not_found import ElsewhereRefusal
from gateway.transport.http.request_reader import RequestReader
from gateway.transport.pages.graphiql import GraphiQLPage
from gateway.transport.pages.page_routes import page_routes
from gateway.transport.pages.page_settings import PageSettings
from gateway.transport.rest.rest_routes import rest_routes
from gateway.transport.server.cross_origin import CrossOrigin
from gateway.transport.server.known_hosts import KnownHosts
from gateway.transport.server.proxies import BehindProxies
from gateway.transport.server.public_url import PublicUrl, parse_public_url
from gateway.transport.server.request_observation import RequestObservation
from gateway.transport.websocket.conversation import ConversationServices
from gateway.transport.websocket.messages import MessageReader
from gateway.transport.websocket.socket_endpoint import NoWebSocketEndpoint, WebSocketEndpoint


def create_app(settings: Settings, *, pages_take_key: bool = False) -> Starlette:
    """The gateway as an ASGI application; raises `SettingsError`.

    ``pages_take_key``: pages use the key that their address may hold.
    """
    return application(settings, Services(settings), pages_take_key=pages_take_key)


def application(settings: Settings, services: Services, *, pages_take_key: bool = False) -> Starlette:
    """The application over these services."""
    graphiql = GraphiQLPage(takes_key=pages_take_key) if settings.graphiql else None
    policy = ExchangePolicy(
        services.authenticator,
        services.used_connections,
        services.unread_bytes,
        services.observer,
        settings.connection_limits,
    )
    endpoint = GraphQLEndpoint(
        policy,
        RequestReader(services.operations, services.paid_work, settings.limits),
        services.operations,
        EventStreams(services.subscriptions, services.connections, services.observer),
        cache_control=cache_control(settings.cache_seconds, public=settings.cache_public),
        page=graphiql,
    )
    messages = MessageReader(
        services.cpu_gate,
        services.paid_work,
        entry_limit=settings.limits.entries,
        unacknowledged_bytes=settings.connection_limits.header_bytes,
    )
    conversations = ConversationServices(
        services.authenticator,
        services.operations,
        services.subscriptions,
        messages,
        services.unread_bytes,
        services.paid_work,
        services.observer,
        max_operations=settings.subscription_limits.socket_operations,
    )
    public = None if settings.public_url is None else parse_public_url(settings.public_url)
    origins = AllowedOrigins(settings.cors_origins, services.key_origins)
    sockets = WebSocketEndpoint(
        conversations,
        services.connections,
        origins=origins,
        own_origin=None if public is None else public.origin,
    )
    health = Health(
        readiness_checks(services, lag_limit_ms=settings.worker_limits.event_loop_lag_limit_ms),
        {"migrations": lambda: services.pending_migrations.note},
    )
    app = Starlette(
        routes=[
            ExactWebSocketRoute("/graphql", sockets),
            ExactRoute(LIVE_PATH, health.live),
            ExactRoute(ORIGINAL_PATH, health.live),
            ExactRoute(READY_PATH, health.ready),
            *([ExactRoute("/graphql/assets/{name}", graphiql.asset)] if graphiql else []),
            ExactRoute("/export", _exports(policy, settings, services)),
            *collect_routes(
                policy, services.operations, services.paid_work, services.graph.executable, settings.limits
            ),
            *rest_routes(
                policy,
                services.operations,
                services.paid_work,
                services.graph.executable,
                settings.limits,
                described_beside=described_collectors(),
            ),
            *page_routes(_page_settings(settings, takes_key=pages_take_key)),
            ExactWebSocketRoute("/{path:text}", NoWebSocketEndpoint(services.observer)),
        ],
        middleware=[
            *_proxies(settings, public),
            Middleware(RequestObservation, observer=services.observer),
            *_known_hosts(settings, public, services.observer),
            Middleware(CrossOrigin, origins=origins),
            Middleware(DirectRoute, path="/graphql", endpoint=endpoint),
        ],
        exception_handlers={HTTPException: ElsewhereRefusal(services.observer)},
        lifespan=lambda app: lifespan(services, app.routes, origins),
    )
    # A redirect would be to http:// behind a proxy that ends TLS, and clients send the key after it.
    app.router.redirect_slashes = False
    return app


def _page_settings(settings: Settings, *, takes_key: bool) -> PageSettings:
    return PageSettings(
        graphiql=settings.graphiql,
        insights=settings.insights_page,
        takes_key=takes_key,
        documentation=documentation_address(),
    )


def _exports(policy: ExchangePolicy, settings: Settings, services: Services) -> ExportEndpoint:
    limits, documents = settings.limits, export_documents(services.graph.executable)
    return ExportEndpoint(
        policy,
        ExportPages(AskedOperations(services.operations, documents), limits.page_size, native=settings.native),
        services.paid_work,
        services.bulk_work,
        page_limit=limits.page_size,
        entry_limit=limits.entries,
    )


def _proxies(settings: Settings, public: PublicUrl | None) -> list[Middleware]:
    base_path = "" if public is None else public.base_path
    if not (settings.trusted_proxies or base_path):
        return []
    return [Middleware(BehindProxies, trusted=settings.trusted_proxies, base_path=base_path)]


def _known_hosts(settings: Settings, public: PublicUrl | None, observer: Observer) -> list[Middleware]:
    if not settings.hosts:
        return []
    hosts = settings.hosts if public is None else (*settings.hosts, public.host)
    return [Middleware(KnownHosts, hosts=hosts, observer=observer)]
