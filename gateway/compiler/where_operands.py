"""One comparison of a stored value with a client's, as a MongoDB filter.

Whatever a client gives stands below ``$eq``, ``$in`` or an ordering operator, or is escaped within an anchored
pattern, so nothing of it is ever read as an operator.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from gateway.errors import BadUserInput
from gateway.schema.enums import PathOperator, known_values

Filter = Mapping[str, Any]
InputPath = tuple[str | int, ...]

MAX_VALUES = 1_000
MAX_PATTERN_LENGTH = 200
MAX_PATH_STEPS = 20
MAX_PATH_LENGTH = 500

# Every type of JSON but null: a list that holds a null is there all the same.
_PRESENT = {"$type": ["string", "number", "bool", "object", "array"]}


def compare(path: str, operator: PathOperator, value: Any, *, case_sensitive: bool = True, at: InputPath) -> Filter:
    """The filter for documents whose value at ``path`` compares so with ``value``; ``at`` is where that was given.

    Raises `BadUserInput` when the operator can't take the value, or a list or a string is beyond its limit.
    """
    match operator:
        case PathOperator.EQ:
            return _equal(path, value, case_sensitive, at)
        case PathOperator.NE:
            return _negation(_equal(path, value, case_sensitive, at))
        case PathOperator.IN:
            return _one_of(path, value, case_sensitive, at)
        case PathOperator.NIN:
            return _negation(_one_of(path, value, case_sensitive, at))
        case PathOperator.GT | PathOperator.GTE | PathOperator.LT | PathOperator.LTE:
            if isinstance(value, bool) or not isinstance(value, int | float | str | datetime):
                raise BadUserInput(f"{operator.name} compares with a number or a string.", path=at)
            return {path: {f"${operator.value}": value}}
        case PathOperator.EXISTS:
            if not isinstance(value, bool):
                raise BadUserInput("EXISTS takes true or false.", path=at)
            return {path: _PRESENT} if value else _negation({path: _PRESENT})
        case PathOperator.STARTS_WITH | PathOperator.CONTAINS:
            if not isinstance(value, str):
                raise BadUserInput(f"{operator.name} takes a string.", path=at)
            start = r"\A" if operator is PathOperator.STARTS_WITH else ""
            return {path: _pattern(start + _escaped(value, at), case_sensitive)}


def listed(values: Any, at: InputPath) -> list[Any]:
    """The values themselves; raises `BadUserInput` when they are no list of at most 1,000."""
    if not isinstance(values, list):
        raise BadUserInput("A list of values is needed here.", path=at)
    if len(values) > MAX_VALUES:
        raise BadUserInput(f"At most {MAX_VALUES:,} values are allowed, not {len(values):,}.", path=at)
    return values


def below(root: str, path: str, at: InputPath) -> str:
    """The stored path of a client's dotted path below ``root``, which it can't leave.

    Raises `BadUserInput` for an empty step, NUL, more than 20 steps or more than 500 characters.
    """
    steps = path.split(".")
    if not all(steps):
        raise BadUserInput("A path is keys joined by dots, none of them empty.", path=at)
    if "\0" in path:
        raise BadUserInput("A path may not contain NUL.", path=at)
    if len(steps) > MAX_PATH_STEPS:
        raise BadUserInput(f"A path may have at most {MAX_PATH_STEPS} keys, not {len(steps)}.", path=at)
    if len(path) > MAX_PATH_LENGTH:
        raise BadUserInput(f"A path may have at most {MAX_PATH_LENGTH} characters, not {len(path)}.", path=at)
    return f"{root}.{path}"


def conjunction(filters: Sequence[Filter]) -> Filter:
    """All of at least one filter, never merged: two may name the same path."""
    return filters[0] if len(filters) == 1 else {"$and": list(filters)}


def _negation(positive: Filter) -> Filter:
    return {"$nor": [positive]}


def _equal(path: str, value: Any, case_sensitive: bool, at: InputPath) -> Filter:
    if isinstance(value, Enum):
        return {path: _other(type(value)) if value.name == "OTHER" else {"$eq": value.value}}
    if isinstance(value, str) and not case_sensitive:
        # `$` would match ahead of a trailing newline too.
        return {path: _pattern(rf"\A{_escaped(value, at)}\z", case_sensitive)}
    return {path: {"$eq": value}}


def _one_of(path: str, values: Any, case_sensitive: bool, at: InputPath) -> Filter:
    each = [_equal(path, value, case_sensitive, (*at, index)) for index, value in enumerate(listed(values, at))]
    plain = [one[path]["$eq"] for one in each if "$eq" in one[path]]
    # `$in` takes no patterns as operators, and reads an object with a `$`-key as one.
    if len(plain) < len(each) or any(isinstance(value, dict) for value in plain):
        return {"$or": each}
    return {path: {"$in": _distinct(plain)}}


def _distinct(values: list[Any]) -> list[Any]:
    if all(isinstance(value, str) for value in values):
        return list(dict.fromkeys(values))
    return values


def _other(enum: type[Enum]) -> Filter:
    known = "|".join(re.escape(value) for value in known_values(enum))
    return {"$regex": rf"\A(?!(?:{known})\z)"}


def _escaped(text: str, at: InputPath) -> str:
    if len(text) > MAX_PATTERN_LENGTH:
        raise BadUserInput(
            f"At most {MAX_PATTERN_LENGTH} characters are allowed in what is searched for, not {len(text):,}.", path=at
        )
    # A pattern is a C string to MongoDB.
    return re.escape(text).replace("\0", r"\x00")


def _pattern(pattern: str, case_sensitive: bool) -> Filter:
    return {"$regex": pattern} if case_sensitive else {"$regex": pattern, "$options": "i"}
