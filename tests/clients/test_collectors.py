"""The clients of Algolia's Insights, and the requests of OpenSearch's UBI collector, against the gateway: unchanged, in
Node and in pages of another origin."""

import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import FOLDER, run
from tests.clients.test_page_keys import CREATE, site
from tests.harness.gateway_process import GatewayProcess, serving
from tests.harness.waiting import eventually

MODULES = FOLDER / "node_modules"
TEXT = (FOLDER.parents[1] / "docs" / "collectors.md").read_text(encoding="utf-8")
PLAIN_PAGE, INSTANT_SEARCH = re.findall(r"^```html\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
[SERVER] = re.findall(r"^```js\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
# A visitor who clicks as soon as there is something to click at.
CLICKING = """<script type="module">
  const link = () => document.querySelector('a');
  while (!link()) await new Promise((resolve) => setTimeout(resolve, 20));
  while (!window.AlgoliaAnalytics) await new Promise((resolve) => setTimeout(resolve, 20));
  // Until a click was sent: whoever listens may not be there yet, and what is sent first may be of a view.
  const sent = () => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/1/events')).length;
  for (const before = sent(); sent() < before + 2; ) {
    link().click();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  window.told = true;
</script>"""
# A search that isn't Algolia's, in the form of its answers.
SEARCHING = """<script>
  const hits = [{ objectID: 'p1', name: 'A shoe', __position: 1 }];
  const answer = { hits, nbHits: 1, page: 0, nbPages: 1, hitsPerPage: 20, query: '', params: '', queryID: 'q1' };
  window.startSearch({ search: async (asked) => ({ results: asked.map(() => ({ ...answer, index: 'products' })) }) });
</script>"""
RECORDED = """{ interactions(first: 20, orderBy: {direction: ASC}) { nodes {
  featureId interactionType position userId metadata searchRequest { searchRequestId text }
} } }"""
OK = {"status": 200, "message": "OK"}


def told_page(text: str, gateway: GatewayProcess, key: str) -> str:
    """A page, or a script, of the documentation that knows the gateway, its namespace and a key."""
    address = urlsplit(gateway.url)
    text = text.replace("protocol: 'https'", "protocol: 'http'").replace("sk_…", key)
    return text.replace("https://gateway.shop.example", f"http://{address.netloc}").replace(
        "gateway.shop.example", address.netloc
    )


def nodes(gateway: GatewayProcess) -> list[Any]:
    return list(gateway.data(RECORDED)["interactions"]["nodes"])


def users(gateway: GatewayProcess) -> list[str]:
    return [node["userId"] for node in nodes(gateway)]


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
        [job] = gateway.data("{ jobs(first: 2) { nodes { kind } } }")["jobs"]["nodes"]
    assert job == {"kind": "DELETE_USER_DATA"}
    assert told.pop("complaints") == []
    assert told.pop("client") == OK
    assert "events[0].positions[0]" in told.pop("refused")
    assert told.pop("unknown").startswith("ApiError")
    assert told.pop("erased") in (None, {})
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
    chromium: str,
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
        sent = nodes(gateway)
    assert seen["told"] == {"client": OK, "beacon": True, "request": True, "fetch": True}
    assert (seen["complaints"], seen["failed"]) == ([], [])
    assert sorted(node.pop("userId") for node in sent) == ["beacon", "client", "fetch", "request"]
    assert (
        sent
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
    chromium: str,
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


@pytest.mark.parametrize("page", ["plain", "instantsearch"])
def test_the_pages_of_the_documentation_record_their_clicks(
    tmp_path: Path,
    mongod: EmbeddedServer,
    chromium: str,
    page: str,
) -> None:
    texts = {"plain": PLAIN_PAGE + CLICKING, "instantsearch": INSTANT_SEARCH + SEARCHING + CLICKING}
    for script in (
        "search-insights/dist/search-insights.min.js",
        "instantsearch.js/dist/instantsearch.production.min.js",
    ):
        shutil.copy(MODULES / script, tmp_path)
    with site(tmp_path) as shop, serving(mongod.uri, key_cache_seconds=0) as gateway:
        key = gateway.data(CREATE, {"origin": shop})["createKey"]["secret"]
        text = told_page(texts[page], gateway, key)
        (tmp_path / "index.html").write_text(f'<meta charset="utf-8"><link rel="icon" href="data:,">{text}')
        seen = run("events_page.mjs", gateway, chromium, shop)
        assert seen["complaints"] == []
        clicks = eventually(lambda: [node for node in nodes(gateway) if node["interactionType"] == "CLICK"])
    assert clicks[0]["featureId"] == "p1"
    assert clicks[0]["position"] == 0
    assert clicks[0]["searchRequest"]["searchRequestId"] == "q1"
    assert clicks[0]["userId"].startswith("anonymous-")


def test_the_server_of_the_documentation_records_a_purchase(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        script = told_page(SERVER, gateway, gateway.key)
        command = ["node", "--input-type=module", "--eval", script]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        [purchase] = nodes(gateway)
    assert (purchase["interactionType"], purchase["metadata"]["price"]) == ("PURCHASE", 19.99)
