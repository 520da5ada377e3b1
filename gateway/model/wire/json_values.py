"""What BSON can hold of any JSON: checked in one pass over the whole object, known keys or not."""

from math import isfinite
from typing import Any

import orjson

from gateway.errors import BadUserInput
from gateway.errors.linked_path import LinkedPath, path

MAX_LEVELS = 100


def check_json(root: Any) -> None:
    """Checks every key and value of ``root``, without recursion: hostile depth costs nothing.

    Raises `BadUserInput`, with the path from ``root`` down, for more than 100 levels, what is no JSON value, NaN and
    infinities, integers outside signed 64 bits, lone surrogates, and NUL in a key.
    """
    if not isinstance(root, dict | list):
        if problem := _problem(root):
            raise BadUserInput(problem)
        return
    pending: list[tuple[Any, LinkedPath, int]] = [(root, None, 1)]
    while pending:
        container, steps, level = pending.pop()
        if level > MAX_LEVELS:
            raise BadUserInput(f"Value should be nested at most {MAX_LEVELS} levels deep", path=path(steps))
        if isinstance(container, dict):
            for key in container:
                _check_key(key, steps)
            # The driver reads such an object as a database reference and forgets the null.
            if "$ref" in container and "$id" in container and container.get("$db", "") is None:
                raise BadUserInput('"$db" beside "$ref" and "$id" should not be null', path=path((steps, "$db")))
        for step, value in container.items() if isinstance(container, dict) else enumerate(container):
            if isinstance(value, dict | list):
                pending.append((value, (steps, step), level + 1))
            elif problem := _problem(value):
                raise BadUserInput(problem, path=path((steps, step)))


def check_size(value: Any, limit: int, *path: str) -> None:
    """Raises `BadUserInput` where what passed `check_json` has more than ``limit`` bytes as compact UTF-8 JSON."""
    if len(orjson.dumps(value)) > limit:
        raise BadUserInput(f"Value should have at most {limit:,} bytes as JSON", path=path)


def _check_key(key: object, steps: LinkedPath) -> None:
    if not isinstance(key, str):
        raise BadUserInput("Keys should be strings", path=path(steps))
    if "\0" in key:
        raise BadUserInput("Keys should not contain the NUL character", path=path(steps))
    if not is_unicode(key):
        raise BadUserInput("Keys should be valid Unicode, without lone surrogates", path=path(steps))


def _problem(value: object) -> str | None:
    match value:
        case str():
            return None if is_unicode(value) else "String should be valid Unicode, without lone surrogates"
        case bool() | None:
            return None
        case int():
            return None if -(2**63) <= value < 2**63 else "Integer should fit signed 64 bits"
        case float():
            return None if isfinite(value) else "Number should be finite"
    return "Value should be a JSON value"


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can encode a text: it holds no half of a pair of surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
