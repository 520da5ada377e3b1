"""The bearer of the key, and what its organization has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.context import Context
from gateway.plan.commands import Document, ReadCommand
from gateway.plan.cost import reading_points
from gateway.plan.sources.key_lookups import MAX_NAMESPACES, find_namespaces
from gateway.plan.sources.source import BoundRoot, Estimate, Source, SourceArguments
from gateway.plan.viewer_documents import viewer_document

_NAMESPACE, _NAMESPACES = "namespace", "namespaces"


@dataclass(frozen=True, slots=True)
class CurrentViewer(Source):
    """Who asks, with the namespaces of its organization where they are selected."""

    def bind(self, arguments: SourceArguments) -> "BoundViewer":
        paths = frozenset[str]().union(*arguments.paths.values())
        return BoundViewer(_NAMESPACES in paths, any(path.split(".")[0] == _NAMESPACE for path in paths))


@dataclass(frozen=True, slots=True)
class BoundViewer(BoundRoot):
    """The caller; ``with_namespaces``: whether those of its organization are selected. ``in_namespace``: whether the
    one that it asks in is."""

    with_namespaces: bool
    in_namespace: bool

    @property
    def keeps_to_user(self) -> bool:
        return True

    def estimate(self, parents: int) -> Estimate:
        return Estimate(MAX_NAMESPACES if self.with_namespaces else 1, 1)

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        return (find_namespaces(context),) if self.with_namespaces else ()

    def value(self, results: Sequence[Any], context: Context) -> tuple[Document, int]:
        namespaces = results[0] if self.with_namespaces else []
        return viewer_document(context, namespaces), reading_points(len(namespaces))
