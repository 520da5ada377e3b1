"""What a filter compares texts with, by the tokens that stand for them in an index.

See `gateway.model.query_texts` for the tokens, and for how a text is normalised.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from gateway.limits.where_bounds import MAX_LOOKUP_VALUES
from gateway.model.query_texts import (
    LONGEST_START,
    folded_value_token,
    normalised_text,
    start_token,
    text_token,
    value_token,
)
from gateway.plan.comparisons import Comparison, Derived, Operator, Tree, demands
from gateway.schema.where_declarations import NormalisedText, QueryElement


def text_demands(matching: NormalisedText, tree: Tree) -> Iterator[Tree]:
    """What a comparison with a text, as a client gives it, demands of the normalised one: of its tokens, where they say
    it."""
    if not isinstance(tree, Comparison) or tree.operator is Operator.EXISTS:
        yield tree
        return
    tokens = _tokens(tree, matching.tokens, lambda text: text_token(normalised_text(text)))
    match tree.operator:
        case Operator.EQ | Operator.IN if tokens is not None:
            yield tokens
        case Operator.STARTS_WITH if start := normalised_text(tree.value):
            token = Derived(start_token(start[:LONGEST_START]), tree.value, Operator.STARTS_WITH)
            yield replace(tree, path=matching.tokens, operator=Operator.EQ, value=token)
            if len(start) > LONGEST_START:
                yield replace(tree, value=start)
        case _:
            texts = tuple(map(normalised_text, tree.value)) if isinstance(tree.value, tuple) else None
            yield replace(tree, value=normalised_text(tree.value) if texts is None else texts)


def query_demands(matching: QueryElement, element: Tree) -> Iterator[Tree]:
    """The tokens that a search request has where one of its queries matches ``element``: of the values that its value
    must equal."""
    for comparison in demands(element):
        if isinstance(comparison, Comparison) and comparison.path == matching.value:
            spelled = value_token if comparison.case_sensitive else folded_value_token
            tokens = _tokens(comparison, matching.tokens, spelled)
            if tokens is not None:
                yield tokens


def _tokens(comparison: Comparison, path: str, spelled: Callable[[str], str]) -> Tree | None:
    """The same comparison by tokens at ``path``; None for what compares otherwise, or with more than are looked up."""
    value: Any
    match comparison:
        case Comparison(operator=Operator.EQ, value=str(text)):
            value = Derived(spelled(text), text)
        case Comparison(operator=Operator.IN, value=tuple(texts)) if len(texts) <= MAX_LOOKUP_VALUES:
            # Texts that differ may have one token.
            value = tuple({token.stored: token for token in (Derived(spelled(text), text) for text in texts)}.values())
        case _:
            return None
    return replace(comparison, path=path, value=value)
