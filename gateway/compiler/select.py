"""A tree of selected fields as a plan: what is fetched, and which stored paths of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from graphql import OperationType

from gateway.plan import Fetch, Field, Listing, Plan, Selection, Source
from gateway.schema import reading_of
from gateway.schema.reading import Attribute, Embedded, Facet, Fetched, Stored, Total

_CURSORS = {"cursor", "start_cursor", "end_cursor"}

# A path that no document has: projected, it shows that the object around it is there.
_MARKER = "__typename"


def select(operation: OperationType, fields: tuple[Field, ...]) -> Plan:
    """The plan of an operation with these root fields."""
    found = _Found()
    found.add(fields, "")
    return Plan(operation, fields, tuple(found.fetches))


@dataclass(slots=True)
class _Found:
    """What the selections of one document, or of the page around it, need."""

    paths: set[str] = field(default_factory=set)
    fetches: list[Fetch] = field(default_factory=list)
    totals: list[Field] = field(default_factory=list)
    cursors: bool = False

    def add(self, fields: Iterable[Field], below: str) -> None:
        """Adds what is needed for fields of an object that stands at the stored path ``below``."""
        for one in fields:
            if one.definition is None:
                continue
            match reading_of(one.definition):
                case Stored(paths):
                    self.paths.update(_join(below, stored) for stored in paths)
                case Embedded(stored):
                    self._add_embedded(one, _join(below, stored))
                case Facet(presence):
                    self.paths.add(_join(below, presence))
                    self._add_selected(one, below)
                case Attribute(attribute):
                    self.cursors |= attribute in _CURSORS
                    self._add_selected(one, below)
                case Total():
                    self.totals.append(one)
                case Fetched(source):
                    self._add_fetch(one, source, below)

    def _add_selected(self, one: Field, below: str) -> None:
        for fields in one.selections.values():
            self.add(fields, below)

    def _add_embedded(self, one: Field, below: str) -> None:
        inner = _Found()
        inner._add_selected(one, below)
        self.paths |= inner.paths or {_join(below, _MARKER)}
        self.fetches += inner.fetches

    def _add_fetch(self, one: Field, source: Source, below: str) -> None:
        key = ""
        if isinstance(source, Listing) and source.local:
            key = _join(below, source.local)
            self.paths.add(key)
        selections: dict[str, Selection] = {}
        found = _Found()
        for type_name, fields in one.selections.items():
            found = _Found()
            found.add(fields, "")
            name = source.kind.type_name if isinstance(source, Listing) else type_name
            selections[name] = Selection(frozenset(found.paths), tuple(found.fetches))
        # Only connections have totals and cursors, and those are of one type each.
        self.fetches.append(Fetch(one, source, selections, key, tuple(found.totals), found.cursors))


def _join(below: str, path: str) -> str:
    return f"{below}.{path}" if below and path else below or path
