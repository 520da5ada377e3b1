"""What a comparison of a `where` can take: a client's values and paths, checked against the limits."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Final, TypeAlias

from gateway.errors import BadUserInput
from gateway.limits.where_bounds import (
    MAX_ORDERED_LENGTH,
    MAX_PATH_LENGTH,
    MAX_PATH_STEPS,
    MAX_PATTERN_LENGTH,
    MAX_VALUES,
)
from gateway.plan.comparisons import Operator, Unlisted
from gateway.schema.enums import known_values

# What holds between two milliseconds, as it holds from the one below on.
_BETWEEN: Final = {Operator.GTE: Operator.GT, Operator.LT: Operator.LTE}

InputPath: TypeAlias = tuple[str | int, ...]


def operand(operator: Operator, value: Any, *, case_sensitive: bool, at: InputPath) -> Any:
    """The value of a `Comparison` by this operator for what a client gives at ``at``.

    Raises `BadUserInput` when the operator can't take it, or a list or a string is beyond its limit.
    """
    return _CHECKS[operator](operator, value, case_sensitive, at)


def items(values: Any, at: InputPath) -> list[Any]:
    """The values themselves; raises `BadUserInput` when they are no list of at most 1,000."""
    if not isinstance(values, list):
        raise BadUserInput("A list of values is needed here.", path=at)
    if len(values) > MAX_VALUES:
        raise BadUserInput(f"At most {MAX_VALUES:,} values are allowed, not {len(values):,}.", path=at)
    return values


def path_below(root: str, path: str, at: InputPath) -> str:
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


def _equal(_: Operator, value: Any, case_sensitive: bool, at: InputPath) -> Any:
    if isinstance(value, Enum):
        return _unlisted(type(value)) if value.name == "OTHER" else value.value
    if not case_sensitive and isinstance(value, str):
        _check_length(value, at)
    if not case_sensitive and isinstance(value, dict | list):
        raise BadUserInput("Objects and lists are compared in the same case only: leave `caseSensitive` out.", path=at)
    return value


def _one_of(operator: Operator, values: Any, case_sensitive: bool, at: InputPath) -> tuple[Any, ...]:
    checked = [_equal(operator, item, case_sensitive, (*at, index)) for index, item in enumerate(items(values, at))]
    # Other values need not be hashable, and 1 equals true.
    return tuple(dict.fromkeys(checked) if all(isinstance(value, str) for value in checked) else checked)


def _ordered(operator: Operator, value: Any, case_sensitive: bool, at: InputPath) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str | datetime):
        raise BadUserInput(f"{operator.name} compares with a number or a string.", path=at)
    if not case_sensitive and isinstance(value, str):
        if not value.isascii():
            raise BadUserInput(f"{operator.name} that ignores case compares with ASCII characters only.", path=at)
        if len(value) > MAX_ORDERED_LENGTH:
            raise BadUserInput(
                f"{operator.name} that ignores case compares with at most {MAX_ORDERED_LENGTH} characters, not "
                f"{len(value):,}.",
                path=at,
            )
    return value


def in_whole_milliseconds(operator: Operator, bound: datetime) -> tuple[Operator, datetime]:
    """The bound between the same stored times, which are whole milliseconds, that is one itself: the one below, which
    the greatest of all times has too."""
    finer = timedelta(microseconds=bound.microsecond % 1_000)
    return (_BETWEEN.get(operator, operator), bound - finer) if finer else (operator, bound)


def _boolean(operator: Operator, value: Any, case_sensitive: bool, at: InputPath) -> bool:
    if not case_sensitive:
        raise BadUserInput(f"{operator.name} compares nothing by letter case: leave `caseSensitive` out.", path=at)
    if not isinstance(value, bool):
        raise BadUserInput(f"{operator.name} takes true or false.", path=at)
    return value


def _part(operator: Operator, value: Any, _: bool, at: InputPath) -> str:
    if not isinstance(value, str):
        raise BadUserInput(f"{operator.name} takes a string.", path=at)
    _check_length(value, at)
    return value


_CHECKS: Final[Mapping[Operator, Callable[[Operator, Any, bool, InputPath], Any]]] = {
    Operator.EQ: _equal,
    Operator.NE: _equal,
    Operator.IN: _one_of,
    Operator.NIN: _one_of,
    Operator.GT: _ordered,
    Operator.GTE: _ordered,
    Operator.LT: _ordered,
    Operator.LTE: _ordered,
    Operator.EXISTS: _boolean,
    Operator.STARTS_WITH: _part,
    Operator.CONTAINS: _part,
}


@cache
def _unlisted(enum: type[Enum]) -> Unlisted:
    return Unlisted(known_values(enum))


def _check_length(text: str, at: InputPath) -> None:
    if len(text) > MAX_PATTERN_LENGTH:
        raise BadUserInput(
            f"At most {MAX_PATTERN_LENGTH} characters are allowed in what is searched for, not {len(text):,}.", path=at
        )
