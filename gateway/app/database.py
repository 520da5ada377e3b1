"""The database that the settings name."""

from gateway.settings import Settings, SettingsError
from gateway.store.client import Database, open_client


def open_database(settings: Settings) -> Database:
    """The database, whose ``client`` the caller closes; raises `SettingsError` for a URI that isn't one."""
    try:
        client = open_client(
            settings.mongodb_uri.get_secret_value(),
            driver=settings.driver,
            max_pool_size=settings.mongodb_max_pool_size,
        )
    except ValueError as error:
        raise SettingsError(f"GATEWAY_MONGODB_URI: {error}") from None
    return client[settings.mongodb_database]
