"""What there is to erase, as sweeps: walks through parts of an index, each with what is done to the documents there.

A sweep is a value that can be stored: what it leads to is decided when somebody asks for it, and stays so however long
it takes, and whatever version goes on with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final

from gateway.model.document_ids import id_spellings
from gateway.model.indexes import INDEXES, Index
from gateway.model.jobs import JobKind
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.plan.access_path import AccessPath, intervals
from gateway.plan.predicate import TimeBound

Document = Mapping[str, Any]

_OPERANDS: Final = frozenset({"value", "in"})
NOT_SENT: Final = "This variable isn't sent: send it, or leave out what it stands in."
DEMANDS_NOTHING: Final = "This demands nothing, as of a variable that isn't sent: leave it out, or say what it demands."


class SweepAction(Enum):
    """What a sweep does to documents; the values are the stored spelling."""

    DELETE = "delete"
    """Deletes them: interactions with their matches, search requests with their outcomes and with the copies that
    interactions have of them."""

    FORGET_COPIES = "forget copies"
    """Keeps the interactions, without the copies that they have of search requests."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A part of an index to walk through, and what is done there.

    ``values``: those of the index's equality; None: it has none, or all of them count. ``where``: filters that all must
    hold besides. ``start``: the highest time that is looked at; None: any. ``with_searches``: the search requests that
    name nobody, and led to these interactions alone, are deleted with them.
    """

    index: Index
    values: tuple[Any, ...] | None = None
    where: tuple[Document, ...] = ()
    start: datetime | None = None
    action: SweepAction = SweepAction.DELETE
    with_searches: bool = False


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a job erases: its sweeps, one after the other. ``again``: what was recorded meanwhile is swept as well."""

    kind: JobKind
    sweeps: Sequence[Sweep] = field(default_factory=tuple)
    again: bool = False


def of_user(user_id: str, *, alone: bool) -> Erasure:
    """All that names a user. ``alone``: by somebody who may reach what names the user and nothing else."""
    spellings = tuple(id_spellings([user_id]))
    own = (
        Sweep(index_of("interactions", "user"), spellings, with_searches=not alone),
        Sweep(index_of("search_requests", "user"), spellings),
    )
    # Others' interactions may have come with a search of the user, of which no search request is recorded.
    copies = Sweep(
        index_of("interactions", "time"),
        where=({SEARCH_REQUEST.user_path: {"$in": list(spellings)}},),
        action=SweepAction.FORGET_COPIES,
    )
    return Erasure(JobKind.DELETE_USER_DATA, own if alone else (*own, copies), again=True)


def of_session(session_id: str) -> Erasure:
    """All that was recorded in a session."""
    spellings = tuple(id_spellings([session_id]))
    return Erasure(
        JobKind.DELETE_SESSION,
        (
            Sweep(index_of("interactions", "session"), spellings),
            Sweep(index_of("search_requests", "effective_session"), spellings),
        ),
        again=True,
    )


def of_search_request(search_request_id: str, *, with_interactions: bool) -> Erasure:
    """A search request, and the interactions that it led to if those are meant as well."""
    spellings = tuple(id_spellings([search_request_id]))
    interactions = (Sweep(index_of("interactions", "search_request"), spellings),) if with_interactions else ()
    return Erasure(
        JobKind.DELETE_SEARCH_REQUEST,
        (*interactions, Sweep(index_of("search_requests", "id"), spellings)),
        again=with_interactions,
    )


def of_interactions(path: AccessPath, times: Sequence[TimeBound]) -> Erasure:
    """The interactions that a filter matches, by the path to them."""
    bounds = tuple(interval for interval in intervals(INTERACTION, times, None) if interval)
    values = None if path.lookup is None else path.lookup.values
    return Erasure(JobKind.DELETE_INTERACTIONS, (Sweep(path.index, values, (*bounds, *path.residual)),))


def older_than(moment: datetime) -> Erasure:
    """What happened before a time."""
    return Erasure(
        JobKind.RETENTION,
        tuple(
            Sweep(index_of(kind.collection, "time"), where=({kind.time_path: {"$lt": moment}},), start=moment)
            for kind in (INTERACTION, SEARCH_REQUEST)
        ),
    )


_BY_NAME: Final = {(index.kind.collection, index.name): index for index in INDEXES}


def index_of(collection: str, name: str) -> Index:
    return _BY_NAME[collection, name]


def demands_nothing_at(where: Any) -> tuple[str | int, ...] | None:
    """Where a filter that isn't empty has a part that is, as of a variable that wasn't sent: what it matches is more
    than somebody meant to erase. None where each part demands something."""
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), where)]
    while pending:
        path, value = pending.pop()
        if not isinstance(value, Mapping | list):
            continue
        if not value and path:
            return path
        steps: Iterable[tuple[str | int, Any]] = enumerate(value) if isinstance(value, list) else value.items()
        # What is compared with may be empty.
        pending += [((*path, step), inner) for step, inner in steps if step not in _OPERANDS]
    return None
