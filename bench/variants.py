"""Ways of writing the mapping by hand, timed against each other: ``python -m bench.variants``.

The 20 rows of a flat page and the filter trees of 200 interactions are mapped and serialized in this process, without a
database. Each way's bytes are compared with those of `bench.mappings`, which has the fastest. CPU microseconds, the
least of rounds that are run in turn.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from bench import mappings
from bench.mappings import OPERATORS, TYPES
from gateway.demo.data import interactions
from gateway.model.wire import parse_instant

Document = Mapping[str, Any]
Way = Callable[[Sequence[Document]], bytes]

_ROUNDS, _REPEATS = 40, 25


def _rows() -> list[Document]:
    """Stored interactions, of what a flat page reads."""
    return [
        {**raw, "occurred_at": parse_instant(raw["occurred_at"]), "effective_session_id": raw.get("session_id")}
        for raw in interactions(20, seed=1, namespace="shop")
    ]


def _trees() -> list[Document]:
    found = [(raw.get("search_request") or {}).get("filters") for raw in interactions(200, seed=1, namespace="shop")]
    return [tree for tree in found if tree is not None]


def _chosen(rows: Sequence[Document]) -> bytes:
    return orjson.dumps(mappings.rows(rows))


def _unbound(rows: Sequence[Document]) -> bytes:
    types = TYPES
    return orjson.dumps(
        [
            {
                "interactionId": row["interaction_id"],
                "featureId": row["feature_id"],
                "interactionType": types[kind if (kind := row["interaction_type"]).__class__ is str else kind[0]],
                "position": row.get("position"),
                "durationMs": row.get("duration_ms"),
                "sessionId": row.get("effective_session_id"),
                "userId": row.get("user_id"),
                "occurredAt": row["occurred_at"].isoformat("T", "milliseconds")[:23] + "Z",
            }
            for row in rows
        ]
    )


def _by_function(rows: Sequence[Document]) -> bytes:
    return orjson.dumps([_row(row) for row in rows])


def _row(row: Document) -> dict[str, Any]:
    kind = row["interaction_type"]
    return {
        "interactionId": row["interaction_id"],
        "featureId": row["feature_id"],
        "interactionType": TYPES[kind if isinstance(kind, str) else kind[0]],
        "position": row.get("position"),
        "durationMs": row.get("duration_ms"),
        "sessionId": row.get("effective_session_id"),
        "userId": row.get("user_id"),
        "occurredAt": row["occurred_at"].isoformat(timespec="milliseconds")[:23] + "Z",
    }


def _appended(rows: Sequence[Document]) -> bytes:
    nodes: list[dict[str, Any]] = []
    append = nodes.append
    for row in rows:
        append(_row(row))
    return orjson.dumps(nodes)


_NAMES = (
    ("interactionId", "interaction_id", None),
    ("featureId", "feature_id", None),
    ("interactionType", "interaction_type", lambda kind: TYPES[kind if isinstance(kind, str) else kind[0]]),
    ("position", "position", None),
    ("durationMs", "duration_ms", None),
    ("sessionId", "effective_session_id", None),
    ("userId", "user_id", None),
    ("occurredAt", "occurred_at", lambda at: at.isoformat(timespec="milliseconds")[:23] + "Z"),
)


def _by_table(rows: Sequence[Document]) -> bytes:
    return orjson.dumps(
        [{name: convert(row[path]) if convert else row.get(path) for name, path, convert in _NAMES} for row in rows]
    )


def _formatted(rows: Sequence[Document]) -> bytes:
    """Strings of the generator need no escapes; what does is left to orjson."""
    dumps = orjson.dumps
    return b"[%b]" % b",".join(
        b'{"interactionId":%b,"featureId":%b,"interactionType":"%b","position":%b,"durationMs":%b,"sessionId":%b,'
        b'"userId":%b,"occurredAt":"%bZ"}'
        % (
            dumps(row["interaction_id"]),
            dumps(row["feature_id"]),
            TYPES[kind if (kind := row["interaction_type"]).__class__ is str else kind[0]].encode(),
            dumps(row.get("position")),
            dumps(row.get("duration_ms")),
            dumps(row.get("effective_session_id")),
            dumps(row.get("user_id")),
            row["occurred_at"].isoformat("T", "milliseconds")[:23].encode(),
        )
        for row in rows
    )


def _written_time(rows: Sequence[Document]) -> bytes:
    nodes = mappings.rows(rows)
    for node, row in zip(nodes, rows, strict=True):
        at = row["occurred_at"]
        node["occurredAt"] = (
            f"{at.year}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}"
            f".{at.microsecond // 1000:03}Z"
        )
    return orjson.dumps(nodes)


def _trees_chosen(trees: Sequence[Document]) -> bytes:
    return orjson.dumps(list(map(mappings.node, trees)))


def _node(node: Document) -> dict[str, Any]:
    if "key" in node:
        return {"key": node["key"], "operator": OPERATORS[node.get("operator", "eq")], "value": node.get("value")}
    return {
        "and": [_node(item) for item in node["AND"]] if "AND" in node else None,
        "or": [_node(item) for item in node["OR"]] if "OR" in node else None,
        "nor": [_node(item) for item in node["NOR"]] if "NOR" in node else None,
        "caseSensitive": node.get("case_sensitive"),
    }


def _mapped(node: Document) -> dict[str, Any]:
    if "key" in node:
        return {"key": node["key"], "operator": OPERATORS[node.get("operator", "eq")], "value": node.get("value")}
    get = node.get
    return {
        "and": None if (items := get("AND")) is None else list(map(_mapped, items)),
        "or": None if (items := get("OR")) is None else list(map(_mapped, items)),
        "nor": None if (items := get("NOR")) is None else list(map(_mapped, items)),
        "caseSensitive": get("case_sensitive"),
    }


def _trees_mapped(trees: Sequence[Document]) -> bytes:
    return orjson.dumps(list(map(_mapped, trees)))


def _trees_by_comprehensions(trees: Sequence[Document]) -> bytes:
    return orjson.dumps([_node(tree) for tree in trees])


def _group(group: Document) -> dict[str, Any]:
    get = group.get
    return {
        "and": None if (items := get("AND")) is None else _items(items),
        "or": None if (items := get("OR")) is None else _items(items),
        "nor": None if (items := get("NOR")) is None else _items(items),
        "caseSensitive": get("case_sensitive"),
    }


def _items(items: Sequence[Document]) -> list[dict[str, Any]]:
    operators = OPERATORS
    return [
        {"key": item["key"], "operator": operators[item.get("operator", "eq")], "value": item.get("value")}
        if "key" in item
        else _group(item)
        for item in items
    ]


def _trees_with_inline_conditions(trees: Sequence[Document]) -> bytes:
    return orjson.dumps([_group(tree) for tree in trees])


def _trees_by_stack(trees: Sequence[Document]) -> bytes:
    """Without recursion: the objects are made empty and filled when their turn comes."""
    shaped: list[dict[str, Any]] = [{} for _ in trees]
    pending = list(zip(trees, shaped, strict=True))
    while pending:
        node, into = pending.pop()
        if "key" in node:
            into["key"] = node["key"]
            into["operator"] = OPERATORS[node.get("operator", "eq")]
            into["value"] = node.get("value")
            continue
        for name, branch in (("and", "AND"), ("or", "OR"), ("nor", "NOR")):
            items = node.get(branch)
            into[name] = None if items is None else [{} for _ in items]
            if items:
                pending += zip(items, into[name], strict=True)
        into["caseSensitive"] = node.get("case_sensitive")
    return orjson.dumps(shaped)


_FLAT: Mapping[str, Way] = {
    "dict display in a comprehension, .get bound once per row": _chosen,
    "the same without binding .get": _unbound,
    "a function per row, called in a comprehension": _by_function,
    "a loop that appends": _appended,
    "a comprehension over a table of names": _by_table,
    "bytes formatted by hand, orjson for the values": _formatted,
    "the chosen way, times formatted by an f-string": _written_time,
}
_TREES: Mapping[str, Way] = {
    "a function per node, called by map": _trees_chosen,
    "the same with .get bound once per group": _trees_mapped,
    "a function per node, called in comprehensions": _trees_by_comprehensions,
    "conditions inline in a comprehension per branch": _trees_with_inline_conditions,
    "an explicit stack": _trees_by_stack,
}


def main() -> None:
    for title, ways, given in (("20 rows", _FLAT, _rows()), ("filter trees", _TREES, _trees())):
        first, *others = ways.values()
        assert all(way(given) == first(given) for way in others), "all ways give the same bytes"
        for name, microseconds in _timed(ways, given).items():
            print(f"{title:14} {name:58} {microseconds:8.1f}")


def _timed(ways: Mapping[str, Way], given: Sequence[Document]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            begun = time.process_time()
            for _ in range(_REPEATS):
                way(given)
            times[name].append((time.process_time() - begun) / _REPEATS * 1e6)
    return {name: min(found) for name, found in times.items()}


if __name__ == "__main__":
    main()
