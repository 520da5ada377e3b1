"""What searches are made of, ahead of grouping them by it: stages that add it to search outcomes."""

from collections.abc import Collection

from gateway.insights.stored_values import Expression, Pipeline, as_list

OTHER = "OTHER"
"""What stands for all values that aren't known."""


def with_known_indexes(known: Collection[str]) -> Pipeline:
    """The stages that leave of each search's vector indexes those that are known, and `OTHER` once for all others."""
    indexes = {"$map": {"input": as_list("$vector_indexes"), "as": "index", "in": known_or_other("$$index", known)}}
    return [{"$set": {"vector_indexes": {"$setUnion": [indexes]}}}]


def known_or_other(value: Expression, known: Collection[str]) -> Expression:
    return {"$cond": [{"$in": [value, sorted(known)]}, value, OTHER]}
