"""A stored filter tree, at whichever fidelity a screen needs."""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from gateway import filtertree
from gateway.schema.enums import ComparisonOperator, FilterBranch
from gateway.schema.reading import KnownOrOther, Part, Place, Plain, Stored, Told, Walked, field, stored
from gateway.schema.scalars import JSON

_known = KnownOrOther(ComparisonOperator)


def _operator_of(condition: Mapping[str, Any]) -> Any:
    return _known(filtertree.condition_operator(condition))


_KEY = Stored(("",), filtertree.condition_key, Plain("key"))
_OPERATOR = Stored(("",), _operator_of, Plain("operator", missing="eq"))
_VALUE = Stored(("value",))
_CASE_SENSITIVE = Stored(("",), filtertree.case_sensitive, Plain("case_sensitive"))


@strawberry.type(description="A comparison: a leaf of a filter tree.")
class FilterCondition:
    key: str = field(_KEY, "The field of the item that is compared.")
    operator: ComparisonOperator = field(
        _OPERATOR, "How the field is compared with the value; EQ where none was recorded."
    )
    value: JSON | None = field(_VALUE, "What the field is compared with: any JSON value, as recorded.")


def _items(branch: filtertree.Branch, description: str) -> Any:
    return stored(
        "",
        read=lambda group: filtertree.branch(group, branch),
        plain=Plain(branch, unless="NOT" if branch == "NOR" else ""),
        name=branch.lower(),
        description=description,
    )


@strawberry.type(
    description="""A node of a filter tree that joins conditions and other groups. One group may carry several branches
at once; they are joined by AND. `and`, `or` and `nor` give the tree itself, for as many levels as the query spells
out; `flat`, `json` and `text` give all of it at any depth."""
)
class FilterGroup:
    and_: list["FilterNode"] | None = _items("AND", "All of these must hold. Null where the group has no such branch.")
    or_: list["FilterNode"] | None = _items(
        "OR", "At least one of these must hold. Null where the group has no such branch."
    )
    nor: list["FilterNode"] | None = _items("NOR", "None of these may hold. Null where the group has no such branch.")
    case_sensitive: bool | None = field(
        _CASE_SENSITIVE, "Whether strings in this group are compared with regard to case, where recorded."
    )
    json: JSON = stored(
        "",
        description="This subtree exactly as recorded: `AND`, `OR`, `NOR` and `case_sensitive` keys, unknown keys too.",
    )
    text: str = stored(
        "",
        read=filtertree.text,
        description="""This subtree as a readable expression, such as
`brand = "Nike" AND NOT (price > 100 OR stock = 0)`. By its documented grammar it parses back to an equivalent tree.""",
    )
    flat: list["FlatFilterNode"] = field(
        Walked(filtertree.preorder, filtertree.FlatNode),
        "All nodes of this subtree in pre-order, this group first: any depth without nested fragments.",
    )
    conditions: list[FilterCondition] = stored(
        "", read=filtertree.conditions, description="The conditions of this subtree alone, in pre-order."
    )
    keys: list[str] = stored(
        "", read=filtertree.keys, description="The distinct keys of this subtree's conditions, in order of appearance."
    )
    depth: int = stored(
        "",
        read=filtertree.depth,
        description="How many levels of groups this subtree has; 1 for a group that holds conditions only.",
    )


FilterNode = Annotated[
    FilterGroup | FilterCondition,
    strawberry.union(
        name="FilterNode", description="What a branch of a filter tree holds: a condition, or another group."
    ),
]


FILTER_NODE_TYPE = Told("FilterCondition", "FilterGroup", filtertree.CONDITION_KEYS, filtertree.GROUP_KEYS)
"""What gives the GraphQL type of a stored item of a branch."""


@strawberry.type(description="One node of a filter tree's pre-order listing: a group, or a condition with a key.")
class FlatFilterNode:
    index: int = field(Place("number"), "The node's place in the listing, from 0.")
    parent_index: int | None = field(Place("parent"), "The place of the group that holds it; null at the root.")
    depth: int = field(Place("depth"), "How many groups are around it; 0 at the root.")
    branch: FilterBranch | None = field(Place("branch"), "The branch of its group that holds it; null at the root.")
    key: str | None = field(Part(_KEY, of_condition=True, always=True), "The condition's key; null for a group.")
    operator: ComparisonOperator | None = field(
        Part(_OPERATOR, of_condition=True, always=True), "The condition's operator; null for a group."
    )
    value: JSON | None = field(Part(_VALUE, of_condition=True), "The condition's value; null for a group.")
    case_sensitive: bool | None = field(
        Part(_CASE_SENSITIVE, of_condition=False),
        "The group's case sensitivity, where recorded; null for a condition.",
    )
