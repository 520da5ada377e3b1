"""One node of a stored tree, with the legacy spellings read like the current ones.

A tree is a group ``{"AND": [..], "OR": [..], "NOR": [..], "case_sensitive": bool}`` whose items are groups or
conditions ``{"key": str, "operator": str, "value": any}``. The branches of one group are joined by AND.
Everything in this package is a pure function over the stored mappings; nothing is copied and nothing recurses.

Older producers write ``field`` for ``key`` and ``NOT`` for ``NOR`` (a list or one object), leave out the operator
``eq``, and use any letter case for operators.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from gateway.errors import UnreadableDocument
from gateway.model.bson_values import fully_decoded, is_text

Branch = Literal["AND", "OR", "NOR"]

BRANCHES: Final[tuple[Branch, ...]] = ("AND", "OR", "NOR")
"""The branches of a group in the order in which every view visits them."""

CONDITION_KEYS: Final = ("key", "field")
"""What a condition has one of."""

GROUP_KEYS: Final = (*BRANCHES, "NOT")
"""What no condition has any of."""


def is_condition(node: Mapping[str, Any]) -> bool:
    """Whether a node is a condition: it names a key and holds no branch. Every other object is a group."""
    # Key by key, which is quicker than to ask the constants above: pages hold thousands of nodes.
    return (
        ("key" in node or "field" in node)
        and "AND" not in node
        and "OR" not in node
        and "NOR" not in node
        and "NOT" not in node
    )


def branch(group: Mapping[str, Any], name: Branch) -> list[Any] | None:
    """The items of one branch as stored, in order; None where the group has no such key or holds null there.

    NOR is followed by the items of the legacy NOT. Raises UnreadableDocument when the branch is not a list or an
    item is not an object.
    """
    items = _items(group, name)
    negated = _items(group, "NOT") if name == "NOR" else None
    if items is None:
        return negated
    return items if negated is None else items + negated


def case_sensitive(group: Mapping[str, Any]) -> bool | None:
    """What a group says of letter case; None where it says nothing. Raises UnreadableDocument for a non-boolean."""
    stored = group.get("case_sensitive")
    if stored is None or isinstance(stored, bool):
        return stored
    raise _unreadable("case_sensitive", stored, "a boolean")


def condition_key(condition: Mapping[str, Any]) -> str:
    """The field a condition is about. Raises UnreadableDocument when it is not a string."""
    key = condition.get("key")
    if key is None:
        key = condition.get("field")
    if is_text(key):
        return key
    raise _unreadable("key", key, "a string")


def condition_operator(condition: Mapping[str, Any]) -> str:
    """The stored operator in lower case, whether known or not; ``eq`` when missing or null.

    Raises UnreadableDocument when it is not a string.
    """
    operator = condition.get("operator")
    if operator is None:
        return "eq"
    if is_text(operator):
        return operator.lower()
    raise _unreadable("operator", operator, "a string")


def condition_value(condition: Mapping[str, Any]) -> Any:
    """The value as stored; None when missing."""
    return condition.get("value")


def _items(group: Mapping[str, Any], key: str) -> list[Any] | None:
    stored = group.get(key)
    if stored is None:
        return None
    if key == "NOT" and isinstance(stored, Mapping):
        return [stored]
    if not isinstance(stored, list):
        raise _unreadable(key, stored, "a list")
    for index, item in enumerate(stored):
        if item.__class__ is not dict and not isinstance(item, Mapping):
            raise _unreadable(key, item, "an object", index)
    return stored


def _unreadable(key: str, stored: object, expected: str, *index: int) -> UnreadableDocument:
    place = f"item {index[0]} of {key}" if index else key
    return UnreadableDocument(f"Stored filter tree: {place} is {_kind(stored)}, not {expected}.", path=(key, *index))


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str() if is_text(value):
            return "a string"
        case list():
            return "a list"
        case Mapping():
            return "an object"
        case _:
            return f"of type {type(fully_decoded(value)).__name__}"
