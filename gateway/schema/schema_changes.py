"""What has changed between two schemas, as clients of the first one meet it."""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import GraphQLError, GraphQLSchema, build_schema
from graphql.utilities import BreakingChangeType, DangerousChangeType, SchemaChange, find_schema_changes


class NotASchema(Exception):
    """The reason why a text defines no schema."""


@dataclass(frozen=True, slots=True)
class SchemaComparison:
    """The changes from one schema to another, a line each, but for the ``safe`` ones, of which there is the number.

    ``breaking``: an operation that was valid isn't any more, or its answer has another form. ``dangerous``: operations
    stay valid, but a client may meet what it didn't before, such as a new value of an enum. ``refused``: the breaking
    ones that nobody has accepted; ``unknown``: what was accepted and isn't there.
    """

    breaking: tuple[str, ...]
    dangerous: tuple[str, ...]
    safe: int
    refused: tuple[str, ...]
    unknown: tuple[str, ...]


def compared(old: str, new: str, accepted: Iterable[str] = ()) -> SchemaComparison:
    """The changes between two schemas in GraphQL's definition language; raises `NotASchema`.

    ``accepted``: lines of breaking changes; one that begins with # is a remark.
    """
    changes = find_schema_changes(_schema(old), _schema(new))
    breaking, dangerous = _lines(changes, BreakingChangeType), _lines(changes, DangerousChangeType)
    lines = [line for text in accepted if (line := text.strip()) and not line.startswith("#")]
    return SchemaComparison(
        breaking,
        dangerous,
        safe=len(changes) - len(breaking) - len(dangerous),
        refused=tuple(line for line in breaking if line not in lines),
        unknown=tuple(line for line in lines if line not in breaking),
    )


def _schema(sdl: str) -> GraphQLSchema:
    try:
        return build_schema(sdl)
    except (GraphQLError, TypeError) as error:
        raise NotASchema(str(error).partition("\n")[0]) from None


def _lines(
    changes: Iterable[SchemaChange], kind: type[BreakingChangeType] | type[DangerousChangeType]
) -> tuple[str, ...]:
    return tuple(f"{change.type.name}: {change.description}" for change in changes if isinstance(change.type, kind))
