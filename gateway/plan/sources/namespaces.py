"""The namespaces of an organization, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from gateway.context import Context
from gateway.model.kinds import Order
from gateway.plan.commands import Document, Find, NamespaceScan, ReadCommand
from gateway.plan.cost import reading_points
from gateway.plan.paging import Page, Window, page
from gateway.plan.sources.key_lookups import NAMESPACE_PROJECTION
from gateway.plan.sources.source import BoundRoot, Estimate, Source, SourceArguments

# Names are unique within an organization.
_BY_NAME = Order("namespaces.name.asc", "name", descending=False)
# Cursors want the id as well.
_PROJECTION = {**NAMESPACE_PROJECTION, "_id": 1}


@dataclass(frozen=True, slots=True)
class NamespaceListing(Source):
    """The namespaces of the caller's organization, by name."""

    @property
    def page_type(self) -> str:
        return "Namespace"

    def bind(self, arguments: SourceArguments) -> "BoundNamespaceListing":
        return BoundNamespaceListing(Window.of(arguments.values, _BY_NAME, arguments.page_size), arguments.variables)


@dataclass(frozen=True, slots=True)
class BoundNamespaceListing(BoundRoot):
    """A page of namespaces. ``variables``: the names of the variables that some of the arguments are."""

    window: Window
    variables: Mapping[str, str]

    @property
    def keeps_to_user(self) -> bool:
        return True

    @property
    def in_namespace(self) -> bool:
        return False

    def at(self, cursors: Mapping[str, str]) -> Self:
        variables = self.variables.items()
        arguments = {name: cursors[variable] for name, variable in variables if variable in cursors}
        return type(self)(self.window.at(arguments), self.variables) if arguments else self

    def estimate(self, parents: int) -> Estimate:
        documents = parents * (self.window.limit - 1)
        return Estimate(reading_points(documents), documents)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        window = self.window
        scan = NamespaceScan(context.caller.organization.id, _between(window), context.caller.namespaces)
        sort = (("name", -1 if window.descending else 1),)
        return (Find(scan, _PROJECTION, sort, window.limit, "name"),)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Page, int]:
        elements = page(self.window, results[0])
        return elements, reading_points(len(elements.documents))


def _between(window: Window) -> Document:
    bounds: dict[str, Any] = {}
    if window.after is not None:
        bounds["$gt"] = window.after.value
    if window.before is not None:
        bounds["$lt"] = window.before.value
    return {"name": bounds} if bounds else {}
