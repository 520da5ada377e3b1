"""The Insights page in Chromium, over the demo's data: what it shows is what the API answers; its screenshots stay in
build/screenshots."""

import csv
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest

from tests.clients.node import run
from tests.harness.demo_process import Demo, running

ZONE = "Europe/Berlin"
QUIET: dict[str, list[str]] = {"complaints": [], "foreign": [], "failed": []}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo"), "--interactions", "3000") as process:
        yield process


@pytest.fixture
def chromium() -> str:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium on PATH")
    return path


class Days:
    """The thirty days up to the last one that the demo has data of, and the thirty before."""

    def __init__(self, demo: Demo) -> None:
        until = datetime.fromisoformat(demo.facts["dataUntil"]).astimezone(ZoneInfo(ZONE)).date()
        self.first, self.last = until - timedelta(days=29), until

    def bounds(self, days_earlier: int = 0) -> dict[str, str]:
        first, end = self.first - timedelta(days=days_earlier), self.last + timedelta(days=1 - days_earlier)
        midnights = [datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)) for day in (first, end)]
        return {"gte": midnights[0].isoformat(), "lt": midnights[1].isoformat()}

    def fragment(self, view: str, item: str | None = None, **parameters: str) -> str:
        path = view if item is None else f"{view}/{quote(item, safe='')}"
        scope = {"from": str(self.first), "to": str(self.last), "zone": ZONE}
        return f"#/{path}?{urlencode(scope | parameters)}"


@pytest.fixture
def days(demo: Demo) -> Days:
    return Days(demo)


def visit(chromium: str, demo: Demo, *visits: Mapping[str, Any]) -> dict[str, Any]:
    """What each visit saw, by its name, after the console was silent, nothing went elsewhere or failed, axe found
    nothing, and nothing was wider than the window."""
    seen: dict[str, Any] = run(
        "insights_views.mjs", None, chromium, demo.facts["insightsUrl"], json.dumps(visits), seconds=300
    )
    assert {name: seen[name] for name in QUIET} == QUIET
    for each in visits:
        report = seen["visited"][each["name"]]
        assert report["violations"] == [], each["name"]
        assert report["width"] <= each.get("width", 1440), each["name"]
        assert demo.facts["key"] not in report["address"]
    visited: dict[str, Any] = seen["visited"]
    return visited


def asked(demo: Demo, query: str, **variables: Any) -> Any:
    answer = demo.post(query, variables)
    assert "errors" not in answer, answer
    return answer["data"]


def rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


OVERVIEW = """
query ($now: DateTimeFilter!, $before: DateTimeFilter!) {
  now: searchStats(where: {firstSeenAt: $now}) { totals { ...Rates } }
  before: searchStats(where: {firstSeenAt: $before}) { totals { ...Rates } }
}
fragment Rates on SearchStats { searches users clickThroughRate noResultsRate noClickRate conversionRate }
"""


def test_the_overview_shows_what_the_api_answers_at_every_width_and_in_the_dark(
    chromium: str, demo: Demo, days: Days
) -> None:
    fragment = days.fragment("overview")
    reports = visit(
        chromium,
        demo,
        {"name": "overview", "fragment": fragment},
        {"name": "overview-dark", "fragment": days.fragment("overview", measure="users"), "asks": False, "dark": True},
        {"name": "overview-phone", "fragment": f"{fragment}&measure=clickThroughRate", "asks": False, "width": 390},
    )
    stats = asked(demo, OVERVIEW, now=days.bounds(), before=days.bounds(days_earlier=30))
    totals = stats["now"]["totals"]
    assert totals["searches"] > 100
    assert stats["before"]["totals"]["searches"] > 0
    for report in reports.values():
        assert report["asked"] == (1 if report is reports["overview"] else 0)
        assert report["measures"] == {
            "Searches": str(totals["searches"]),
            "Users": str(totals["users"]),
            "Click-through rate": rate(totals["clickThroughRate"]),
            "No-results rate": rate(totals["noResultsRate"]),
            "No-click rate": rate(totals["noClickRate"]),
            "Conversion rate": rate(totals["conversionRate"]),
        }
        change = (totals["clickThroughRate"] - stats["before"]["totals"]["clickThroughRate"]) * 100
        assert f"{change:+.1f} pp".replace("+0.0", "0.0") in report["text"]
    assert reports["overview-phone"]["charts"] == ["Click-through rate over time, and dashed the period before"]


def test_numbers_are_defined_saved_and_shown_as_the_query_they_come_from(
    chromium: str, demo: Demo, days: Days
) -> None:
    doing = [{"kind": "definition", "name": "Click-through rate"}, {"kind": "download"}, {"kind": "query"}]
    report = visit(chromium, demo, {"name": "actions", "fragment": days.fragment("overview"), "doing": doing})["actions"]
    definition, saved, shown = report["told"]
    assert "searches" in definition
    rows = list(csv.DictReader(io.StringIO(saved["text"])))
    totals = asked(demo, OVERVIEW, now=days.bounds(), before=days.bounds())["now"]["totals"]
    assert saved["name"] == "overview.csv"
    assert len(rows) == 30
    assert sum(int(row["searches"]) for row in rows) == totals["searches"]
    assert f'"searches": {totals["searches"]}' in shown["text"].replace("\xa0", " ")
    assert demo.facts["key"] not in shown["address"]


def test_what_is_recorded_appears_at_once(chromium: str, demo: Demo, days: Days) -> None:
    recorded = """
    mutation { recordInteraction(input: {interactionId: "seen-live", featureId: "sku-live", interactionType: CLICK}) {
      created
    } }
    """
    assert asked(demo, recorded)["recordInteraction"]["created"]
    report = visit(chromium, demo, {"name": "live", "fragment": "#/overview?range=24h&zone=UTC"})["live"]
    assert "sku-live" in report["text"]


def test_filters_stand_in_the_address_and_narrow_the_numbers(chromium: str, demo: Demo, days: Days) -> None:
    doing = [
        {"kind": "open", "text": "Filters"},
        {"kind": "fill", "label": "Filter key", "value": "color"},
        {"kind": "fill", "label": "Filter value", "value": "navy"},
        {"kind": "click", "role": "button", "name": "Apply", "asks": True},
    ]
    report = visit(chromium, demo, {"name": "filtered", "fragment": days.fragment("overview"), "doing": doing})
    shown = report["filtered"]
    narrowed = asked(
        demo,
        "query ($where: SearchRequestWhere!) { searchStats(where: $where) { totals { searches } } }",
        where={"firstSeenAt": days.bounds(), "filters": {"key": "color", "value": "navy"}},
    )
    assert shown["measures"]["Searches"] == str(narrowed["searchStats"]["totals"]["searches"])
    scope = parse_qs(urlsplit(shown["address"]).fragment.partition("?")[2])
    assert (scope["filter"], scope["value"]) == (["color"], ["navy"])


def test_another_namespace_has_its_own_numbers(chromium: str, demo: Demo, days: Days) -> None:
    doing = [{"kind": "choose", "label": "Namespace", "value": "media", "asks": True}]
    report = visit(chromium, demo, {"name": "namespace", "fragment": days.fragment("overview"), "doing": doing})
    answer = demo.post(OVERVIEW, {"now": days.bounds(), "before": days.bounds()}, namespace="media")
    totals = answer["data"]["now"]["totals"]
    assert report["namespace"]["measures"]["Searches"] == str(totals["searches"])
    assert "ns=media" in report["namespace"]["address"]
