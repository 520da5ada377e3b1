"""How MongoDB answers a command: which plan it chooses, without running it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from gateway.model.extended_json import json_form
from gateway.plan.commands import Aggregation, Count, Find
from gateway.store.client import Database
from gateway.store.driver_errors import translated

# In the place of a value: what people searched for, and who they are.
_VALUE = "?"
# Of commands and stages: what stands there is a name.
_NAMING = frozenset({"find", "aggregate", "hint", "from", "localField", "foreignField", "as", "coll", "unit", "path"})
_MAX_COMMAND = 2_000


async def explanation(database: Database, command: object, *, values: bool) -> Mapping[str, str]:
    """The command, and of one that reads the ``plan`` that wins: its stages from the last to the first, each with its
    index. Without ``values`` a question mark stands for everything that is compared.

    Raises `GatewayError` where MongoDB doesn't answer.
    """
    sent = _sent(command)
    if sent is None:
        return {"command": type(command).__name__}
    with translated():
        answer = await database.command("explain", sent, verbosity="queryPlanner")
    shown = sent if values else _masked(sent)
    text = orjson.dumps(shown, default=json_form, option=orjson.OPT_NON_STR_KEYS).decode()
    return {"command": text[:_MAX_COMMAND], "plan": " < ".join(_stages(answer))}


def _sent(command: object) -> Mapping[str, Any] | None:
    match command:
        case Find():
            find: dict[str, Any] = {"find": command.scan.collection, "filter": command.filters[0]}
            find |= {"sort": dict(command.sort), "hint": command.hint}
            return find | ({"limit": command.limit} if command.limit else {})
        case Count():
            pipeline = [{"$match": command.scan.filter}, {"$count": "n"}]
            return {"aggregate": command.scan.collection, "pipeline": pipeline, "cursor": {}, "hint": command.hint}
        case Aggregation():
            aggregate: dict[str, Any] = {"aggregate": command.collection or 1, "pipeline": list(command.pipeline)}
            return aggregate | {"cursor": {}} | ({"hint": command.hint} if command.hint else {})
    return None


def _masked(value: Any) -> Any:
    """The same with its values left out, but for numbers and the names of collections, stages and paths."""
    match value:
        case Mapping():
            return {key: _masked_at(key, entry) for key, entry in value.items()}
        case list() | tuple():
            return [_masked(entry) for entry in value]
        case str():
            return value if value.startswith("$") else _VALUE
    return value if isinstance(value, int | float) else _VALUE


def _masked_at(key: str, value: Any) -> Any:
    if key in _NAMING:
        return value
    return _compared(value) if key in ("filter", "$match") else _masked(value)


def _compared(condition: Any) -> Any:
    """A condition with a question mark for each value."""
    match condition:
        case Mapping():
            return {key: _compared(entry) for key, entry in condition.items()}
        case list() | tuple() if any(isinstance(entry, Mapping) for entry in condition):
            return [_compared(entry) for entry in condition]
    return _VALUE


def _stages(plan: Any) -> Iterator[str]:
    """The stages of winning plans, the last first."""
    if isinstance(plan, Mapping):
        if isinstance(stage := plan.get("stage"), str):
            index = plan.get("indexName")
            yield f"{stage} {index}" if index else stage
        for key, inner in plan.items():
            if key != "rejectedPlans":
                yield from _stages(inner)
    elif isinstance(plan, Sequence) and not isinstance(plan, str | bytes):
        for inner in plan:
            yield from _stages(inner)
