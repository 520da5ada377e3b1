"""From stored documents to the response's data, written by hand for each operation.

Faster than other ways of writing it (`bench.variants` compares them), and for well-formed documents only: nothing that
the generator doesn't write is expected, and what is not as expected raises.
"""

from binascii import b2a_base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bson import Binary
from orjson import OPT_NAIVE_UTC, OPT_UTC_Z, dumps

from gateway.model.bson_values import uuid_text
from gateway.model.filter_trees import text

Document = Mapping[str, Any]

# GraphQL's names of what the generator writes.
TYPES = {
    "view": "VIEW",
    "click": "CLICK",
    "positive_feedback": "POSITIVE_FEEDBACK",
    "negative_feedback": "NEGATIVE_FEEDBACK",
    "purchase": "PURCHASE",
    "add_to_cart": "ADD_TO_CART",
    "wishlist": "WISHLIST",
    "long_view": "LONG_VIEW",
    "share": "SHARE",
    "bookmark": "BOOKMARK",
    "query_refinement": "QUERY_REFINEMENT",
    "zero_results": "ZERO_RESULTS",
    "filter_toggle": "FILTER_TOGGLE",
    "skip": "SKIP",
    "return_to_results": "RETURN_TO_RESULTS",
}
OPERATORS = {
    "eq": "EQ",
    "ne": "NE",
    "gt": "GT",
    "lt": "LT",
    "gte": "GTE",
    "lte": "LTE",
    "in": "IN",
    "nin": "NIN",
    "is_null": "IS_NULL",
    "text": "TEXT",
    "exists": "EXISTS",
    "contains": "CONTAINS",
    "starts_with": "STARTS_WITH",
    "ends_with": "ENDS_WITH",
    "regex": "REGEX",
}
INDEXES = {"image": "IMAGE", "multimodal": "MULTIMODAL", "text": "TEXT", "video": "VIDEO", "keyword": "KEYWORD"}
INPUTS = {"text": "TEXT", "url": "URL", "base64": "BASE64"}
DIRECTIONS = {"asc": "ASC", "desc": "DESC"}

URL_SAFE = bytes.maketrans(b"+/", b"-_")


def cursor(document: Document) -> str:
    """The cursor of an interaction in the default order."""
    tie = uuid_text(document["_id"]) if document["_id"].__class__ is Binary else document["_id"]
    payload = dumps(
        [1, "interactions.occurred_at.desc", document["occurred_at"], tie], option=OPT_NAIVE_UTC | OPT_UTC_Z
    )
    return b2a_base64(payload, newline=False).translate(URL_SAFE, b"=").decode()


def page_info(fetched: Sequence[Document], first: int) -> dict[str, Any]:
    return {
        "hasNextPage": len(fetched) > first,
        "endCursor": cursor(fetched[min(first, len(fetched)) - 1]) if fetched else None,
    }


def rows(documents: Sequence[Document]) -> list[dict[str, Any]]:
    types = TYPES
    return [
        {
            "interactionId": document["interaction_id"],
            "featureId": document["feature_id"],
            "interactionType": types[kind if (kind := document["interaction_type"]).__class__ is str else kind[0]],
            "position": get("position"),
            "durationMs": get("duration_ms"),
            "sessionId": get("effective_session_id"),
            "userId": get("user_id"),
            "occurredAt": document["occurred_at"].isoformat("T", "milliseconds")[:23] + "Z",
        }
        for document in documents
        for get in (document.get,)
    ]


def flat(fetched: Sequence[Document], first: int) -> dict[str, Any]:
    return {"interactions": {"nodes": rows(fetched[:first]), "pageInfo": page_info(fetched, first)}}


def nested(fetched: Sequence[Document], first: int) -> dict[str, Any]:
    types = TYPES
    nodes = [
        {
            "interactionId": document["interaction_id"],
            "featureId": document["feature_id"],
            "interactionType": types[kind if (kind := document["interaction_type"]).__class__ is str else kind[0]],
            "position": get("position"),
            "durationMs": get("duration_ms"),
            "sessionId": get("effective_session_id"),
            "userId": get("user_id"),
            "occurredAt": document["occurred_at"].isoformat("T", "milliseconds")[:23] + "Z",
            "metadata": get("metadata"),
            "searchRequest": None if get("search_request_id") is None else _request(document),
        }
        for document in fetched[:first]
        for get in (document.get,)
    ]
    return {"interactions": {"nodes": nodes, "pageInfo": page_info(fetched, first)}}


def _request(document: Document) -> dict[str, Any]:
    request = document["search_request"]
    get = request.get
    indexes, inputs = INDEXES, INPUTS
    return {
        "searchRequestId": document["search_request_id"],
        "queries": [
            {
                "vectorIndex": indexes[query["vector_index"]],
                "value": query["value"],
                "type": inputs[query["type"]],
                "filters": None if (tree := query.get("filters")) is None else node(tree),
                "settings": None
                if (settings := query.get("settings")) is None
                else {
                    "limit": settings.get("limit"),
                    "minScore": settings.get("min_score"),
                    "modality": settings.get("modality"),
                },
            }
            for query in request["queries"]
        ],
        "collections": request["collections"],
        "filters": None if (tree := get("filters")) is None else node(tree),
        "groupBy": None
        if (group_by := get("group_by")) is None
        else {
            "field": group_by.get("field"),
            "maxFeatures": group_by.get("max_features"),
            "sort": None if (sort := group_by.get("sort")) is None else _sort(sort),
        },
        "sort": None if (sort := get("sort")) is None else _sort(sort),
        "select": get("select"),
        "rankingOptions": None
        if (ranking := get("reranking_options")) is None
        else {
            "weights": None
            if (weights := ranking.get("weights")) is None
            else {"feedback": weights.get("feedback"), "popularity": weights.get("popularity")},
            "enableReranking": ranking["enable_reranking"],
        },
        "sessionId": get("session_id"),
        "returnUrl": get("return_url"),
        "firstSeenAt": document["first_seen_at"].isoformat("T", "milliseconds")[:23] + "Z",
    }


def _sort(sort: Document) -> dict[str, Any]:
    return {"field": sort["field"], "direction": DIRECTIONS[sort["direction"]]}


def node(stored: Document) -> dict[str, Any]:
    """A group or condition of a filter tree."""
    if "key" in stored:
        return {"key": stored["key"], "operator": OPERATORS[stored.get("operator", "eq")], "value": stored.get("value")}
    return {
        "and": None if (items := stored.get("AND")) is None else list(map(node, items)),
        "or": None if (items := stored.get("OR")) is None else list(map(node, items)),
        "nor": None if (items := stored.get("NOR")) is None else list(map(node, items)),
        "caseSensitive": stored.get("case_sensitive"),
    }


def json(fetched: Sequence[Document], first: int) -> dict[str, Any]:
    nodes = [
        {
            "interactionId": document["interaction_id"],
            "searchRequest": None
            if document.get("search_request_id") is None
            else {"filters": None if (tree := document["search_request"].get("filters")) is None else {"json": tree}},
        }
        for document in fetched[:first]
    ]
    return {"interactions": {"nodes": nodes}}


def spelled(fetched: Sequence[Document], first: int) -> dict[str, Any]:
    nodes = [
        {
            "interactionId": document["interaction_id"],
            "searchRequest": None
            if document.get("search_request_id") is None
            else {
                "filters": None if (tree := document["search_request"].get("filters")) is None else {"text": text(tree)}
            },
        }
        for document in fetched[:first]
    ]
    return {"interactions": {"nodes": nodes}}


def listing(fetched: Sequence[Document], first: int) -> dict[str, Any]:
    nodes = [
        {
            "interactionId": document["interaction_id"],
            "searchRequest": None
            if document.get("search_request_id") is None
            else {
                "filters": None
                if (tree := document["search_request"].get("filters")) is None
                else {"flat": _listed(tree)}
            },
        }
        for document in fetched[:first]
    ]
    return {"interactions": {"nodes": nodes}}


def _listed(tree: Document) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    _list(tree, None, 0, None, listed)
    return listed


def _list(
    stored: Document, parent_index: int | None, depth: int, branch: str | None, listed: list[dict[str, Any]]
) -> None:
    index = len(listed)
    if "key" in stored:
        listed.append(
            {
                "index": index,
                "parentIndex": parent_index,
                "depth": depth,
                "branch": branch,
                "key": stored["key"],
                "operator": OPERATORS[stored.get("operator", "eq")],
                "value": stored.get("value"),
                "caseSensitive": None,
            }
        )
        return
    listed.append(
        {
            "index": index,
            "parentIndex": parent_index,
            "depth": depth,
            "branch": branch,
            "key": None,
            "operator": None,
            "value": None,
            "caseSensitive": stored.get("case_sensitive"),
        }
    )
    for name in ("AND", "OR", "NOR"):
        for item in stored.get(name, ()):
            _list(item, index, depth + 1, name, listed)


def joined(requests: Sequence[Document], first: int, rows: Iterator[Document]) -> dict[str, Any]:
    """``rows``: pairs of ``key`` and ``document``, up to four for each request."""
    types = TYPES
    by_key: dict[str, list[Document]] = {request["search_request_id"]: [] for request in requests}
    for row in rows:
        by_key[row["key"]].append(row["document"])
    nodes = [
        {
            "searchRequestId": key,
            "firstSeenAt": request["first_seen_at"].isoformat("T", "milliseconds")[:23] + "Z",
            "interactions": {
                "nodes": [
                    {
                        "interactionId": document["interaction_id"],
                        "interactionType": types[
                            kind if (kind := document["interaction_type"]).__class__ is str else kind[0]
                        ],
                        "occurredAt": document["occurred_at"].isoformat("T", "milliseconds")[:23] + "Z",
                    }
                    for document in documents[:3]
                ],
                "pageInfo": {"hasNextPage": len(documents) > 3},
            },
        }
        for request in requests[:first]
        for key in (request["search_request_id"],)
        for documents in (by_key[key],)
    ]
    return {"searchRequests": {"nodes": nodes}}
