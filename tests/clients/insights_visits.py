"""Visits to the Insights page over a demo's data, and what the API answers of the same."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from tests.clients.node import run
from tests.harness.demo_process import Demo

ZONE = "Europe/Berlin"
QUIET: dict[str, list[str]] = {"complaints": [], "foreign": [], "failed": []}


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
    """As the page writes a rate: halves are rounded up."""
    return "–" if value is None else f"{(Decimal(value) * 100).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"
