"""The database that the settings name."""

from gateway.settings import Settings, SettingsError
from gateway.store.client import Client, Database, open_client, read_by

_KILLING_CONNECTIONS = 2


def open_database(settings: Settings) -> Database:
    """The database, whose ``client`` the caller closes; raises `SettingsError` for a URI that isn't one."""
    return _open_client(settings, settings.mongodb_max_pool_size)[settings.mongodb_database]


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


def open_killing_client(settings: Settings) -> Client:
    """A client for `gateway.store.long_commands`, which the caller closes; it connects where something is to be killed.
    Raises `SettingsError` as `open_database`."""
    return _open_client(settings, _KILLING_CONNECTIONS)


def _open_client(settings: Settings, connections: int) -> Client:
    uri = settings.mongodb_uri.get_secret_value()
    try:
        return open_client(uri, driver=settings.driver, max_pool_size=connections)
    except ValueError as error:
        raise SettingsError(f"GATEWAY_MONGODB_URI: {error}") from None
