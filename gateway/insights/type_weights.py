"""How much each type of interaction says of an item: an interaction with several types counts once for each of them."""

from collections.abc import Mapping
from typing import Final

# What somebody decides on an item says more than looking at it: a click is 1, and all else is relative to it.
POSITIVE: Final[Mapping[str, float]] = {
    "positive_feedback": 3.0,
    "purchase": 3.0,
    "add_to_cart": 2.0,
    "wishlist": 2.0,
    "bookmark": 2.0,
    "share": 2.0,
    "long_view": 1.0,
    "click": 1.0,
}
# A skip says little: the item may just as well not have been seen.
NEGATIVE: Final[Mapping[str, float]] = {"negative_feedback": 3.0, "return_to_results": 1.0, "skip": 0.5}
# About one view in ten becomes a click.
POPULARITY: Final[Mapping[str, float]] = {"click": 1.0, "view": 0.1}


def described(weights: Mapping[str, float]) -> str:
    """Weights as descriptions in the schema name them: "CLICK 1, VIEW 0.1"."""
    return ", ".join(f"{name.upper()} {weight:g}" for name, weight in weights.items())


def weighted(weights: Mapping[str, float], counts: Mapping[str, float]) -> float:
    """The sum of the counts of interactions by type, each by its weight; a type without a count has none."""
    return sum(weight * counts.get(name, 0.0) for name, weight in weights.items())
