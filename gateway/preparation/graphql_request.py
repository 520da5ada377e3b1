"""GraphQL requests as any transport understands them, and what those ask that are known by their bytes."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode

from gateway.context import Permission
from gateway.preparation.bound_operations import BoundOperation


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """What a request asks, whoever sends it and in whichever namespace; ``permissions``: what its sender needs."""

    document: DocumentNode
    permissions: Set[Permission]
    bound: BoundOperation


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A request as any transport understands it.

    It has a ``query``, or the ``document_id`` of one that is known, or both for it to be known from now on.
    ``reads_only``: it came in a way that must not change anything. ``size``: its bytes, as far as they are known.
    ``waited``: the seconds of its time that are gone.

    ``body``: the bytes it was read from, where it may be known by them. ``prepared``: what it asks, where it is known;
    only `gateway.preparation.known_operations` says that.
    """

    query: str | None
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    reads_only: bool = False
    document_id: str | None = None
    size: int = 0
    waited: float = 0.0
    body: bytes | None = field(default=None, repr=False, compare=False)
    prepared: PreparedRequest | None = field(default=None, repr=False, compare=False)
