"""The start page that `make insights-page` builds, in Chromium, from the gateway's root on to Insights."""

from pathlib import Path

from tests.clients.node import run
from tests.harness.demo_process import running


def test_a_visitor_of_the_demos_root_gets_to_insights_with_the_key(
    tmp_path: Path,
    chromium: str,
) -> None:
    with running(tmp_path, "--interactions", "400") as demo:
        page, _, fragment = demo.facts["insightsUrl"].partition("#")
        root = page.removesuffix("insights")
        seen = run("start_page.mjs", None, chromium, f"{root}#{fragment}")
    assert (seen["complaints"], seen["foreign"]) == ([], [])
    assert seen["failed"] == [f"302 {root}"]
    assert seen["address"] == f"{root}start"
    assert seen["links"][:3] == ["Insights", "GraphiQL", "OpenAPI"]
    assert seen["last"].startswith(page)
    assert demo.facts["key"] not in seen["last"]
    assert seen["heading"] == "Overview"
