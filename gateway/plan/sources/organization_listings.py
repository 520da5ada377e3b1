"""Pages of what is an organization's, in no namespace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gateway.plan.cost import reading_points
from gateway.plan.paging import Window
from gateway.plan.sources.source import BoundRoot, Estimate


@dataclass(frozen=True, slots=True)
class BoundOrganizationListing(BoundRoot):
    """A page of what is an organization's. ``variables``: the names of the variables that some arguments are."""

    window: Window
    variables: Mapping[str, str]

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
