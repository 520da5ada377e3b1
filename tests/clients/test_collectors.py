"""The clients of Algolia's Insights, and the requests of OpenSearch's UBI collector, against the gateway: unchanged, in
Node and in pages of another origin."""

import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import FOLDER, run
from tests.clients.test_graphiql_browser import chromium  # noqa: F401  # a fixture
from tests.clients.test_page_keys import CREATE, site
from tests.harness.gateway_process import GatewayProcess, serving
from tests.harness.waiting import eventually

MODULES = FOLDER / "node_modules"
RECORDED = """{ interactions(first: 20, orderBy: {direction: ASC}) { nodes {
  featureId interactionType position userId metadata searchRequest { searchRequestId text }
} } }"""
OK = {"status": 200, "message": "OK"}


def users(gateway: GatewayProcess) -> list[str]:
    return [node["userId"] for node in gateway.data(RECORDED)["interactions"]["nodes"]]


def put(folder: Path, origin: str, page: str, gateway: GatewayProcess, *scripts: Path) -> None:
    """A page in the folder, with its scripts beside it, that knows the gateway and a key for pages of this origin."""
    key = gateway.data(CREATE, {"origin": origin})["createKey"]["secret"]
    address = urlsplit(gateway.url)
    text = (FOLDER / page).read_text(encoding="utf-8")
    for name, value in {
        "GATEWAY_ORIGIN": f"{address.scheme}://{address.netloc}",
        "GATEWAY_HOST": address.netloc,
        "GATEWAY_NAMESPACE": gateway.namespace,
        "GATEWAY_KEY": key,
    }.items():
        text = text.replace(name, value)
    (folder / "index.html").write_text(text, encoding="utf-8")
    for script in scripts:
        shutil.copy(script, folder)


def test_a_server_sends_events(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        told = run("insights_node.mjs", gateway)
        sent = users(gateway)
    assert told.pop("complaints") == []
    assert told.pop("client") == OK
    assert "events[0].positions[0]" in told.pop("refused")
    assert told.pop("unknown").startswith("ApiError")
    # By Node's own module it counts letters for bytes, so that the end of the body is missing.
    assert told == {
        "byFetch": True,
        "byFetch, other letters": True,
        "byHttp": True,
        "byHttp, other letters": False,
    }
    assert sorted(sent) == ["byFetch", "byFetch", "byHttp", "client", "client"]


def test_a_page_of_another_origin_sends_events(
    tmp_path: Path,
    mongod: EmbeddedServer,
    chromium: str,  # noqa: F811
) -> None:
    scripts = (
        MODULES / "search-insights/dist/search-insights-browser.mjs",
        MODULES / "@algolia/client-insights/dist/builds/browser.umd.js",
    )
    with site(tmp_path) as shop, serving(mongod.uri, key_cache_seconds=0) as gateway:
        put(tmp_path, shop, "insights_page.html", gateway, *scripts)
        seen = run("events_page.mjs", gateway, chromium, shop)
        # Nobody is told when a beacon has arrived.
        eventually(lambda: len(users(gateway)) == 4)
        nodes = gateway.data(RECORDED)["interactions"]["nodes"]
    assert seen["told"] == {"client": OK, "beacon": True, "request": True, "fetch": True}
    assert (seen["complaints"], seen["failed"]) == ([], [])
    assert sorted(node.pop("userId") for node in nodes) == ["beacon", "client", "fetch", "request"]
    assert (
        nodes
        == [
            {
                "featureId": "p1",
                "interactionType": "CLICK",
                "position": 0,
                "metadata": {"eventName": "Größe gewählt", "index": "products"},
                "searchRequest": {"searchRequestId": "q1", "text": ""},
            }
        ]
        * 4
    )


def test_a_page_of_another_origin_logs_user_behavior(
    tmp_path: Path,
    mongod: EmbeddedServer,
    chromium: str,  # noqa: F811
) -> None:
    with site(tmp_path) as shop, serving(mongod.uri, key_cache_seconds=0) as gateway:
        put(tmp_path, shop, "ubi_page.html", gateway, MODULES / "axios/dist/axios.min.js")
        seen = run("events_page.mjs", gateway, chromium, shop)
        [node] = gateway.data(RECORDED)["interactions"]["nodes"]
    assert seen["told"] == {"event": OK, "query": OK}
    assert (seen["complaints"], seen["failed"]) == ([], [])
    assert (node["featureId"], node["userId"]) == ("p1", "c1")
    assert node["searchRequest"] == {"searchRequestId": "q1", "text": "rote Schuhe"}


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_what_is_behind_a_body_that_is_too_long_is_no_request(mongod: EmbeddedServer, cut: int) -> None:
    hidden = b"GET /1/other HTTP/1.1\r\nHost: x\r\n\r\n"
    body = b'{"events": [' + b" " * 100 + hidden
    with serving(mongod.uri) as gateway:
        address = urlsplit(gateway.url)
        assert address.hostname is not None
        with socket.create_connection((address.hostname, address.port or 80), timeout=20) as connection:
            head = (
                f"POST /1/events?X-Algolia-Application-Id=shop&X-Algolia-API-Key={gateway.key} HTTP/1.1\r\n"
                f"Host: {address.netloc}\r\nContent-Length: {len(body) - cut}\r\n\r\n"
            )
            connection.sendall(head.encode() + body)
            answer = b""
            while part := connection.recv(65_536):
                answer += part
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answer.lower()
