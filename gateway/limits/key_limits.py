"""What a key may keep open and spend; declared as `gateway.limits.request_limits` says."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from gateway.model.percolators import KEPT_MATCHES, MAX_PERCOLATORS, MAX_WITHOUT_EQUALITY


@dataclass(frozen=True, slots=True)
class SubscriptionLimits:
    """What websockets and event streams may keep open, and what may wait for their clients."""

    socket_operations: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="Operations, subscriptions among them, that one websocket may have under way.",
        ),
    ] = 50
    buffer_bytes: Annotated[
        int,
        Field(
            validation_alias="subscription_buffer_bytes",
            ge=10_000,
            le=1_000_000_000,
            description="Bytes of events that may wait for one subscription's client; beyond that its stream ends with "
            "SUBSCRIBER_TOO_SLOW, or its websocket is closed with 1013.",
        ),
    ] = 1_000_000
    key_buffer_bytes: Annotated[
        int,
        Field(
            ge=10_000,
            le=100_000_000_000,
            description="Bytes of events and answers that may wait for the clients of a key, at each worker; beyond "
            "that, subscriptions that don't keep up end likewise, and answers are dropped with ANSWERS_UNREAD.",
        ),
    ] = 100_000_000
    key_subscriptions: Annotated[
        int,
        Field(ge=1, le=100_000, description="Subscriptions that each key may have at a time, at each worker."),
    ] = 10_000
    key_connections: Annotated[
        int,
        Field(
            ge=1,
            le=100_000,
            description="Websockets and event streams that each key may have open at a time, at each worker.",
        ),
    ] = 500


@dataclass(frozen=True, slots=True)
class PointLimits:
    """The points that operations may cost and keys may spend."""

    cost: Annotated[
        int,
        Field(
            validation_alias="cost_limit",
            ge=1,
            le=1_000_000_000,
            description="Points that an operation may cost at most; see limits.md.",
        ),
    ] = 5_000
    restore: Annotated[
        int,
        Field(
            validation_alias="rate_limit_restore",
            ge=0,
            le=1_000_000_000,
            description="Points that each key gets back every second; 0: keys may spend without end.",
        ),
    ] = 25_000
    burst: Annotated[
        int,
        Field(
            validation_alias="rate_limit_burst",
            ge=1,
            le=1_000_000_000,
            description="Points that a key has when it has spent none.",
        ),
    ] = 250_000
    store: Annotated[
        Literal["memory", "mongodb"],
        Field(
            validation_alias="rate_limit_store",
            description="Where points are kept: by each worker for itself, or in MongoDB for all of them together.",
        ),
    ] = "memory"


@dataclass(frozen=True, slots=True)
class PercolatorLimits:
    """The percolators, which are saved filters, that a namespace may have."""

    most: Annotated[
        int,
        Field(
            validation_alias="namespace_percolators",
            ge=0,
            le=100_000,
            description="Percolators that each namespace may have.",
        ),
    ] = MAX_PERCOLATORS
    without_equality: Annotated[
        int,
        Field(
            validation_alias="percolators_without_equality",
            ge=0,
            le=10_000,
            description="Percolators of these that demand no value, so that each is tried on all that is recorded.",
        ),
    ] = MAX_WITHOUT_EQUALITY
    kept_matches: Annotated[
        int,
        Field(
            validation_alias="percolator_matches",
            ge=1,
            le=10_000_000,
            description="Matches of each percolator that are kept, the newest; now and then a hundredth more.",
        ),
    ] = KEPT_MATCHES


def operations_at_once(pool_size: int) -> tuple[int, int]:
    """How many operations each key, and each organization by all its keys, runs at once, at each worker: nobody takes
    every connection to the database."""
    return max(1, pool_size // 2), max(1, pool_size * 3 // 4)


SUBSCRIPTION_DEFAULTS = SubscriptionLimits()
