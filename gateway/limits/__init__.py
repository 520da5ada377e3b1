"""What one request may ask for: every bound and its default, operation texts, variables, validation rules."""

from gateway.limits.connection_limits import CONNECTION_DEFAULTS, ConnectionLimits
from gateway.limits.key_limits import SUBSCRIPTION_DEFAULTS, PointLimits, SubscriptionLimits
from gateway.limits.request_limits import DEFAULTS, Limits

__all__ = [
    "CONNECTION_DEFAULTS",
    "DEFAULTS",
    "SUBSCRIPTION_DEFAULTS",
    "ConnectionLimits",
    "Limits",
    "PointLimits",
    "SubscriptionLimits",
]
