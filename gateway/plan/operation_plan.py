"""What an operation asks for, selected once and cached by (document, operation, skip/include): values only.

A plan never depends on a caller, a namespace or any other variable than those of ``@skip`` and ``@include``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from graphql import GraphQLField, OperationType, VariableValues

from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.sources.source import BoundSource, KeyLookup, Source


class Arguments(Protocol):
    """The arguments of a selected field; ``variables``: the names of those that are variables, by argument."""

    variables: Mapping[str, str]

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """By their GraphQL names; raises `GraphQLError` where the executor would."""

    def sent(self, name: str, variables: VariableValues) -> Any:
        """The JSON value that was sent for one that is given."""

    def unsent(self, name: str, variables: VariableValues) -> Iterator[tuple[str | int, ...]]:
        """The places in one that is given of variables that have no value."""


@dataclass(frozen=True, slots=True)
class Field:
    """A selected field by its name, and its response key.

    ``step`` is its step of a response path. ``definition`` is None for `__typename`, and for `__schema` and `__type` at
    the root; ``arguments`` where it declares none. ``selections``: what is selected of its object, by the object's
    concrete type; empty for a leaf. The same selections of the same type are one tuple, wherever they stand.
    """

    key: str
    step: str
    name: str
    definition: GraphQLField | None
    arguments: Arguments | None
    selections: Mapping[str, tuple["Field", ...]]

    @property
    def introspects(self) -> bool:
        """Whether it is `__schema` or `__type`."""
        return self.definition is None and bool(self.selections)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is read of the documents of one type: their stored paths, and the connections nested in them.

    ``lookup``: how they are found by their own ids, if they are.
    """

    paths: frozenset[str] = frozenset()
    nested: tuple["Fetch", ...] = ()
    lookup: KeyLookup | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """One field whose documents are fetched before execution, at its response path.

    ``selections``: by the concrete type of the documents. ``key``: where the parent's fetched document holds what a
    nested connection or object joins on. ``totals``: the selected ``totalCount`` fields, each with its own bound.
    ``parameterized``: the selected fields that are read of the documents by their arguments. ``cursors``: whether any
    is selected.
    """

    path: ResponsePath
    field: Field
    source: Source
    selections: Mapping[str, Selection]
    key: str = ""
    totals: tuple[tuple[ResponsePath, Field], ...] = ()
    parameterized: tuple[tuple[ResponsePath, Field], ...] = ()
    cursors: bool = False

    @property
    def definition(self) -> GraphQLField:
        assert self.field.definition is not None, "what is fetched is declared"
        return self.field.definition


@dataclass(frozen=True, slots=True)
class Plan:
    """The root fields of an operation, and what is fetched for them; ``aliases``: how many fields below the roots have
    another response key than their name, at every place where they are."""

    operation: OperationType
    fields: tuple[Field, ...]
    fetches: tuple[Fetch, ...]
    aliases: int = 0

    @property
    def size(self) -> int:
        """How many fields are selected, where what is the same tuple counts once."""
        size, met, pending = 0, set[int](), [self.fields]
        while pending:
            fields = pending.pop()
            if id(fields) not in met:
                met.add(id(fields))
                size += len(fields)
                pending += [inner for field in fields for inner in field.selections.values()]
        return size

    @property
    def all_fetches(self) -> Iterator[Fetch]:
        """The fetches and all that are nested in them, at every place where they are."""
        pending = list(reversed(self.fetches))
        while pending:
            fetch = pending.pop()
            yield fetch
            pending += [nested for selection in fetch.selections.values() for nested in selection.nested][::-1]


# What the fetches of a plan and its parameterized fields are bound to, by their paths: an error stands in the place of
# what it prevents.
Bindings: TypeAlias = Mapping[ResponsePath, BoundSource | Exception]
