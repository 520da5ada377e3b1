"""The pipeline that gives the search outcomes of a visit what follows from each other: which were merged, abandoned or
reformulated, and their neighbours.

A visit's searches are in the order of their times, ties in that of their ids. A search is merged into the next where
that comes within 30 seconds and one's text is a prefix of the other's: somebody typed on. Those that are merged one
into another make a chain, which ends with a search that isn't merged and stands for all of them.
"""

from collections.abc import Mapping
from typing import Any

from gateway.insights.search_outcomes import MS_TO_FIRST_CLICK, sums_of_search
from gateway.insights.stored_values import Expression, Pipeline, Stage, present
from gateway.model.derived_documents import (
    MERGED_WITHIN_MS,
    REFORMULATED_WITHIN_MS,
    SEARCH_OUTCOMES,
    VISIT_FIELDS,
)

WITH_NEIGHBOURS: Mapping[str, Any] = {"$gte": "s:"}
"""The predicate on the visits in which neighbours count: of sessions and users."""


def neighbours(namespace_id: str, outcomes: Mapping[str, Any]) -> Pipeline:
    """The `VISIT_FIELDS` of those outcomes of a namespace that the filter ``outcomes`` selects, which has to select
    whole visits; to be run on their collection."""
    return [
        {"$match": {**outcomes, "$and": [{"visit": dict(WITH_NEIGHBOURS)}], "namespace_id": namespace_id}},
        {"$project": _READ},
        _window("$visit", next={"$shift": {"output": _AS_NEIGHBOUR, "by": 1}}, previous=_shifted_id(-1)),
        {"$set": {"merged": _MERGED}},
        # The number of chains that ended before.
        _window("$visit", chain=_before({"$sum": {"$cond": ["$merged", 0, 1]}})),
        _window({"visit": "$visit", "chain": "$chain"}, **_CHAIN),
        # Ends of chains among themselves.
        _window({"visit": "$visit", "merged": "$merged"}, next_end={"$shift": {"output": _AS_NEIGHBOUR, "by": 1}}),
        {"$project": _VISIT_FIELDS},
    ]


def merged_into_visits() -> Pipeline:
    """The stage that stores what `neighbours` gives: by the `_id`, where the collection is sharded by its key as
    well."""
    return [
        {
            "$merge": {
                "into": SEARCH_OUTCOMES,
                "whenMatched": [
                    {"$unset": list(VISIT_FIELDS)},
                    {"$replaceWith": {"$mergeObjects": ["$$ROOT", "$$new"]}},
                ],
                "whenNotMatched": "discard",
            }
        }
    ]


def _window(partition: Expression, **output: Expression) -> Stage:
    # By `_id` only where other programs have stored one id twice: the namespace is in it, so that one log would tell
    # something else in each.
    order = {"first_seen_at": 1, "search_request_id": 1, "_id": 1}
    return {"$setWindowFields": {"partitionBy": partition, "sortBy": order, "output": output}}


def _before(accumulator: Stage) -> Stage:
    return accumulator | {"window": {"documents": ["unbounded", -1]}}


def _until_now(accumulator: Stage) -> Stage:
    return accumulator | {"window": {"documents": ["unbounded", "current"]}}


def _shifted_id(by: int) -> Stage:
    return {"$shift": {"output": "$search_request_id", "by": by}}


def _is_prefix(text: Expression, prefix: Expression) -> Expression:
    # Only where it begins; bytes, as characters would have to be counted.
    return {"$eq": [{"$indexOfBytes": [text, prefix, 0, {"$strLenBytes": prefix}]}, 0]}


def _follows_within(milliseconds: int, at: str) -> Expression:
    both = [{"$gt": ["$first_seen_at", None]}, {"$gt": [at, None]}]
    return {"$and": [*both, {"$lte": [{"$subtract": [at, "$first_seen_at"]}, milliseconds]}]}


_OF_ONE = ("clicked", "converted", "added_to_cart", "purchased")

_READ: Mapping[str, Expression] = {
    **dict.fromkeys(("search_request_id", "first_seen_at", "text", "visit", "first_click_at", *_OF_ONE), 1),
    "namespace_id": 1,
    "lowest_clicked_position": 1,
    "found_nothing": {"$gt": ["$counts.zero_results", 0]},
    "has_no_results": {"$eq": ["$result_count", 0]},
    "was_acted_on": {
        "$anyElementTrue": {
            "$map": {"input": {"$objectToArray": "$counts"}, "as": "type", "in": {"$ne": ["$$type.k", "view"]}}
        }
    },
    # Null where there was no click: the least of several is that of the earliest click, ties to the shorter time.
    "first_click": {
        "$cond": [
            {"$gt": ["$first_click_at", None]},
            {"at": "$first_click_at", "ms": MS_TO_FIRST_CLICK},
            None,
        ]
    },
}

_AS_NEIGHBOUR: Expression = {"id": "$search_request_id", "at": "$first_seen_at", "text": "$text"}

_MERGED: Expression = {
    "$and": [
        {"$ne": [{"$ifNull": ["$next", None]}, None]},
        _follows_within(MERGED_WITHIN_MS, "$next.at"),
        {
            "$or": [
                _is_prefix("$next.text", "$text"),
                _is_prefix("$text", "$next.text"),
            ]
        },
    ]
}

# Of a search and of all that was merged into it.
_CHAIN: Mapping[str, Stage] = {
    **{f"whole.{name}": _until_now({"$max": f"${name}"}) for name in _OF_ONE},
    "whole.found_nothing": _until_now({"$max": "$found_nothing"}),
    "whole.was_acted_on": _until_now({"$max": "$was_acted_on"}),
    "whole.lowest_clicked_position": _until_now({"$min": "$lowest_clicked_position"}),
    "whole.first_click": _until_now({"$min": "$first_click"}),
}

_IS_LAST = {"$eq": [{"$ifNull": ["$next_end", None]}, None]}
_IS_SESSION = {"$eq": [{"$substrBytes": ["$visit", 0, 2]}, "s:"]}
_CLICKED_BEFORE = {
    "$and": [
        {"$gt": ["$whole.first_click.at", None]},
        {"$lt": ["$whole.first_click.at", "$next_end.at"]},
    ]
}

_HAS_NO_RESULTS = {"$or": ["$has_no_results", "$whole.found_nothing"]}

_VISIT_FIELDS: Mapping[str, Expression] = {
    # Of the key that a sharded collection has.
    "namespace_id": 1,
    "merged": 1,
    "abandoned": {"$and": [{"$not": "$merged"}, _IS_SESSION, _IS_LAST, {"$not": "$whole.was_acted_on"}]},
    "reformulated": {
        "$and": [
            {"$not": "$merged"},
            {"$not": _IS_LAST},
            {"$ne": ["$next_end.text", "$text"]},
            _follows_within(REFORMULATED_WITHIN_MS, "$next_end.at"),
            {"$not": _CLICKED_BEFORE},
        ]
    },
    **sums_of_search(
        {"$not": "$merged"},
        {
            **{name: f"$whole.{name}" for name in _OF_ONE},
            "no_results": _HAS_NO_RESULTS,
            "lowest_clicked_position": "$whole.lowest_clicked_position",
            "ms_to_first_click": "$whole.first_click.ms",
        },
    ),
    "previous_id": present("$previous"),
    "next_id": present("$next.id"),
}
