"""What became of every line of an import."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from gateway.interchange.entries import AuxiliaryKind, Skipped
from gateway.output.printable import printable

LISTED: Final = 1_000
"""How many skipped lines a report lists; all of them are counted, and go to the rejects."""


@dataclass(slots=True)
class Report:
    """The counts of an import.

    Every line is counted once: ``lines`` is the sum of imported, existing, skipped, auxiliary and query rows.

    ``search_requests``: how many distinct ones the imported lines name, recorded now or before.
    """

    lines: int = 0
    imported: int = 0
    existing: int = 0
    search_requests: int = 0
    query_rows: int = 0
    auxiliary: Counter[AuxiliaryKind] = field(default_factory=Counter)
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
            **{kind.value: self.auxiliary[kind] for kind in AuxiliaryKind},
            "skippedLines": [entry.as_json() for entry in sorted(self.listed, key=lambda entry: entry.line.number)],
        }


def rejected_line(skipped: Skipped) -> bytes:
    """What a file of rejects says of a skipped line, as a line of JSON that may be looked at in a terminal; bytes that
    are not UTF-8 are ``\\xff``."""
    content = skipped.line.content.decode(errors="backslashreplace")
    return printable(orjson.dumps(skipped.as_json() | {"content": content}).decode()).encode() + b"\n"
