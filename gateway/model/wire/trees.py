"""Where a search request holds filter trees, and the shape that recorded ones must have."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import Field, StringConstraints

from gateway.errors import BadUserInput
from gateway.model.filter_trees import BRANCHES, CONDITION_KEYS, GROUP_KEYS
from gateway.model.wire.fields import WireObject

MAX_DEPTH = 20
MAX_NODES = 500
MAX_KEY = 1000
MAX_OPERATOR = 64

Path: TypeAlias = tuple[str | int, ...]

# What clients of today write. Pydantic doesn't check it, as it would recurse: `check_tree` does, older spellings too.


class FilterCondition(WireObject):
    """A comparison: a leaf of a filter tree."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=MAX_KEY)] = Field(
        description="The field of the item that is compared."
    )
    operator: Annotated[str, StringConstraints(min_length=1, max_length=MAX_OPERATOR)] | None = Field(
        None, description="How the field is compared with the value."
    )
    value: Any = Field(None, description="What the field is compared with: any JSON value.")


class FilterGroup(WireObject):
    """A node of a filter tree that joins conditions and other groups. One group may carry several branches at once;
    they are joined by AND."""

    and_: list[Any] | None = Field(None, alias="AND", description="All of these must hold.")
    or_: list[Any] | None = Field(None, alias="OR", description="At least one of these must hold.")
    nor: list[Any] | None = Field(None, alias="NOR", description="None of these may hold.")
    case_sensitive: bool | None = Field(
        None, description="Whether strings in this group are compared with regard to case."
    )


def filter_trees(search_request: Any) -> Iterator[tuple[Path, Any]]:
    """The path and tree of ``filters``, then of each query's. Takes any stored value: null and missing trees, and
    what is no query, are passed over."""
    if not isinstance(search_request, Mapping):
        return
    if (tree := search_request.get("filters")) is not None:
        yield ("filters",), tree
    queries = search_request.get("queries")
    for position, query in enumerate(queries if isinstance(queries, list) else ()):
        if isinstance(query, Mapping) and (tree := query.get("filters")) is not None:
            yield ("queries", position, "filters"), tree


def check_tree(tree: Any, path: Path) -> None:
    """Raises `BadUserInput` at the first node, in the order read, that is neither a group nor a condition, or both, or
    malformed, and past 20 levels of groups or 500 nodes. Only a root may be a group without branches.

    ``path`` is where the tree stands.
    """
    if _is_plainly_valid(tree):
        return
    pending: list[tuple[Any, Path, int]] = [(tree, path, 1)]
    count = 0
    while pending:
        node, place, depth = pending.pop()
        count += 1
        if count > MAX_NODES:
            raise BadUserInput(f"Filter tree should have at most {MAX_NODES} nodes", path=path)
        if not isinstance(node, dict):
            raise BadUserInput("Filter node should be an object", path=place)
        # The driver reads such an object as a database reference: no branch and no key would be found in it.
        if "$ref" in node and "$id" in node:
            raise BadUserInput('Filter node should not have both "$ref" and "$id"', path=place)
        is_group = not node.keys().isdisjoint(GROUP_KEYS)
        is_condition = not node.keys().isdisjoint(CONDITION_KEYS)
        if is_group and is_condition:
            raise BadUserInput("Filter node should be a group or a condition, not both", path=place)
        if is_condition:
            _check_condition(node, place)
        elif is_group or place == path:
            if depth > MAX_DEPTH:
                raise BadUserInput(f"Filter tree should be at most {MAX_DEPTH} groups deep", path=path)
            pending += [(item, where, depth + 1) for item, where in reversed(list(_items(node, place)))]
        else:
            raise BadUserInput("Filter node should be a group (AND, OR, NOR) or a condition (key)", path=place)


def _is_plainly_valid(tree: Any) -> bool:
    """Whether a tree has that shape, as nearly all have, in a quarter of the time: without a path for each node, and
    without older spellings."""
    pending, count, level = [tree], 0, 0
    # Level by level: the last one has conditions alone, or groups without branches.
    while pending:
        count += len(pending)
        level += 1
        if level > MAX_DEPTH or count > MAX_NODES:
            return False
        inner: list[Any] = []
        for node in pending:
            if node.__class__ is not dict or "$ref" in node or "field" in node or "NOT" in node:
                return False
            branches = [node[name] for name in BRANCHES if name in node]
            if "key" in node:
                key, operator = node["key"], node.get("operator")
                if branches or key.__class__ is not str or not 1 <= len(key) <= MAX_KEY:
                    return False
                if operator is not None and not (operator.__class__ is str and 1 <= len(operator) <= MAX_OPERATOR):
                    return False
                continue
            if not (branches or level == 1) or not isinstance(node.get("case_sensitive"), bool | None):
                return False
            for items in branches:
                if items.__class__ is list:
                    inner += items
                elif items is not None:
                    return False
        pending = inner
    return True


def _items(group: dict[str, Any], path: Path) -> Iterator[tuple[Any, Path]]:
    if not isinstance(group.get("case_sensitive"), bool | None):
        raise BadUserInput("Value should be a boolean or null", path=(*path, "case_sensitive"))
    for name in GROUP_KEYS:
        items = group.get(name)
        if name == "NOT" and isinstance(items, dict):
            yield items, (*path, name)
        elif isinstance(items, list):
            for position, item in enumerate(items):
                yield item, (*path, name, position)
        elif items is not None:
            raise BadUserInput("Value should be a list of filter nodes", path=(*path, name))


def _check_condition(condition: dict[str, Any], path: Path) -> None:
    name = "field" if condition.get("key") is None and "field" in condition else "key"
    key = condition[name]
    if not (isinstance(key, str) and 1 <= len(key) <= MAX_KEY):
        raise BadUserInput(f"Key should be a string of 1 to {MAX_KEY:,} characters", path=(*path, name))
    operator = condition.get("operator")
    if operator is not None and not (isinstance(operator, str) and 1 <= len(operator) <= MAX_OPERATOR):
        raise BadUserInput(f"Operator should be a string of 1 to {MAX_OPERATOR} characters", path=(*path, "operator"))
