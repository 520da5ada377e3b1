"""A tree as readable boolean text; the grammar is docs/filter-text.md."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from gateway.model.filter_trees.canonical import canonical_text, value_text
from gateway.model.filter_trees.flat import Count
from gateway.model.filter_trees.tree import (
    Branch,
    branch,
    case_sensitive,
    condition_key,
    condition_operator,
    is_condition,
)

_OPERATORS: Final = {
    "eq": "=",
    "ne": "!=",
    "gt": ">",
    "lt": "<",
    "gte": ">=",
    "lte": "<=",
    "in": "IN",
    "nin": "NOT IN",
    "is_null": "IS NULL",
    "text": "TEXT",
    "exists": "EXISTS",
    "contains": "CONTAINS",
    "starts_with": "STARTS WITH",
    "ends_with": "ENDS WITH",
    "regex": "REGEX",
}
_CASES: Final = {True: "CASE SENSITIVE (", False: "CASE INSENSITIVE ("}
_PLAIN_KEY: Final = re.compile(r"(?!(AND|OR|NOT|TRUE|FALSE|CASE)\Z)[A-Z_][A-Z0-9_.-]*\Z", re.ASCII | re.IGNORECASE)

# What a node counts for: to write it takes 2.6 µs, as long as five values of an answer.
_WRITTEN = 5

_Node = Mapping[str, Any]
_Joined = tuple[Branch, Sequence[Any]]
"""Terms (nodes or joined terms) and the branch that joins them."""


def text(tree: _Node, count: Count | None = None) -> str:
    """Readable text that parses back to an equivalent tree: ``brand = "Nike" AND NOT (price > 100 OR stock = 0)``.

    Equivalent trees hold the same conditions in the same order, under the same letter case, and are true for the same
    ones. Unknown keys are left out. Raises UnreadableDocument where the tree is malformed.
    """
    written: list[str] = []
    # What is still to be written, last first; a term that is nested needs parentheses when it joins several.
    pending: list[tuple[str | _Node | _Joined, bool]] = [(tree, False)]
    while pending:
        part, nested = pending.pop()
        if isinstance(part, str):
            written.append(part)
        elif isinstance(part, tuple):
            if count is not None:
                count(part[1], _WRITTEN)
            pending.extend(reversed(_joined(*part, nested)))
        elif is_condition(part):
            written.append(_condition(part))
        elif (case := case_sensitive(part)) is None:
            pending.append((("AND", _terms(part)), nested))
        else:
            pending += [(")", False), (("AND", _terms(part)), False), (_CASES[case], False)]
    return "".join(written)


def _terms(group: _Node) -> list[Any]:
    terms: list[Any] = list(branch(group, "AND") or ())
    alternatives = branch(group, "OR")
    if alternatives is not None:
        terms.append(("OR", alternatives))
    if excluded := branch(group, "NOR"):
        terms.append(("NOR", excluded))
    return terms


def _joined(name: Branch, terms: Sequence[Any], nested: bool) -> list[tuple[Any, bool]]:
    if name == "NOR":
        return [("NOT (", False), (("OR", terms), False), (")", False)]
    if not terms:
        return [("TRUE" if name == "AND" else "FALSE", False)]
    if len(terms) == 1:
        return [(terms[0], nested)]
    parts: list[tuple[Any, bool]] = [(terms[0], True)]
    for term in terms[1:]:
        parts += [(f" {name} ", False), (term, True)]
    return [("(", False), *parts, (")", False)] if nested else parts


def _condition(condition: _Node) -> str:
    subject = _subject(condition_key(condition), condition_operator(condition))
    return f"{subject} {value_text(condition['value'])}" if "value" in condition else subject


@lru_cache(maxsize=4_096)
def _subject(key: str, operator: str) -> str:
    """What a condition begins with; the same few keys and operators come again and again."""
    return f"{key if _PLAIN_KEY.match(key) else _quoted(key)} {_OPERATORS.get(operator) or _quoted(operator)}"


def _quoted(name: str) -> str:
    escaped = canonical_text(name)[1:-1].replace("`", r"\u0060")
    return f"`{escaped}`"
