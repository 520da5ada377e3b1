"""From a `where` input to what it asks of the stored documents.

What a field matches is read from its declaration (`gateway.schema.matching`); no names of fields stand here but
those of the two inputs that describe one comparison with several fields, PathFilter and FilterConditionWhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from graphql import GraphQLInputObjectType, get_named_type

from gateway.compiler.where_operands import Filter, InputPath, below, compare, conjunction, listed
from gateway.errors import BadUserInput
from gateway.model.filter_trees import key_token, key_value_token, value_hash
from gateway.plan.predicate import Conjunct, Lookup, Predicate, TimeBound
from gateway.schema.enums import PathOperator
from gateway.schema.matching import (
    Comparison,
    ConditionElement,
    Element,
    FreeForm,
    Junction,
    Option,
    OwnTime,
    SameDocument,
    StoredValue,
    ValueHash,
    matching_of,
)

MAX_LEVELS = 5
MAX_LEAVES = 50
MAX_LOOKUP_VALUES = 100

_EVERYTHING = Predicate()
_NOTHING = Conjunct({"_id": {"$in": []}}, "nothing")


def compile_where(where: Mapping[str, Any] | None, input_type: GraphQLInputObjectType) -> Predicate:
    """What a coerced `where` argument of ``input_type`` asks for; None asks for nothing in particular.

    Raises `BadUserInput`, with a path from ``where`` down, for an explicit null, for more than 5 levels or 50
    comparisons, and for what a comparison can't take.
    """
    if not where:
        return _EVERYTHING
    compilation = _Compilation()
    conjuncts = list(compilation.filter(where, input_type, ("where",), level=1))
    if _NOTHING in conjuncts:
        return Predicate(nothing=True)
    own_time = _own_time(input_type)
    bounds = [_time_bound(conjunct, own_time) for conjunct in conjuncts]
    return Predicate(
        conjuncts=tuple(conjunct for conjunct, bound in zip(conjuncts, bounds, strict=True) if bound is None),
        times=tuple(bound for bound in bounds if bound is not None),
        comparisons=compilation.leaves,
    )


@lru_cache(maxsize=8)
def _own_time(input_type: GraphQLInputObjectType) -> str:
    declared = (matching_of(field) for field in input_type.fields.values())
    return next(matching.path for matching in declared if isinstance(matching, OwnTime))


def _time_bound(conjunct: Conjunct, path: str) -> TimeBound | None:
    bound = conjunct.filter.get(path)
    if bound is None:
        return None
    ((operator, value),) = bound.items()
    return TimeBound(operator, value)


def _lookup(filter_: Filter, path: str) -> Lookup | None:
    # All that is looked up are strings: ids, types and names.
    match filter_.get(path):
        case {"$eq": str(value)}:
            return Lookup(path, (value,))
        case {"$in": [*values]} if len(values) <= MAX_LOOKUP_VALUES and all(isinstance(value, str) for value in values):
            return Lookup(path, tuple(values))
    return None


class _Compilation:
    """The walk over one input; it counts the comparisons on its way."""

    def __init__(self) -> None:
        self.leaves = 0

    def filter(
        self, given: Mapping[str, Any], input_type: GraphQLInputObjectType, at: InputPath, *, level: int, name: str = ""
    ) -> Iterator[Conjunct]:
        """The demands of a filter on a document, or of one on an element; none: it matches everything.

        ``name`` is put ahead of the fields' names.
        """
        for key, value in given.items():
            field = input_type.fields[key]
            matching = matching_of(field)
            here = (*at, key)
            if value is None and not isinstance(matching, ValueHash):
                raise _null(here)
            inner = cast(GraphQLInputObjectType, get_named_type(field.type))
            match matching:
                case Junction():
                    yield from self._junction(matching, value, inner, here, level=level, name=name)
                case SameDocument():
                    yield from self.filter(value, inner, here, level=level, name=f"{name}{key}.")
                case StoredValue(path, PathOperator() as operator):
                    yield self._leaf(path, operator, value, here, name=f"{name}{key}")
                case StoredValue(path) | OwnTime(path):
                    yield from self._comparisons(path, value, inner, here, name=f"{name}{key}")
                case Element(path):
                    demands = list(self.filter(value, inner, here, level=level))
                    yield from _element(path, demands, name=f"{name}{key}")
                case ConditionElement():
                    demands = list(self.filter(value, inner, here, level=level))
                    yield from _condition(matching, value, demands, name=f"{name}{key}")
                case ValueHash(path):
                    yield self._leaf(path, PathOperator.EQ, value_hash(value), here, name=f"{name}{key}")
                case FreeForm(path):
                    for index, item in enumerate(value):
                        yield self._free_form(path, item, (*here, index), name=f"{name}{key}")

    def _junction(
        self,
        junction: Junction,
        branches: Sequence[Mapping[str, Any]],
        input_type: GraphQLInputObjectType,
        at: InputPath,
        *,
        level: int,
        name: str,
    ) -> Iterator[Conjunct]:
        if level == MAX_LEVELS and branches:
            raise BadUserInput(f"A filter may be at most {MAX_LEVELS} levels deep.", path=at)
        compiled = [
            list(self.filter(branch, input_type, (*at, index), level=level + 1, name=name))
            for index, branch in enumerate(branches)
        ]
        if junction.operator == "$and":
            for demands in compiled:
                yield from demands
            return
        possible = [demands for demands in compiled if _NOTHING not in demands]
        if possible and all(possible):
            filters = [conjunction([demand.filter for demand in demands]) for demands in possible]
            yield Conjunct({junction.operator: filters}, f"{name}{at[-1]}")
        # Otherwise a branch matches everything, or there is none that can match at all.
        elif bool(possible) == (junction.operator == "$nor"):
            yield _NOTHING

    def _comparisons(
        self, path: str, given: Mapping[str, Any], input_type: GraphQLInputObjectType, at: InputPath, *, name: str
    ) -> Iterator[Conjunct]:
        case_sensitive = given.get(Option.CASE_SENSITIVE.value, True)
        for key, value in given.items():
            here = (*at, key)
            if value is None:
                raise _null(here)
            match matching_of(input_type.fields[key]):
                case Comparison(operator, each=True):
                    for item in dict.fromkeys(listed(value, here)):
                        yield self._leaf(path, operator, item, here, name=name)
                case Comparison(operator):
                    yield self._leaf(path, operator, value, here, name=name, case_sensitive=case_sensitive)

    def _leaf(
        self, path: str, operator: PathOperator, value: Any, at: InputPath, *, name: str, case_sensitive: bool = True
    ) -> Conjunct:
        self._count(at)
        filter_ = compare(path, operator, value, case_sensitive=case_sensitive, at=at)
        if operator is PathOperator.IN and not value:
            return _NOTHING
        return Conjunct(filter_, name, _lookup(filter_, path))

    def _free_form(self, root: str, given: Mapping[str, Any], at: InputPath, *, name: str) -> Conjunct:
        path = below(root, given["path"], (*at, "path"))
        if "value" not in given:
            raise BadUserInput("`value` must be given; null means null.", path=at)
        return self._leaf(
            path,
            given["operator"],
            given["value"],
            (*at, "value"),
            name=f"{name}.{given['path']}",
            case_sensitive=given[Option.CASE_SENSITIVE.value],
        )

    def _count(self, at: InputPath) -> None:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            raise BadUserInput(f"A filter may hold at most {MAX_LEAVES} comparisons.", path=at)


def _element(path: str, demands: Sequence[Conjunct], *, name: str) -> Iterator[Conjunct]:
    if _NOTHING in demands:
        yield _NOTHING
    elif demands:
        yield Conjunct({path: {"$elemMatch": conjunction([demand.filter for demand in demands])}}, name)


def _condition(
    matching: ConditionElement, given: Mapping[str, Any], demands: Sequence[Conjunct], *, name: str
) -> Iterator[Conjunct]:
    """The token where there is a key, for the index, and the element where the token doesn't say it all."""
    if "key" in given:
        key = given["key"]
        token = key_value_token(key, value_hash(given["value"])) if "value" in given else key_token(key)
        yield Conjunct({matching.tokens: {"$eq": token}}, name, Lookup(matching.tokens, (token,)))
    if "key" not in given or given.keys() - {"key", "value"}:
        yield from _element(matching.path, demands, name=name)


def _null(at: InputPath) -> BadUserInput:
    return BadUserInput(f"`{at[-1]}` may not be null; leave it out instead.", path=at)
