"""How many values an answer may still have, counted while it is shaped.

How many leaves an object has is known when its function is written, so only lists are counted: each takes its length
times the width of its items, ahead of them. That takes 130 ns a list, half of it as the count is a thread's own.
"""

import threading
from collections.abc import Callable, Sized
from typing import Any, NamedTuple

from gateway.compiler.python_backend.scalar_values import refuse
from gateway.errors import AnswerTooLarge


class AnswerValues(NamedTuple):
    """The count of one answer at a time in each thread. ``begin``: with so many values of the answer that are in no
    list. ``take``: those of a list; raises `AnswerTooLarge`. ``listed``: what is made of each item of a list, where
    null may be instead."""

    begin: Callable[[int], None]
    take: Callable[[Sized, int], None]
    listed: Callable[[Callable[[Any], Any], int, Any], list[Any] | None]


def answer_values(most: int) -> AnswerValues:
    """The count of answers that may have ``most`` values."""
    count = threading.local()

    def begin(values: int) -> None:
        count.left = most - values

    def take(items: Sized, width: int) -> None:
        count.left = left = count.left - len(items) * width
        if left < 0:
            raise AnswerTooLarge(
                f"An answer may have at most {most:,} values: ask for smaller pages, or for less of each element."
            )

    def listed(item: Callable[[Any], Any], width: int, value: Any) -> list[Any] | None:
        if value is None:
            return None
        if value.__class__ is not list:
            refuse(value)
        take(value, width)
        return list(map(item, value))

    return AnswerValues(begin, take, listed)
