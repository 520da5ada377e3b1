"""The namespaces of an organization, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.context import Context
from gateway.model.kinds import Order
from gateway.plan.access_path import filter_of
from gateway.plan.commands import Find, NamespaceScan, ReadCommand
from gateway.plan.cost import reading_points
from gateway.plan.paging import Page, Window, page
from gateway.plan.sources.key_lookups import NAMESPACE_PROJECTION
from gateway.plan.sources.organization_listings import BoundOrganizationListing
from gateway.plan.sources.source import Source, SourceArguments

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
class BoundNamespaceListing(BoundOrganizationListing):
    """A page of namespaces."""

    @property
    def keeps_to_user(self) -> bool:
        return True

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        window = self.window
        scan = NamespaceScan(context.caller.organization.id, filter_of(window), context.caller.namespaces)
        sort = (("name", -1 if window.descending else 1),)
        return (Find(scan, _PROJECTION, sort, window.limit, "name"),)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Page, int]:
        elements = page(self.window, results[0])
        return elements, reading_points(len(elements.documents))
