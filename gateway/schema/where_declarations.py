"""What an input field of a filter matches: declared beside the field, read by the compiler.

A path is that of the stored document, or of an element that a `QueryElement` or a
`ConditionElement` leads to.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, cast

import strawberry
from graphql import GraphQLInputField

from gateway.plan.comparisons import Operator
from gateway.schema.strawberry_adapter import metadata_of

_METADATA_KEY = "matching"


@dataclass(frozen=True, slots=True)
class Junction:
    """A list of filters on the same document, joined."""

    operator: Literal["and", "or", "nor"]


@dataclass(frozen=True, slots=True)
class StoredValue:
    """The value at ``path``, compared by ``operator``; without one by the operators of the field's input type."""

    path: str
    operator: Operator | None = None


@dataclass(frozen=True, slots=True)
class OwnTime:
    """The time at ``path``, by which the documents of this kind are ordered."""

    path: str


@dataclass(frozen=True, slots=True)
class SameDocument:
    """Another kind's filter on the same document, which holds what documents of that kind hold at the same paths."""


@dataclass(frozen=True, slots=True)
class JoinedOutcome:
    """What became of the search request, which is joined to the document for it: the flags that the input's fields name
    by `OutcomeFlag`."""


@dataclass(frozen=True, slots=True)
class OutcomeFlag:
    """A flag of the outcome at ``path``, which is false where there is none."""

    path: str


@dataclass(frozen=True, slots=True)
class QueryElement:
    """A list at ``path`` of which one element matches all fields of the input.

    ``tokens`` is the indexed list of the tokens of what the elements have at ``value``.
    """

    path: str
    value: str
    tokens: str


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """The normalised text at ``path``, compared with normalised texts by the operators of the field's input type;
    ``tokens`` is the indexed list of its tokens."""

    path: str
    tokens: str


@dataclass(frozen=True, slots=True)
class ConditionElement:
    """An element as of `QueryElement`; ``tokens`` is the indexed list of the keys, alone and with their values."""

    path: str
    tokens: str


@dataclass(frozen=True, slots=True)
class ValueHash:
    """The hash at ``path`` of a JSON value, null included."""

    path: str


@dataclass(frozen=True, slots=True)
class FreeForm:
    """Comparisons of values below ``path``, each at a path of the client's."""

    path: str


@dataclass(frozen=True, slots=True)
class ValueOperator:
    """One operator of an input type for comparing; ``each``: applied to every item of the list that it is given."""

    operator: Operator
    each: bool = False


class Option(Enum):
    """What changes the other fields of its input, and matches nothing itself."""

    CASE_SENSITIVE = "caseSensitive"


Matching = (
    Junction
    | StoredValue
    | OwnTime
    | SameDocument
    | JoinedOutcome
    | OutcomeFlag
    | QueryElement
    | NormalisedText
    | ConditionElement
    | ValueHash
    | FreeForm
    | ValueOperator
    | Option
)


def matches(matching: Matching, description: str, *, name: str | None = None, default: Any = strawberry.UNSET) -> Any:
    """A Strawberry input field that matches by ``matching``."""
    return strawberry.field(name=name, description=description, default=default, metadata={_METADATA_KEY: matching})


def matching_of(field: GraphQLInputField) -> Matching:
    """What an input field of the schema is declared to match."""
    return cast(Matching, metadata_of(field)[_METADATA_KEY])
