"""What one request may ask for: every bound and its default, operation texts, variables, validation rules."""

from gateway.limits.bounds import (
    CONNECTION_DEFAULTS,
    DEFAULTS,
    SUBSCRIPTION_DEFAULTS,
    ConnectionLimits,
    Limits,
    SubscriptionLimits,
)

__all__ = [
    "CONNECTION_DEFAULTS",
    "DEFAULTS",
    "SUBSCRIPTION_DEFAULTS",
    "ConnectionLimits",
    "Limits",
    "SubscriptionLimits",
]
