"""The usage of filters: by the keys of their conditions, page by page, and of each key of the page by its parts.

It is read in rounds: first the page of keys; then the parts and the values of their conditions; then, for values that
are too long to be spelled there, a search request that has each of them.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from gateway.context import Context
from gateway.errors import QueryTooBroad
from gateway.insights import search_metrics
from gateway.insights.metrics import required
from gateway.insights.search_parts import parts_of_conditions, values_of_conditions
from gateway.model.filter_trees import condition_key, condition_value, nodes, value_hash
from gateway.model.kinds import SEARCH_REQUEST
from gateway.model.wire.trees import filter_trees
from gateway.plan.commands import Document, ReadCommand
from gateway.plan.cost import UNINDEXED
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.sources.bound_statistics import BoundStatistics
from gateway.plan.sources.measured_groups import Measured
from gateway.plan.sources.source import BoundRoot, Estimate, Source, SourceArguments
from gateway.plan.sources.statistics import order_of_groups, page_of_groups
from gateway.plan.statistics_pages import GroupPage
from gateway.plan.statistics_scopes import Rows, SearchScope

MAX_VALUES = 100
MAX_LONG_VALUES = 1_000

_SUBJECT = replace(search_metrics.SEARCHES, name="filterUsage")
_KEY = "filter_key"
# By the names that a key of filters has them under.
_PARTS = {"operators": "operator", "branches": "branch", "depths": "depth"}
_VALUES = "values"


@dataclass(frozen=True, slots=True)
class FilterUsages(Source):
    """The keys that searches were filtered by; operators that aren't among ``operators`` are one."""

    operators: frozenset[str]

    @property
    def page_type(self) -> str:
        return "FilterUsage"

    def bind(self, arguments: SourceArguments) -> "BoundFilterUsages":
        [paths] = arguments.paths.values()
        names = {path.partition(".")[0] for path in paths}
        page = page_of_groups(
            arguments,
            _SUBJECT,
            SearchScope(arguments.predicate()),
            (required(search_metrics.DIMENSIONS[_KEY]),),
            order=order_of_groups(arguments.values, _SUBJECT),
            minima={"searches": 1},
        )
        measured = Measured(Measured.of(paths).groups, frozenset(), frozenset())
        of_values = Measured.of(frozenset(path.removeprefix(f"{_VALUES}.") for path in paths if _is_of_values(path)))
        # One out of bounds is refused where it is read.
        firsts = [values["first"] for values in arguments.parameters]
        return BoundFilterUsages(
            replace(page, measured=measured),
            self.operators,
            frozenset(_PARTS[name] for name in names & _PARTS.keys()),
            min(max([0, *firsts]), MAX_VALUES),
            of_values.groups | {"searches"},
        )


@dataclass(frozen=True, slots=True)
class BoundFilterUsages(BoundRoot):
    """A page of keys. ``parts``: the parts of conditions that are read of each; ``most``: how many values of each, with
    ``metrics``."""

    page: BoundStatistics
    operators: frozenset[str]
    parts: frozenset[str]
    most: int
    metrics: frozenset[str]

    @property
    def empty(self) -> bool:
        return self.page.empty

    @property
    def bounds(self) -> Mapping[ResponsePath, int | Exception]:
        return self.page.bounds

    @property
    def weight(self) -> int:
        return self.page.weight

    @property
    def surcharge(self) -> int:
        return self.page.surcharge + UNINDEXED * (bool(self.parts) + (self.most > 0))

    def at(self, cursors: Mapping[str, str]) -> Self:
        return replace(self, page=self.page.at(cursors))

    def estimate(self, parents: int) -> Estimate:
        _, keys = self.page.estimate(parents)
        return Estimate(self.surcharge + keys, keys)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        return self.page.commands(context)

    def following(self, results: Sequence[Any], context: Context) -> Sequence[ReadCommand]:
        rounds = self._rounds(results, context)
        return tuple(rounds.values())[len(results) - len(self.page.commands(context)) :]

    def value(self, results: Sequence[Any], context: Context) -> tuple[GroupPage, int]:
        count = len(self.page.commands(context))
        page, points = self.page.value(results[:count], context)
        found = dict(zip(self._rounds(results, context), results[count:], strict=True))
        parts = _parts_by_key(found.get("parts", ()))
        examples = {example["_id"]: example for example in found.get("examples", ())}
        values = {row["_id"]: _values(row, examples) for row in found.get(_VALUES, ())}
        documents = []
        for group in page.documents:
            key = group["key"][_KEY]
            of_key = {name: parts[key, part] for name, part in _PARTS.items() if part in self.parts}
            documents.append({**group, **of_key, _VALUES: values.get(key, [])})
        return replace(page, documents=documents), points + len(examples)

    def _rounds(self, results: Sequence[Any], context: Context) -> dict[str, Rows]:
        """By name, what is run behind the page of keys, up to the round that these results lead to."""
        count = len(self.page.commands(context))
        rounds = dict[str, Rows]()
        if not count or len(results) < count:
            return rounds
        keys = [row["_id"][_KEY] for row in results[0][: self.page.size]]
        if keys and self.parts:
            rounds["parts"] = self._run(context, parts_of_conditions(keys, self.parts, self.operators))
        if keys and self.most:
            metrics = {name: _SUBJECT.metrics[name] for name in sorted(self.metrics)}
            rounds[_VALUES] = self._run(context, values_of_conditions(keys, metrics, self.most))
        if _VALUES not in rounds or len(results) < count + len(rounds):
            return rounds
        rows: Sequence[Document] = results[count + len(rounds) - 1]
        if ids := _long_values(rows):
            rounds["examples"] = _with_filters(context, ids)
        return rounds

    def _run(self, context: Context, pipeline: Sequence[Document]) -> Rows:
        after = self.page.after
        return self.page.scope.rows(context.reach, pipeline, after.as_of if after else None)


def _is_of_values(path: str) -> bool:
    return path.startswith(f"{_VALUES}.")


def _parts_by_key(rows: Sequence[Document]) -> Mapping[tuple[str, str], list[Document]]:
    """The parts of each key by the key and the part's name: those of the most searches first, ties by what they are."""
    parts: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for row in rows:
        part = dict(row["_id"])
        key = part.pop("key")
        [(name, value)] = part.items()
        # What other programs stored without a depth has none that could be told.
        if name != "depth" or value is not None:
            parts[key, name].append({name: value, "searches": row["searches"]})
    for (_, name), of_key in parts.items():
        of_key.sort(key=lambda part: (-part["searches"], part[name] is not None, part[name]))
    return parts


def _long_values(rows: Sequence[Document]) -> Sequence[Any]:
    """The ids of search requests that have the values which aren't spelled; raises `QueryTooBroad` for too many."""
    ids = {
        value["stats"]["example"]: None for row in rows for value in row["values"] if value["key"]["hash"] is not None
    }
    if len(ids) > MAX_LONG_VALUES:
        raise QueryTooBroad(
            f"More than {MAX_LONG_VALUES:,} values are too long to be read at once: ask for fewer, or of fewer keys."
        )
    return list(ids)


def _with_filters(context: Context, ids: Sequence[Any]) -> Rows:
    """The filters of the search requests with these ``_id``s."""
    projection = {"search_request.filters": 1, "search_request.queries.filters": 1}
    match = {"$match": {"_id": {"$in": list(ids)}, "namespace_id": context.namespace.id}}
    return Rows(collection=SEARCH_REQUEST.collection, stages=(match, {"$project": projection}))


def _values(row: Document, examples: Mapping[Any, Document]) -> list[Document]:
    """The values of a key, the most searches first, ties by their spelling."""
    values = list[Document]()
    for value in row["values"]:
        spelling, hash = value["key"]["value"], value["key"]["hash"]
        if hash is None:
            content = json.loads(spelling)
        else:
            content = _content(examples.get(value["stats"]["example"], {}), row["_id"], hash)
        values.append({"value": content, "searches": value["stats"]["searches"], "stats": value["stats"]})
    return values


def _content(document: Document, key: str, hash: str) -> Any:
    """The value with a hash of a condition on a key; None where it is gone by now."""
    for _, tree in filter_trees(document.get("search_request")):
        if not isinstance(tree, Mapping):
            continue
        for node in nodes(tree, skip_unreadable=True):
            if node.is_condition and isinstance(node.node.get("key", node.node.get("field")), str):
                value = condition_value(node.node)
                if condition_key(node.node) == key and value_hash(value) == hash:
                    return value
    return None
