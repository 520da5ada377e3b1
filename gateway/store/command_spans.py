"""Spans of the commands of an operation that is traced, named by what MongoDB is sent."""

from collections.abc import Awaitable
from typing import TypeVar

from gateway.errors import GatewayError
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.observability.records import CommandTracer
from gateway.plan.commands import Aggregation, Count, Find, ReadCommand
from gateway.plan.write_commands import (
    CreateKey,
    CreateNamespace,
    CreatePercolator,
    DeleteInteraction,
    DeletePercolator,
    LimitKey,
    RecordInteractions,
    RecordSearchRequest,
    RevokeKey,
    UpdatePercolator,
    WriteCommand,
)

T = TypeVar("T")

_KEYS, _PERCOLATORS = "keys", "percolators"
# What each writes first of all: there is a span of it all, also of what it reads before, and what follows from it.
WRITES = {
    RecordInteractions: ("insert", INTERACTION.collection),
    RecordSearchRequest: ("insert", SEARCH_REQUEST.collection),
    DeleteInteraction: ("delete", INTERACTION.collection),
    CreateNamespace: ("insert", "namespaces"),
    CreateKey: ("insert", _KEYS),
    RevokeKey: ("update", _KEYS),
    LimitKey: ("update", _KEYS),
    CreatePercolator: ("insert", _PERCOLATORS),
    UpdatePercolator: ("update", _PERCOLATORS),
    DeletePercolator: ("delete", _PERCOLATORS),
}


def traced(command: ReadCommand | WriteCommand, tracer: CommandTracer | None, running: Awaitable[T]) -> Awaitable[T]:
    """What is running, in a span where its operation has one.

    By the driver's own events each request would take several percent more of the processor, whether it is traced or
    not: the driver makes two objects for each command as soon as anybody listens.
    """
    return running if tracer is None else _in_span(command, tracer, running)


async def _in_span(command: ReadCommand | WriteCommand, tracer: CommandTracer, running: Awaitable[T]) -> T:
    span, error = tracer.command_began(*_names(command)), ""
    try:
        return await running
    except BaseException as raised:
        error = raised.code if isinstance(raised, GatewayError) else type(raised).__name__
        raise
    finally:
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
