"""The settings with their defaults: the only reader of the environment. Limits are declared in ``gateway/limits/``."""

from gateway.settings.environment import (
    SettingsError,
    load,
)
from gateway.settings.settings import (
    EmbeddedSettings,
    SchemaSettings,
    Settings,
    misspelt_variables,
    reference,
)

__all__ = [
    "EmbeddedSettings",
    "SchemaSettings",
    "Settings",
    "SettingsError",
    "load",
    "misspelt_variables",
    "reference",
]
