"""The database that the settings name."""

from collections.abc import Sequence

from gateway.settings import Settings, SettingsError
from gateway.store.client import Client, Database, close, open_client, read_by
from gateway.store.driver_monitoring import Listener
from gateway.store.suitability import obstacles

_KILLING_CONNECTIONS = 2
# A server that is there says so at once; one that isn't needn't hold up the start for longer.
_LOOKING_MS = 2_000


def open_database(settings: Settings, listeners: Sequence[Listener] = ()) -> Database:
    """The database, whose ``client`` the caller closes; raises `SettingsError` for a URI that isn't one."""
    return _open_client(settings, settings.mongodb_max_pool_size, listeners)[settings.mongodb_database]


def for_queries(database: Database, settings: Settings) -> Database:
    """The database as queries read it; raises `SettingsError` for bounds that the primary can't have."""
    for variable, value in (
        ("GATEWAY_READ_MAX_STALENESS_SECONDS", settings.read_max_staleness_seconds),
        ("GATEWAY_READ_TAGS", settings.read_tags),
    ):
        if value and settings.read_preference == "primary":
            raise SettingsError(f"{variable}: expected GATEWAY_READ_PREFERENCE beside it, other than primary")
    return read_by(
        database,
        settings.read_preference,
        max_staleness_seconds=settings.read_max_staleness_seconds,
        tags=settings.read_tags,
    )


async def database_warnings(settings: Settings) -> list[str]:
    """What would better be otherwise about the database, a line each; nothing where it doesn't answer.

    Raises `SettingsError`, in one line, for one that the gateway can't work with.
    """
    # By its own driver, whatever serves: what is told of servers that don't answer is alike then.
    settings = settings.model_copy(update={"driver": "pymongo"})
    client = _open_client(settings, 1, server_selection_timeout_ms=_LOOKING_MS)
    try:
        found = await obstacles(client[settings.mongodb_database], timeout_seconds=2 * _LOOKING_MS / 1_000)
    finally:
        await close(client)
    if fatal := [obstacle.text for obstacle in found if obstacle.is_fatal]:
        raise SettingsError(f"GATEWAY_MONGODB_URI: {fatal[0]}")
    return [obstacle.text for obstacle in found]


def open_killing_client(settings: Settings) -> Client:
    """A client for `gateway.store.long_commands`, which the caller closes; it connects where something is to be killed.
    Raises `SettingsError` as `open_database`."""
    return _open_client(settings, _KILLING_CONNECTIONS)


def _open_client(settings: Settings, connections: int, listeners: Sequence[Listener] = (), **timeouts: int) -> Client:
    uri = settings.mongodb_uri.get_secret_value()
    try:
        return open_client(uri, driver=settings.driver, max_pool_size=connections, listeners=listeners, **timeouts)
    except ValueError as error:
        raise SettingsError(f"GATEWAY_MONGODB_URI: {error}") from None
