"""The names that the contract knows, in any letter case, and those that it doesn't: kept as they are, but told."""

import re
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

from gateway.model.filter_trees import CONDITION_KEYS, GROUP_KEYS
from gateway.model.wire.fields import INTERACTION_TYPES, OPERATORS, QUERY_TYPES, VECTOR_INDEXES


class Vocabulary(Enum):
    """What names are of; the values are the report's names."""

    INTERACTION_TYPE = "interactionTypes"
    VECTOR_INDEX = "vectorIndexes"
    QUERY_TYPE = "queryTypes"
    OPERATOR = "operators"

    @property
    def title(self) -> str:
        return self.name.lower().replace("_", " ")

    @property
    def path(self) -> tuple[str, ...]:
        """Where such names stand, as far as it is the same for all."""
        return ("interaction_type",) if self is Vocabulary.INTERACTION_TYPE else ("search_request",)


class UnknownName(NamedTuple):
    """A name that the contract doesn't know: the graph reads it as OTHER."""

    vocabulary: Vocabulary
    name: str


KNOWN: Final[Mapping[Vocabulary, Collection[str]]] = {
    Vocabulary.INTERACTION_TYPE: frozenset(INTERACTION_TYPES),
    Vocabulary.VECTOR_INDEX: frozenset(VECTOR_INDEXES),
    Vocabulary.QUERY_TYPE: frozenset(QUERY_TYPES),
    Vocabulary.OPERATOR: frozenset(OPERATORS),
}
# Of a tree its first name, which tells a group or a condition as a rule.
_NAMES: Final = re.compile(rb'"(operator|vector_index|type|filters)":\{?"([^"]*)"')
_PLAIN_NAMES: Final = {
    (field, name.encode())
    for field, vocabulary in (
        (b"operator", Vocabulary.OPERATOR),
        (b"vector_index", Vocabulary.VECTOR_INDEX),
        (b"type", Vocabulary.QUERY_TYPE),
    )
    for name in KNOWN[vocabulary]
} | {(b"filters", name.encode()) for name in (*GROUP_KEYS, *CONDITION_KEYS)}
_OF_GROUP: Final = frozenset({"case_sensitive"})
_OF_QUERY: Final = {"vector_index": Vocabulary.VECTOR_INDEX, "type": Vocabulary.QUERY_TYPE}


def spelled(name: Any, vocabulary: Vocabulary, unknown: list[UnknownName]) -> Any:
    """A name, or a list of them, as it is recorded, without the blanks that tables have beside it; ``unknown`` gets
    those that the contract doesn't know."""
    if isinstance(name, list):
        return [spelled(item, vocabulary, unknown) for item in name]
    if not isinstance(name, str):
        return name
    known = KNOWN[vocabulary]
    if name in known:
        return name
    lower = name.strip().lower()
    if lower in known:
        return lower
    unknown.append(UnknownName(vocabulary, name))
    return name


def is_spelled(request: bytes) -> bool:
    """Whether all names in a search request, which is compact JSON, are plainly as they are recorded; a few times as
    fast as to look at each where it stands."""
    return _PLAIN_NAMES.issuperset(_NAMES.findall(request))


def spell_request(request: dict[str, Any], unknown: list[UnknownName]) -> None:
    """Spells all names in a search request that was just read as they are recorded, where they stand."""
    _spell_tree(request.get("filters"), unknown)
    queries = request.get("queries")
    for query in queries if isinstance(queries, list) else ():
        if isinstance(query, dict):
            for name, vocabulary in _OF_QUERY.items():
                if name in query:
                    query[name] = spelled(query[name], vocabulary, unknown)
            _spell_tree(query.get("filters"), unknown)


def _spell_tree(tree: Any, unknown: list[UnknownName]) -> None:
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            if any(name in node for name in CONDITION_KEYS):
                if "operator" in node:
                    node["operator"] = spelled(node["operator"], Vocabulary.OPERATOR, unknown)
                continue
            branches = [name for name in GROUP_KEYS if name in node]
            pending += [node[name] for name in branches]
            if not branches:
                # It is read as a group of nothing: the graph's spelling, or another program's.
                names = (name for name in node if name not in _OF_GROUP)
                unknown += [UnknownName(Vocabulary.OPERATOR, name) for name in names]
