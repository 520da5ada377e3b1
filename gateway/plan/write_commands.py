"""What is sent to the database to be written: values, each for one namespace or organization."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from gateway.context import Caller, KeyBounds, Namespace, Organization, Permission, Rate, Reach
from gateway.errors import GatewayError
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest
from gateway.plan.erasures import Erasure


@dataclass(frozen=True, slots=True)
class Recorded:
    """The stored document; ``created`` is false where it had been recorded before. ``replaced``: with other content.

    ``search_request_known``: of an interaction that was created, whether its search request had been recorded before.
    """

    document: Mapping[str, Any]
    created: bool
    search_request_known: bool = False
    replaced: bool = False


Outcome: TypeAlias = Recorded | GatewayError


@dataclass(frozen=True, slots=True)
class RecordInteractions:
    """Interactions to record as if they were sent one after the other; ``now`` is when those happened that don't say.

    A recording that was refused already is an error, and its own outcome. Gives the list of their outcomes, in order.
    ``makes_stubs``: a search request that is named by its id, and isn't recorded yet, may follow. ``replaces``: what is
    recorded under their ids with other content, and under those of the search requests given with them, is replaced.
    """

    reach: Reach
    recordings: Sequence[RecordedInteraction | GatewayError]
    now: datetime
    makes_stubs: bool = False
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class RecordSearchRequest:
    """A search request to record, first seen at ``seen_at`` where it is new; ``is_dated``: its client says so. Its
    result is its outcome."""

    reach: Reach
    recording: RecordedSearchRequest
    seen_at: datetime
    is_dated: bool = False


@dataclass(frozen=True, slots=True)
class RecordSearchRequests:
    """Search requests to record as if they were sent one after the other. One that was refused already is an error, and
    its own outcome. ``replaces``: as of `RecordInteractions`. Gives the list of their outcomes, in order."""

    reach: Reach
    recordings: Sequence[RecordSearchRequest | GatewayError]
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Search requests to record, and then interactions. Those that were refused already are errors, and their own
    outcomes. Gives the outcomes of both, in order."""

    searches: Sequence[RecordSearchRequest | GatewayError]
    interactions: RecordInteractions


@dataclass(frozen=True, slots=True)
class DeleteInteraction:
    """An interaction to delete, if there is one with this id. Its result is whether there was."""

    reach: Reach
    interaction_id: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class Erase:
    """What to erase by a job. Its result is the job's document, or a `BadUserInput` where the organization has as many
    jobs as it may that haven't ended."""

    reach: Reach
    erasure: Erasure
    caller: Caller


@dataclass(frozen=True, slots=True)
class CreateNamespace:
    """The organization's namespace of this name, to be made where it has none. Its result is the namespace and whether
    it was made, or a `BadUserInput` for what is no name."""

    organization: Organization
    name: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class SetRetention:
    """After how many days what is recorded in a namespace is to be erased; None: never. Its result is the namespace, or
    a `BadUserInput`."""

    namespace: Namespace
    days: int | None
    caller: Caller


@dataclass(frozen=True, slots=True)
class DeleteNamespace:
    """A namespace of the caller's organization to delete with all that it holds, by its id; ``name``: that it must
    have. ``reach``: where its job is known. Its result is the job's document, or a `BadUserInput`."""

    reach: Reach
    namespace_id: str
    name: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class CreateKey:
    """A key to make, of the caller's organization; ``namespace``: its default one, by name or id. Its result is the key
    with its secret, or a `BadUserInput`."""

    name: str
    permissions: frozenset[Permission]
    namespace: str | None
    lifetime: timedelta | None
    bounds: KeyBounds
    caller: Caller


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """A key of the caller's organization to end. Its result is the key, or a `BadUserInput` where there is none."""

    key_id: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class LimitKey:
    """A key of the caller's organization to get a rate limit of its own; None: everybody's. Its result is as of
    `RevokeKey`."""

    key_id: str
    rate: Rate | None
    caller: Caller


@dataclass(frozen=True, slots=True)
class SavedWhere:
    """A percolator's filter: the JSON ``text`` that the client sent; ``has_equality``: whether it is only tried on what
    has some value."""

    text: str
    has_equality: bool


@dataclass(frozen=True, slots=True)
class CreatePercolator:
    """A percolator to create. Its result is its document, or a `BadUserInput` where the namespace has as many as it
    may."""

    namespace: Namespace
    name: str
    where: SavedWhere
    enabled: bool


@dataclass(frozen=True, slots=True)
class UpdatePercolator:
    """A percolator to change, as far as the parts aren't None. Its result is its document, a `NotFound` where there is
    none with this id, or a `BadUserInput` as of `CreatePercolator`."""

    namespace: Namespace
    percolator_id: str
    name: str | None = None
    where: SavedWhere | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class DeletePercolator:
    """A percolator to delete with its matches, if there is one with this id. Its result is whether there was."""

    namespace: Namespace
    percolator_id: str
    caller: Caller


WriteCommand: TypeAlias = (
    RecordInteractions
    | RecordSearchRequest
    | RecordSearchRequests
    | RecordBatch
    | DeleteInteraction
    | Erase
    | CreateNamespace
    | SetRetention
    | DeleteNamespace
    | CreateKey
    | RevokeKey
    | LimitKey
    | CreatePercolator
    | UpdatePercolator
    | DeletePercolator
)
