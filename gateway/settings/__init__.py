"""The settings with their defaults: the only reader of the environment. Limits are declared in ``gateway/limits/``."""

from gateway.settings.declarations import (
    EmbeddedSettings,
    SchemaSettings,
    Settings,
    reference,
)
from gateway.settings.environment import (
    SettingsError,
    load,
)

__all__ = [
    "EmbeddedSettings",
    "SchemaSettings",
    "Settings",
    "SettingsError",
    "load",
    "reference",
]
