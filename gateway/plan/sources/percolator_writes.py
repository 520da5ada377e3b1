"""The mutations of percolators: each with its input, its command, and its payload."""

from dataclasses import dataclass
from typing import Any

import orjson

from gateway.context import Context
from gateway.errors import BadUserInput
from gateway.model.percolators import MAX_NAME_LENGTH, MAX_WHERE_BYTES, PERCOLATOR
from gateway.plan import global_ids
from gateway.plan.commands import Document
from gateway.plan.saved_filters import required_values
from gateway.plan.sources.input_values import InputValue
from gateway.plan.sources.source import Source, SourceArguments
from gateway.plan.sources.writes import BoundWrite, require_done
from gateway.plan.write_commands import CreatePercolator, DeletePercolator, Recorded, SavedWhere, UpdatePercolator


@dataclass(frozen=True, slots=True)
class PercolatorCreation(Source):
    """A percolator to create."""

    def bind(self, arguments: SourceArguments) -> "BoundPercolatorCreation":
        return BoundPercolatorCreation(arguments.input())


@dataclass(frozen=True, slots=True)
class PercolatorUpdate(Source):
    """A percolator to change."""

    def bind(self, arguments: SourceArguments) -> "BoundPercolatorUpdate":
        return BoundPercolatorUpdate(arguments.input())


@dataclass(frozen=True, slots=True)
class PercolatorDeletion(Source):
    """A percolator to delete."""

    def bind(self, arguments: SourceArguments) -> "BoundPercolatorDeletion":
        return BoundPercolatorDeletion(arguments.values["input"]["percolatorId"])


@dataclass(frozen=True, slots=True)
class BoundPercolatorCreation(BoundWrite):
    """The creation of one percolator."""

    input: InputValue

    def command(self, context: Context) -> CreatePercolator:
        values, input = self.input.value, self.input
        return CreatePercolator(
            context.namespace, _name(input.field("name")), _where(input.field("where")), values["enabled"]
        )

    def payload(self, result: Any, context: Context) -> Document:
        return {"percolator": Recorded(_document(result), created=True)}


@dataclass(frozen=True, slots=True)
class BoundPercolatorUpdate(BoundWrite):
    """The change of one percolator."""

    input: InputValue

    def command(self, context: Context) -> UpdatePercolator:
        values, input = self.input.value, self.input
        for name in ("name", "where", "enabled"):
            if name in values and values[name] is None:
                raise BadUserInput(f"`{name}` may not be null; leave it out to keep it as it is.", path=("input", name))
        return UpdatePercolator(
            context.namespace,
            values["percolatorId"],
            name=_name(input.field("name")) if "name" in values else None,
            where=_where(input.field("where")) if "where" in values else None,
            enabled=values.get("enabled"),
        )

    def payload(self, result: Any, context: Context) -> Document:
        # Its filter and its name may be somebody else's.
        return {"percolator": Recorded(_document(result), created=False)}


@dataclass(frozen=True, slots=True)
class BoundPercolatorDeletion(BoundWrite):
    """The deletion of one percolator."""

    percolator_id: str

    def command(self, context: Context) -> DeletePercolator:
        return DeletePercolator(context.namespace, self.percolator_id, context.caller)

    def payload(self, result: bool, context: Context) -> Document:
        id = global_ids.encode(PERCOLATOR.type_name, context.namespace.id, self.percolator_id)
        return {"deleted_id": id if result else None}


def _name(input: InputValue) -> str:
    name: str = input.value
    if not (0 < len(name) <= MAX_NAME_LENGTH and name.isprintable() and name == name.strip()):
        raise BadUserInput(
            f"A percolator's name is 1 to {MAX_NAME_LENGTH} printable characters, with no space at either end.",
            path=input.path,
        )
    return name


def _where(input: InputValue) -> SavedWhere:
    """What is saved of a filter; raises `BadUserInput` for one that can't match, now or in memory."""
    predicate = input.predicate()
    if predicate.outcome_at:
        raise BadUserInput(
            "A percolator can't filter by `outcome`: nothing has become of a search when it is matched.",
            path=predicate.outcome_at,
        )
    if predicate.nothing:
        raise BadUserInput("This filter matches nothing, whatever is recorded.", path=input.path)
    try:
        text = orjson.dumps(input.sent())
    except orjson.JSONEncodeError as error:
        raise BadUserInput("Integers of a saved filter must fit 64 bits.", path=input.path) from error
    if len(text) > MAX_WHERE_BYTES:
        raise BadUserInput(
            f"A saved filter may have at most {MAX_WHERE_BYTES:,} bytes as JSON, not {len(text):,}.", path=input.path
        )
    return SavedWhere(text.decode(), has_equality=bool(required_values(predicate.tree)))


def _document(result: Any) -> Document:
    """The stored document, or the error at its place in the input."""
    require_done(result)
    document: Document = result
    return document
