"""A tree of selected fields as a plan: what is fetched, and which stored paths of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql import GraphQLSchema, OperationType

from gateway.compiler.introspection import Introspection
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.operation_plan import Fetch, Field, Plan, Selection
from gateway.plan.sources.source import KeyLookup, Source
from gateway.schema.lookups_by_id import lookups
from gateway.schema.readings import Attribute, Embedded, Fetched, Parameterized, ParentView, Total, reading_of
from gateway.schema.stored_readings import StoredReading

# A path that no document has: projected, it shows that the object around it is there.
_MARKER = "__typename"


def select(
    schema: GraphQLSchema, operation: OperationType, fields: tuple[Field, ...], introspection: Introspection
) -> Plan:
    """The plan of an operation with these root fields; raises `OperationTooComplex` for what introspects too much."""
    needs = _Needs(lookups(schema))
    needs.add(fields, "", ())
    introspections = [
        Fetch((field.step,), field, introspection.source(field), {}) for field in fields if field.introspects
    ]
    return Plan(operation, fields, (*needs.fetches, *introspections), _aliases_below(fields, {}))


def _aliases_below(fields: tuple[Field, ...], counted: dict[int, int]) -> int:
    """How many fields below these have an alias; ``counted``: by the identity of selections that were met before."""
    aliases = counted.get(id(fields))
    if aliases is None:
        aliases = counted[id(fields)] = sum(
            sum(inner.key != inner.name for inner in selected) + _aliases_below(selected, counted)
            for field in fields
            for selected in field.selections.values()
        )
    return aliases


@dataclass(slots=True)
class _Needs:
    """What the selections of one document, or of the page around it, need."""

    lookups: Mapping[str, KeyLookup]
    paths: set[str] = field(default_factory=set)
    fetches: list[Fetch] = field(default_factory=list)
    totals: list[tuple[ResponsePath, Field]] = field(default_factory=list)
    parameterized: list[tuple[ResponsePath, Field]] = field(default_factory=list)
    cursors: bool = False

    def add(self, fields: Sequence[Field], below: str, above: ResponsePath) -> None:
        """Adds what is needed for the fields of an object: it stands at the stored path ``below``, the response's
        path ``above`` leads to it."""
        for selected in fields:
            if selected.definition is None:
                continue
            path = (*above, selected.step)
            match reading_of(selected.definition):
                case StoredReading() as reading:
                    self.paths.update(_join(below, stored) for stored in reading.paths)
                case Embedded(stored, many, computed):
                    self._add_embedded(selected, _join(below, stored), path, whole=many and not computed)
                case ParentView(presence):
                    self.paths.add(_join(below, presence))
                    self._add_selected(selected, below, path)
                case Attribute(_, is_cursor):
                    self.cursors |= is_cursor
                    self._add_selected(selected, below, path)
                case Total():
                    self.totals.append((path, selected))
                case Parameterized() as reading:
                    self.paths.update(_join(below, stored) for stored in reading.paths)
                    # What is selected of the objects that it makes; no document holds them.
                    self._add_selected(selected, _join(below, reading.paths[0]), path)
                    self.parameterized.append((path, selected))
                case Fetched(source):
                    self._add_fetch(selected, source, below, path)

    def _add_selected(self, parent: Field, below: str, path: ResponsePath) -> None:
        for fields in parent.selections.values():
            self.add(fields, below, path)

    def _add_embedded(self, parent: Field, below: str, path: ResponsePath, *, whole: bool) -> None:
        inner = _Needs(self.lookups)
        inner._add_selected(parent, below, path)
        # A projection into a list would drop the items that are no objects, so a list is read whole.
        self.paths |= {below} if whole else inner.paths or {_join(below, _MARKER)}
        self.fetches += inner.fetches
        self.parameterized += inner.parameterized

    def _add_fetch(self, fetched: Field, source: Source, below: str, path: ResponsePath) -> None:
        key = ""
        if source.local:
            key = _join(below, source.local)
            self.paths.add(key)
        selections: dict[str, Selection] = {}
        needs = _Needs(self.lookups)
        parameterized: list[tuple[ResponsePath, Field]] = []
        for type_name, fields in fetched.selections.items():
            needs = _Needs(self.lookups)
            needs.add(fields, "", path)
            parameterized += needs.parameterized
            selections[source.page_type or type_name] = Selection(
                frozenset(needs.paths), tuple(needs.fetches), self.lookups.get(type_name)
            )
        # Only connections have totals and cursors, and those are of one type each.
        totals = tuple(needs.totals)
        self.fetches.append(
            Fetch(path, fetched, source, selections, key, totals, tuple(parameterized), cursors=needs.cursors)
        )


def _join(below: str, path: str) -> str:
    return f"{below}.{path}" if below and path else below or path
