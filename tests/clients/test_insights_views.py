"""Every view of the Insights page in Chromium: each figure that it shows is the API's, on a desktop and on a phone."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import Any

from tests.clients.insights_visits import Days, asked, rate, visit
from tests.harness.demo_process import Demo

SEARCH_STATS = """
searches users clickThroughRate averageClickPosition conversionRate noResultsRate abandonmentRate reformulationRate
"""
INTERACTION_STATS = "views clicks clicksPerView clicksPerViewLowerBound coec negativeRate averageClickPosition"


def mean(value: float | None) -> str:
    return "–" if value is None else str(Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP))


def columns(table: Sequence[Sequence[str]], *titles: str) -> list[tuple[str, ...]]:
    """The cells of each row below these heads, whatever arrow says that one is ordered by."""
    head, *rows = table
    places = [[title.rstrip(" ↓↑") for title in head].index(title) for title in titles]
    return [tuple(row[place] for place in places) for row in rows]


def both_widths(name: str, fragment: str) -> Iterable[Mapping[str, Any]]:
    yield {"name": name, "fragment": fragment}
    yield {"name": f"{name}-phone", "fragment": f"{fragment}&phone=yes", "asks": False, "width": 390, "dark": True}


def test_queries_are_ordered_paged_and_told_as_the_api_does(chromium: str, demo: Demo, days: Days) -> None:
    query = f"""query ($where: SearchRequestWhere!, $first: Int!) {{
      searchStats(
        where: $where, groupBy: [QUERY], orderBy: {{field: CLICK_THROUGH_RATE, direction: ASC}}, first: $first
      ) {{
        nodes {{ key {{ query }} stats {{ {SEARCH_STATS} }} }}
      }}
    }}"""
    sort = {"kind": "click", "role": "button", "name": "Click-through", "asks": True}
    turn = {"kind": "click", "role": "button", "name": "Next page", "asks": True}
    fragment = days.fragment("queries")
    reports = visit(
        chromium,
        demo,
        *both_widths("queries", fragment),
        {"name": "queries-second-page", "fragment": f"{fragment}&again", "asks": False, "doing": [sort, sort, turn]},
    )
    nodes = asked(demo, query, where={"firstSeenAt": days.bounds()}, first=50)["searchStats"]["nodes"]
    told = [
        (
            node["key"]["query"] or "without a text",
            str(node["stats"]["searches"]),
            rate(node["stats"]["clickThroughRate"]),
            mean(node["stats"]["averageClickPosition"]),
            rate(node["stats"]["conversionRate"]),
            rate(node["stats"]["noResultsRate"]),
            rate(node["stats"]["abandonmentRate"]),
        )
        for node in nodes
    ]
    titles = ("Text", "Searches", "Click-through", "Click position", "Conversion", "No results", "Abandoned")
    assert columns(reports["queries-second-page"]["tables"]["Searched texts"], *titles) == told[25:]
    first = columns(reports["queries"]["tables"]["Searched texts"], "Text", "Searches")
    assert first[0][0] == "running shoes"
    assert [int(searches) for _, searches in first] == sorted((int(each[1]) for each in first), reverse=True)
    assert reports["queries-phone"]["tables"] == reports["queries"]["tables"]


def test_one_query_tells_what_was_clicked_and_what_it_was_filtered_by(chromium: str, demo: Demo, days: Days) -> None:
    query = f"""query ($searches: SearchRequestWhere!, $interactions: InteractionWhere!) {{
      searchStats(where: $searches) {{ totals {{ {SEARCH_STATS} }} }}
      interactionStats(
        where: $interactions, groupBy: [{{by: FEATURE}}], orderBy: {{field: CLICKS}}, having: {{minClicks: 1}}, first: 5
      ) {{ nodes {{ key {{ feature {{ featureId }} }} stats {{ {INTERACTION_STATS} }} }} }}
      filterUsage(where: $searches, first: 5) {{ nodes {{ key searches }} }}
    }}"""
    [report, _] = visit(chromium, demo, *both_widths("query", days.fragment("queries", "running shoes"))).values()
    text = {"eq": "running shoes"}
    searches, interactions = {"firstSeenAt": days.bounds(), "text": text}, {"occurredAt": days.bounds(), "text": text}
    answer = asked(demo, query, searches=searches, interactions=interactions)
    totals = answer["searchStats"]["totals"]
    assert report["measures"]["Searches"] == str(totals["searches"])
    assert report["measures"]["Click-through rate"] == rate(totals["clickThroughRate"])
    assert report["measures"]["Reformulation rate"] == rate(totals["reformulationRate"])
    clicked = columns(report["tables"]["Clicked items"], "Item", "Clicks", "Views", "Clicks per view", "COEC")
    assert clicked[:5] == [
        (
            node["key"]["feature"]["featureId"],
            str(node["stats"]["clicks"]),
            str(node["stats"]["views"]),
            rate(node["stats"]["clicksPerView"]),
            mean(node["stats"]["coec"]),
        )
        for node in answer["interactionStats"]["nodes"]
    ]
    used = columns(report["tables"]["Filters used with it"], "Filter", "Searches")
    assert used[:5] == [(node["key"], str(node["searches"])) for node in answer["filterUsage"]["nodes"]]


def test_items_have_their_rates_and_one_item_its_signals(chromium: str, demo: Demo, days: Days) -> None:
    query = f"""query ($where: InteractionWhere!, $id: ID!) {{
      interactionStats(where: $where, groupBy: [{{by: FEATURE}}], orderBy: {{field: CLICKS}}, first: 25) {{
        nodes {{ key {{ feature {{ featureId }} }} stats {{ {INTERACTION_STATS} }} }}
      }}
      feature(featureId: $id) {{ signals(halfLifeDays: 30) {{ interactions score }} }}
    }}"""
    reports = visit(
        chromium,
        demo,
        *both_widths("items", days.fragment("items")),
        *both_widths("item", days.fragment("items", "sku-00002", halfLife="30")),
    )
    answer = asked(demo, query, where={"occurredAt": days.bounds()}, id="sku-00002")
    titles = ("Item", "Views", "Clicks", "Clicks per view", "Lower bound", "COEC", "Negative rate", "Click position")
    assert columns(reports["items"]["tables"]["Items and their numbers"], *titles) == [
        (
            node["key"]["feature"]["featureId"],
            str(node["stats"]["views"]),
            str(node["stats"]["clicks"]),
            rate(node["stats"]["clicksPerView"]),
            rate(node["stats"]["clicksPerViewLowerBound"]),
            mean(node["stats"]["coec"]),
            rate(node["stats"]["negativeRate"]),
            mean(node["stats"]["averageClickPosition"]),
        )
        for node in answer["interactionStats"]["nodes"]
    ]
    assert str(answer["feature"]["signals"]["interactions"]) in reports["item"]["text"]


def test_positions_have_their_views_and_clicks(chromium: str, demo: Demo, days: Days) -> None:
    query = """query ($where: InteractionWhere!) {
      interactionStats(where: $where) { totals { averageClickPosition positions { from views clicks } } }
    }"""
    [report, _] = visit(chromium, demo, *both_widths("positions", days.fragment("positions"))).values()
    totals = asked(demo, query, where={"occurredAt": days.bounds()})["interactionStats"]["totals"]
    rows = columns(report["tables"]["By position"], "Views", "Clicks")
    assert rows == [(str(bucket["views"]), str(bucket["clicks"])) for bucket in totals["positions"]]
    assert report["measures"]["Mean click position"] == mean(totals["averageClickPosition"])


def test_filters_have_their_outcome_and_a_recorded_tree_is_drawn(chromium: str, demo: Demo, days: Days) -> None:
    query = f"""query ($where: SearchRequestWhere!) {{
      filterUsage(where: $where, first: 25) {{
        nodes {{ key stats {{ {SEARCH_STATS} }} values(first: 5) {{ value stats {{ searches }} }} }}
      }}
    }}"""
    reports = visit(
        chromium,
        demo,
        *both_widths("filters", days.fragment("filters")),
        *both_widths("filter-key", days.fragment("filters", "color")),
    )
    nodes = asked(demo, query, where={"firstSeenAt": days.bounds()})["filterUsage"]["nodes"]
    rows = columns(reports["filters"]["tables"]["Keys of filters"], "Key", "Searches", "Click-through", "Conversion")
    assert rows == [
        (
            node["key"],
            str(node["stats"]["searches"]),
            rate(node["stats"]["clickThroughRate"]),
            rate(node["stats"]["conversionRate"]),
        )
        for node in nodes
    ]
    [color] = (node for node in nodes if node["key"] == "color")
    values = columns(reports["filter-key"]["tables"]["Values of color"], "Value", "Searches")
    assert values[:5] == [(each["value"], str(each["stats"]["searches"])) for each in color["values"]]


def test_a_session_is_told_as_a_journey(chromium: str, demo: Demo, days: Days) -> None:
    query = """query ($where: SessionWhere!) {
      sessions(where: $where, first: 25) {
        nodes { sessionId interactions(first: 1) { totalCount } searchRequests(first: 20) { nodes { text } } }
      }
    }"""
    where = {"startedAt": days.bounds()}
    sessions = asked(demo, query, where=where)["sessions"]["nodes"]
    longest = max(sessions, key=lambda session: len(session["searchRequests"]["nodes"]))
    reports = visit(
        chromium,
        demo,
        *both_widths("sessions", days.fragment("sessions")),
        *both_widths("session", days.fragment("sessions", longest["sessionId"])),
    )
    rows = columns(reports["sessions"]["tables"]["List of sessions"], "Session", "Interactions")
    assert rows == [(each["sessionId"], str(each["interactions"]["totalCount"])) for each in sessions]
    journey = reports["session"]["text"]
    for search in islice(longest["searchRequests"]["nodes"], 3):
        assert search["text"] in journey


def test_arms_of_an_experiment_stand_side_by_side(chromium: str, demo: Demo, days: Days) -> None:
    query = """query ($all: InteractionWhere!, $clicked: InteractionWhere!) {
      all: interactionStats(where: $all, groupBy: [{metadata: "experiment"}]) { nodes { ...Arm } }
      clicked: interactionStats(where: $clicked, groupBy: [{metadata: "experiment"}]) { nodes { ...Arm } }
    }
    fragment Arm on InteractionStatsGroup { key { metadata { value } } stats { searches users clicks } }"""
    [report, _] = visit(chromium, demo, *both_widths("experiments", days.fragment("experiments"))).values()
    # What another test recorded has no arm.
    armless = {"metadata": [{"path": "experiment", "operator": "EQ", "value": None}]}
    every = {"occurredAt": days.bounds(), "nor": [armless]}
    answer = asked(demo, query, all=every, clicked=every | {"interactionType": {"eq": "CLICK"}})
    arms, clicked = (
        {node["key"]["metadata"][0]["value"]: node["stats"] for node in answer[name]["nodes"]}
        for name in ("all", "clicked")
    )
    shown = [row for row in columns(report["tables"]["Arms by experiment"], "Arm", "Users", "Clicks") if row[0] in arms]
    assert {arm: (users, clicks) for arm, users, clicks in shown} == {
        arm: (str(stats["users"]), str(stats["clicks"])) for arm, stats in arms.items()
    }
    shares = columns(report["tables"]["Searches with a click"], "Arm", "Searches", "With a click", "Share")
    assert {tuple(each) for each in shares if each[0] in arms} == {
        (
            arm,
            str(stats["searches"]),
            str(clicked[arm]["searches"]),
            rate(clicked[arm]["searches"] / stats["searches"]),
        )
        for arm, stats in arms.items()
    }


def test_a_filter_is_saved_and_what_it_matches_appears_live(chromium: str, demo: Demo, days: Days) -> None:
    recorded = """mutation { recordInteraction(input: {
      interactionId: "matched-live", featureId: "sku-matched", interactionType: CLICK, userId: "u-saved"
    }) { created } }"""
    save = [
        {"kind": "fill", "label": "Name", "value": "Of one user"},
        {"kind": "click", "role": "button", "name": "Save", "asks": True},
    ]
    report = visit(chromium, demo, {"name": "saved", "fragment": days.fragment("saved", user="u-saved"), "doing": save})
    assert "Of one user" in report["saved"]["text"]
    [percolator] = asked(demo, "{ percolators { nodes { percolatorId name } } }")["percolators"]["nodes"]
    assert percolator["name"] == "Of one user"
    watched = days.fragment("saved", percolator["percolatorId"])
    doing = [{"kind": "elsewhere", "query": recorded}, {"kind": "await", "text": "sku-matched"}]
    live = visit(chromium, demo, {"name": "saved-matches", "fragment": watched, "doing": doing})["saved-matches"]
    assert "sku-matched" in live["text"]
