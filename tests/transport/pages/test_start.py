"""The start page as it is served, and how a browser gets there."""

import re
from pathlib import Path

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, code, open_gateway
from tests.harness.page_reading import BROWSER, policy, script_settings, served_pages

DOCUMENTATION = "https://docs.example/?a&b"


async def test_the_built_page_is_told_which_pages_there_are(insights_bundle: Path) -> None:
    response = await served_pages(insights_bundle, insights=False, documentation=DOCUMENTATION).get("/start")
    assert script_settings(response) == {
        "takesKey": False,
        "graphiql": True,
        "insights": False,
        "documentation": DOCUMENTATION,
    }
    assert policy(response)["script-src"] == "'self'"


@pytest.mark.parametrize(
    ("settings", "links"),
    [
        ({}, ["insights", "graphql", "openapi.json"]),
        ({"graphiql": False}, ["insights", "openapi.json"]),
        (
            {"insights": False, "documentation": DOCUMENTATION},
            ["graphql", "openapi.json", "https://docs.example/?a&amp;b"],
        ),
    ],
)
async def test_without_a_build_it_is_plain_and_links_what_is_switched_on(
    tmp_path: Path, settings: dict[str, object], links: list[str]
) -> None:
    response = await served_pages(tmp_path / "none", **settings).get("/start")
    assert re.findall(r'href="([^"]+)"', response.text) == links
    assert "<script" not in response.text
    [nonce] = re.findall(r'<style nonce="([^"]+)"', response.text)
    assert policy(response)["style-src"] == f"'nonce-{nonce}'"
    assert "script-src" not in policy(response)


@pytest.mark.parametrize("base", ["", "/search"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_browser_at_the_root_is_led_there_whatever_is_before_its_path(
    gateway: Gateway, mongod: EmbeddedServer, method: str, base: str
) -> None:
    public = f"http://gateway.example{base}"
    async with open_gateway(gateway.database, mongod.uri, public_url=public) as gateway:
        led = await gateway.http.request(method, f"{base}/", headers=BROWSER)
        assert (led.status_code, led.headers["Location"]) == (302, "start")
        assert (led.headers["Cache-Control"], led.headers["Vary"]) == ("no-store", "Accept")
        assert led.headers["Referrer-Policy"] == "no-referrer"
        assert led.next_request is not None
        assert str(led.next_request.url) == f"{public}/start"
        page = await gateway.http.send(led.next_request)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "application/json, text/html", "text/html;q=0, */*"])
async def test_nobody_else_finds_anything_at_the_root(gateway: Gateway, accept: str) -> None:
    response = await gateway.http.get("/", headers={"Accept": accept})
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
async def test_a_browser_that_does_more_than_visit_the_root_finds_nothing(gateway: Gateway, method: str) -> None:
    response = await gateway.http.request(method, "/", headers=BROWSER)
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")


async def test_what_it_links_is_there(gateway: Gateway) -> None:
    for link in ("insights", "graphql", "openapi.json"):
        assert (await gateway.http.get(f"/{link}", headers=BROWSER)).status_code == 200


async def test_it_is_there_for_as_long_as_it_leads_somewhere(gateway: Gateway, mongod: EmbeddedServer) -> None:
    for settings, status in (
        ({"graphiql": False}, 200),
        ({"insights_page": False}, 200),
        ({"graphiql": False, "insights_page": False}, 404),
    ):
        async with open_gateway(gateway.database, mongod.uri, **settings) as switched:
            page = await switched.http.get("/", headers=BROWSER, follow_redirects=True)
            assert page.status_code == status
            assert (await switched.http.get("/start")).status_code == status


@pytest.mark.parametrize("namespace", ["insights", "start", "assets"])
async def test_namespaces_of_the_pages_names_are_served_as_any_other(gateway: Gateway, namespace: str) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}"}
    new = {"namespace_name": namespace, "vector_indexes": ["keyword"], "payload_indexes": []}
    created = await gateway.http.post("/namespaces", json=new, headers=headers)
    read = await gateway.http.get(f"/namespaces/{namespace}", headers=headers | BROWSER)
    assert (created.status_code, read.status_code) == (200, 200), created.text
    assert read.headers["Content-Type"].startswith("application/json")
