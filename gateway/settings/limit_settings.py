"""The settings that are limits; see docs/limits.md."""

from typing import Literal

from pydantic import Field

from gateway.limits import (
    CONNECTION_DEFAULTS,
    DEFAULTS,
    SUBSCRIPTION_DEFAULTS,
    ConnectionLimits,
    Limits,
    SubscriptionLimits,
)
from gateway.plan.paging import DEFAULT_PAGE_SIZE
from gateway.settings.environment import Environment


class LimitSettings(Environment):
    """What a connection may take and a request may ask for, and what a key may keep open and spend."""

    body_limit_bytes: int = Field(
        CONNECTION_DEFAULTS.body_bytes,
        ge=1_000,
        le=100_000_000,
        description="Bytes that the body of a request may have, also decompressed.",
    )
    header_limit_bytes: int = Field(
        CONNECTION_DEFAULTS.header_bytes,
        ge=1_000,
        le=1_000_000,
        description="Bytes that a request's address and headers may have.",
    )
    header_limit: int = Field(
        CONNECTION_DEFAULTS.headers, ge=10, le=10_000, description="Headers that a request may have."
    )
    request_read_seconds: float = Field(
        CONNECTION_DEFAULTS.read_seconds,
        ge=0.1,
        le=600,
        description="Seconds in which a request's head has to arrive, and as many for its body.",
    )
    keep_alive_seconds: int = Field(
        CONNECTION_DEFAULTS.keep_alive_seconds,
        ge=1,
        le=3_600,
        description="Seconds for which a connection may be idle between requests.",
    )
    max_connections: int = Field(
        CONNECTION_DEFAULTS.connections,
        ge=1,
        le=100_000,
        description="Connections to each worker; further ones are answered 503.",
    )
    drain_seconds: float = Field(
        CONNECTION_DEFAULTS.drain_seconds,
        ge=0,
        le=60,
        description="Seconds after SIGTERM in which requests on connections that are kept alive are still answered.",
    )
    source_limit_bytes: int = Field(
        DEFAULTS.source_bytes, ge=100, le=10_000_000, description="Bytes that a GraphQL document may have."
    )
    token_limit: int = Field(DEFAULTS.tokens, ge=10, le=100_000, description="Lexical tokens of a document.")
    comment_limit: int = Field(DEFAULTS.comments, ge=0, le=100_000, description="Comments in a document.")
    operation_limit: int = Field(DEFAULTS.operations, ge=1, le=1_000, description="Operations in a document.")
    depth_limit: int = Field(
        DEFAULTS.depth, ge=1, le=100, description="Levels of fields in an operation, with fragments expanded."
    )
    field_limit: int = Field(
        DEFAULTS.fields, ge=1, le=1_000_000, description="Fields that an operation selects, with fragments expanded."
    )
    alias_limit: int = Field(
        DEFAULTS.aliases, ge=0, le=100_000, description="Aliases in an operation, with fragments expanded."
    )
    root_field_limit: int = Field(DEFAULTS.root_fields, ge=1, le=1_000, description="Root fields of an operation.")
    directive_limit: int = Field(DEFAULTS.directives, ge=0, le=10_000, description="Directives in a document.")
    variable_limit: int = Field(DEFAULTS.variables, ge=0, le=1_000, description="Variables of an operation.")
    list_limit: int = Field(
        DEFAULTS.list_items,
        ge=1,
        le=100_000,
        description="Entries of each list and input object, in variables and in the document.",
    )
    input_limit: int = Field(
        DEFAULTS.input_fields,
        ge=1,
        le=10_000_000,
        description="Entries of all lists and input objects in the variables of a request, and of the latter also the "
        "fields that they may have.",
    )
    json_node_limit: int = Field(
        DEFAULTS.json_nodes, ge=1, le=1_000_000, description="Entries of all JSON values in the variables of a request."
    )
    json_depth_limit: int = Field(
        DEFAULTS.json_depth, ge=1, le=150, description="Levels that a variable's value, or a literal, may be nested."
    )
    page_limit: int = Field(
        DEFAULTS.page_size,
        ge=DEFAULT_PAGE_SIZE,
        le=1_000,
        description="Elements that `first` or `last` may ask a connection for.",
    )
    read_time_limit_ms: int = Field(
        3000, ge=1, le=600_000, description="Milliseconds MongoDB may spend on one read before it is given up."
    )
    operation_time_limit_ms: int = Field(
        DEFAULTS.operation_time_ms,
        ge=1,
        le=600_000,
        description="Milliseconds that an operation may read and write before it is given up.",
    )
    batch_limit: int = Field(
        0, ge=0, le=100, description="Requests that one body may hold as an array; 0 or 1 takes no arrays."
    )
    socket_operations: int = Field(
        50, ge=1, le=10_000, description="Operations, subscriptions among them, that one websocket may have under way."
    )
    subscription_buffer_bytes: int = Field(
        SUBSCRIPTION_DEFAULTS.buffer_bytes,
        ge=10_000,
        le=1_000_000_000,
        description="Bytes of events that may wait for one subscription's client; beyond that its stream ends with "
        "SUBSCRIBER_TOO_SLOW, or its websocket is closed with 1013.",
    )
    key_buffer_bytes: int = Field(
        SUBSCRIPTION_DEFAULTS.key_buffer_bytes,
        ge=10_000,
        le=100_000_000_000,
        description="Bytes of events that may wait for the clients of all subscriptions of a key, at each worker; "
        "beyond that, those that don't keep up end likewise.",
    )
    key_subscriptions: int = Field(
        SUBSCRIPTION_DEFAULTS.key_subscriptions,
        ge=1,
        le=100_000,
        description="Subscriptions that each key may have at a time, at each worker.",
    )
    key_connections: int = Field(
        500,
        ge=1,
        le=100_000,
        description="Websockets and event streams that each key may have open at a time, at each worker.",
    )
    cost_limit: int = Field(
        DEFAULTS.cost, ge=1, le=1_000_000_000, description="Points that an operation may cost at most; see limits.md."
    )
    rate_limit_restore: int = Field(
        25_000,
        ge=0,
        le=1_000_000_000,
        description="Points that each key gets back every second; 0: keys may spend without end.",
    )
    rate_limit_burst: int = Field(
        250_000, ge=1, le=1_000_000_000, description="Points that a key has when it has spent none."
    )
    rate_limit_store: Literal["memory", "mongodb"] = Field(
        "memory",
        description="Where points are kept: by each worker for itself, or in MongoDB for all of them together.",
    )

    @property
    def connection_limits(self) -> ConnectionLimits:
        return ConnectionLimits(
            read_seconds=self.request_read_seconds,
            keep_alive_seconds=self.keep_alive_seconds,
            header_bytes=self.header_limit_bytes,
            headers=self.header_limit,
            body_bytes=self.body_limit_bytes,
            connections=self.max_connections,
            drain_seconds=self.drain_seconds,
        )

    @property
    def subscription_limits(self) -> SubscriptionLimits:
        return SubscriptionLimits(
            buffer_bytes=self.subscription_buffer_bytes,
            key_buffer_bytes=self.key_buffer_bytes,
            key_subscriptions=self.key_subscriptions,
        )

    @property
    def limits(self) -> Limits:
        return Limits(
            source_bytes=self.source_limit_bytes,
            tokens=self.token_limit,
            comments=self.comment_limit,
            operations=self.operation_limit,
            depth=self.depth_limit,
            fields=self.field_limit,
            aliases=self.alias_limit,
            root_fields=self.root_field_limit,
            directives=self.directive_limit,
            variables=self.variable_limit,
            list_items=self.list_limit,
            input_fields=self.input_limit,
            json_nodes=self.json_node_limit,
            json_depth=self.json_depth_limit,
            page_size=self.page_limit,
            operation_time_ms=self.operation_time_limit_ms,
            cost=self.cost_limit,
        )
