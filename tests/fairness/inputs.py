"""Inputs that ask for much: ids by the list, filters of many comparisons, recordings near their bounds."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from gateway.limits.where_bounds import MAX_PARTS_LENGTH, MAX_PATTERN_LENGTH, MAX_PATTERNS
from tests.fairness.targets import KEPT_PERCOLATOR, Targets

NUMBER = "00000000"
"""What is replaced by another number in each request that is sent, so that none is known."""

Input: TypeAlias = dict[str, Any]

_ENTITIES = {
    "Interaction": "interactionId",
    "SearchRequest": "searchRequestId",
    "Feature": "featureId",
    "Session": "sessionId",
    "User": "userId",
}
# Of one list, in an argument that takes lists of ids.
_LISTED = 1_000


def ids(argument: str, targets: Targets, count: int) -> list[Any]:
    """The entries of an argument that takes a list: ids, lists of ids, or representations of entities."""
    if argument == "representations":
        return [
            {"__typename": type_name, key: id}
            for type_name, key in _ENTITIES.items()
            for id in targets.ids(key, -(-count // len(_ENTITIES)))
        ][:count]
    if argument == "lists":
        items = [f"{NUMBER}{number}" for number in range(count)]
        return [items[at : at + _LISTED] for at in range(0, count, _LISTED)]
    return list(targets.ids("id" if argument == "ids" else argument.removesuffix("s"), count))


def _pattern(length: int) -> str:
    """What every long text almost holds, again and again."""
    return "a" * (length - 1) + "b"


def part_filter(length: int, parts: int) -> Input:
    """So many parts of this length to be contained, half of them within search requests, in any case."""
    path = {"path": "note", "operator": "CONTAINS", "value": _pattern(length), "caseSensitive": False}
    in_requests = {"searchRequest": _request_parts(length, 1)["or"][0]}
    return {"or": [{"metadata": [path]} if number % 2 else in_requests for number in range(parts)]}


def text_filter(length: int, texts: int) -> Input:
    """So many whole texts of this length, in any case."""
    path = {"path": "note", "operator": "EQ", "value": _pattern(length), "caseSensitive": False}
    return {"or": [{"metadata": [path]}] * texts}


def comparison_filter(comparisons: int) -> Input:
    """So many comparisons without an index, none of which holds."""
    paths = [{"path": f"numbers.{number}.n", "operator": "GT", "value": 10_000} for number in range(comparisons)]
    return {"or": [{"metadata": [path]} for path in paths]}


def list_filter(values: int) -> Input:
    """A list of so many values, none of which is stored."""
    return {"metadata": [{"path": "note", "operator": "NIN", "value": [f"{NUMBER}{n}" for n in range(values)]}]}


def json_filter(nodes: int) -> Input:
    """A JSON value of so many nodes, which is compared with a stored one."""
    value = [NUMBER, *range(nodes - 1)]
    lists = [value[at : at + 900] for at in range(0, nodes, 900)]
    return {"metadata": [{"path": "note", "operator": "EQ", "value": lists}]}


def nested_filter(levels: int) -> Input:
    """A filter within filters, with comparisons of each kind on every level."""
    inner: Input = {"position": {"gte": 0}, "userId": {"ne": NUMBER}, "metadata": [{"path": "note", "value": NUMBER}]}
    for _ in range(levels - 1):
        inner = {"or": [inner, {"durationMs": {"exists": True}}], "nor": [{"userId": {"eq": NUMBER}}]}
    return inner


def deep_json_filter(levels: int) -> Input:
    """A JSON value that is nested so deep."""
    value: Any = NUMBER
    for _ in range(levels):
        value = [value]
    return {"metadata": [{"path": "note", "operator": "EQ", "value": value}]}


def _request_parts(length: int, parts: int) -> Input:
    return {"or": [{"query": {"value": {"contains": _pattern(length), "caseSensitive": False}}}] * parts}


def _request_texts(length: int, texts: int) -> Input:
    return {"or": [{"query": {"value": {"eq": _pattern(length), "caseSensitive": False}}}] * texts}


def _request_comparisons(comparisons: int) -> Input:
    return {"or": [{"filters": {"branch": "NOR", "operator": ["LTE"]}}] * (comparisons // 2)}


def _request_list(values: int) -> Input:
    return {"searchRequestId": {"nin": [f"{NUMBER}{n}" for n in range(values)]}}


def _nested_requests(levels: int) -> Input:
    inner: Input = {"filters": {"key": "brand", "branch": "AND"}, "collections": {"has": NUMBER}}
    for _ in range(levels - 1):
        inner = {"or": [inner, {"sessionId": {"exists": True}}], "nor": [{"sessionId": {"eq": NUMBER}}]}
    return inner


def _session_list(values: int) -> Input:
    return {"userId": {"nin": [f"{NUMBER}{n}" for n in range(values)]}}


FILTERS: Mapping[str, Mapping[str, Callable[[int], Input]]] = {
    "InteractionWhere": {
        "MAX_COMPARISONS": comparison_filter,
        "MAX_PATTERNS": partial(part_filter, MAX_PARTS_LENGTH // MAX_PATTERNS),
        "MAX_PARTS_LENGTH": partial(part_filter, MAX_PARTS_LENGTH // 2),
        "MAX_PATTERNS_LENGTH": partial(text_filter, MAX_PATTERN_LENGTH),
        "MAX_VALUES": list_filter,
        "MAX_LEVELS": nested_filter,
        "json_nodes": json_filter,
        "json_depth": deep_json_filter,
    },
    "SearchRequestWhere": {
        "MAX_COMPARISONS": _request_comparisons,
        "MAX_PATTERNS": partial(_request_parts, MAX_PARTS_LENGTH // MAX_PATTERNS),
        "MAX_PARTS_LENGTH": partial(_request_parts, MAX_PARTS_LENGTH // 2),
        "MAX_PATTERNS_LENGTH": partial(_request_texts, MAX_PATTERN_LENGTH),
        "MAX_VALUES": _request_list,
        "MAX_LEVELS": _nested_requests,
    },
    "SessionWhere": {"MAX_VALUES": _session_list},
}
"""The filters of an input type, each by the limit that it comes near to."""


def tree(nodes: int) -> Input:
    """A filter tree of about so many nodes, in groups of ten."""
    condition = {"condition": {"key": "brand", "operator": "IN", "value": ["a", "b", {"c": 1}]}}
    groups = [{"group": {"or": [condition] * 9}} for _ in range(max(1, nodes // 10))]
    return {"and": groups}


def search_request(bytes_: int, nodes: int) -> Input:
    """A new search request of about so many bytes, with a tree of so many nodes."""
    query = {"vectorIndex": "TEXT", "type": "TEXT", "value": NUMBER + "a" * bytes_}
    return {"queries": [query], "collections": ["c"] * 100, "filters": tree(nodes)}


def interaction(**fields: Any) -> Input:
    """A new interaction with these fields besides those that it must have."""
    return {"featureId": "written", "interactionType": "VIEW", **fields}


def json_search_request(bytes_: int, nodes: int) -> Input:
    """The same as JSON."""
    condition = {"key": "brand", "operator": "in", "value": ["a", "b", {"c": 1}]}
    query = {"vector_index": "text", "type": "text", "value": NUMBER + "a" * bytes_}
    filters = {"AND": [{"OR": [condition] * 9}] * max(1, nodes // 10)}
    return {"queries": [query], "collections": ["c"] * 100, "filters": filters}


def json_interaction(**fields: Any) -> Input:
    return {"feature_id": "written", "interaction_type": "view", **fields}


def percolator_filter(features: int) -> Input:
    """What a percolator looks for: any of so many features, which nothing has."""
    return {"featureId": {"in": [f"{NUMBER}{number}" for number in range(features)]}}


def metadata(bytes_: int, nodes: int = 0) -> Input:
    """An object of about so many bytes, and as many nodes."""
    return {"note": NUMBER + "a" * max(0, bytes_ - 8 * nodes), "numbers": [{"n": n} for n in range(nodes // 2)]}


def recordings(input_type: str, size: int) -> Mapping[str, Input | None]:
    """The dearest inputs of a mutation, by the limit that they come near to; ``size`` is bytes in the first, else a
    count. None: there is no input of this size."""
    large = min(size, 700_000)
    by_bytes = interaction(metadata=metadata(min(size, 250_000)), searchRequest=search_request(large, 400))
    is_one = size == 1
    match input_type:
        case "RecordInteractionInput":
            return {
                "body_bytes": by_bytes if large == size else None,
                "json_nodes": interaction(metadata=metadata(0, size)),
                "MAX_DOCUMENT": interaction(searchRequestId="large") if is_one else None,
            }
        case "RecordInteractionsInput":
            return {
                "body_bytes": {"interactions": [by_bytes] * 2} if large == size else None,
                "list_items": {"interactions": [interaction(metadata=metadata(20))] * size},
                "MAX_DOCUMENT": {"interactions": [interaction(searchRequestId="large")] * size},
            }
        case "RecordSearchRequestInput":
            return {
                "body_bytes": {"searchRequest": search_request(size, 400)} if size <= 900_000 else None,
                "list_items": {"searchRequest": search_request(1, size)},
            }
        case "RecordJsonInput":
            return {
                "body_bytes": {"searchRequests": [{"searchRequest": json_search_request(size, 400)}]}
                if size <= 900_000
                else None,
                "list_items": {"interactions": [json_interaction(metadata=metadata(20))] * size},
                "MAX_DOCUMENT": {"interactions": [json_interaction(search_request_id="large")] * size},
            }
        case "RecordSearchRequestsInput":
            each = {"searchRequest": search_request(1, 20)}
            return {"list_items": {"searchRequests": [each] * size, "mode": "REPLACE"}}
        case "CreatePercolatorInput":
            return {"list_items": {"name": f"p{NUMBER}", "where": percolator_filter(size)}}
        case "UpdatePercolatorInput":
            return {"list_items": {"percolatorId": KEPT_PERCOLATOR, "where": percolator_filter(size)}}
        case "DeletePercolatorInput":
            return {"list_items": {"percolatorId": f"written{NUMBER}"} if is_one else None}
        case "DeleteInteractionInput":
            return {"list_items": {"interactionId": f"written{NUMBER}"} if is_one else None}
        case "DeleteUserDataInput":
            return {"list_items": {"userId": f"written{NUMBER}"} if is_one else None}
        case "DeleteSessionInput":
            return {"list_items": {"sessionId": f"written{NUMBER}"} if is_one else None}
        case "DeleteSearchRequestInput":
            return {"list_items": {"searchRequestId": f"written{NUMBER}"} if is_one else None}
        case "DeleteInteractionsInput":
            return {"list_items": {"where": percolator_filter(size)}}
        case "SetRetentionInput":
            return {"list_items": {"retentionDays": 36_500} if is_one else None}
        case "DeleteNamespaceInput":
            # None of this organization's, which is looked for all the same.
            return {"list_items": {"namespaceId": f"ns_{NUMBER}", "name": "x"} if is_one else None}
        case "CreateNamespaceInput":
            return {"list_items": {"name": f"n{NUMBER}"} if is_one else None}
        case "CreateKeyInput":
            return {"list_items": {"name": f"k{NUMBER}", "permissions": ["READ"]} if is_one else None}
        case "RevokeKeyInput" | "LimitKeyInput":
            # None of this organization's, which is looked for all the same.
            return {"list_items": {"keyId": f"key_{NUMBER}"} if is_one else None}
    raise LookupError(f"nothing is known of {input_type}: add it here")
