"""A stored filter tree, at whichever fidelity a screen needs."""

from typing import Annotated, Any

import strawberry

from gateway.model import filter_trees
from gateway.model.wire import trees
from gateway.schema.enums import ComparisonOperator, FilterBranch, known_values
from gateway.schema.readings import (
    Discriminator,
    Flat,
    FlatAttribute,
    FlatValue,
    field,
    of_flat_node,
    stored,
)
from gateway.schema.recorded_fields import meaning, recorded
from gateway.schema.scalars import JSON
from gateway.schema.stored_readings import CaseSensitivity, Computed, ConditionKey, ConditionOperator, TreeBranch


@strawberry.type(description=meaning(trees.FilterCondition))
class FilterCondition:
    key: str = recorded(ConditionKey(), of=trees.FilterCondition, declared="key")
    operator: ComparisonOperator = recorded(
        ConditionOperator(frozenset(known_values(ComparisonOperator))),
        of=trees.FilterCondition,
        declared="operator",
        words="EQ where none was recorded.",
    )
    value: JSON | None = recorded("value", of=trees.FilterCondition)


def _branch(name: filter_trees.Branch) -> Any:
    return recorded(
        TreeBranch(name),
        of=trees.FilterGroup,
        declared=name,
        words="Null where the group has no such branch.",
        name=name.lower(),
    )


@strawberry.type(
    description=meaning(
        trees.FilterGroup,
        """`and`, `or` and `nor` give the tree itself, for as many levels as the query spells out; `flat`, `json` and
`text` give all of it at any depth.""",
    )
)
class FilterGroup:
    and_: list["FilterNode"] | None = _branch("AND")
    or_: list["FilterNode"] | None = _branch("OR")
    nor: list["FilterNode"] | None = _branch("NOR")
    case_sensitive: bool | None = recorded(CaseSensitivity(), of=trees.FilterGroup, declared="case_sensitive")
    json: JSON = stored(
        "",
        description="This subtree exactly as recorded: `AND`, `OR`, `NOR` and `case_sensitive` keys, unknown keys too.",
    )
    text: str = stored(
        Computed(filter_trees.text, walks=True),
        """This subtree as a readable expression, such as
`brand = "Nike" AND NOT (price > 100 OR stock = 0)`. By its documented grammar it parses back to an equivalent tree.""",
    )
    flat: list["FlatFilterNode"] = field(
        Flat(),
        "All nodes of this subtree in pre-order, this group first: any depth without nested fragments.",
    )
    conditions: list[FilterCondition] = stored(
        Computed(filter_trees.conditions, walks=True), "The conditions of this subtree alone, in pre-order."
    )
    keys: list[str] = stored(
        Computed(filter_trees.keys, walks=True),
        "The distinct keys of this subtree's conditions, in order of appearance.",
    )
    depth: int = stored(
        Computed(filter_trees.depth, walks=True),
        "How many levels of groups this subtree has; 1 for a group that holds conditions only.",
    )


FilterNode = Annotated[
    FilterGroup | FilterCondition,
    strawberry.union(
        name="FilterNode", description="What a branch of a filter tree holds: a condition, or another group."
    ),
]


FILTER_NODE_TYPE = Discriminator(
    "FilterCondition", "FilterGroup", filter_trees.CONDITION_KEYS, frozenset(filter_trees.GROUP_KEYS)
)
"""What gives the GraphQL type of a stored item of a branch."""


def _of_condition(name: str) -> FlatValue:
    return of_flat_node(FilterCondition, name, of_condition=True)


@strawberry.type(description="One node of a filter tree's pre-order listing: a group, or a condition with a key.")
class FlatFilterNode:
    index: int = field(FlatAttribute("number"), "The node's place in the listing, from 0.")
    parent_index: int | None = field(FlatAttribute("group"), "The place of the group that holds it; null at the root.")
    depth: int = field(FlatAttribute("depth"), "How many groups are around it; 0 at the root.")
    branch: FilterBranch | None = field(
        FlatAttribute("branch"), "The branch of its group that holds it; null at the root."
    )
    key: str | None = field(_of_condition("key"), "The condition's key; null for a group.")
    operator: ComparisonOperator | None = field(
        _of_condition("operator"), "The condition's operator; null for a group."
    )
    value: JSON | None = field(_of_condition("value"), "The condition's value; null for a group.")
    case_sensitive: bool | None = field(
        of_flat_node(FilterGroup, "case_sensitive", of_condition=False),
        "The group's case sensitivity, where recorded; null for a condition.",
    )
