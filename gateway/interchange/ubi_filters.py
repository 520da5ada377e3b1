"""The filter tree of a UBI search, gathered from its filter events, one condition after the other."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import orjson

from gateway.errors import BadUserInput
from gateway.model.wire.json_values import check_json
from gateway.model.wire.trees import MAX_NODES

MAX_BYTES: Final = 256 * 1024
"""Of a tree as JSON: a quarter of what a search request may have, so that there is room for all else in it, and for
the events' own metadata beside it."""


def add_condition(conditions: list[Sequence[Any]], field: str, value: Any) -> None:
    """Adds the condition to those of its search, as far as a search request with their tree can be recorded: one that
    can't would keep all events of its search from being recorded."""
    if [field, value] not in conditions and _is_recordable(field, value):
        more = [*conditions, [field, value]]
        if _nodes(more) <= MAX_NODES and len(orjson.dumps(filter_tree(more))) <= MAX_BYTES:
            conditions.append([field, value])


def filter_tree(conditions: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The tree of conditions, each a field and a value: values of one field are alternatives, and different fields
    narrow each other."""
    fields: dict[str, list[dict[str, Any]]] = {}
    for field, value in conditions:
        fields.setdefault(field, []).append({"key": field, "operator": "eq", "value": value})
    return {"AND": [same[0] if len(same) == 1 else {"OR": same} for same in fields.values()]}


def _nodes(conditions: Sequence[Sequence[Any]]) -> int:
    """How many nodes the tree of conditions has: its root, themselves, and a group for each field with several."""
    values = Counter(field for field, _ in conditions)
    return 1 + len(conditions) + sum(count > 1 for count in values.values())


def _is_recordable(field: str, value: Any) -> bool:
    # As deep as it stands in an interaction as soon as its field has another value.
    tree = {"AND": [{"OR": [{"key": field, "value": value}]}]}
    try:
        check_json({"search_request": {"filters": tree}})
    except BadUserInput:
        return False
    return True
