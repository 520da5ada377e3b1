"""Every limit, with its number and setting: of a request, a key, a connection, a worker; numbers only."""

from gateway.limits.connection_limits import (
    CLOSING_SECONDS,
    CONNECTION_DEFAULTS,
    HEALTH_CONNECTIONS,
    HEARTBEAT_SECONDS,
    LEAST_BYTES_PER_SECOND,
    LONG_BODY_BYTES,
    MAX_OPERATION_ID_LENGTH,
    READING_GRACE_SECONDS,
    UNREAD_SECONDS,
    ConnectionLimits,
)
from gateway.limits.key_limits import SUBSCRIPTION_DEFAULTS, PercolatorLimits, PointLimits, SubscriptionLimits
from gateway.limits.request_limits import DEFAULTS, Limits
from gateway.limits.worker_limits import WORKER_DEFAULTS, WorkerLimits

__all__ = [
    "CLOSING_SECONDS",
    "CONNECTION_DEFAULTS",
    "DEFAULTS",
    "HEALTH_CONNECTIONS",
    "HEARTBEAT_SECONDS",
    "LEAST_BYTES_PER_SECOND",
    "LONG_BODY_BYTES",
    "MAX_OPERATION_ID_LENGTH",
    "READING_GRACE_SECONDS",
    "SUBSCRIPTION_DEFAULTS",
    "UNREAD_SECONDS",
    "WORKER_DEFAULTS",
    "ConnectionLimits",
    "Limits",
    "PercolatorLimits",
    "PointLimits",
    "SubscriptionLimits",
    "WorkerLimits",
]
