"""The settings of a running gateway: the only reader of the environment.

Each is declared once; error messages and the table in docs/settings.md are made from the declarations.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import NoDecode

from gateway.limits import ConnectionLimits, Limits, PercolatorLimits, PointLimits, SubscriptionLimits, WorkerLimits
from gateway.settings.environment import Environment, SettingsError, listed, load, misspelt, table
from gateway.settings.read_settings import ReadSettings
from gateway.settings.token_settings import TokenSettings

__all__ = ["EmbeddedSettings", "SchemaSettings", "Settings", "SettingsError", "load", "misspelt_variables", "reference"]


def _mongodb_uri(uri: SecretStr) -> SecretStr:
    if not re.match(r"mongodb(\+srv)?://.", uri.get_secret_value()):
        raise ValueError
    return uri


def _with_a_port(address: str) -> str:
    # Raises ValueError for a port that there isn't.
    _ = urlsplit(address).port
    return address


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _expecting(expected: str) -> dict[str, Any]:
    """Says what is expected where the type and its bounds don't."""
    return {"expected": expected}


_Host = Annotated[str, Field(pattern=r"^([A-Za-z0-9._-]+(:[0-9]+)?|[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\](:[0-9]+)?)$")]
# A port that is named: nobody would learn of a free one that is taken.
_KNOWN_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_Address = Annotated[str, Field(pattern=rf"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):{_KNOWN_PORT}$")]
_Origin = Annotated[str, Field(pattern=r"^(\*|https?://[^\s/,]+)$")]


# Its path is of characters that nobody encodes.
_ADDRESS = r"^https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$"


class LimitSettings(Environment):
    """What a connection may take, a request may ask for, a key may keep open and spend, and all of them share."""

    connection_limits: ConnectionLimits = ConnectionLimits()
    limits: Limits = Limits()
    subscription_limits: SubscriptionLimits = SubscriptionLimits()
    point_limits: PointLimits = PointLimits()
    percolator_limits: PercolatorLimits = PercolatorLimits()
    worker_limits: WorkerLimits = WorkerLimits()


class SchemaSettings(Environment):
    """What the schema depends on."""

    federation_prefix: str = Field(
        "",
        pattern=r"^([A-Za-z][A-Za-z0-9]{0,29})?$",
        description="What the names of generic types, such as Session, begin with: for composing with other schemas.",
        json_schema_extra=_expecting("1 to 30 letters and digits, a letter first"),
    )


class Settings(ReadSettings, TokenSettings, LimitSettings, SchemaSettings):
    """What ``serve`` and every command that connects to MongoDB read."""

    mongodb_uri: Annotated[SecretStr, AfterValidator(_mongodb_uri)] = Field(
        description="Where MongoDB is: a replica set or a sharded cluster.",
        json_schema_extra=_expecting("a connection string that begins with mongodb:// or mongodb+srv://"),
    )
    mongodb_database: str = Field(
        "gateway",
        pattern=r"^[A-Za-z0-9_-]{1,63}$",
        description="The database that holds everything.",
        json_schema_extra=_expecting("1 to 63 letters, digits, _ or -"),
    )
    mongodb_max_pool_size: int = Field(50, ge=1, le=1000, description="Connections to each server, for each worker.")
    driver: Literal["pymongo", "motor"] = Field("pymongo", description="PyMongo's own asyncio API, or Motor.")
    host: str = Field(
        "127.0.0.1",
        description="The address to listen on; 0.0.0.0 for every IPv4 address.",
        json_schema_extra=_expecting("a host name or an IP address"),
    )
    hosts: Annotated[tuple[_Host, ...], NoDecode, BeforeValidator(listed)] = Field(
        (),
        description="Names and addresses by which clients may call the gateway, with any port; unset: every one, but "
        "for the demo localhost and its address.",
        json_schema_extra=_expecting("a comma-separated list of host names and IP addresses"),
    )
    public_url: Annotated[str, Field(pattern=_ADDRESS), AfterValidator(_with_a_port)] | None = Field(
        None,
        description="The address at which clients reach the gateway, without /graphql; pages of its origin are the "
        "gateway's own, its name is one of GATEWAY_HOSTS where there are any, and its path may be before every other.",
        json_schema_extra=_expecting("an address such as https://shop.example or https://shop.example/search"),
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(listed)] = Field(
        (),
        description="Where the proxies are whose Forwarded and X-Forwarded headers are believed.",
        json_schema_extra=_expecting("a comma-separated list of IP addresses and networks such as 10.0.0.0/8"),
    )
    port: int = Field(8000, ge=0, le=65_535, description="The port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=256, description="Processes that serve.")
    key_cache_seconds: float = Field(
        3.0, ge=0, le=5, description="Seconds for which a worker may go on using a key or namespace it has looked up."
    )
    graphiql: bool = Field(True, description="Whether browsers get the GraphiQL page at /graphql.")
    insights_page: bool = Field(True, description="Whether browsers get the Insights page at /insights.")
    introspection: bool = Field(True, description="Whether clients may ask for the schema.")
    native: bool = Field(
        True, description="Whether answers are made by the native extension, where it is installed; else by Python."
    )
    federation_sdl: bool | None = Field(
        None,
        description="Whether a federated gateway may ask for the schema, by `_service`; unset: where clients may.",
        json_schema_extra=_expecting("true or false"),
    )
    cors_origins: Annotated[tuple[_Origin, ...], NoDecode, BeforeValidator(listed)] = Field(
        (),
        description="Origins whose pages may call the gateway from a browser, besides those that keys are bound to; * "
        "for every origin.",
        json_schema_extra=_expecting("a comma-separated list of origins such as https://shop.example, or *"),
    )
    persisted_queries: bool = Field(
        True, description="Whether a query may be named by the hash of a text sent before (Apollo's protocol)."
    )
    trusted_documents: Path | None = Field(
        None,
        description="The manifest of documents that may be named by their ids; read and validated at the start.",
        json_schema_extra=_expecting("the path of a JSON file in Relay's or Apollo's format"),
    )
    only_trusted_documents: bool = Field(False, description="Whether any document outside the manifest is refused.")
    insights: bool = Field(
        True,
        description="Whether this process takes part in deriving what statistics are read from; one of all that do "
        "derives at a time.",
    )
    jobs: bool = Field(
        True,
        description="Whether this process works on jobs, such as the erasure of a user; of all that do, each takes its "
        "turn.",
    )
    cache_seconds: int = Field(
        0,
        ge=0,
        le=86_400,
        description="Seconds for which an answer to a persisted query by GET may be used again without asking.",
    )
    cache_public: bool = Field(
        False, description="Whether shared caches, too, may keep those answers, for each key and namespace."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        "info", description="The least severe messages that are logged."
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = Field(
        "text", description="Whether what is logged is for people to read, or one JSON object a line."
    )
    metrics_address: _Address | None = Field(
        None,
        description="Where Prometheus may read the metrics of all workers, at /metrics, without a key; unset: nowhere.",
        json_schema_extra=_expecting("an address and a port, such as 127.0.0.1:9464"),
    )
    log_texts: bool = Field(
        False,
        description="Whether the log may hold the text of documents and the values of slow commands, and spans "
        "that text: what people searched for, too.",
    )
    traces: bool = Field(
        False,
        description="Whether requests are traced by OpenTelemetry, with the extra `otel`; where to, and how many of "
        "them, is said by its own `OTEL_…` variables.",
    )
    slow_operation_ms: int = Field(
        1_000,
        ge=0,
        le=3_600_000,
        description="Milliseconds from which on an operation is logged as slow, with its commands and the plans by "
        "which MongoDB answers them; 0: none is.",
    )

    @property
    def subgraph(self) -> bool:
        return self.introspection if self.federation_sdl is None else self.federation_sdl


class EmbeddedSettings(Environment):
    """What the demo and the tests read to start a MongoDB of their own."""

    mongod: Path | None = Field(
        None,
        description="The mongod of the demo and the tests; unset: the one on PATH, else the extra `embedded`'s.",
        json_schema_extra=_expecting("the path of a mongod binary"),
    )


def misspelt_variables() -> list[str]:
    """The variables of the environment that look like settings and are none, a line each."""
    return misspelt(Settings, EmbeddedSettings)


def reference() -> str:
    """The Markdown table of all settings that docs/settings.md holds."""
    return table(Settings, EmbeddedSettings)
