"""What a `where` input demands of the stored documents: its tree of comparisons, split for the choice of an index."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from graphql import GraphQLInputObjectType

from gateway.compiler.where_operands import InputPath
from gateway.compiler.where_trees import FilterWalk
from gateway.limits.where_bounds import MAX_LOOKUP_VALUES
from gateway.model.document_ids import id_text
from gateway.plan.comparisons import (
    NOTHING,
    Comparison,
    Demand,
    Derived,
    Operator,
    Tree,
    all_of,
    comparisons,
    demands,
)
from gateway.plan.mongodb_filters import ORDERING_OPERATORS, mongodb_filter
from gateway.plan.outcomes import OUTCOME
from gateway.plan.predicate import Conjunct, Lookup, Predicate, TimeBound
from gateway.schema.where_declarations import OwnTime, matching_of

_EVERYTHING = Predicate()


def compile_where(
    where: Mapping[str, Any] | None, input_type: GraphQLInputObjectType, at: InputPath = ("where",)
) -> Predicate:
    """What a coerced `where` argument of ``input_type`` demands; None demands nothing in particular.

    Raises `BadUserInput`, with a path from ``at`` down, for an explicit null, for more than 5 levels, 50
    comparisons or 10 patterns, and for what a comparison can't take.
    """
    if not where:
        return _EVERYTHING
    walk = FilterWalk()
    tree = all_of(list(walk.filter(where, input_type, at, level=1)))
    if tree is NOTHING:
        return Predicate(nothing=True, tree=tree, outcome_at=walk.outcome_at)
    own_time = _own_time(input_type)
    conjuncts: list[Conjunct] = []
    times: list[TimeBound] = []
    for demand in demands(tree):
        if isinstance(demand, Comparison) and demand.path == own_time:
            times.append(TimeBound(ORDERING_OPERATORS[demand.operator], demand.value))
        else:
            conjuncts.append(_conjunct(demand))
    return Predicate(
        tuple(conjuncts),
        tuple(times),
        comparisons=walk.comparisons,
        tree=tree,
        outcome_at=walk.outcome_at,
    )


def _conjunct(demand: Demand) -> Conjunct:
    made_of = tuple(comparisons(demand))
    # The paths within elements are other ones: no field of theirs is called so.
    of_outcome = next((comparison for comparison in made_of if comparison.path.startswith(f"{OUTCOME}.")), None)
    if of_outcome is None:
        return Conjunct(mongodb_filter(demand), demand.name, _lookup(demand), made_of)
    name, _, _ = of_outcome.name.rpartition(".")
    return Conjunct(mongodb_filter(demand), name, None, made_of, of_outcome=True)


@lru_cache(maxsize=8)
def _own_time(input_type: GraphQLInputObjectType) -> str:
    declared = (matching_of(field) for field in input_type.fields.values())
    return next(matching.path for matching in declared if isinstance(matching, OwnTime))


def _lookup(demand: Tree) -> Lookup | None:
    # All that is looked up are strings: ids, types, names and tokens.
    match demand:
        case Comparison(path, Operator.EQ, str(value), True) | Comparison(path, Operator.EQ, Derived(value)):
            return Lookup(path, (value,))
        case Comparison(path, Operator.IN, (Derived(), *_) as tokens):
            return Lookup(path, tuple(token.stored for token in tokens)) if len(tokens) <= MAX_LOOKUP_VALUES else None
        case Comparison(path, Operator.IN, values, True):
            texts = {value for value in values if isinstance(value, str)}
            # A number or an ObjectId stands beside the text that it reads as.
            is_looked_up = len(texts) <= MAX_LOOKUP_VALUES and all(
                isinstance(value, str) or id_text(value) in texts for value in values
            )
            return Lookup(path, values) if is_looked_up else None
    return None
