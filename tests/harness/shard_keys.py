"""What a router needs to find the shards that hold the documents of a command: the namespace, by equality."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR_MATCH
from tests.harness.command_log import Command

SHARDED = frozenset(
    {INTERACTION.collection, SEARCH_REQUEST.collection, SEARCH_OUTCOMES, ITEM_DAYS, PERCOLATOR_MATCH.collection}
)
"""The collections that docs/scaling.md shards, by namespace and `_id`."""


def untargeted(command: Command) -> Iterator[str]:
    """Each part of a command that reaches documents of a sharded collection without naming their namespace."""
    name, collection = next(iter(command.items()))
    if name == "aggregate":
        yield from _of_pipeline(str(collection), command["pipeline"], str(collection))
    elif collection in SHARDED:
        match name:
            case "find":
                conditions = [command.get("filter", {})]
            case "insert":
                conditions = [{"namespace_id": document.get("namespace_id")} for document in command["documents"]]
            case "update":
                conditions = [update["q"] for update in command["updates"]]
            case "delete":
                conditions = [delete["q"] for delete in command["deletes"]]
            case "findAndModify" | "count" | "distinct":
                conditions = [command.get("query", {})]
            case _:
                return
        if not all(map(names_namespace, conditions)):
            yield f"{name} {collection}"


def names_namespace(condition: Any) -> bool:
    """Whether a filter finds documents of namespaces that it names."""
    if not isinstance(condition, Mapping):
        return False
    match condition.get("namespace_id"):
        case str():
            return True
        case {"$eq": str()} | {"$in": [*_]}:
            return True
    return any(map(names_namespace, condition.get("$and", ()))) or (
        "$or" in condition and all(map(names_namespace, condition["$or"]))
    )


def _of_pipeline(collection: str, stages: Sequence[Mapping[str, Any]], place: str) -> Iterator[str]:
    if stages and "$changeStream" in stages[0]:
        yield f"change stream {place}"
    elif collection in SHARDED and not (stages and names_namespace(stages[0].get("$match"))):
        yield f"aggregate {place}"
    for stage in stages:
        [(name, content)] = stage.items()
        match name:
            case "$unionWith":
                source = content if isinstance(content, str) else content.get("coll", "")
                inner = () if isinstance(content, str) else content.get("pipeline", ())
                yield from _of_pipeline(source, inner, f"{place} $unionWith {source}")
            case "$lookup":
                source = content.get("from", "")
                yield from _of_pipeline(source, content.get("pipeline", ()), f"{place} $lookup {source}")
            case "$facet":
                for branch in content.values():
                    # It has what the stages before it gave.
                    yield from _of_pipeline("", branch, f"{place} $facet")
            case "$merge" if "on" in content:
                # By default it is by `_id` and the shard key.
                yield f"{place} $merge on {content['on']}"
            case "$graphLookup" | "$out":
                yield f"{place} {name}"
