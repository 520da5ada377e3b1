"""What Prometheus reads of a gateway with several workers, and what dashboards and alerts name."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from gateway.demo.embedded_mongod import EmbeddedServer, reserved_port
from gateway.model import secret_keys
from gateway.observability.metrics_catalogue import CATALOGUE
from tests.cli.test_serve_command import Served, serving
from tests.end_to_end.test_secrets import make_key
from tests.harness.waiting import PATIENCE, eventually

DEPLOY = Path(__file__).parents[2] / "deploy"
SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("",), "gauge": ("",)}
EXPOSED = {metric.name + suffix for metric in CATALOGUE for suffix in SUFFIXES[metric.kind]}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Gateway:
    """A served gateway, its key, and what Prometheus reads of it."""

    def __init__(self, served: Served, key: str, metrics_port: int) -> None:
        self.served = served
        self.key = key
        self._metrics_port = metrics_port

    def post(self, query: str, key: str | None = None) -> None:
        body, headers = {"query": query}, {"Authorization": f"Bearer {key or self.key}"}
        httpx.post(f"{self.served.address}/graphql", json=body, headers=headers, timeout=PATIENCE)

    def samples(self) -> Samples:
        text = httpx.get(f"http://127.0.0.1:{self._metrics_port}/metrics", timeout=PATIENCE).text
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name that have these labels, of all workers."""
        expected = labels.items()
        return sum(
            value for (other, of), value in self.samples().items() if other == name and expected <= dict(of).items()
        )


@pytest.fixture(scope="module")
def gateway(mongod: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with reserved_port() as port:
        environment: Mapping[str, str] = {
            "GATEWAY_MONGODB_URI": mongod.uri,
            "GATEWAY_MONGODB_DATABASE": "test_metrics",
            "GATEWAY_METRICS_ADDRESS": f"127.0.0.1:{port}",
        }
        key = make_key(dict(environment))
        with serving(tmp_path_factory.mktemp("metrics"), environment, "--workers", "2") as served:
            yield Gateway(served.ready(), key, port)
            served.process.terminate()
            served.process.wait(PATIENCE)


def test_operations_are_counted_once_each_whichever_worker_answers(gateway: Gateway) -> None:
    duration = "gateway_operation_duration_seconds_count"
    before = gateway.total(duration, graphql_operation_name="Who")
    for _ in range(10):
        gateway.post("query Who { interactions(first: 1) { nodes { interactionId } } }")
    # A request is counted once its answer is on its way, and what is only added up is written every second.
    eventually(lambda: gateway.total(duration, graphql_operation_name="Who", way="shaped") >= before + 10)
    eventually(lambda: gateway.total("gateway_points_total") >= 10)
    eventually(lambda: gateway.total("http_server_request_duration_seconds_count", http_route="/graphql") >= 10)
    assert gateway.total(duration, graphql_operation_name="Who", way="shaped") == before + 10
    assert gateway.total("gateway_operation_overhead_seconds_count", graphql_operation_type="query") >= 10
    assert gateway.total("db_client_operation_duration_seconds_count", error_type="", db_operation_name="find") == 10
    assert eventually(lambda: gateway.total("db_client_connection_count")) > 0


def test_pages_and_their_assets_are_counted_by_their_routes(gateway: Gateway) -> None:
    for path in ("/", "/start", "/insights", "/insights/assets/a.js", "/insights/assets/b.js", "/graphql/assets/c.js"):
        httpx.get(f"{gateway.served.address}{path}", headers={"Accept": "text/html"}, timeout=PATIENCE)
    counted = {"/": 1, "/start": 1, "/insights": 1, "/insights/assets/{name}": 2, "/graphql/assets/{name}": 1}

    def count_of(route: str) -> float:
        return gateway.total("http_server_request_duration_seconds_count", http_route=route)

    eventually(lambda: sum(map(count_of, counted)) >= sum(counted.values()))
    assert {route: count_of(route) for route in counted} == counted


def test_refusals_are_counted_by_their_codes(gateway: Gateway) -> None:
    gateway.post("{ nothing }")
    gateway.post("{ __typename }", secret_keys.generate()[0])
    for code in ("GRAPHQL_VALIDATION_FAILED", "UNAUTHENTICATED"):
        assert eventually(lambda code=code: gateway.total("gateway_errors_total", code=code)) == 1  # type: ignore[misc]


def test_no_label_holds_a_key(gateway: Gateway) -> None:
    gateway.post(f"query {gateway.key} {{ viewer {{ keyName }} }}")
    gateway.post(f"query Of_{gateway.key} {{ viewer {{ keyName }} }}")
    eventually(lambda: "sk_…" in {dict(labels).get("graphql_operation_name") for _, labels in gateway.samples()})
    values = {value for _, labels in gateway.samples() for _, value in labels}
    assert not any(gateway.key in value for value in values)


def test_names_that_clients_choose_are_bounded(gateway: Gateway) -> None:
    for number in range(60):
        gateway.post(f"query Name{number} {{ viewer {{ keyName }} }}")
    names = {dict(labels).get("graphql_operation_name") for _, labels in gateway.samples()}
    assert "other" in names
    assert len(names) <= 2 * 20 + 3, "20 of each of two workers, other, none, and other metrics"


def test_subscriptions_are_counted_while_they_are_open(gateway: Gateway) -> None:
    address = gateway.served.address.replace("http", "ws", 1)
    with connect(f"{address}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {gateway.key}"}}
        socket.send(json.dumps(init))
        socket.recv(PATIENCE)
        query = "subscription { interactionRecorded { interactionId } }"
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        eventually(lambda: gateway.total("gateway_subscriptions") == 1)
        gateway.post('mutation { recordInteraction(input: {featureId: "p", interactionType: CLICK}) { created } }')
        socket.recv(PATIENCE)
        assert eventually(lambda: gateway.total("gateway_subscription_events_total")) == 1, "while it is open"
    eventually(lambda: gateway.total("gateway_subscriptions") == 0)
    assert eventually(lambda: gateway.total("gateway_subscriptions_ended_total", code="client")) == 1


def test_what_is_exposed_is_in_the_catalogue_and_named_as_prometheus_wants_it(gateway: Gateway) -> None:
    names = {name for name, _ in gateway.samples()}
    assert names <= EXPOSED
    assert {"gateway_event_loop_lag_seconds", "gateway_change_stream_lag_seconds", "gateway_build_info"} <= names
    for metric in CATALOGUE:
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.help.endswith(".")


def metrics_in(expressions: list[str]) -> set[str]:
    return {name for text in expressions for name in re.findall(r"\b(?:gateway|http_server|db_client)_\w+", text)}


def test_the_dashboard_names_only_what_there_is() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "gateway.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(expressions) >= 12
    labels = {label for metric in CATALOGUE for label in metric.labels}
    assert metrics_in(expressions) - labels <= EXPOSED


def test_the_alerts_name_only_what_there_is() -> None:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    labels = {label for metric in CATALOGUE for label in metric.labels}
    assert metrics_in([rule["expr"] for rule in rules]) - labels <= EXPOSED
    for rule in rules:
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "description"}
