"""Judgments computed by hand and by a second reading of the models; MongoDB runs the pipelines."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.insights.click_models import JudgmentModel, graded, judgments
from gateway.store.client import Database


class Seen(NamedTuple):
    """An interaction as models see it."""

    query: str | None
    item: str
    position: Any
    type: Any
    search: str = "s"

    @property
    def document(self) -> dict[str, Any]:
        document = {
            "feature_id": self.item,
            "position": self.position,
            "interaction_type": self.type,
            "search_request_id": self.search,
        }
        return document | ({} if self.query is None else {"query_text": self.query})


async def judged(
    database: Database,
    interactions: Sequence[Seen],
    model: JudgmentModel,
    *,
    max_rank: int = 20,
    min_views: int = 1,
) -> dict[tuple[str, str], tuple[Any, int, int, int]]:
    """Rating, grade, views and clicks by query and item."""
    stages = judgments(model, max_rank=max_rank, min_views=min_views)
    rows = await rows_of(database, [interaction.document for interaction in interactions], stages)
    return {
        (row["query"], row["feature_id"]): (row["rating"], row["grade"], row["views"], row["clicks"]) for row in rows
    }


async def rows_of(
    database: Database, documents: Sequence[dict[str, Any]], stages: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    return await (await database.aggregate([{"$documents": documents}, *stages])).to_list()


# Position 0: 4 views, 2 clicks. Position 1: 3 views, 1 click. Position 2: a click without a view.
LOG = [
    Seen("shoes", "a", 0, "view", "s1"),
    Seen("shoes", "a", 0, "click", "s1"),
    Seen("shoes", "b", 1, "view", "s1"),
    Seen("shoes", "c", 2, "click", "s1"),
    Seen("shoes", "b", 0, "view", "s2"),
    Seen("shoes", "b", 0, "click", "s2"),
    Seen("shoes", "a", 1, "view", "s2"),
    Seen("shoes", "a", 1, "click", "s2"),
    Seen("boots", "a", 0, "view", "s3"),
    Seen("boots", "b", 1, "view", "s3"),
    # Not of a search, but seen at a position like the others.
    Seen(None, "a", 0, "view", ""),
]


async def test_clicks_are_compared_with_what_the_positions_make_expected(database: Database) -> None:
    # Of every ten views of position 0 five are clicked, of those of position 1 a third.
    assert await judged(database, LOG, JudgmentModel.COEC) == {
        ("shoes", "a"): (pytest.approx(2 / (1 / 2 + 1 / 3)), 1, 2, 2),
        ("shoes", "b"): (pytest.approx(1 / (1 / 2 + 1 / 3)), 0, 2, 1),
        ("boots", "a"): (0.0, 0, 1, 0),
        ("boots", "b"): (0.0, 0, 1, 0),
    }


async def test_the_workbench_takes_all_views_for_views_of_the_lowest_position(database: Database) -> None:
    assert await judged(database, LOG, JudgmentModel.COEC_WORKBENCH, min_views=0) == {
        ("shoes", "a"): (2.0, 1, 2, 2),
        ("shoes", "b"): (1.0, 0, 2, 1),
        # Its position has no views, so nothing is expected.
        ("shoes", "c"): (0.0, 0, 0, 1),
        ("boots", "a"): (0.0, 0, 1, 0),
        ("boots", "b"): (0.0, 0, 1, 0),
    }


async def test_the_workbench_has_three_decimals_with_halves_rounded_up(database: Database) -> None:
    log = [Seen("q", "x", 0, "click") for _ in range(15)] + [Seen("q", "a", 0, "click")]
    log += [Seen("q", "a", 0, "view") for _ in range(16)]
    # 1 / (16 / 16 * 16) = 0.0625
    assert (await judged(database, log, JudgmentModel.COEC_WORKBENCH))["q", "a"][0] == 0.063


async def test_to_the_workbench_the_position_behind_the_last_is_seen_but_has_no_rate(database: Database) -> None:
    log = [Seen("q", "a", 2, "view"), Seen("q", "a", 2, "click"), Seen("q", "b", 1, "view"), Seen("q", "b", 2, "view")]
    found = await judged(database, log, JudgmentModel.COEC_WORKBENCH, max_rank=2)
    assert found == {("q", "a"): (0.0, 0, 1, 1), ("q", "b"): (0.0, 0, 2, 0)}


async def test_what_stands_above_the_last_click_was_examined(database: Database) -> None:
    # s1: clicks at 0 and 2, so a, b and c were examined; s2: clicks at 0 and 1; s3 has none, so nothing was.
    assert await judged(database, LOG, JudgmentModel.SDBN, min_views=0) == {
        ("shoes", "a"): (pytest.approx(3 / 4 * 2 / 4), 0, 2, 2),
        ("shoes", "b"): (pytest.approx(2 / 4 * 1 / 3), 0, 2, 1),
        ("shoes", "c"): (pytest.approx(2 / 3 * 2 / 3), 1, 0, 1),
        ("boots", "a"): (0.25, 1, 1, 0),
        ("boots", "b"): (0.25, 1, 1, 0),
    }


async def test_to_the_network_a_result_was_clicked_once_however_often_it_was(database: Database) -> None:
    log = [Seen("q", "a", 0, type_) for type_ in ("view", "view", "click", "click", "click")]
    assert (await judged(database, log, JudgmentModel.SDBN))["q", "a"] == (pytest.approx(2 / 3 * 2 / 3), 1, 2, 3)


async def test_feedback_is_that_of_the_signals_without_decay(database: Database) -> None:
    log = [Seen("q", "a", None, type_) for type_ in ("view", "click", "purchase", "skip")]
    log += [Seen("q", "b", 99, "view"), Seen("q", "b", 99, "return_to_results")]
    assert await judged(database, log, JudgmentModel.FEEDBACK) == {
        ("q", "a"): (pytest.approx(3.5 / 6.5), 1, 1, 1),
        ("q", "b"): (pytest.approx(-1 / 3), 0, 1, 0),
    }


@pytest.mark.parametrize("model", JudgmentModel)
async def test_an_interaction_of_several_types_is_all_of_them(database: Database, model: JudgmentModel) -> None:
    found = await judged(database, [Seen("q", "a", 0, ["view", "click"])], model)
    assert found["q", "a"][2:] == (1, 1)


@pytest.mark.parametrize(
    ("model", "views"),
    [
        (JudgmentModel.COEC, 2),
        (JudgmentModel.COEC_WORKBENCH, 2),
        # It is about searches.
        (JudgmentModel.SDBN, 1),
        # It isn't about positions.
        (JudgmentModel.FEEDBACK, 6),
    ],
)
async def test_what_others_stored_in_other_shapes_is_passed_over(
    database: Database, model: JudgmentModel, views: int
) -> None:
    documents = [
        Seen("q", "a", 0, "view").document,
        Seen("q", "a", 0.5, "view").document,
        Seen("q", "a", [0, 1], "view").document,
        Seen("q", "a", "0", "view").document,
        Seen("q", "a", -1, "view").document,
        {**Seen("q", "a", 0, "view").document, "query_text": ["q"]},
        {**Seen("q", "a", 0, "view").document, "feature_id": ["a"]},
        {**Seen("q", "a", 0, "view").document, "search_request_id": ["s"]},
    ]
    [row] = await rows_of(database, documents, judgments(model, max_rank=20, min_views=1))
    assert row["views"] == views


@pytest.mark.parametrize("model", JudgmentModel)
async def test_what_was_seen_too_rarely_is_not_judged(database: Database, model: JudgmentModel) -> None:
    assert {views for _, _, views, _ in (await judged(database, LOG, model, min_views=2)).values()} == {2}


@pytest.mark.parametrize(
    ("ratings", "grades"),
    [
        ([0.0, 0.0], [0, 0]),
        ([2.0, 1.0, 0.9], [1, 0, 0]),
        # Of ten, the ninth is the 90th percentile.
        ([10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        # It is below half of the highest here.
        ([10.0, 5.0, 4.0, *[1.0] * 7], [1, 1, *[0] * 8]),
        # Half of two thirds is a third, however both are rounded.
        ([0.666666666667, 0.333333333333, *[0.0] * 10], [1, 1, *[0] * 10]),
        ([0.5, 0.5, 0.5], [1, 1, 1]),
        ([-0.5, -0.25], [0, 0]),
    ],
)
async def test_grades_are_those_computed_by_hand(database: Database, ratings: list[float], grades: list[int]) -> None:
    rows = [{"query": "q", "feature_id": number, "rating": rating} for number, rating in enumerate(ratings)]
    found = await rows_of(database, [*rows, {"query": "other", "feature_id": -1, "rating": 100.0}], graded())
    by_item = {row["feature_id"]: row["grade"] for row in found}
    assert [by_item[number] for number in range(len(ratings))] == grades


LOGS = st.lists(
    st.builds(
        Seen,
        st.sampled_from(["p", "q", "", None]),
        st.sampled_from("abc"),
        st.integers(0, 4),
        st.sampled_from(["view", "view", "click", ["view", "click"]]),
        st.sampled_from(["s1", "s2", "s3"]),
    ),
    min_size=1,
    max_size=30,
)
VARIED = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@VARIED
@given(LOGS)
async def test_over_a_whole_scope_as_many_clicks_are_expected_as_there_are(database: Database, log: list[Seen]) -> None:
    log = [seen._replace(query="q") for seen in log]
    found = await judged(database, log, JudgmentModel.COEC, max_rank=3, min_views=0)
    expected = sum(expected_clicks(log, item, 3) for _, item in found)
    assert expected == pytest.approx(sum(clicks for *_, clicks in found.values()))
    alone = [seen._replace(item="everything") for seen in log]
    for rating, *_, clicks in (await judged(database, alone, JudgmentModel.COEC, max_rank=3)).values():
        assert rating == pytest.approx(1.0 if clicks else 0.0)


@VARIED
@given(LOGS, st.integers(1, 5))
async def test_pipelines_judge_as_a_second_reading_of_the_models_does(
    database: Database, log: list[Seen], max_rank: int
) -> None:
    for model, rating in {JudgmentModel.COEC: coec, JudgmentModel.SDBN: sdbn}.items():
        found = await judged(database, log, model, max_rank=max_rank)
        pairs = {(seen.query, seen.item) for seen in log if seen.query is not None and is_view(seen, max_rank)}
        assert found.keys() == pairs
        for (query, item), values in found.items():
            assert values[0] == pytest.approx(rating(log, query, item, max_rank), abs=1e-9)
            of_query = sorted(values[0] for (other, _), values in found.items() if other == query)
            threshold = max(of_query[-1] / 2, of_query[ceil(0.9 * len(of_query)) - 1])
            assert values[1] == int(values[0] > 0 and values[0] >= threshold)


def is_view(seen: Seen, max_rank: int) -> bool:
    return "view" in types(seen) and seen.position < max_rank


def types(seen: Seen) -> list[str]:
    return seen.type if isinstance(seen.type, list) else [seen.type]


def expected_clicks(log: Sequence[Seen], item: str, max_rank: int, query: str | None = None) -> float:
    views, clicks = (Counter(seen.position for seen in log if type_ in types(seen)) for type_ in ("view", "click"))
    return sum(
        clicks[seen.position] / views[seen.position]
        for seen in log
        if seen.item == item and is_view(seen, max_rank) and query in (None, seen.query)
    )


def coec(log: Sequence[Seen], query: str, item: str, max_rank: int) -> float:
    viewed = {seen.position for seen in log if is_view(seen, max_rank)}
    clicks = sum(
        (seen.query, seen.item) == (query, item) and "click" in types(seen) and seen.position in viewed for seen in log
    )
    expected = expected_clicks(log, item, max_rank, query)
    return clicks / expected if expected else 0.0


def sdbn(log: Sequence[Seen], query: str, item: str, max_rank: int) -> float:
    pages: dict[tuple[str, str | None], dict[tuple[str, int], bool]] = defaultdict(dict)
    last: dict[str, int] = {}
    for seen in log:
        if seen.query is None or seen.position >= max_rank:
            continue
        clicked = "click" in types(seen)
        results = pages[seen.search, seen.query]
        results[seen.item, seen.position] = results.get((seen.item, seen.position), False) or clicked
        if clicked:
            last[seen.search] = max(last.get(seen.search, -1), seen.position)
    shown = clicks = ended = 0
    for (search, text), results in pages.items():
        for (result, position), was_clicked in results.items():
            if (text, result) == (query, item) and position <= last.get(search, -1):
                shown += 1
                clicks += was_clicked
                ended += was_clicked and position == last[search]
    return (1 + clicks) / (2 + shown) * (1 + ended) / (2 + clicks)
