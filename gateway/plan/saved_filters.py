"""Saved filters, each known by what a document must have for it to match: so few of many are tried on a document."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from bson import Decimal128, ObjectId

from gateway.model.bson_comparison import folded
from gateway.model.bson_paths import passes_at
from gateway.plan.comparisons import AnyElement, AnyOf, Comparison, Derived, Operator, Tree, demands
from gateway.plan.document_matchers import DocumentMatcher

# What a stored value is looked up by: equal for all values that an equality takes for the same.
_Key: TypeAlias = str | tuple[str, Any]

# The path that a value stands at, and whether texts are compared ignoring case.
_Place: TypeAlias = tuple[str, bool]

# What few documents have in common first; a path that isn't named here stands between these and those.
_SELECTIVE: Final = ("interaction_id", "search_request_id", "effective_session_id", "user_id", "feature_id")
_BROAD: Final = ("search_request.collections", "interaction_type")


@dataclass(frozen=True, slots=True)
class RequiredValue:
    """A value that a document may have at a path: ``folds``: texts there are compared ignoring case."""

    path: str
    folds: bool
    key: _Key


def required_values(tree: Tree) -> tuple[RequiredValue, ...]:
    """Values of which every document that matches has one, the rarest that equalities demand; none where no equality
    must hold."""
    return _required(tree, "")


def _required(tree: Tree, above: str) -> tuple[RequiredValue, ...]:
    found = [values for demand in demands(tree) if (values := _of_demand(demand, above))]
    return min(found, key=_commonness, default=())


def _of_demand(demand: Tree, above: str) -> tuple[RequiredValue, ...]:
    match demand:
        case Comparison(path, Operator.EQ, value, case_sensitive):
            return _of_values(f"{above}{path}", (value,), case_sensitive)
        case Comparison(path, Operator.IN, values, case_sensitive):
            return _of_values(f"{above}{path}", values, case_sensitive)
        case AnyElement(path, element):
            return _required(element, f"{above}{path}.")
        case AnyOf(branches):
            of_branches = [_required(branch, above) for branch in branches]
            return tuple(dict.fromkeys(value for values in of_branches for value in values)) if all(of_branches) else ()
    return ()


def _of_values(path: str, values: Iterable[Any], case_sensitive: bool) -> tuple[RequiredValue, ...]:
    keys = [
        _key(value.stored if isinstance(value, Derived) else value, folds=not case_sensitive and isinstance(value, str))
        for value in values
    ]
    folds = not case_sensitive
    return tuple(RequiredValue(path, folds, key) for key in keys if key is not None) if None not in keys else ()


def _commonness(values: tuple[RequiredValue, ...]) -> tuple[int, int]:
    return max(_rank(value) for value in values), len(values)


def _rank(value: RequiredValue) -> int:
    if value.path in _SELECTIVE:
        return _SELECTIVE.index(value.path)
    if value.path in _BROAD or not isinstance(value.key, str):
        return 100 + (_BROAD.index(value.path) if value.path in _BROAD else 0)
    return 50


def _key(value: Any, *, folds: bool) -> _Key | None:
    """None for what isn't looked up: objects, lists, times and null, which equals what is missing, too."""
    match value:
        case str():
            return folded(value) if folds else str(value)
        case bool():
            return "bool", value
        case int() | float():
            return "number", value
        case Decimal128():
            exact = value.to_decimal()
            return None if exact.is_nan() else ("number", exact)
        case ObjectId():
            return "object id", value
    return None


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter that was compiled to be tried on many documents."""

    id: str
    tree: Tree
    matcher: DocumentMatcher = field(compare=False)
    required: tuple[RequiredValue, ...]

    @classmethod
    def of(cls, id: str, tree: Tree) -> "SavedFilter":
        return cls(id, tree, DocumentMatcher(tree), required_values(tree))

    @property
    def paths(self) -> Iterator[str]:
        """The top-level names of what it compares."""
        yield from _names(self.tree)

    def matched(self, document: Mapping[str, Any]) -> list[str]:
        """The comparisons by which the document matches, each described once."""
        return list(dict.fromkeys(comparison.description for comparison in self.matcher.matched(document)))


def _names(tree: Tree) -> Iterator[str]:
    match tree:
        case Comparison(path) | AnyElement(path):
            yield path.partition(".")[0]
        case _:
            for branch in tree.branches:
                yield from _names(branch)


class SavedFilters:
    """The filters of one namespace."""

    def __init__(self, filters: Iterable[SavedFilter] = ()) -> None:
        self._filters: dict[str, SavedFilter] = {}
        self._by_value: dict[_Place, dict[_Key, dict[str, SavedFilter]]] = {}
        self._readers: dict[_Place, Callable[[Mapping[str, Any]], set[_Key]]] = {}
        self._without_equality: dict[str, SavedFilter] = {}
        for filter_ in filters:
            self.put(filter_)

    def __len__(self) -> int:
        return len(self._filters)

    @property
    def paths(self) -> frozenset[str]:
        """The top-level names of what any of them compares."""
        return frozenset(path for filter_ in self._filters.values() for path in filter_.paths)

    def put(self, filter_: SavedFilter) -> None:
        """Adds a filter, in the place of the one with the same id."""
        self.remove(filter_.id)
        self._filters[filter_.id] = filter_
        if not filter_.required:
            self._without_equality[filter_.id] = filter_
        for value in filter_.required:
            place = value.path, value.folds
            if place not in self._by_value:
                self._by_value[place] = {}
                self._readers[place] = _reader(*place)
            self._by_value[place].setdefault(value.key, {})[filter_.id] = filter_

    def remove(self, id: str) -> None:
        """Does nothing where there is none of this id."""
        filter_ = self._filters.pop(id, None)
        if filter_ is None:
            return
        self._without_equality.pop(id, None)
        for value in filter_.required:
            place = value.path, value.folds
            by_key = self._by_value[place]
            by_key[value.key].pop(id, None)
            if not by_key[value.key]:
                del by_key[value.key]
            if not by_key:
                del self._by_value[place], self._readers[place]

    def candidates(self, document: Mapping[str, Any]) -> Iterable[SavedFilter]:
        """The filters that may match a document, each once: those of whose required values it has one, and those
        without."""
        found = dict(self._without_equality)
        for place, by_key in self._by_value.items():
            for key in self._readers[place](document):
                if key in by_key:
                    found |= by_key[key]
        return found.values()

    def matching(self, document: Mapping[str, Any]) -> Iterator[SavedFilter]:
        """The filters that match a document."""
        return (filter_ for filter_ in self.candidates(document) if filter_.matcher.matches(document))


def _reader(path: str, folds: bool) -> Callable[[Mapping[str, Any]], set[_Key]]:
    """What gives the keys of all values that a document has at a path."""
    keys: set[_Key] = set()

    def collect(stored: Any) -> bool:
        key = _key(stored, folds=folds)
        if key is not None:
            keys.add(key)
        return False

    visit = passes_at(path, collect)

    def read(document: Mapping[str, Any]) -> set[_Key]:
        keys.clear()
        visit(document)
        return set(keys)

    return read
