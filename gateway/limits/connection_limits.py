"""What a connection may take, and how long it may be silent; declared as `gateway.limits.request_limits` says."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a connection may take; a body's chunks may take twice as many bytes as the body."""

    body_bytes: Annotated[
        int,
        Field(
            validation_alias="body_limit_bytes",
            ge=1_000,
            le=100_000_000,
            description="Bytes that the body of a request may have.",
        ),
    ] = 2_000_000
    header_bytes: Annotated[
        int,
        Field(
            validation_alias="header_limit_bytes",
            ge=1_000,
            le=1_000_000,
            description="Bytes that a request's address and headers may have.",
        ),
    ] = 65_536
    headers: Annotated[
        int,
        Field(validation_alias="header_limit", ge=10, le=10_000, description="Headers that a request may have."),
    ] = 200
    read_seconds: Annotated[
        float,
        Field(
            validation_alias="request_read_seconds",
            ge=0.1,
            le=600,
            description="Seconds in which a request's body has to arrive; its head may take up to twice as many.",
        ),
    ] = 10.0
    keep_alive_seconds: Annotated[
        int,
        Field(ge=1, le=3_600, description="Seconds for which a connection may be idle between requests."),
    ] = 15
    connections: Annotated[
        int,
        Field(
            validation_alias="max_connections",
            ge=1,
            le=100_000,
            description="Connections that may be used at a time, for requests and for what stays open, at each worker; "
            "further ones are answered 503.",
        ),
    ] = 1_000
    organization_connections: Annotated[
        int | None,
        Field(
            ge=1,
            le=100_000,
            description="How many of them each organization may use, with all its keys; unset: seven of ten.",
            json_schema_extra={"expected": "a whole number from 1 to 100000"},
        ),
    ] = None
    drain_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=60,
            description="Seconds after SIGTERM in which requests on connections that are kept alive are still "
            "answered.",
        ),
    ] = 1.0

    @property
    def of_organization(self) -> int:
        """Connections that an organization may use."""
        if self.organization_connections is not None:
            return self.organization_connections
        return max(1, self.connections * 7 // 10)

    @property
    def unacknowledged(self) -> int:
        """Websockets that may be open without having said who connects: with one organization's, some are left."""
        return max(1, self.connections // 5)


# More than may be used, for whoever asks for the health of the process.
HEALTH_CONNECTIONS = 10

# How long a connection that stays open may be silent, on either side: the same over every transport. Proxies give up a
# connection over which nothing comes.
HEARTBEAT_SECONDS = 12.0
# For how long a client may read nothing of a stream; websockets are pinged for as long.
UNREAD_SECONDS = 40.0
# For how long a client that doesn't read is waited for with the error that ends its connection.
CLOSING_SECONDS = 10.0
# Bodies of at least so many bytes are sent in pieces of as many, and count as unread until they are taken: a server
# buffers as much before it says that a client doesn't read.
LONG_BODY_BYTES = 65_536
# Such a body has to be taken within so many seconds, and one more for each so many bytes: of a slow telephone.
READING_GRACE_SECONDS = 10.0
LEAST_BYTES_PER_SECOND = 20_000

# Of what a websocket's client calls an operation: libraries take UUIDs or numbers. Each message of it has it.
MAX_OPERATION_ID_LENGTH = 128

CONNECTION_DEFAULTS = ConnectionLimits()
