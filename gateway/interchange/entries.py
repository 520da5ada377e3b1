"""What a line of a file is to an import: an interaction, a search request, or neither."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

from gateway.interchange.lines import Line


class AuxiliaryKind(Enum):
    """What a line is that is neither recorded by itself nor skipped; the values are the report's names."""

    BLANK = "blankLines"
    ACTION = "actionLines"
    SUPERSEDED = "supersededRows"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An interaction in the REST wire shape, not yet validated.

    ``occurred_at`` counts where ``wire`` does not say: what a producer wrote in another place or another spelling.
    """

    line: Line
    wire: dict[str, Any]
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SearchCandidate:
    """A search request in the REST wire shape, not yet validated, and when it was made where that is known."""

    line: Line
    wire: dict[str, Any]
    occurred_at: datetime | None = None


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
        return {"line": self.line.number, "reason": self.reason, "message": self.message, "path": list(self.path)}


Entry: TypeAlias = Candidate | SearchCandidate | Auxiliary | Skipped
