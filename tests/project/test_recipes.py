"""Every recipe in docs/recipes.md, run as it stands there on the demo's data."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.model.wire import format_instant
from tests.harness.demo_process import Demo, running
from tests.harness.waiting import eventually

TEXT = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPES = {
    title: (query, answer)
    for title, query, answer in re.findall(
        r"^## (.+?)\n.*?^```graphql\n(.*?)^```\n(?:\n```json\n(.*?)^```\n)?", TEXT, re.MULTILINE | re.DOTALL
    )
}
KNOWN = "{ searchRequests { totalCount } searchStats { totals { requests } } }"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo")) as demo:
        eventually(lambda: all_searches_are_counted(demo.post(KNOWN)["data"]))
        yield demo


def all_searches_are_counted(known: Any) -> bool:
    return bool(known["searchRequests"]["totalCount"] == known["searchStats"]["totals"]["requests"] > 0)


def rounded(value: Any) -> Any:
    """Numbers as the page shows them, with four decimals."""
    match value:
        case float():
            return round(value, 4)
        case list():
            return [rounded(each) for each in value]
        case dict():
            return {key: rounded(each) for key, each in value.items()}
    return value


def test_there_is_one_for_each_question() -> None:
    assert len(RECIPES) == len(re.findall(r"^## ", TEXT, re.MULTILINE)) == TEXT.count("```graphql") == 15
    assert TEXT.startswith("# Recipes\n\nFifteen questions")


@pytest.mark.parametrize("title", RECIPES)
def test_a_question_is_answered_by_one_request(title: str, demo: Demo) -> None:
    query, shown = RECIPES[title]
    week_ago = datetime.fromisoformat(demo.facts["dataUntil"]) - timedelta(days=7)
    response = demo.post(query, {"from": format_instant(week_ago)} if "$from" in query else None)
    del response["extensions"]
    assert response.keys() == {"data"}, response
    if shown:
        assert rounded(response) == json.loads(shown)
    else:
        # It differs from day to day, but there is always something.
        assert all(root["nodes"] for root in response["data"].values())
        for root in response["data"].values():
            for node in root["nodes"]:
                assert len(node.get("series", [None] * 7)) >= 7
