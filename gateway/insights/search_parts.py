"""What searches are made of: their conditions, as outcomes have them, and stages that group outcomes by such parts."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from gateway.insights.group_pipelines import Groups
from gateway.insights.metrics import Dimension, Metric
from gateway.insights.search_metrics import SEARCHES
from gateway.insights.stored_values import Expression, Pipeline, as_list, count, is_string, present, string
from gateway.model.filter_trees import BRANCHES, SPELLED_VALUE

OTHER = "OTHER"
"""What stands for all values that aren't known."""

PARTS: Mapping[str, Expression] = MappingProxyType(
    {
        "operator": "$$condition.o",
        "branch": {"$ifNull": ["$$condition.b", None]},
        "depth": {"$ifNull": ["$$condition.d", None]},
    }
)
"""The parts of a condition beside its value, of which there are few."""


def with_known_indexes(known: Collection[str]) -> Pipeline:
    """The stages that leave of each search's vector indexes those that are known, and `OTHER` once for all others."""
    indexes = {"$map": {"input": as_list("$vector_indexes"), "as": "index", "in": _known_or_other("$$index", known)}}
    return [{"$set": {"vector_indexes": {"$setUnion": [indexes]}}}]


def conditions(rows: Expression) -> Expression:
    """The rows of conditions that a search request has (`gateway.model.filter_trees`), in short; null for none."""
    spelling = "$$condition.value"
    is_whole = {"$and": [is_string(spelling), {"$lt": [{"$strLenCP": string(spelling)}, SPELLED_VALUE]}]}
    short = {
        "k": "$$condition.key",
        "o": "$$condition.operator",
        "v": _string_if(is_string(spelling), spelling),
        "h": _string_if(
            {"$and": [{"$not": [is_whole]}, is_string("$$condition.value_hash")]}, "$$condition.value_hash"
        ),
        "b": _string_if({"$in": ["$$condition.branch", list(BRANCHES)]}, "$$condition.branch"),
        "d": present(count("$$condition.depth")),
    }
    readable = {"$and": [is_string("$$condition.key"), is_string("$$condition.operator")]}
    read = {"$filter": {"input": as_list(rows), "as": "condition", "cond": readable}}
    return {
        "$let": {
            "vars": {"conditions": {"$map": {"input": read, "as": "condition", "in": short}}},
            "in": {"$cond": [{"$eq": ["$$conditions", []]}, None, "$$conditions"]},
        }
    }


def parts_of_conditions(keys: Sequence[str], names: Collection[str], operators: Collection[str]) -> Pipeline:
    """The `PARTS` with these names of the conditions on ``keys``: {"_id": {"key": "brand", "operator": "eq"},
    "searches": n}, in no order. A search counts once for each; operators that aren't known are `OTHER`."""
    parts = dict(PARTS) | {"operator": _known_or_other(PARTS["operator"], operators)}
    sets = [_of_conditions(keys, {"key": "$$condition.k", name: parts[name]}) for name in sorted(names)]
    return [
        {"$match": {"condition_keys": {"$in": list(keys)}, "merged": {"$ne": True}}},
        {"$project": {"_id": 0, "part": {"$setUnion": sets}}},
        {"$unwind": "$part"},
        {"$group": {"_id": "$part", "searches": {"$sum": 1}}},
    ]


def values_of_conditions(keys: Sequence[str], metrics: Mapping[str, Metric], most: int) -> Pipeline:
    """Of each of the ``keys`` the values that most searches compared with, ``most`` at most, ties by their spelling:
    {"_id": "brand", "values": [{"key": {"key": …, "value": spelling, "hash": …}, "stats": …}]}. "stats" has the
    metrics, among which are searches, and the id of an "example"."""
    compared = {"k": "$$condition.k", "v": "$$condition.v", "h": "$$condition.h"}
    dimensions = tuple(
        Dimension(name, f"$condition.{path}") for name, path in (("key", "k"), ("value", "v"), ("hash", "h"))
    )
    example = Metric({"example": {"$min": "$_id"}}, "$example")
    groups = Groups(SEARCHES, dimensions, {**metrics, "example": example}, {})
    order = {"stats.searches": -1, "key.value": 1, "key.hash": 1}
    best = {"n": most, "sortBy": order, "output": {"key": "$key", "stats": "$stats"}}
    return [
        {"$match": {"condition_keys": {"$in": list(keys)}}},
        {"$set": {"condition": {"$setUnion": [_of_conditions(keys, compared)]}}},
        {"$unwind": "$condition"},
        *groups.all(),
        {"$match": {"stats.searches": {"$gt": 0}}},
        {"$group": {"_id": "$key.key", "values": {"$topN": best}}},
    ]


def _of_conditions(keys: Sequence[str], part: Mapping[str, Expression]) -> Expression:
    """The ``part`` of each of an outcome's conditions on ``keys``."""
    # A key may begin like an expression.
    on_keys = {"$in": ["$$condition.k", {"$literal": list(keys)}]}
    selected = {"$filter": {"input": as_list("$conditions"), "as": "condition", "cond": on_keys}}
    return {"$map": {"input": selected, "as": "condition", "in": part}}


def _known_or_other(value: Expression, known: Collection[str]) -> Expression:
    return {"$cond": [{"$in": [value, sorted(known)]}, value, OTHER]}


def _string_if(condition: Expression, value: Expression) -> Expression:
    return {"$cond": [condition, value, "$$REMOVE"]}
