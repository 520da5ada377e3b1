"""What a format makes of a line."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

from gateway.interchange.lines import Line


class Folded(Enum):
    """Why a line is neither recorded on its own nor skipped; the values are the report's names."""

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
class Passed:
    line: Line
    folded: Folded


@dataclass(frozen=True, slots=True)
class Skipped:
    """``reason`` is a short name to count by; ``message`` says what is wrong with this very line."""

    line: Line
    reason: str
    message: str
    path: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"line": self.line.number, "reason": self.reason, "message": self.message, "path": list(self.path)}


Entry: TypeAlias = Candidate | SearchCandidate | Passed | Skipped
