"""Answers as JSON of so many bytes at most: nothing much longer is made to find that out."""

from collections.abc import Mapping, Sequence
from typing import Any

from orjson import Fragment

from gateway.errors import AnswerTooLarge
from gateway.execution.answers import encode
from gateway.plan.fetched_pages import Pages
from gateway.plan.operation_plan import Field, Plan

# A stored value stands in an answer once for each field that reads it: within `json`, `text`, `flat` and the tree
# itself; and escapes take twice its bytes.
_COPIES = 8


def with_leaves_within(most: int, plan: Plan, pages: Pages, data: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """An operation's data; where it may be too long, with its leaves encoded. Raises `AnswerTooLarge`."""
    if pages.size * _COPIES * (1 + plan.aliases) * pages.most_uses <= most:
        return data
    return _BoundedEncoding(most).object(plan.fields, data)


def encoded_within(most: int, data: Mapping[str, Any] | None) -> bytes:
    """An operation's data as JSON; raises `AnswerTooLarge`."""
    encoded = encode(data)
    if len(encoded) > most:
        raise _too_large(most)
    return encoded


class _BoundedEncoding:
    """The encoding of one answer leaf by leaf, which ends with the first that is too much."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most
        self._by_key: dict[int, Mapping[str, list[Field]]] = {}

    def object(self, fields: Sequence[Field], data: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if data is None:
            return None
        selected = self._by_key.get(id(fields))
        if selected is None:
            selected = self._by_key[id(fields)] = _selected_by_key(fields)
        return {key: self._value(key, selected[key], value) for key, value in data.items()}

    def _value(self, key: str, fields: list[Field], value: Any) -> Any:
        self._count(len(key))
        if fields and value.__class__ is list:
            return [self._item(fields, item) for item in value]
        return self._item(fields, value)

    def _item(self, fields: list[Field], value: Any) -> Any:
        if fields and value.__class__ is dict:
            return self.object(fields, value)
        encoded = encode(value)
        self._count(len(encoded))
        return Fragment(encoded)

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _too_large(self._most)


def _selected_by_key(fields: Sequence[Field]) -> Mapping[str, list[Field]]:
    """What is selected of each field's objects, of whichever type they are."""
    selected: dict[str, list[Field]] = {field.key: [] for field in fields}
    for field in fields:
        for inner in field.selections.values():
            selected[field.key] += inner
    return selected


def _too_large(most: int) -> AnswerTooLarge:
    return AnswerTooLarge(
        f"An answer may have at most {most:,} bytes: ask for smaller pages, or for less of each element."
    )
