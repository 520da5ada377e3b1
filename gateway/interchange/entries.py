"""What a line of a file is to an import: an interaction, a search request, or neither."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

from gateway.interchange.lines import Line
from gateway.interchange.vocabulary import UnknownName


class AuxiliaryKind(Enum):
    """What a line is that is neither recorded by itself nor skipped; the values are the report's names."""

    BLANK = "blankLines"
    HEADER = "headerLines"
    TOKEN = "tokenLines"
    ACTION = "actionLines"
    SUPERSEDED = "supersededRows"


# Not frozen, which would take twice as long to make, for every line.
@dataclass(slots=True)
class Candidate:
    """An interaction in the REST wire shape, not yet validated.

    ``occurred_at`` counts where ``wire`` does not say: what a producer wrote in another place or another spelling.
    ``search_request_id``: under which its whole search request is stored, where that has no id of its own.
    ``naming``: where its search request is no more than what files say of it beside: makes the interaction that names
    it by its id alone, for when it is recorded with other content.
    ``unknown``: the names in it that the contract doesn't know. ``is_plain``: its line is known to fit BSON and every
    limit on sizes.
    """

    line: Line
    wire: dict[str, Any]
    occurred_at: datetime | None = None
    search_request_id: str | None = None
    unknown: Sequence[UnknownName] = ()
    is_plain: bool = False
    naming: Callable[[], dict[str, Any]] | None = None


@dataclass(slots=True)
class SearchCandidate:
    """A search request in the REST wire shape, not yet validated, and when it was made where that is known.

    ``id``: under which it is stored where it has none of its own; ``session_id``: that of the interaction with which it
    was first recorded. ``unknown`` and ``is_plain``: as of `Candidate`.
    """

    line: Line
    wire: dict[str, Any]
    occurred_at: datetime | None = None
    id: str | None = None
    session_id: str | None = None
    unknown: Sequence[UnknownName] = ()
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Auxiliary:
    """A line that is neither recorded by itself nor skipped."""

    line: Line
    kind: AuxiliaryKind


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that can't be recorded. ``reason``: a short name to count by; ``message``: what is wrong with it."""

    line: Line
    reason: str
    message: str
    path: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.line.file,
            "line": self.line.number,
            "reason": self.reason,
            "message": self.message,
            "path": list(self.path),
        }


Entry: TypeAlias = Candidate | SearchCandidate | Auxiliary | Skipped
