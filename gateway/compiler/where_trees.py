"""From a `where` input to the tree of comparisons that it stands for.

What a field matches is read from its declaration (`gateway.schema.where_declarations`); no names of fields stand here
but those of the two inputs that describe one comparison with several fields, PathFilter and FilterConditionWhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from graphql import GraphQLID, GraphQLInputObjectType, get_named_type

from gateway.compiler.where_operands import InputPath, in_whole_milliseconds, items, operand, path_below
from gateway.compiler.where_tokens import query_demands, text_demands
from gateway.errors import BadUserInput
from gateway.limits.where_bounds import (
    MAX_COMPARISONS,
    MAX_LEVELS,
    MAX_PARTS_LENGTH,
    MAX_PATTERNS,
    MAX_PATTERNS_LENGTH,
)
from gateway.model.document_ids import id_spellings
from gateway.model.filter_trees import key_token, key_value_token, value_hash
from gateway.plan.comparisons import (
    EVERYTHING,
    NOTHING,
    AnyElement,
    Comparison,
    Derived,
    Operator,
    Tree,
    all_of,
    any_of,
    none_of,
)
from gateway.plan.outcomes import OUTCOME
from gateway.schema.where_declarations import (
    ConditionElement,
    FreeForm,
    JoinedOutcome,
    Junction,
    NormalisedText,
    Option,
    OutcomeFlag,
    OwnTime,
    QueryElement,
    SameDocument,
    StoredValue,
    ValueHash,
    ValueOperator,
    matching_of,
)

# What compares with several values as these do with one.
_SPELLED = {Operator.EQ: Operator.IN, Operator.NE: Operator.NIN, Operator.IN: Operator.IN, Operator.NIN: Operator.NIN}
_CASE_SENSITIVE = Option.CASE_SENSITIVE.value


class FilterWalk:
    """The walk over one input; it counts the comparisons and their patterns on its way."""

    def __init__(self) -> None:
        self.comparisons = 0
        self.outcome_at: InputPath = ()
        self._patterns = 0
        self._patterns_length = 0
        self._parts_length = 0

    def filter(
        self, where: Mapping[str, Any], input_type: GraphQLInputObjectType, at: InputPath, *, level: int, name: str = ""
    ) -> Iterator[Tree]:
        """The demands of a filter on a document, or of one on an element; none: it matches everything.

        ``name`` is put ahead of the fields' names.
        """
        for key, value in where.items():
            field = input_type.fields[key]
            matching = matching_of(field)
            here = (*at, key)
            if value is None and not isinstance(matching, ValueHash):
                raise _null(here)
            inner = cast(GraphQLInputObjectType, get_named_type(field.type))
            full_name = f"{name}{key}"
            match matching:
                case StoredValue(path, Operator() as operator):
                    yield self._comparison(path, operator, value, here, name=full_name)
                case StoredValue(path) | OwnTime(path):
                    yield from self._comparisons(path, value, inner, here, name=full_name)
                case Junction():
                    yield self._junction(matching, value, inner, here, level=level, name=name)
                case SameDocument():
                    yield from self.filter(value, inner, here, level=level, name=f"{full_name}.")
                case JoinedOutcome():
                    yield from self.filter(value, inner, here, level=level, name=f"{full_name}.")
                case OutcomeFlag(path):
                    self.outcome_at = self.outcome_at or here
                    self._count(here)
                    operator = Operator.EQ if value else Operator.NE
                    yield Comparison(f"{OUTCOME}.{path}", operator, True, True, full_name)
                case QueryElement(path):
                    element = all_of(list(self.filter(value, inner, here, level=level, name=f"{full_name}.")))
                    yield from query_demands(matching, element)
                    yield _any_element(path, element, full_name)
                case NormalisedText(path):
                    # Either case is folded.
                    operands = {key: item for key, item in value.items() if key != _CASE_SENSITIVE}
                    for tree in self._comparisons(path, operands, inner, here, name=full_name):
                        yield from text_demands(matching, tree)
                case ConditionElement():
                    element = all_of(list(self.filter(value, inner, here, level=level, name=f"{full_name}.")))
                    yield from _condition(matching, value, element, full_name)
                case ValueHash(path):
                    self._count(here)
                    yield Comparison(path, Operator.EQ, Derived(value_hash(value), value), True, full_name)
                case FreeForm(path):
                    for index, item in enumerate(value):
                        yield self._free_form(path, item, (*here, index), name=full_name)

    def _junction(
        self,
        junction: Junction,
        branches: Sequence[Mapping[str, Any]],
        input_type: GraphQLInputObjectType,
        at: InputPath,
        *,
        level: int,
        name: str,
    ) -> Tree:
        if level == MAX_LEVELS and branches:
            raise BadUserInput(f"A filter may be at most {MAX_LEVELS} levels deep.", path=at)
        trees = [
            all_of(list(self.filter(branch, input_type, (*at, index), level=level + 1, name=name)))
            for index, branch in enumerate(branches)
        ]
        match junction.operator:
            case "and":
                return all_of(trees)
            case "or":
                return any_of(trees, f"{name}{at[-1]}")
            case "nor":
                return none_of(trees, f"{name}{at[-1]}")

    def _comparisons(
        self, path: str, operands: Mapping[str, Any], input_type: GraphQLInputObjectType, at: InputPath, *, name: str
    ) -> Iterator[Tree]:
        case_sensitive = operands.get(_CASE_SENSITIVE, True)
        for key, value in operands.items():
            here = (*at, key)
            if value is None:
                raise _null(here)
            field = input_type.fields[key]
            is_id = get_named_type(field.type) is GraphQLID
            match matching_of(field):
                case ValueOperator(operator) if is_id and operator in _SPELLED:
                    yield self._ids(path, operator, value, here, name=name)
                case ValueOperator(operator, each=True):
                    for item in dict.fromkeys(items(value, here)):
                        yield self._comparison(path, operator, item, here, name=name)
                case ValueOperator(operator):
                    sensitive = case_sensitive or operator is Operator.EXISTS
                    yield self._comparison(path, operator, value, here, name=name, case_sensitive=sensitive)

    def _comparison(
        self, path: str, operator: Operator, value: Any, at: InputPath, *, name: str, case_sensitive: bool = True
    ) -> Tree:
        self._count(at)
        if isinstance(value, datetime):
            operator, value = in_whole_milliseconds(operator, value)
        checked = operand(operator, value, case_sensitive=case_sensitive, at=at)
        if operator is Operator.IN and not checked:
            return NOTHING
        comparison = Comparison(path, operator, checked, case_sensitive, name)
        if comparison.patterns:
            self._count_patterns(comparison, at)
        return comparison

    def _ids(self, path: str, operator: Operator, value: Any, at: InputPath, *, name: str) -> Tree:
        """The comparison with ids, also as the numbers and the ObjectIds that read as them."""
        tree = self._comparison(path, operator, value, at, name=name)
        if not isinstance(tree, Comparison):
            return tree
        ids = tree.value if isinstance(tree.value, tuple) else (tree.value,)
        spellings = tuple(id_spellings(ids))
        return tree if len(spellings) == len(ids) else replace(tree, operator=_SPELLED[operator], value=spellings)

    def _free_form(self, root: str, path_filter: Mapping[str, Any], at: InputPath, *, name: str) -> Tree:
        path = path_below(root, path_filter["path"], (*at, "path"))
        if "value" not in path_filter:
            raise BadUserInput("`value` must be given; null means null.", path=at)
        return self._comparison(
            path,
            path_filter["operator"].value,
            path_filter["value"],
            (*at, "value"),
            name=f"{name}.{path_filter['path']}",
            case_sensitive=path_filter[_CASE_SENSITIVE],
        )

    def _count(self, at: InputPath) -> None:
        self.comparisons += 1
        if self.comparisons > MAX_COMPARISONS:
            raise BadUserInput(f"A filter may hold at most {MAX_COMPARISONS} comparisons.", path=at)

    def _count_patterns(self, comparison: Comparison, at: InputPath) -> None:
        length = sum(map(len, comparison.patterns))
        self._patterns += 1
        self._patterns_length += length
        if comparison.operator is Operator.CONTAINS:
            self._parts_length += length
        if self._patterns > MAX_PATTERNS:
            raise BadUserInput(
                f"A filter may hold at most {MAX_PATTERNS} comparisons by start, by part or ignoring case.", path=at
            )
        if self._patterns_length > MAX_PATTERNS_LENGTH:
            raise BadUserInput(
                f"What a filter compares by start, by part or ignoring case may have at most {MAX_PATTERNS_LENGTH:,} "
                "characters together.",
                path=at,
            )
        if self._parts_length > MAX_PARTS_LENGTH:
            raise BadUserInput(
                f"The parts that a filter looks for may have at most {MAX_PARTS_LENGTH} characters together.", path=at
            )


def _any_element(path: str, element: Tree, name: str) -> Tree:
    # Without any demand not even an element is asked for.
    return element if element is NOTHING or element is EVERYTHING else AnyElement(path, element, name)


def _condition(matching: ConditionElement, where: Mapping[str, Any], element: Tree, name: str) -> Iterator[Tree]:
    """The token where there is a key, for the index, and the element where the token doesn't say it all."""
    if "key" in where:
        key = where["key"]
        token = key_value_token(key, value_hash(where["value"])) if "value" in where else key_token(key)
        source = {part: where[part] for part in ("key", "value") if part in where}
        yield Comparison(matching.tokens, Operator.EQ, Derived(token, source), True, name)
    if "key" not in where or where.keys() - {"key", "value"}:
        yield _any_element(matching.path, element, name)


def _null(at: InputPath) -> BadUserInput:
    message = f"`{at[-1]}` may not be null; leave it out instead, as GraphQL does for a variable that isn't sent."
    return BadUserInput(message, path=at)
