"""The Insights page in Chromium, over the demo's data: its overview, and what all views have; its screenshots stay in
build/screenshots."""

import csv
import io
from urllib.parse import parse_qs, urlsplit

from tests.clients.insights_visits import Days, asked, rate, visit
from tests.clients.node import run
from tests.harness.demo_process import Demo

OVERVIEW = """
query ($now: DateTimeFilter!, $before: DateTimeFilter!) {
  now: searchStats(where: {firstSeenAt: $now}) { totals { ...Rates } }
  before: searchStats(where: {firstSeenAt: $before}) { totals { ...Rates } }
  interactions: interactionStats(where: {occurredAt: $now}) { totals { clicks revenue { currency amount } } }
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
    interactions = stats["interactions"]["totals"]
    revenue = {
        f"Revenue, {each['currency']}": f"{each['amount']:,.{2 if each['amount'] < 10_000 else 0}f}"
        for each in interactions["revenue"]
    }
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
            "Clicks": str(interactions["clicks"]),
            **revenue,
        }
        change = (totals["clickThroughRate"] - stats["before"]["totals"]["clickThroughRate"]) * 100
        assert f"{change:+.1f} pp".replace("+0.0", "0.0") in report["text"]
    assert reports["overview-phone"]["charts"] == ["Click-through rate over time, and dashed the period before"]


def test_numbers_are_defined_saved_and_shown_as_the_query_they_come_from(chromium: str, demo: Demo, days: Days) -> None:
    doing = [{"kind": "definition", "name": "Click-through rate"}, {"kind": "download"}, {"kind": "query"}]
    report = visit(chromium, demo, {"name": "actions", "fragment": days.fragment("overview"), "doing": doing})[
        "actions"
    ]
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


def test_a_key_is_asked_for_tried_and_kept_only_where_that_is_wished_for(chromium: str, demo: Demo) -> None:
    page, key = demo.facts["insightsUrl"].partition("#")[0], demo.facts["key"]
    told = run("insights_key.mjs", None, chromium, page, key, demo.facts["namespace"], seconds=300)
    assert told["foreign"] == []
    # The browser's own word on the answer to the wrong key.
    assert [complaint for complaint in told["complaints"] if "401" not in complaint] == []
    assert told["askedWithoutKey"] == 0
    assert "UNAUTHENTICATED" in told["refusal"]
    assert key not in told["keptByTab"]
    assert key in told["keptByBrowser"]
    assert key not in told["keptAfterwards"]
    assert told["keyboard"] == {
        "first": "Skip to the numbers",
        "title": "Overview",
        "definition": told["keyboard"]["definition"],
        "isHidden": True,
    }
    assert "users" in told["keyboard"]["definition"].lower()
    # Of scripts with the first view, compressed as they came.
    assert 0 < told["bytes"] <= 250_000
