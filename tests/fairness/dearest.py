"""The dearest requests: of each family, the greatest that all limits together admit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import orjson
from graphql import GraphQLError

from gateway.errors import GatewayError
from gateway.limits import CONNECTION_DEFAULTS, DEFAULTS, PointLimits
from gateway.preparation.document_limits import parse_within
from gateway.preparation.known_operations import KnownOperations
from gateway.preparation.prepared_documents import DocumentPreparation
from gateway.schema.graph import build
from tests.fairness.families import Families
from tests.fairness.inputs import NUMBER
from tests.fairness.requests import Bisection, Draft, Pressed, Root, roots
from tests.fairness.targets import Targets

_OWNER = "hostile"


@dataclass(frozen=True, slots=True)
class DearRequest:
    """The dearest request of a root field under one limit.

    ``size`` is as great as all limits admit; ``points``: what it may cost, or None where validation refuses it.
    """

    root: Root
    pressed: Pressed
    size: int
    draft: Draft
    points: int | None

    @property
    def name(self) -> str:
        """What it is called in reports: the same in each run."""
        return f"{self.root.name}: {self.pressed.name}"

    @property
    def body(self) -> bytes:
        return orjson.dumps(self.draft.body)

    @property
    def is_new(self) -> bool:
        """Whether each that is sent differs from all before."""
        return NUMBER.encode() in self.body

    def smaller(self, size: int) -> "DearRequest":
        """The request of the same family that has this size."""
        draft = self.pressed.family(size)
        assert draft is not None, "there is one of every smaller size"
        return replace(self, pressed=self.pressed.answered, size=size, draft=draft)


class Admittance:
    """What the gateway admits with its default limits, decided by its own code."""

    def __init__(self) -> None:
        self.graph = build()
        self._known = KnownOperations(DocumentPreparation(self.graph, introspection=True))

    def points(self, draft: Draft) -> int | None:
        """What a request may cost; None where it isn't admitted."""
        if len(orjson.dumps(draft.body)) > CONNECTION_DEFAULTS.body_bytes:
            return None
        try:
            document = self._known.document(draft.query, _OWNER)
            if document.prepared.errors:
                return None
            operation = document.prepared.operation(draft.operation_name)
            bound = self._known.bound(document, operation, draft.variables)
        except (GatewayError, GraphQLError):
            return None
        if isinstance(bound, list) or any(isinstance(each, Exception) for each in bound.bindings.values()):
            return None
        return bound.cost if bound.cost <= PointLimits().cost else None

    def is_within(self, draft: Draft) -> bool:
        """Whether a document, valid or not, is within the limits that are checked ahead of validation."""
        try:
            parse_within(draft.query, DEFAULTS)
        except GatewayError:
            return False
        return True

    def dearest(self, root: Root, pressed: Pressed) -> DearRequest | None:
        """The greatest of a family, to a fiftieth; None where none is admitted."""

        greatest: DearRequest | None = None
        search = Bisection(pressed.most)
        while not search.is_over:
            request = self._admitted(root, pressed, search.size)
            greatest = request or greatest
            search.tell(admitted=request is not None)
        return greatest

    def _admitted(self, root: Root, pressed: Pressed, size: int) -> DearRequest | None:
        draft = pressed.family(size)
        if draft is None or not self.is_within(draft):
            return None
        points = self.points(draft) if pressed.valid else None
        if pressed.valid and points is None:
            return None
        return DearRequest(root, pressed, size, draft, points)


def plain_page() -> DearRequest:
    """A page of twenty, which is what points are meant to follow."""
    field = build().executable.query_type.fields["interactions"]  # type: ignore[union-attr]
    query = "{ interactions(first: 20) { nodes { interactionId featureId interactionType position occurredAt } } }"
    pressed = Pressed("plain page", "", 20, lambda _: Draft(query))
    return DearRequest(Root("query", "interactions", field), pressed, 20, Draft(query), 20)


def dearest_requests(
    targets: Targets, admittance: Admittance | None = None, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[DearRequest]:
    """Those of every root field, one for each limit that it can come near to, of which the names are ``wanted``; no two
    are the same."""
    admittance = admittance or Admittance()
    schema = admittance.graph.executable
    seen: set[bytes] = set()
    for root in roots(schema):
        for pressed in Families(schema, root, targets).all():
            if not wanted(f"{root.name}: {pressed.name}"):
                continue
            request = admittance.dearest(root, pressed)
            if request is not None and request.body not in seen:
                seen.add(request.body)
                yield request
