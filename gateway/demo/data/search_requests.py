"""Generated search requests and their filter trees, in the REST wire shape."""

from base64 import b64encode
from random import Random
from typing import Any

from gateway.demo.data.catalogue import Catalogue

# Read in turn, so that even a small demo has trees of every depth; 0 stands for a request without filters.
_DEPTHS = (1, 0, 2, 3, 1, 0, 5, 2, 1, 4, 0, 2)

_TEXT_OPERATORS = ("text", "contains", "starts_with", "ends_with", "regex")
_MEASURE_OPERATORS = ("gt", "gte", "lt", "lte", "ne")


def search_request(rng: Random, catalogue: Catalogue, serial: int, *, session_id: str) -> dict[str, Any]:
    """The ``serial``-th search request of a namespace, made in ``session_id``."""
    request: dict[str, Any] = {
        "search_request_id": f"{catalogue.name}-search-{serial:06d}",
        "queries": [_query(rng, catalogue) for _ in range(rng.choice((1, 1, 1, 1, 2, 3, 0)))],
        "collections": rng.sample(catalogue.collections, rng.choice((1, 1, 2))),
        "session_id": session_id,
    }
    depth = _DEPTHS[serial % len(_DEPTHS)]
    if depth:
        request["filters"] = filter_tree(rng, catalogue, depth)
    elif rng.random() < 0.5:
        request["filters"] = None
    if rng.random() < 0.2:
        request["group_by"] = {"field": rng.choice(tuple(catalogue.facets)), "max_features": rng.randint(1, 5)}
        if rng.random() < 0.5:
            request["group_by"]["sort"] = _sort(rng, catalogue)
    if rng.random() < 0.3:
        request["sort"] = _sort(rng, catalogue)
    if rng.random() < 0.3:
        request["select"] = rng.choice(([], None, ["title"], ["title", *catalogue.facets, *catalogue.measures]))
    if rng.random() < 0.35:
        request["reranking_options"] = _reranking_options(rng)
    if rng.random() < 0.2:
        request["return_url"] = rng.random() < 0.5
    return request


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
        word = rng.choice(catalogue.texts).split()[0]
        return {"key": "title", "operator": rng.choice(_TEXT_OPERATORS), "value": word}
    key = rng.choice(tuple(catalogue.facets))
    return rng.choice((
        {"key": key, "operator": "exists", "value": True},
        {"key": key, "operator": "is_null", "value": False},
        {"key": key, "operator": "eq", "value": None},
    ))  # fmt: skip


def _query(rng: Random, catalogue: Catalogue) -> dict[str, Any]:
    (index,) = rng.choices(catalogue.indexes.values, cum_weights=catalogue.indexes.cumulative)
    kind = "text" if index in ("text", "keyword") else rng.choice(("text", "text", "url", "base64"))
    query: dict[str, Any] = {"vector_index": index, "value": _query_value(rng, catalogue, kind), "type": kind}
    if rng.random() < 0.15:
        query["filters"] = filter_tree(rng, catalogue, rng.choice((1, 1, 2)))
    if rng.random() < 0.4:
        settings: dict[str, Any] = {"limit": rng.choice((10, 20, 50, 100))}
        if rng.random() < 0.5:
            settings["min_score"] = rng.choice((0.2, 0.35, 0.5, 0.75))
        if index == "multimodal":
            settings["modality"] = rng.choice(("image", "video", "text"))
        query["settings"] = settings
    return query


def _query_value(rng: Random, catalogue: Catalogue, kind: str) -> str:
    if kind == "url":
        return f"https://images.example.com/{catalogue.name}/{rng.randrange(catalogue.item_count):06d}.jpg"
    if kind == "base64":
        return b64encode(rng.randbytes(48)).decode()
    # Squared, so that a few texts are asked for often.
    return catalogue.texts[int(len(catalogue.texts) * rng.random() ** 2)]


def _sort(rng: Random, catalogue: Catalogue) -> dict[str, str]:
    return {"field": rng.choice(tuple(catalogue.measures)), "direction": rng.choice(("asc", "desc"))}


def _reranking_options(rng: Random) -> dict[str, Any]:
    tenths = rng.randint(0, 10)
    weights = {"feedback": 1.0} if tenths == 10 else {"feedback": tenths / 10, "popularity": (10 - tenths) / 10}
    return {"weights": weights, "enable_reranking": rng.random() < 0.8}
