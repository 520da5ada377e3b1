"""The pipeline that makes search outcomes of search requests and of the interactions that name them.

What follows from the other search requests of a visit is made afterwards, by `gateway.insights.visits`; until then it
is as if the search had been alone. See `gateway.model.derived_documents`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.insights.search_parts import conditions
from gateway.insights.stored_values import (
    Expression,
    Pipeline,
    count,
    distinct_strings,
    has_conversion,
    id_text,
    in_namespace,
    members,
    named,
    nonzero,
    present,
    session_id,
    string,
    time,
    type_counters,
    types,
)
from gateway.model.derived_documents import LAST_TIME, SEARCH_OUTCOMES, VISIT_FIELDS
from gateway.model.document_ids import id_spellings
from gateway.model.documents import STUB
from gateway.model.kinds import INTERACTION

_OWN = (
    "namespace_id",
    "search_request_id",
    "first_seen_at",
    "text",
    "collections",
    "vector_indexes",
    "condition_keys",
    "conditions",
    "session_id",
)


def with_ids(search_request_ids: Iterable[str]) -> dict[str, Any]:
    """The filter for the search requests of a namespace with these ids."""
    return {"search_request_id": {"$in": list(id_spellings(search_request_ids))}}


def outcomes(namespace_id: str, searches: Mapping[str, Any]) -> Pipeline:
    """The outcomes of those search requests of a namespace that the filter ``searches`` selects, by their ids alone or
    all of them; to be run on their collection."""
    # One read of all the interactions: a $lookup would parse its pipeline for each search request, a millisecond each.
    return [
        # Of a stub is known that somebody acted on results, not what was searched for.
        {"$match": {**searches, STUB: {"$ne": True}, "namespace_id": in_namespace(namespace_id)}},
        {"$project": _OF_REQUEST | {"namespace_id": {"$literal": namespace_id}}},
        # What can't be named has no interactions, and no place in the graph.
        # Nor can anything be stored by no id.
        {"$match": {"search_request_id": {"$ne": None}, "_id": {"$ne": None}}},
        {"$project": {"search_request_id": 1, "request": "$$ROOT"}},
        {
            "$unionWith": {
                "coll": INTERACTION.collection,
                "pipeline": [{"$match": {**searches, "namespace_id": in_namespace(namespace_id)}}, *_SUMMARIES],
            }
        },
        # Others may have stored several under one id. Nulls and what is missing don't count.
        {"$group": {"_id": "$search_request_id", "requests": {"$push": "$request"}, "acts": {"$max": "$acts"}}},
        {"$unwind": "$requests"},
        {"$replaceWith": {"$mergeObjects": ["$requests", {"acts": "$acts"}]}},
        {"$set": {"user_id": {"$ifNull": ["$user_id", "$acts.user.id"]}}},
        {"$project": _OUTCOME},
        {"$set": _ALONE},
    ]


def merged_into_outcomes() -> Pipeline:
    """The stage that stores `outcomes`; what the visit has given them before is kept."""
    kept = {name: f"${name}" for name in VISIT_FIELDS}
    alone = {"$eq": [{"$substrBytes": ["$$new.visit", 0, 2]}, "r:"]}
    stored = {"$cond": [alone, "$$new", {"$mergeObjects": ["$$new", kept]}]}
    return [
        {
            "$merge": {
                "into": SEARCH_OUTCOMES,
                "whenMatched": [{"$replaceWith": stored}],
                "whenNotMatched": "insert",
            }
        }
    ]


_OF_REQUEST: dict[str, Expression] = {
    "search_request_id": id_text("$search_request_id"),
    "first_seen_at": time("$first_seen_at"),
    "text": string("$query_text"),
    "collections": distinct_strings("$search_request.collections"),
    "vector_indexes": distinct_strings(members("$search_request.queries", "vector_index")),
    "condition_keys": distinct_strings(members("$conditions", "key")),
    "conditions": conditions("$conditions"),
    "session_id": session_id("$effective_session_id"),
    "user_id": named("$search_request.user_id"),
    "result_count": count("$search_request.result_count"),
}

_CLICK = {"$in": ["click", "$types"]}
_CLICKED_POSITION = {"$cond": [_CLICK, "$position", None]}

# What the interactions of each search request come to.
_SUMMARIES: Pipeline = [
    {
        "$project": {
            "search_request_id": id_text("$search_request_id"),
            "interaction_id": id_text("$interaction_id"),
            "at": time("$occurred_at"),
            "user_id": named("$user_id"),
            "types": types("$interaction_type"),
            "position": count("$position"),
        }
    },
    {"$match": {"search_request_id": {"$ne": None}}},
    {
        "$group": {
            "_id": "$search_request_id",
            **type_counters("$types"),
            # Nulls don't count. Of a time, the least id is the first.
            "user": {
                "$min": {
                    "$cond": [
                        {"$eq": ["$user_id", None]},
                        None,
                        {
                            "at": {"$ifNull": ["$at", LAST_TIME]},
                            "interaction_id": "$interaction_id",
                            "_id": "$_id",
                            "id": "$user_id",
                        },
                    ]
                }
            },
            "lowest": {"$min": _CLICKED_POSITION},
            "positions": {"$sum": _CLICKED_POSITION},
            "positioned": {"$sum": {"$cond": [{"$ne": [{"$ifNull": [_CLICKED_POSITION, None]}, None]}, 1, 0]}},
            "first_click_at": {"$min": {"$cond": [_CLICK, "$at", None]}},
        }
    },
    {"$project": {"_id": 0, "search_request_id": "$_id", "acts": "$$ROOT"}},
]

_VISIT = {
    "$switch": {
        "branches": [
            {"case": {"$ne": ["$session_id", None]}, "then": {"$concat": ["s:", "$session_id"]}},
            {
                "case": {"$ne": [{"$ifNull": ["$user_id", None]}, None]},
                "then": {"$concat": ["u:", "$user_id"]},
            },
        ],
        "default": {"$concat": ["r:", "$search_request_id"]},
    }
}

_OUTCOME: Mapping[str, Expression] = {
    **{name: present(f"${name}") for name in _OWN},
    "user_id": present("$user_id"),
    "visit": _VISIT,
    "result_count": present("$result_count"),
    "counts": nonzero("$acts"),
    "lowest_clicked_position": present("$acts.lowest"),
    "clicked_positions": {
        "sum": {"$ifNull": ["$acts.positions", 0]},
        "count": {"$ifNull": ["$acts.positioned", 0]},
    },
    "first_click_at": present("$acts.first_click_at"),
    "no_results": {"$or": [{"$eq": ["$result_count", 0]}, {"$gt": ["$acts.zero_results", 0]}]},
    "clicked": {"$gt": ["$acts.click", 0]},
    "converted": has_conversion("$acts"),
    "added_to_cart": {"$gt": ["$acts.add_to_cart", 0]},
    "purchased": {"$gt": ["$acts.purchase", 0]},
}

MS_TO_FIRST_CLICK: Expression = {
    "$cond": [
        {"$and": [{"$gt": ["$first_click_at", None]}, {"$gt": ["$first_seen_at", None]}]},
        {"$max": [0, {"$subtract": ["$first_click_at", "$first_seen_at"]}]},
        None,
    ]
}
"""The milliseconds from a search to its own first click; null without one. Never below 0: clocks differ."""


def sums_of_search(is_search: Expression, led_to: Mapping[str, Expression]) -> Mapping[str, Expression]:
    """What statistics add up of a search, nothing where it isn't one. ``led_to``: by the names of an outcome, what it
    and all that was merged into it led to."""

    def if_search(value: Expression) -> Expression:
        return present({"$cond": [is_search, value, None]})

    def one_if(name: str, otherwise: Expression) -> Expression:
        return {"$cond": [{"$and": [is_search, led_to[name]]}, 1, otherwise]}

    return {
        "searches": {"$cond": [is_search, 1, 0]},
        "searches_clicked": one_if("clicked", 0),
        "searches_converted": one_if("converted", 0),
        "searches_without_results": one_if("no_results", 0),
        "whole": {
            "added_to_cart": one_if("added_to_cart", "$$REMOVE"),
            "purchased": one_if("purchased", "$$REMOVE"),
            "lowest_clicked_position": if_search(led_to["lowest_clicked_position"]),
            "ms_to_first_click": if_search(led_to["ms_to_first_click"]),
        },
    }


# What a visit gives a search that is alone in it, and abandoned by nobody as far as one can tell.
_ALONE: Mapping[str, Expression] = {
    "merged": False,
    "abandoned": False,
    "reformulated": False,
    **sums_of_search(
        True,
        {
            **{name: f"${name}" for name in ("clicked", "converted", "added_to_cart", "purchased", "no_results")},
            "lowest_clicked_position": "$lowest_clicked_position",
            "ms_to_first_click": MS_TO_FIRST_CLICK,
        },
    ),
}
