"""The settings: declared with their defaults, and read here alone from the environment."""

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
