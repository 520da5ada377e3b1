"""Filters of search requests in the terms of their outcomes, where those hold all that is compared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.context import Namespace
from gateway.model.query_texts import normalised_text, text_token
from gateway.plan.comparisons import (
    EVERYTHING,
    NOTHING,
    AllOf,
    AnyElement,
    AnyOf,
    Comparison,
    Derived,
    NoneOf,
    Operator,
    Tree,
    Unlisted,
    all_of,
)
from gateway.plan.mongodb_filters import mongodb_filter
from gateway.plan.outcomes import OUTCOME

# What an outcome has under a name of its own, or the same one.
_PATHS: Mapping[str, str] = {
    "search_request_id": "search_request_id",
    "first_seen_at": "first_seen_at",
    "query_text": "text",
    "search_request.result_count": "result_count",
    "search_request.collections": "collections",
    **{f"{OUTCOME}.{flag}": flag for flag in ("clicked", "converted", "no_results", "abandoned", "reformulated")},
}


def outcomes_that_match(tree: Tree, namespace: Namespace) -> Mapping[str, Any] | None:
    """The filter for the outcomes in a namespace of those search requests that ``tree`` matches; None as of
    `outcome_filter`."""
    renamed = outcome_filter(tree)
    if renamed is None:
        return None
    # The namespace last and in a conjunction of its own: nothing in the filter can replace it.
    conditions = [] if renamed in (EVERYTHING, NOTHING) else [mongodb_filter(renamed)]
    return {"$and": [*conditions, {"namespace_id": namespace.id}]}


def needs_outcome(tree: Tree) -> bool:
    """Whether ``tree`` surely matches no search request of which no outcome is derived yet."""
    match tree:
        case Comparison(path, Operator.EQ, True):
            return path.startswith(f"{OUTCOME}.")
        case AllOf(branches):
            return any(map(needs_outcome, branches))
        case AnyOf(branches):
            return all(map(needs_outcome, branches))
    return False


def outcome_filter(tree: Tree) -> Tree | None:
    """The tree of comparisons that matches the outcomes of those search requests that ``tree`` matches; None where an
    outcome doesn't hold what is compared."""
    match tree:
        case Comparison():
            return _comparison(tree)
        case AnyElement("search_request.queries", Comparison("vector_index", Operator.IN, values) as inner, _):
            # Strings that no index is called by may be stored there as well as other values.
            return (
                None if any(isinstance(value, Unlisted) for value in values) else replace(inner, path="vector_indexes")
            )
        case AnyElement():
            return None
        case AllOf(branches):
            renamed = _all(branches)
            return None if renamed is None else all_of(renamed)
        case AnyOf(branches) | NoneOf(branches):
            renamed = _all(branches)
            return None if renamed is None else replace(tree, branches=tuple(renamed))
    raise AssertionError(tree)


def _all(trees: Sequence[Tree]) -> Sequence[Tree] | None:
    renamed = [tree for tree in map(outcome_filter, trees) if tree is not None]
    return renamed if len(renamed) == len(trees) else None


def _comparison(comparison: Comparison) -> Comparison | None:
    path = _PATHS.get(comparison.path)
    if path is not None:
        return replace(comparison, path=path)
    match comparison:
        case Comparison("condition_tokens", Operator.EQ, Derived(_, {"key": key, **others})) if not others:
            return replace(comparison, path="condition_keys", value=key)
        case Comparison("text_tokens", Operator.EQ, Derived(token, str(text), operator)):
            whole = operator is Operator.STARTS_WITH or token == text_token(normalised_text(text))
            return (
                replace(comparison, path="text", operator=operator or Operator.EQ, value=normalised_text(text))
                if whole
                else None
            )
        case Comparison("text_tokens", Operator.IN, tuple(tokens)):
            texts = tuple(normalised_text(token.source) for token in tokens)
            by_text = all(token.stored == text_token(text) for token, text in zip(tokens, texts, strict=True))
            return replace(comparison, path="text", value=texts) if by_text else None
    return None
