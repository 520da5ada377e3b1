"""What one request may ask for: every limit with its default, and the checks that come before anything else is done.

A setting may change each of them; see docs/limits.md. Those of `gateway.limits.operation_text` don't hold for documents
that are trusted.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``depth``, ``fields``, ``aliases`` and ``root_fields``: of one operation with its fragments expanded."""

    source_bytes: int = 50_000
    tokens: int = 2_000
    comments: int = 100
    operations: int = 10
    depth: int = 20
    fields: int = 10_000
    aliases: int = 30
    root_fields: int = 10
    directives: int = 20
    variables: int = 50
    list_items: int = 1_000
    input_fields: int = 120_000
    json_nodes: int = 20_000
    json_depth: int = 130
    page_size: int = 100
    operation_time_ms: int = 10_000
    cost: int = 5_000

    @property
    def entries(self) -> int:
        """Of all lists and objects of a request: more are never within the limits on variables."""
        return self.input_fields + self.json_nodes


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """``read_seconds``: for a head to arrive, and again for the body. ``keep_alive_seconds``: between requests.
    ``header_bytes``: of a request line and all headers; ``headers``: how many, trailers included. ``body_bytes``: of a
    body; its chunks may take twice as many. ``drain_seconds``: in which idle connections may send a last request when
    the server ends."""

    read_seconds: float = 10.0
    keep_alive_seconds: int = 15
    header_bytes: int = 65_536
    headers: int = 200
    body_bytes: int = 2_000_000
    connections: int = 1_000
    drain_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class SubscriptionLimits:
    """``buffer_bytes``: of events that wait for one subscription's client; ``key_buffer_bytes``: of those that wait for
    any of a key's, in this process."""

    buffer_bytes: int = 1_000_000
    key_buffer_bytes: int = 100_000_000
    key_subscriptions: int = 10_000


DEFAULTS = Limits()
CONNECTION_DEFAULTS = ConnectionLimits()
SUBSCRIPTION_DEFAULTS = SubscriptionLimits()
