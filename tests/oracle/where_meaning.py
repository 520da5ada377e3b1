"""What the contract says that a `where` means, for one recorded object: an evaluator that knows nothing of filters.

A `where` is the JSON that a client sends. A recorded object is an interaction in the wire shape, with the times that
the gateway adds; a search request is such an object with nothing but its ``search_request``.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

Where = Mapping[str, Any]
Recorded = Mapping[str, Any]

MISSING = object()
INTERACTION_TYPES = {
    *("view", "click", "positive_feedback", "negative_feedback", "purchase", "add_to_cart", "wishlist", "long_view"),
    *("share", "bookmark", "query_refinement", "zero_results", "filter_toggle", "skip", "return_to_results"),
    "conversion",
}
VECTOR_INDEXES = {"image", "multimodal", "text", "video", "keyword"}
INPUT_TYPES = {"text", "url", "base64"}
OPERATORS = {
    *("eq", "ne", "gt", "lt", "gte", "lte", "in", "nin", "is_null", "text", "exists"),
    *("contains", "starts_with", "ends_with", "regex"),
}


def interaction_matches(where: Where, recorded: Recorded) -> bool:
    request = _request(recorded)
    own, requested = recorded.get("session_id"), request.get("session_id")
    session = next((id for id in (own, requested) if isinstance(id, str) and id), MISSING)

    def field(name: str, condition: Any) -> bool:
        match name:
            case "interactionId":
                return _compared(condition, [recorded["interaction_id"]])
            case "featureId":
                return _compared(condition, _reached(recorded, ["feature_id"]))
            case "interactionType":
                return _compared(condition, _enum_names(_reached(recorded, ["interaction_type"]), INTERACTION_TYPES))
            case "sessionId":
                return _compared(condition, [session])
            case "userId":
                return _compared(condition, _reached(recorded, ["user_id"]))
            case "position":
                return _compared(condition, _reached(recorded, ["position"]))
            case "score":
                return _compared(condition, _reached(recorded, ["score"]))
            case "durationMs":
                return _compared(condition, _reached(recorded, ["duration_ms"]))
            case "occurredAt":
                return _in_time(condition, recorded["occurred_at"])
            case "text":
                return _text_matches(condition, recorded)
            case "metadata":
                return all(_path_matches(item, recorded) for item in condition)
            case _:
                return search_request_matches(condition, recorded)

    return _joined(where, recorded, interaction_matches, field)


def search_request_matches(where: Where, recorded: Recorded) -> bool:
    request = _request(recorded)

    def field(name: str, condition: Any) -> bool:
        match name:
            case "searchRequestId":
                return _compared(condition, [recorded.get("search_request_id", MISSING)])
            case "sessionId":
                return _compared(condition, _reached(request, ["session_id"]))
            case "userId":
                return _compared(condition, _reached(request, ["user_id"]))
            case "resultCount":
                return _compared(condition, _reached(request, ["result_count"]))
            case "collections":
                return _has(condition, _reached(request, ["collections"]))
            case "firstSeenAt":
                return _in_time(condition, recorded.get("first_seen_at"))
            case "text":
                return _text_matches(condition, recorded)
            case "outcome":
                return all(_flag(recorded, name) is value for name, value in condition.items())
            case "query":
                demanded = {
                    name: value for name, value in condition.items() if name != "value" or set(value) - _OPTIONS
                }
                queries = request.get("queries")
                return not demanded or (
                    isinstance(queries, list)
                    and any(_query_matches(demanded, query) for query in queries if isinstance(query, dict))
                )
            case _:
                return not condition or any(_condition_matches(condition, *placed) for placed in _conditions(request))

    return _joined(where, recorded, search_request_matches, field)


_OPTIONS = {"caseSensitive"}


def _flag(recorded: Recorded, name: str) -> bool:
    """Of the outcome that is joined to the object; false where there is none."""
    return bool(recorded.get("search_outcome", {}).get({"noResults": "no_results"}.get(name, name)))


def _request(recorded: Recorded) -> Recorded:
    request = recorded.get("search_request")
    return request if isinstance(request, dict) else {}


def _joined(
    where: Where,
    recorded: Recorded,
    matches: Callable[[Where, Recorded], bool],
    field: Callable[[str, Any], bool],
) -> bool:
    for name, condition in where.items():
        match name:
            case "and":
                holds = all(matches(branch, recorded) for branch in condition)
            case "or":
                holds = any(matches(branch, recorded) for branch in condition)
            case "nor":
                holds = not any(matches(branch, recorded) for branch in condition)
            case _:
                holds = field(name, condition)
        if not holds:
            return False
    return True


def _reached(value: Any, steps: list[str]) -> list[Any]:
    """The values that a path leads to: through each object of a list; at its end the list and its elements."""
    if not steps:
        return [*value, value] if isinstance(value, list) else [value]
    if isinstance(value, dict):
        return _reached(value.get(steps[0], MISSING), steps[1:])
    if isinstance(value, list):
        return [inner for item in value if isinstance(item, dict) for inner in _reached(item, steps)]
    return [MISSING]


def _enum_names(values: list[Any], listed: set[str]) -> list[Any]:
    """As the contract's enum: its names, and OTHER for other strings."""
    return [(value.upper() if value in listed else "OTHER") if isinstance(value, str) else value for value in values]


def _compared(condition: Mapping[str, Any], values: list[Any]) -> bool:
    fold = not condition.get("caseSensitive", True)
    return all(
        _holds(operator, values, operand, fold)
        for operator, operand in condition.items()
        if operator != "caseSensitive"
    )


def _path_matches(condition: Mapping[str, Any], recorded: Recorded) -> bool:
    operator = {"STARTS_WITH": "startsWith"}.get(
        condition.get("operator", "EQ"), condition.get("operator", "EQ").lower()
    )
    values = _reached(recorded.get("metadata", MISSING), condition["path"].split("."))
    return _holds(operator, values, condition["value"], not condition.get("caseSensitive", True))


def _holds(operator: str, values: list[Any], operand: Any, fold: bool) -> bool:
    match operator:
        case "eq":
            return any(_equal(value, operand, fold) for value in values)
        case "ne":
            return not _holds("eq", values, operand, fold)
        case "in":
            return any(_holds("eq", values, item, fold) for item in operand)
        case "nin":
            return not _holds("in", values, operand, fold)
        case "exists":
            return bool(operand) is any(value is not MISSING and value is not None for value in values)
        case "startsWith":
            return any(_folded(value, fold).startswith(_folded(operand, fold)) for value in _searched(values))
        case "contains":
            return any(_folded(operand, fold) in _folded(value, fold) for value in _searched(values))
    fold = fold and isinstance(operand, str)
    operand = _folded(operand, fold) if fold else operand
    folded_values = (_folded(value, fold) if fold and isinstance(value, str) else value for value in values)
    return any(_ordered(operator, value, operand) for value in folded_values)


def _searched(values: list[Any]) -> Iterator[str]:
    """The strings that are no longer than what is searched."""
    return (value for value in values if isinstance(value, str) and len(value) <= 10_000)


def _folded(text: str, fold: bool) -> str:
    return "".join(map(_folded_character, text)) if fold else text


def _folded_character(character: str) -> str:
    """Unicode's simple case folding: the full one where that is one character, as of the long s, else the lower case
    where that is, as of the capital sharp s."""
    spellings = (character.casefold(), character.lower(), character)
    return next(spelling for spelling in spellings if len(spelling) == 1)


def _equal(value: Any, operand: Any, fold: bool = False) -> bool:
    if operand is None:
        return value is None or value is MISSING
    if isinstance(value, str) and isinstance(operand, str):
        return _folded(value, fold) == _folded(operand, fold)
    return _same(value, operand)


def _same(left: Any, right: Any, *, ordered: bool = True) -> bool:
    """Equal as JSON: numbers by value, true is not 1, and objects with or without regard to the order of their keys."""
    match left, right:
        case dict(), dict():
            same_keys = list(left) == list(right) if ordered else set(left) == set(right)
            return same_keys and all(_same(left[key], right[key], ordered=ordered) for key in left)
        case list(), list():
            return len(left) == len(right) and all(
                _same(left_item, right_item, ordered=ordered) for left_item, right_item in zip(left, right, strict=True)
            )
        case (bool(), _) | (_, bool()):
            return left is right
    return bool(left == right)


def _ordered(operator: str, value: Any, operand: Any) -> bool:
    comparable = isinstance(value, str) == isinstance(operand, str) and isinstance(value, int | float | str)
    if not comparable or isinstance(value, bool):
        return False
    match operator:
        case "gt":
            return bool(value > operand)
        case "gte":
            return bool(value >= operand)
        case "lt":
            return bool(value < operand)
    return bool(value <= operand)


def _in_time(condition: Mapping[str, str], value: datetime | None) -> bool:
    return all(
        value is not None and _ordered(operator, value.timestamp(), datetime.fromisoformat(bound).timestamp())
        for operator, bound in condition.items()
    )


def _has(condition: Mapping[str, Any], values: list[Any]) -> bool:
    return (
        ("has" not in condition or condition["has"] in values)
        and ("hasAny" not in condition or any(item in values for item in condition["hasAny"]))
        and ("hasAll" not in condition or all(item in values for item in condition["hasAll"]))
    )


def _text_matches(condition: Mapping[str, Any], recorded: Recorded) -> bool:
    """As people mean it, of a search request that there is."""
    text: Any = MISSING
    if isinstance(request := recorded.get("search_request"), dict):
        queries = request.get("queries")
        values = (query.get("value") for query in queries or ())
        text = " + ".join(_as_meant(value) for value in values if isinstance(value, str))
    operators = {name: operand for name, operand in condition.items() if name != "caseSensitive"}
    return all(_holds(operator, [text], _meant(operand), False) for operator, operand in operators.items())


def _meant(operand: Any) -> Any:
    match operand:
        case str():
            return " + ".join(map(_as_meant, operand.split(" + ")))
        case list():
            return [_meant(item) for item in operand]
    return operand


def _as_meant(text: str) -> str:
    folded = ((character.casefold(), character) for character in text)
    return " ".join("".join(full if len(full) == 1 else own for full, own in folded).split())


def _query_matches(condition: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    def one_of(name: str, stored: str, listed: set[str]) -> bool:
        return name not in condition or _holds(
            "in", _enum_names(_reached(query, [stored]), listed), condition[name], False
        )

    return (
        one_of("vectorIndex", "vector_index", VECTOR_INDEXES)
        and one_of("type", "type", INPUT_TYPES)
        and ("value" not in condition or _compared(condition["value"], _reached(query, ["value"])))
    )


def _conditions(request: Recorded) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    """Every condition in a search request's trees, with the branch that holds it."""
    queries = request.get("queries")
    for holder in [request, *(queries if isinstance(queries, list) else [])]:
        if isinstance(holder, dict) and isinstance(tree := holder.get("filters"), dict):
            yield from _leaves(None, tree)


def _leaves(branch: str | None, node: Mapping[str, Any]) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    if "key" in node or "field" in node:
        yield branch, node
        return
    for name, stands_for in (("AND", "AND"), ("OR", "OR"), ("NOR", "NOR"), ("NOT", "NOR")):
        for item in node.get(name) or []:
            yield from _leaves(stands_for, item)


def _condition_matches(where: Mapping[str, Any], branch: str | None, condition: Mapping[str, Any]) -> bool:
    operator = condition.get("operator", "eq").lower()
    return (
        ("key" not in where or where["key"] == condition.get("key", condition.get("field")))
        and ("operator" not in where or (operator.upper() if operator in OPERATORS else "OTHER") in where["operator"])
        and ("value" not in where or _same(condition.get("value"), where["value"], ordered=False))
        and ("branch" not in where or where["branch"] == branch)
    )
