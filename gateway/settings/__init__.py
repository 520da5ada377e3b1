"""The settings, declared with their defaults and descriptions: the only reader of the environment."""

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
