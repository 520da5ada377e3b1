import os
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.limits import (
    DEFAULTS,
    SUBSCRIPTION_DEFAULTS,
    ConnectionLimits,
    Limits,
    PointLimits,
    SubscriptionLimits,
)
from gateway.settings import EmbeddedSettings, Settings, SettingsError, load, misspelt_variables, reference

URI = "mongodb://user:hunter2@db.example/?replicaSet=rs0"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [variable for variable in os.environ if variable.startswith("GATEWAY_")]:
        monkeypatch.delenv(variable)


def test_a_uri_is_all_that_is_needed() -> None:
    settings = load(Settings, mongodb_uri=URI)
    assert settings.mongodb_uri.get_secret_value() == URI
    assert (settings.mongodb_database, settings.driver, settings.port) == ("gateway", "pymongo", 8000)
    assert load(EmbeddedSettings).mongod is None


def test_the_environment_is_read_and_what_is_given_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_MONGODB_URI", URI)
    monkeypatch.setenv("GATEWAY_PORT", "8123")
    monkeypatch.setenv("GATEWAY_HOST", "0.0.0.0")
    monkeypatch.setenv("GATEWAY_WORKERS", "")
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", "https://shop.example, http://localhost:3000")
    monkeypatch.setenv("GATEWAY_LOG_LEVEL", "WARNING")
    settings = load(Settings, port=9000, host=None)
    assert (settings.port, settings.host, settings.workers) == (9000, "0.0.0.0", 1)
    assert settings.cors_origins == ("https://shop.example", "http://localhost:3000")
    assert settings.log_level == "warning"


@pytest.mark.parametrize("address", ["127.0.0.1:9464", "[::1]:1", "localhost:65535", "0.0.0.0:10000"])
def test_metrics_may_be_read_at_any_address_and_port(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("GATEWAY_METRICS_ADDRESS", address)
    assert load(Settings, mongodb_uri=URI).metrics_address == address


def test_sets_of_tags_are_read_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_READ_TAGS", "region:eu, disk:ssd; region:eu;")
    assert load(Settings, mongodb_uri=URI).read_tags == ({"region": "eu", "disk": "ssd"}, {"region": "eu"}, {})


def test_a_missing_uri_is_one_line_that_names_the_variable() -> None:
    with pytest.raises(SettingsError) as caught:
        load(Settings)
    assert str(caught.value) == (
        "GATEWAY_MONGODB_URI is not set: expected a connection string that begins with mongodb:// or mongodb+srv://"
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("mongodb_uri", "http://user:hunter2@db.example", "a connection string that begins with mongodb://"),
        ("mongodb_uri", "mongodb://", "a connection string that begins with mongodb://"),
        ("mongodb_database", "a.b", "1 to 63 letters, digits, _ or -"),
        ("mongodb_max_pool_size", "0", "a whole number from 1 to 1000"),
        ("driver", "asyncpg", "one of pymongo, motor"),
        ("read_preference", "any", "one of primary, primaryPreferred, secondary, secondaryPreferred, nearest"),
        ("read_max_staleness_seconds", "89", "a whole number from 90 to 86400"),
        ("read_tags", "region", "sets of tags such as region:eu,disk:ssd;region:eu;"),
        ("port", "65536", "a whole number from 0 to 65535"),
        ("port", "tcp://10.0.0.1:80", "a whole number from 0 to 65535"),
        ("metrics_address", "127.0.0.1:65536", "an address and a port, such as 127.0.0.1:9464"),
        ("metrics_address", "127.0.0.1:0", "an address and a port, such as 127.0.0.1:9464"),
        ("metrics_address", ":9464", "an address and a port, such as 127.0.0.1:9464"),
        ("workers", "1.5", "a whole number from 1 to 256"),
        ("key_cache_seconds", "5.1", "a number from 0 to 5"),
        ("key_cache_seconds", "nan", "a number from 0 to 5"),
        ("graphiql", "maybe", "true or false"),
        ("cors_origins", "https://shop.example/path", "a comma-separated list of origins"),
        ("depth_limit", "101", "a whole number from 1 to 100"),
        ("rate_limit_store", "disk", "one of memory, mongodb"),
        ("log_level", "loud", "one of debug, info, warning, error"),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_is_expected_but_not_what_was_given(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv("GATEWAY_MONGODB_URI", URI)
    variable = f"GATEWAY_{name.upper()}"
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load(Settings)
    message = str(caught.value)
    assert message.startswith(f"{variable}: expected {expected}")
    assert "\n" not in message
    assert "hunter2" not in message


def test_all_that_is_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "x")
    with pytest.raises(SettingsError, match=r"^GATEWAY_MONGODB_URI is not set: .+; GATEWAY_PORT: expected"):
        load(Settings)


def test_what_is_wrong_is_named_in_the_order_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("GATEWAY_FEDERATION_PREFIX", "GATEWAY_DEPTH_LIMIT", "GATEWAY_LOG_LEVEL"):
        monkeypatch.setenv(variable, "?")
    with pytest.raises(SettingsError) as caught:
        load(Settings)
    named = re.findall(r"GATEWAY_\w+", str(caught.value))
    assert named == ["GATEWAY_MONGODB_URI", "GATEWAY_LOG_LEVEL", "GATEWAY_DEPTH_LIMIT", "GATEWAY_FEDERATION_PREFIX"]


def test_settings_are_frozen_and_never_show_the_uri() -> None:
    settings = load(Settings, mongodb_uri=URI)
    assert "hunter2" not in f"{settings!r} {settings}"
    with pytest.raises(ValidationError):
        settings.port = 1


def test_the_documented_table_is_current() -> None:
    documented = Path(__file__).parents[2] / "docs" / "settings.md"
    assert reference() in documented.read_text(encoding="utf-8")


def test_what_looks_like_a_setting_and_is_none_is_named_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("GATEWAY_MONGODB_URI", "gateway_port", "GATEWAY_MONGOD", "GATEWAYS", "DEPTH_LIMIT"):
        monkeypatch.setenv(variable, "hunter2")
    monkeypatch.setenv("GATEWAY_LOGLEVEL", "")
    # Kubernetes and Docker tell every container where services are.
    for variable in ("SERVICE_HOST", "SERVICE_PORT_HTTP", "PORT_80_TCP_ADDR", "METRICS_SERVICE_PORT", "PORT_80_TCP"):
        monkeypatch.setenv(f"GATEWAY_{variable}", "10.0.0.1")
    monkeypatch.setenv("GATEWAY_METRICS_PORT", "tcp://10.0.0.1:80")
    assert misspelt_variables() == []
    monkeypatch.setenv("GATEWAY_DEPTHLIMIT", "3")
    monkeypatch.setenv("GATEWAY_LIMIT_DEPTH_XYZ_QQ_WW", "hunter2")
    monkeypatch.setenv("gateway_loglevel", "hunter2")
    assert misspelt_variables() == [
        "GATEWAY_DEPTHLIMIT is no setting; GATEWAY_DEPTH_LIMIT is",
        "GATEWAY_LIMIT_DEPTH_XYZ_QQ_WW is no setting",
        "gateway_loglevel is no setting; GATEWAY_LOG_LEVEL is",
    ]


def test_a_limit_is_set_by_its_own_variable_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DEPTH_LIMIT", "7")
    monkeypatch.setenv("GATEWAY_LIST_LIMIT", "")
    monkeypatch.setenv("GATEWAY_LIMITS", '{"token_limit": 11, "depth_limit": 12}')
    settings = load(Settings, mongodb_uri=URI, key_subscriptions=3, list_limit=None)
    assert settings.limits == replace(DEFAULTS, depth=7)
    assert settings.subscription_limits == replace(SUBSCRIPTION_DEFAULTS, key_subscriptions=3)
    assert load(Settings, mongodb_uri=URI, depth_limit=8).limits.depth == 8


@pytest.mark.parametrize("limits", [ConnectionLimits, Limits, SubscriptionLimits, PointLimits])
def test_every_limit_is_a_setting(limits: type) -> None:
    variables = {f"GATEWAY_{name.upper()}" for name in TypeAdapter(limits).json_schema()["properties"]}
    assert len(variables) == len(fields(limits))
    assert all(f"| `{variable}` |" in reference() for variable in variables)
