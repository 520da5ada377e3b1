"""The GraphiQL page as it is served; tests/clients has it in a browser, with the files that `make graphiql` builds."""

import gzip
import json
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.demo.data import interactions
from gateway.interchange.imports import record_all
from gateway.transport.pages.graphiql import TEMPLATE_HEADERS, GraphiQLPage
from tests.harness.derived import derive_outcomes
from tests.harness.gateway_client import Gateway
from tests.harness.page_reading import policy, script_settings

SCRIPT = "console.log(1)\n" * 100
INDEX = '<script nonce="$nonce" id="settings">$settings</script><script src="./graphql/assets/index-1a2b.js"></script>'


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A build as Vite lays it out."""
    folder = tmp_path / "bundle"
    assets = folder / "graphql" / "assets"
    assets.mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (assets / "index-1a2b.js").write_text(SCRIPT)
    (assets / "index-1a2b.css").write_text("body {}")
    (assets / "icons-1a2b.ttf").write_bytes(b"\0")
    return folder


def served(page: GraphiQLPage) -> httpx.AsyncClient:
    async def visit(_request: Request) -> Response:
        return page.response()

    app = Starlette(routes=[Route("/graphql", visit), Route("/graphql/assets/{name}", page.asset)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example")


async def test_the_built_page_may_load_from_its_own_origin_only(bundle: Path) -> None:
    response = await served(GraphiQLPage(bundle=bundle)).get("/graphql")
    allowed = policy(response)
    assert allowed["default-src"] == "'none'"
    assert allowed["script-src"] == allowed["worker-src"] == allowed["connect-src"] == "'self'"
    assert allowed["frame-ancestors"] == allowed["base-uri"] == allowed["form-action"] == "'none'"
    assert "http" not in " ".join(allowed.values())
    assert "unsafe-eval" not in " ".join(allowed.values())
    assert [name for name, sources in allowed.items() if "unsafe-inline" in sources] == ["style-src-attr"]


async def test_the_nonce_is_the_policys_and_another_each_time(bundle: Path) -> None:
    client = served(GraphiQLPage(bundle=bundle))
    first, second = [await client.get("/graphql") for _ in range(2)]
    for response in (first, second):
        [nonce] = re.findall(r'nonce="([^"]+)"', response.text)
        assert policy(response)["style-src"] == f"'self' 'nonce-{nonce}'"
    assert first.text != second.text


async def test_the_page_is_kept_by_nobody_and_sniffed_by_nobody(bundle: Path) -> None:
    response = await served(GraphiQLPage(bundle=bundle)).get("/graphql")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("takes_key", [False, True])
async def test_the_page_holds_a_template_of_headers_that_cannot_end_its_element(bundle: Path, takes_key: bool) -> None:
    response = await served(GraphiQLPage(takes_key=takes_key, bundle=bundle)).get("/graphql?key=sk_1#key=sk_1")
    assert response.text.count("</script>") == 2
    assert "<your key>" not in response.text
    assert script_settings(response)["headers"] == TEMPLATE_HEADERS
    assert script_settings(response)["takesKey"] is takes_key
    assert "sk_1" not in response.text


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("index-1a2b.js", "text/javascript; charset=utf-8"),
        ("index-1a2b.css", "text/css; charset=utf-8"),
        ("icons-1a2b.ttf", "font/ttf"),
    ],
)
async def test_a_file_is_kept_for_good(bundle: Path, name: str, media: str) -> None:
    response = await served(GraphiQLPage(bundle=bundle)).get(f"/graphql/assets/{name}")
    assert response.content == (bundle / "graphql" / "assets" / name).read_bytes()
    assert response.headers["Content-Type"] == media
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_file_is_compressed_for_those_who_take_it(bundle: Path) -> None:
    client = served(GraphiQLPage(bundle=bundle))
    for _ in range(2):
        async with client.stream(
            "GET", "/graphql/assets/index-1a2b.js", headers={"Accept-Encoding": "gzip"}
        ) as response:
            raw = b"".join([part async for part in response.aiter_raw()])
    assert (response.headers["Content-Encoding"], response.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(raw).decode() == SCRIPT
    plain = await client.get("/graphql/assets/index-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.text == SCRIPT


@pytest.mark.parametrize(
    "name", ["index.html", "index-1a2b.js.map", "..%2f..%2findex.html", "..%5cindex.html", "%00", ""]
)
async def test_no_other_file_is_served(bundle: Path, name: str) -> None:
    response = await served(GraphiQLPage(bundle=bundle)).get(f"/graphql/assets/{name}")
    assert (response.status_code, response.text) == (404, "Not Found")


async def test_without_a_build_the_page_loads_pinned_files_of_a_cdn(tmp_path: Path) -> None:
    client = served(GraphiQLPage(bundle=tmp_path / "none"))
    response = await client.get("/graphql")
    loaded = re.findall(r'<(?:script|link)[^>]*(?:src|href)="(https:[^"]+)"[^>]*>', response.text)
    assert len(loaded) == 4
    for tag in re.findall(r"<(?:script|link)[^>]*https:[^>]*>", response.text):
        assert re.search(r"@\d+\.\d+\.\d+/", tag), "pinned"
        assert re.search(r'integrity="sha384-[A-Za-z0-9+/]{64}"', tag)
    allowed = policy(response)
    assert allowed["connect-src"] == "'self'"
    [nonce] = set(re.findall(r'<script[^>]* nonce="([^"]+)"', response.text))
    assert allowed["script-src"] == f"'nonce-{nonce}'"
    assert len(re.findall(r"<script\b", response.text)) == len(re.findall(r"<script[^>]* nonce=", response.text))
    assert script_settings(response)["headers"] == TEMPLATE_HEADERS
    assert (await client.get("/graphql/assets/index-1a2b.js")).status_code == 404


async def test_every_example_runs_on_the_demos_data(gateway: Gateway) -> None:
    await record_all(interactions(400, seed=1, namespace="shop"), gateway.writer, gateway.namespace)
    await derive_outcomes(gateway.database, gateway.namespace)
    tabs = script_settings(await served(GraphiQLPage()).get("/graphql"))["tabs"]
    assert isinstance(tabs, list)
    names = []
    for tab in tabs:
        [(kind, name)] = re.findall(r"^(query|mutation|subscription) (\w+)", tab["query"], re.MULTILINE)
        names.append(name)
        if kind != "subscription":
            data = await gateway.data(tab["query"], json.loads(tab["variables"] or "{}"))
            assert all(root.get("nodes", True) for root in data.values()), name
    reading = ["LatestClicks", "FilterTrees", "NextPage", "NestedConnections"]
    assert names == [*reading, "RecordInteraction", "InteractionRecorded", "TopQueries"]
