"""The commands of operations, timed, and traced where those are: named by what MongoDB is sent."""

from collections.abc import Awaitable
from time import perf_counter
from typing import TypeVar

from gateway.errors import GatewayError
from gateway.model.jobs import JOB
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.plan.commands import Aggregation, Count, Find, ReadCommand
from gateway.plan.usage import Usage
from gateway.plan.write_commands import (
    CreateKey,
    CreateNamespace,
    CreatePercolator,
    DeleteInteraction,
    DeleteNamespace,
    DeletePercolator,
    Erase,
    LimitKey,
    RecordBatch,
    RecordInteractions,
    RecordSearchRequest,
    RecordSearchRequests,
    RevokeKey,
    SetRetention,
    UpdatePercolator,
    WriteCommand,
)

T = TypeVar("T")

_KEYS, _PERCOLATORS = "keys", "percolators"
# What each writes first of all: there is a span of it all, also of what it reads before, and what follows from it.
WRITES = {
    RecordInteractions: ("insert", INTERACTION.collection),
    RecordSearchRequests: ("insert", SEARCH_REQUEST.collection),
    RecordSearchRequest: ("insert", SEARCH_REQUEST.collection),
    RecordBatch: ("insert", INTERACTION.collection),
    DeleteInteraction: ("delete", INTERACTION.collection),
    Erase: ("insert", JOB.collection),
    CreateNamespace: ("insert", "namespaces"),
    SetRetention: ("update", "namespaces"),
    DeleteNamespace: ("delete", "namespaces"),
    CreateKey: ("insert", _KEYS),
    RevokeKey: ("update", _KEYS),
    LimitKey: ("update", _KEYS),
    CreatePercolator: ("insert", _PERCOLATORS),
    UpdatePercolator: ("update", _PERCOLATORS),
    DeletePercolator: ("delete", _PERCOLATORS),
}


async def observed(command: ReadCommand | WriteCommand, usage: Usage, running: Awaitable[T]) -> T:
    """What is running, counted in ``usage`` until it has ended, and in a span where its operation has one.

    By the driver's own events each request would take several percent more of the processor: the driver makes two
    objects for each command as soon as anybody listens.
    """
    name, collection = _names(command)
    tracer, span, error = usage.tracer, None, ""
    if tracer is not None:
        span = tracer.command_began(name, collection)
    usage.command_began(command)
    began = perf_counter()
    try:
        return await running
    except BaseException as raised:
        error = raised.code if isinstance(raised, GatewayError) else type(raised).__name__
        raise
    finally:
        usage.command_ended(name, perf_counter() - began, error)
        if tracer is not None:
            tracer.command_ended(span, error)


def _names(command: ReadCommand | WriteCommand) -> tuple[str, str]:
    """The command's name at MongoDB, and its collection."""
    match command:
        case Find(scan=scan):
            return "find", scan.collection
        case Count(scan=scan):
            # As the driver counts.
            return "aggregate", scan.collection
        case Aggregation(collection=collection):
            return "aggregate", collection
    return WRITES[type(command)]
