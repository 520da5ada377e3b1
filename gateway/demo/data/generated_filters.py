"""Generated filters: those by which visitors narrow what they found, and trees of any depth."""

from random import Random
from typing import Any

from gateway.demo.data.catalogue import Catalogue, InformationNeed

_TEXT_OPERATORS = ("text", "contains", "starts_with", "ends_with", "regex")
_MEASURE_OPERATORS = ("gt", "gte", "lt", "lte", "ne")


def narrowing(rng: Random, catalogue: Catalogue, need: InformationNeed) -> tuple[str, dict[str, Any]]:
    """A filter as a visitor sets it beside the results: the key that is toggled, and the tree."""
    if need.prices[1] and rng.random() < 0.3:
        lowest, highest = need.prices
        condition = {
            "key": "price",
            "operator": "lte",
            "value": lowest + (highest - lowest) * rng.choice((3, 5, 7)) // 10,
        }
        return "price", {"AND": [condition]}
    key = rng.choice(catalogue.helpful)
    values = catalogue.facets[key]
    if rng.random() < 0.25:
        condition = {"key": key, "operator": "in", "value": rng.sample(values, 2)}
    else:
        # The first values are chosen most.
        condition = {"key": key, "operator": "eq", "value": values[int(len(values) * rng.random() ** 1.5)]}
    conditions = [condition]
    if rng.random() < 0.3:
        conditions.append({"key": catalogue.flags[0], "operator": "eq", "value": True})
    return key, {"AND": conditions}


def filter_tree(rng: Random, catalogue: Catalogue, depth: int) -> dict[str, Any]:
    """A filter tree of exactly ``depth`` levels of groups; some groups carry several of AND, OR and NOR at once."""
    branches = rng.choice((("AND",), ("OR",), ("NOR",), ("AND", "NOR"), ("AND", "OR"), ("AND", "OR", "NOR")))
    tree: dict[str, Any] = {name: [_condition(rng, catalogue) for _ in range(rng.randint(1, 3))] for name in branches}
    if depth > 1:
        tree[rng.choice(branches)].append(filter_tree(rng, catalogue, depth - 1))
        if rng.random() < 0.2:
            tree[branches[0]].insert(0, filter_tree(rng, catalogue, rng.randint(1, depth - 1)))
    if rng.random() < 0.3:
        tree["case_sensitive"] = rng.choice((True, False))
    return tree


def _condition(rng: Random, catalogue: Catalogue) -> dict[str, Any]:
    draw = rng.random()
    if draw < 0.45:
        key = rng.choice(tuple(catalogue.facets))
        return {"key": key, "operator": rng.choice(("eq", "eq", "ne")), "value": rng.choice(catalogue.facets[key])}
    if draw < 0.6:
        key = rng.choice(tuple(catalogue.facets))
        values = rng.sample(catalogue.facets[key], rng.randint(1, 3))
        return {"key": key, "operator": rng.choice(("in", "in", "nin")), "value": values}
    if draw < 0.8:
        key = rng.choice(tuple(catalogue.measures))
        value = rng.randint(*catalogue.measures[key])
        return {"key": key, "operator": rng.choice(_MEASURE_OPERATORS), "value": value}
    if draw < 0.9:
        return {"key": rng.choice(catalogue.flags), "value": rng.random() < 0.5}
    if draw < 0.95:
        word = rng.choice(catalogue.needs).text.split()[0]
        return {"key": "title", "operator": rng.choice(_TEXT_OPERATORS), "value": word}
    key = rng.choice(tuple(catalogue.facets))
    return rng.choice((
        {"key": key, "operator": "exists", "value": True},
        {"key": key, "operator": "is_null", "value": False},
        {"key": key, "operator": "eq", "value": None},
    ))  # fmt: skip
