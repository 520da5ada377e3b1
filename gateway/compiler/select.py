"""A tree of selected fields as a plan: what is fetched, and which stored paths of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from graphql import OperationType

from gateway.plan.operation_plan import Fetch, Field, Listing, Plan, ResponsePath, Selection, Source
from gateway.schema.readings import Attribute, Embedded, Fetched, ParentView, Total, reading_of
from gateway.schema.stored_readings import StoredReading

# A path that no document has: projected, it shows that the object around it is there.
_MARKER = "__typename"


def select(operation: OperationType, fields: tuple[Field, ...]) -> Plan:
    """The plan of an operation with these root fields."""
    found = _Found()
    found.add(fields, "", ())
    return Plan(operation, fields, tuple(found.fetches))


@dataclass(slots=True)
class _Found:
    """What the selections of one document, or of the page around it, need."""

    paths: set[str] = field(default_factory=set)
    fetches: list[Fetch] = field(default_factory=list)
    totals: list[tuple[ResponsePath, Field]] = field(default_factory=list)
    cursors: bool = False

    def add(self, fields: Sequence[Field], below: str, above: ResponsePath) -> None:
        """Adds what is needed for the fields of an object: it stands at the stored path ``below``, the response's
        path ``above`` leads to it."""
        for one in fields:
            if one.definition is None:
                continue
            path = (*above, one.step)
            match reading_of(one.definition):
                case StoredReading() as reading:
                    self.paths.update(_join(below, stored) for stored in reading.paths)
                case Embedded(stored, many):
                    self._add_embedded(one, _join(below, stored), path, whole=many)
                case ParentView(presence):
                    self.paths.add(_join(below, presence))
                    self._add_selected(one, below, path)
                case Attribute(_, is_cursor):
                    self.cursors |= is_cursor
                    self._add_selected(one, below, path)
                case Total():
                    self.totals.append((path, one))
                case Fetched(source):
                    self._add_fetch(one, source, below, path)

    def _add_selected(self, one: Field, below: str, path: ResponsePath) -> None:
        for fields in one.selections.values():
            self.add(fields, below, path)

    def _add_embedded(self, one: Field, below: str, path: ResponsePath, *, whole: bool) -> None:
        inner = _Found()
        inner._add_selected(one, below, path)
        # A projection into a list would drop the items that are no objects, so a list is read whole.
        self.paths |= {below} if whole else inner.paths or {_join(below, _MARKER)}
        self.fetches += inner.fetches

    def _add_fetch(self, one: Field, source: Source, below: str, path: ResponsePath) -> None:
        key = ""
        if isinstance(source, Listing) and source.local:
            key = _join(below, source.local)
            self.paths.add(key)
        selections: dict[str, Selection] = {}
        found = _Found()
        for type_name, fields in one.selections.items():
            found = _Found()
            found.add(fields, "", path)
            name = source.kind.type_name if isinstance(source, Listing) else type_name
            selections[name] = Selection(frozenset(found.paths), tuple(found.fetches))
        # Only connections have totals and cursors, and those are of one type each.
        self.fetches.append(Fetch(path, one, source, selections, key, tuple(found.totals), found.cursors))


def _join(below: str, path: str) -> str:
    return f"{below}.{path}" if below and path else below or path
