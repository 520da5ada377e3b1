"""The Insights page as it is served."""

import re
from pathlib import Path

import httpx
import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, code, open_gateway
from tests.harness.page_reading import BROWSER, policy, script_settings, served_pages


async def test_the_built_page_may_load_from_its_own_origin_only(insights_bundle: Path) -> None:
    response = await served_pages(insights_bundle).get("/insights")
    assert policy(response) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "connect-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "style-src-attr": "'unsafe-inline'",
        "img-src": "'self' data: blob:",
    }


@pytest.mark.parametrize("path", ["/insights", "/start"])
async def test_a_page_is_kept_by_nobody_and_has_the_headers_that_browsers_heed(
    insights_bundle: Path, path: str
) -> None:
    client = served_pages(insights_bundle)
    first, second = [await client.get(path) for _ in range(2)]
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    nonces = [re.findall(r'nonce="([^"]+)"', response.text) for response in (first, second)]
    assert nonces[0] != nonces[1]
    assert (await client.head(path)).status_code == 200


@pytest.mark.parametrize("path", ["/insights", "/start"])
@pytest.mark.parametrize(
    ("settings", "read"),
    [
        ({}, {"takesKey": False, "graphiql": True, "insights": True, "documentation": None}),
        (
            {"takes_key": True, "graphiql": False, "documentation": "https://docs.example/</script>"},
            {"takesKey": True, "graphiql": False, "insights": True, "documentation": "https://docs.example/</script>"},
        ),
    ],
)
async def test_a_built_page_reads_what_there_is_and_nothing_of_the_visitors_key(
    insights_bundle: Path, path: str, settings: dict[str, object], read: dict[str, object]
) -> None:
    response = await served_pages(insights_bundle, **settings).get(f"{path}?key=sk_1")
    assert script_settings(response) == read
    assert response.text.count("</script>") == 2
    assert "sk_1" not in response.text


async def test_assets_are_served_beside_the_page(insights_bundle: Path) -> None:
    client = served_pages(insights_bundle)
    page = await client.get("/insights")
    [asset] = re.findall(r'src="(\./[^"]+)"', page.text)
    served = await client.get(str(page.url.join(asset)))
    assert served.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert served.text == (insights_bundle / asset).read_text()
    for missing in ("index.html", "licenses.md", "..%2fstart.html", ""):
        assert (await client.get(f"/insights/assets/{missing}")).status_code == 404


@pytest.mark.parametrize("settings", [{}, {"graphiql": False}])
async def test_without_a_build_the_page_says_how_it_is_made(tmp_path: Path, settings: dict[str, object]) -> None:
    client = served_pages(tmp_path / "none", **settings)
    response = await client.get("/insights")
    assert response.status_code == 200
    for text in ("make insights-page", "Node ≥ 20.19"):
        assert text in response.text
    assert "<script" not in response.text
    [nonce] = re.findall(r'<style nonce="([^"]+)"', response.text)
    assert policy(response) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "style-src": f"'nonce-{nonce}'",
    }
    assert (await client.get("/insights/assets/index-1a2b.js")).status_code == 404


async def test_switched_off_it_leaves_what_the_start_page_loads(insights_bundle: Path) -> None:
    client = served_pages(insights_bundle, insights=False)
    statuses = {
        name: (await client.get(f"/insights/assets/{name}")).status_code
        for name in ("start-3c4d.js", "shared-5e6f.js", "index-1a2b.js", "chart-7a8b.js", "index-9c0d.css")
    }
    assert statuses == {
        "start-3c4d.js": 200,
        "shared-5e6f.js": 200,
        "index-1a2b.js": 404,
        "chart-7a8b.js": 404,
        "index-9c0d.css": 404,
    }
    assert (await client.get("/insights")).status_code == 404


async def test_a_gateway_serves_it_to_whoever_comes_until_it_is_switched_off(
    gateway: Gateway, mongod: EmbeddedServer
) -> None:
    async def visit(http: httpx.AsyncClient) -> httpx.Response:
        return await http.get("/insights", headers=BROWSER)

    page = await visit(gateway.http)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert gateway.key not in page.text
    written = await gateway.http.post("/insights")
    assert (written.status_code, code(written)) == (405, "METHOD_NOT_ALLOWED")
    assert set(written.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    async with open_gateway(gateway.database, mongod.uri, insights_page=False) as gateway:
        for response in (await visit(gateway.http), await gateway.http.get("/insights/assets/x.js")):
            assert (response.status_code, code(response)) == (404, "NOT_FOUND")
