"""What each type of interaction weighs, and how descriptions name it."""

from gateway.insights.type_weights import NEGATIVE, POPULARITY, POSITIVE, described, weighted
from gateway.schema.enums import InteractionType, known_values


def test_every_weighed_type_is_one_that_can_be_recorded() -> None:
    assert {*POSITIVE, *NEGATIVE, *POPULARITY} <= set(known_values(InteractionType))


def test_no_type_is_good_and_bad() -> None:
    assert not POSITIVE.keys() & NEGATIVE.keys()


def test_a_type_that_was_never_seen_counts_nothing() -> None:
    assert weighted(POPULARITY, {"click": 2, "share": 9}) == 2.0
    assert weighted(POPULARITY, {}) == 0.0


def test_weights_are_described_by_the_names_of_the_schema() -> None:
    assert described({"click": 1.0, "view": 0.1}) == "CLICK 1, VIEW 0.1"
