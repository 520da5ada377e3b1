"""However many filter events a query has, and whatever they filter on, all else that is said of it is recorded."""

from typing import Any

import pytest

from gateway.interchange.ubi_filters import MAX_BYTES
from gateway.store.client import Database
from tests.interchange.test_ubi import event, import_file, interactions, query, source


def toggle(facet: str, value: Any) -> str:
    return event(
        "brand_filter", event_attributes={"object": {"description": facet, "object_detail": {"filter": value}}}
    )


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("toggles", "conditions"),
    [
        ([(f"facet {number}", "a") for number in range(505)], 499),
        ([("brand", number) for number in range(505)], 498),
        # The second value of a facet takes another node, the group of both.
        ([(f"facet {number}", "a") for number in range(498)] + [("facet 0", "b"), ("last", "a"), ("more", "a")], 499),
        ([("brand", f"{number} {'x' * 100_000}") for number in range(12)], 2),
        ([("brand", "x" * 200_000), ("size", "x" * 100_000), ("colour", "red")], 2),
    ],
)
async def test_a_query_with_more_filters_than_a_search_request_may_have_is_recorded_with_all_its_events(
    toggles: list[tuple[str, Any]], conditions: int, database: Database
) -> None:
    content = query() + "".join(toggle(*told) for told in toggles) + event()
    report = await import_file(database, source(content))
    assert (report.imported, report.query_rows, dict(report.skipped)) == (len(toggles) + 1, 1, {})
    tree = interactions(content)[-1]["search_request"]["filters"]
    assert sum(len(part.get("OR", [part])) for part in tree["AND"]) == conditions


@pytest.mark.parametrize(("levels", "imported", "is_filter"), [(93, 3, True), (94, 3, False), (96, 2, False)])
async def test_a_filter_value_nested_too_deep_for_a_search_request_is_none_of_its_filters(
    levels: int, imported: int, is_filter: bool, database: Database
) -> None:
    content = query() + toggle("brand", nested(levels)) + toggle("brand", "HP") + event()
    report = await import_file(database, source(content))
    # What is nested deeper than metadata may be has its own event skipped, as that of no search would be.
    assert (report.imported, report.query_rows, sum(report.skipped.values())) == (imported, 1, 3 - imported)
    condition = {"key": "brand", "operator": "eq"}
    deep, plain = {**condition, "value": nested(levels)}, {**condition, "value": "HP"}
    [click] = [wire for wire in interactions(content) if wire["interaction_type"] == "click"]
    assert click["search_request"]["filters"]["AND"] == ([{"OR": [deep, plain]}] if is_filter else [plain])


def test_a_value_greater_than_all_filters_of_a_search_together_leaves_the_search_without_any() -> None:
    own, click = interactions(toggle("brand", "x" * MAX_BYTES) + event())
    assert "filters" not in own["search_request"]
    assert "filters" not in click["search_request"]
