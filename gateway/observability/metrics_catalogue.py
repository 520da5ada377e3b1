"""Every metric that there is, by its name in Prometheus: the only place where one is declared.

Where OpenTelemetry's semantic conventions have a name and labels for it, those are used; the others begin with
``gateway_``. A counter is exposed with ``_total`` behind its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; ``buckets``: the upper bounds of a histogram's, in its unit. ``of_workers``: what the gauges of
    several workers come to together."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Sequence[str] = ()
    buckets: Sequence[float] = ()
    of_workers: Literal["sum", "max"] = "sum"


# As the conventions propose them for HTTP, and two below.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

HTTP_DURATION = Metric(
    "http_server_request_duration_seconds",
    "histogram",
    "From a request over HTTP until its reply is sent; of an event stream until it ends.",
    ("http_request_method", "http_route", "http_response_status_code"),
    _SECONDS,
)
DB_DURATION = Metric(
    "db_client_operation_duration_seconds",
    "histogram",
    "From a command of an operation until it has all of MongoDB's replies; what a recording reads and writes is one. "
    "`error_type` is the code of the error; look-ups of keys aren't in it.",
    ("db_operation_name", "error_type"),
    _SECONDS,
)
DB_CONNECTIONS = Metric(
    "db_client_connection_count",
    "gauge",
    "Connections to MongoDB, of which those that are used run a command.",
    ("db_client_connection_state",),
)
DB_WAIT = Metric(
    "db_client_connection_wait_time_seconds",
    "histogram",
    "How long a command waited for a connection to MongoDB.",
    (),
    _SECONDS,
)
OPERATION_DURATION = Metric(
    "gateway_operation_duration_seconds",
    "histogram",
    "From an operation's arrival until its answer is made, or sent over HTTP; subscriptions aren't in it. "
    "`way`: shaped, executed (by graphql-core) or refused. `name`: of up to 20 operations of each organization, and of "
    "up to 200 in all; the others are `other`.",
    ("graphql_operation_type", "way", "graphql_operation_name"),
    _SECONDS,
)
OVERHEAD = Metric(
    "gateway_operation_overhead_seconds",
    "histogram",
    "The duration of an operation less the time in which its commands were under way.",
    ("graphql_operation_type",),
    _SECONDS,
)
WAITING = Metric(
    "gateway_operation_waiting_seconds_total",
    "counter",
    "The time in which operations waited for their turn.",
)
ERRORS = Metric(
    "gateway_errors_total",
    "counter",
    "Operations and requests with an error of this code, each counted once; RATE_LIMITED are those that had no points.",
    ("code",),
)
EXECUTED = Metric(
    "gateway_executed_operations_total",
    "counter",
    "Operations that graphql-core had to answer, by the reason.",
    ("reason",),
)
DOCUMENTS = Metric(
    "gateway_documents_total",
    "counter",
    "Operations by how much of them was known: all of the `request`, the `document`, or nothing (`new`).",
    ("known",),
)
PERSISTED = Metric(
    "gateway_persisted_operations_total",
    "counter",
    "Operations whose document was named by an id.",
)
POINTS_ESTIMATED = Metric(
    "gateway_estimated_points_total",
    "counter",
    "Points that admitted operations might have cost.",
)
POINTS = Metric("gateway_points_total", "counter", "Points that were charged for operations.")
STORED_DOCUMENTS = Metric(
    "gateway_stored_documents_total",
    "counter",
    "Documents that came from MongoDB or were recorded.",
)
READ_BYTES = Metric("gateway_read_bytes_total", "counter", "Bytes of documents that came from MongoDB.")
WRITTEN_BYTES = Metric("gateway_written_bytes_total", "counter", "Bytes of documents that MongoDB was sent.")
SUBSCRIPTIONS = Metric("gateway_subscriptions", "gauge", "Subscriptions that are open.")
SUBSCRIPTION_EVENTS = Metric(
    "gateway_subscription_events_total",
    "counter",
    "Answers that subscriptions were sent.",
)
SUBSCRIPTIONS_ENDED = Metric(
    "gateway_subscriptions_ended_total",
    "counter",
    "Subscriptions that ended, by the code of the error that ended them: SUBSCRIBER_TOO_SLOW where they lagged, "
    "`client` where their client did.",
    ("code",),
)
LOOP_LAG = Metric(
    "gateway_event_loop_lag_seconds",
    "gauge",
    "How late the event loop wakes whoever sleeps, averaged over about two seconds; of several workers the most.",
    of_workers="max",
)
STREAM_LAG = Metric(
    "gateway_change_stream_lag_seconds",
    "gauge",
    "How long ago the last inserted document was written as it was told to subscriptions, in whole seconds; 0 where "
    "all are told; of several workers the most.",
    of_workers="max",
)
LOG_LOST = Metric(
    "gateway_lost_log_records_total",
    "counter",
    "Records of requests that could not be written: the disk is full, or nobody reads the log any longer.",
)
BUILD = Metric("gateway_build_info", "gauge", "1, with the version that runs.", ("version",), of_workers="max")

CATALOGUE: Sequence[Metric] = (
    HTTP_DURATION,
    DB_DURATION,
    DB_CONNECTIONS,
    DB_WAIT,
    OPERATION_DURATION,
    OVERHEAD,
    WAITING,
    ERRORS,
    EXECUTED,
    DOCUMENTS,
    PERSISTED,
    POINTS_ESTIMATED,
    POINTS,
    STORED_DOCUMENTS,
    READ_BYTES,
    WRITTEN_BYTES,
    SUBSCRIPTIONS,
    SUBSCRIPTION_EVENTS,
    SUBSCRIPTIONS_ENDED,
    LOOP_LAG,
    STREAM_LAG,
    LOG_LOST,
    BUILD,
)
