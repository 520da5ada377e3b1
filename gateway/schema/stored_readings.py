"""Readings of stored values, as data: from each follow how the executor reads, what is projected, and a fast way of the
compiled code.

`paths` are dotted paths of the parent, a stored document or an object within one; "" is the parent itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.errors import GatewayError, UnreadableDocument
from gateway.model import filter_trees
from gateway.model.bson_values import is_text
from gateway.model.document_ids import id_text
from gateway.model.query_texts import text_as_typed
from gateway.plan import global_ids

OTHER = "OTHER"
"""What stands for every stored value of an enum that the contract doesn't know."""


def value_at(document: Any, path: str) -> Any:
    """The value at a dotted path of a document, None where there is none; the path "" is the document itself.

    Raises the error that stands in the place of what is withheld.
    """
    if path:
        for step in path.split("."):
            if not isinstance(document, (dict, Mapping)):
                return None
            document = document.get(step)
            if isinstance(document, GatewayError):
                raise document
    return document


class StoredReading:
    """A reading of what is stored at the ``paths`` of the parent, all of which is projected: a leaf, free-form data, or
    an object that is read from it alone."""

    __slots__ = ()

    @property
    def paths(self) -> tuple[str, ...]:
        raise NotImplementedError

    def value(self, *stored: Any) -> Any:
        """What is read of the values stored at ``paths``; raises `UnreadableDocument` for what it can't be."""
        raise NotImplementedError

    def resolve(self, parent: Any) -> Any:
        return self.value(*[value_at(parent, path) for path in self.paths])


class _AtPath(StoredReading):
    """A reading of the one value at ``path``."""

    __slots__ = ()
    path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)


class _OfTree(StoredReading):
    """A reading of a node of a filter tree, in every spelling that producers use (`gateway.model.filter_trees`)."""

    __slots__ = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return ("",)


@dataclass(frozen=True, slots=True)
class Value(_AtPath):
    """The value as it is stored."""

    path: str

    def value(self, *stored: Any) -> Any:
        return stored[0]


@dataclass(frozen=True, slots=True)
class ValueOr(_AtPath):
    """The value as it is stored; ``default`` where there is none, or null."""

    path: str
    default: bool | int

    def value(self, *stored: Any) -> Any:
        return self.default if stored[0] is None else stored[0]


@dataclass(frozen=True, slots=True)
class ListOrEmpty(_AtPath):
    """The list as it is stored; an empty one where there is none, or null."""

    path: str

    def value(self, *stored: Any) -> Any:
        return [] if stored[0] is None else stored[0]


@dataclass(frozen=True, slots=True)
class FirstPresent(StoredReading):
    """The first value that is neither missing nor null."""

    paths: tuple[str, ...]

    def value(self, *stored: Any) -> Any:
        return next((value for value in stored if value is not None), None)


@dataclass(frozen=True, slots=True)
class LowerCased(_AtPath):
    """The string in lower case; what is no string as it is stored."""

    path: str

    def value(self, *stored: Any) -> Any:
        return stored[0].lower() if is_text(stored[0]) else stored[0]


@dataclass(frozen=True, slots=True)
class JsonText(_AtPath):
    """The JSON value that a text is stored of; what is no such text is unreadable."""

    path: str

    def value(self, *stored: Any) -> Any:
        try:
            return orjson.loads(stored[0])
        except orjson.JSONDecodeError:
            raise UnreadableDocument("What is stored here should be a text of JSON.") from None


@dataclass(frozen=True, slots=True)
class TypedText(_AtPath):
    """The text of a search request as it was typed, of its stored queries."""

    path: str

    def value(self, *stored: Any) -> str:
        return text_as_typed(stored[0])


@dataclass(frozen=True, slots=True)
class ObjectOrNull(_AtPath):
    """The object as it is stored; anything but an object or null is unreadable."""

    path: str

    def value(self, *stored: Any) -> Any:
        if stored[0] is None or isinstance(stored[0], (dict, Mapping)):
            return stored[0]
        raise UnreadableDocument("What is stored here should be an object.")


@dataclass(frozen=True, slots=True)
class KnownOrOther(_AtPath):
    """The value of an enum: one that is not among ``known`` is OTHER; null stays null."""

    path: str
    known: frozenset[str]

    def value(self, *stored: Any) -> str | None:
        return None if stored[0] is None else known_or_other(stored[0], self.known)


@dataclass(frozen=True, slots=True)
class FirstKnownOrOther(_AtPath):
    """A reading as `KnownOrOther`, where a list may be stored instead: its first value, null of an empty one."""

    path: str
    known: frozenset[str]

    def value(self, *stored: Any) -> str | None:
        value = stored[0]
        if isinstance(value, list):
            value = value[0] if value else None
        return None if value is None else known_or_other(value, self.known)


@dataclass(frozen=True, slots=True)
class EveryKnownOrOther(_AtPath):
    """A reading as `KnownOrOther`, where a list may be stored instead: each of its values. A single value is a list of
    one."""

    path: str
    known: frozenset[str]

    def value(self, *stored: Any) -> list[str | None]:
        values = stored[0] if isinstance(stored[0], list) else stored
        return [None if value is None else known_or_other(value, self.known) for value in values]


def known_or_other(value: Any, known: frozenset[str]) -> str:
    return value if is_text(value) and value in known else OTHER


@dataclass(frozen=True, slots=True)
class GlobalId(StoredReading):
    """The global id of an object of a type, by the id of its namespace (or organization) and by its own."""

    type_name: str
    scope_path: str
    key_path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.scope_path, self.key_path)

    def value(self, *stored: Any) -> str:
        scope, key = stored[0], id_text(stored[1])
        if is_text(scope) and key is not None:
            return global_ids.encode(self.type_name, scope, key)
        raise UnreadableDocument("What is stored here is not an id.")


@dataclass(frozen=True, slots=True)
class TreeBranch(_OfTree):
    """The items of one branch of a group: NOR is followed by those of the legacy NOT."""

    name: filter_trees.Branch

    def value(self, *stored: Any) -> Sequence[Any] | None:
        return filter_trees.branch(stored[0], self.name)


@dataclass(frozen=True, slots=True)
class CaseSensitivity(_OfTree):
    """What a group says of letter case: a boolean, or null."""

    def value(self, *stored: Any) -> bool | None:
        return filter_trees.case_sensitive(stored[0])


@dataclass(frozen=True, slots=True)
class ConditionKey(_OfTree):
    """The string that a condition has at "key", or else at the legacy "field"."""

    def value(self, *stored: Any) -> str:
        return filter_trees.condition_key(stored[0])


@dataclass(frozen=True, slots=True)
class ConditionOperator(_OfTree):
    """The operator of a condition in lower case, "eq" where there is none; one that is not among ``known`` is OTHER."""

    known: frozenset[str]

    def value(self, *stored: Any) -> str:
        return known_or_other(filter_trees.condition_operator(stored[0]), self.known)


@dataclass(frozen=True, slots=True)
class Computed(StoredReading):
    """What ``function`` makes of the whole parent: the one kind of reading that is not data.

    ``walks``: the parent is a tree, and the function takes what counts its lists of nodes, too.
    """

    function: Callable[..., Any]
    walks: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        return ("",)

    def value(self, *stored: Any) -> Any:
        return self.function(stored[0])
