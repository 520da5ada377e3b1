"""What an import did with every line."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.interchange.entries import Folded, Skipped

LISTED: Final = 1_000
"""How many skipped lines a report lists; all of them are counted, and go to the rejects."""


@dataclass(slots=True)
class Report:
    """Every line is counted once: ``lines`` is the sum of imported, existing, skipped, folded and query rows.

    ``search_requests``: how many distinct ones the imported lines name, recorded now or before.
    """

    lines: int = 0
    imported: int = 0
    existing: int = 0
    search_requests: int = 0
    query_rows: int = 0
    folded: Counter[Folded] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    listed: list[Skipped] = field(default_factory=list)

    def skip(self, entry: Skipped) -> None:
        self.skipped[entry.reason] += 1
        if len(self.listed) < LISTED:
            self.listed.append(entry)

    def as_json(self) -> dict[str, Any]:
        """The report in the names of docs/import.md."""
        return {
            "imported": self.imported,
            "existing": self.existing,
            "skipped": dict(self.skipped),
            "searchRequests": self.search_requests,
            "lines": self.lines,
            "queryRows": self.query_rows,
            **{folded.value: self.folded[folded] for folded in Folded},
            "skippedLines": [entry.as_json() for entry in sorted(self.listed, key=lambda entry: entry.line.number)],
        }
