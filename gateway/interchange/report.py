"""What became of every line of an import."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from gateway.interchange.entries import AuxiliaryKind, Skipped
from gateway.interchange.lines import Line
from gateway.interchange.vocabulary import UnknownName, Vocabulary
from gateway.output.printable import printable

LISTED: Final = 1_000
"""How many skipped lines a report lists; all of them are counted, and go to the rejects."""

NAMED: Final = 100
"""How many unknown names of one kind a report tells apart."""

OTHER_NAMES: Final = "…"
"""What the rest of them are counted under."""


@dataclass(slots=True)
class Report:
    """The counts of an import.

    Every line is counted once: ``lines`` is the sum of imported, existing, skipped, auxiliary and query rows.

    ``search_requests``: how many distinct ones the imported lines name, recorded now or before. ``unknown``: how often
    the names came that the contract doesn't know. ``read`` and ``used``: how many lines of each file there were, and
    how many of them are recorded, now or before.
    """

    lines: int = 0
    imported: int = 0
    existing: int = 0
    search_requests: int = 0
    query_rows: int = 0
    auxiliary: Counter[AuxiliaryKind] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    listed: list[Skipped] = field(default_factory=list)
    unknown: dict[Vocabulary, Counter[str]] = field(default_factory=dict)
    read: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)

    def count(self, line: Line) -> None:
        self.lines += 1
        self.read[line.file] += 1

    def use(self, line: Line) -> None:
        self.used[line.file] += 1

    def skip(self, entry: Skipped) -> None:
        self.skipped[entry.reason] += 1
        if len(self.listed) < LISTED:
            # Without its content, of which a thousand lines may have two gigabytes.
            self.listed.append(replace(entry, line=entry.line._replace(content=b"")))

    def tell_unknown(self, name: UnknownName) -> None:
        names = self.unknown.setdefault(name.vocabulary, Counter())
        names[name.name if name.name in names or len(names) < NAMED else OTHER_NAMES] += 1

    def as_json(self) -> dict[str, Any]:
        """The report in the names of docs/import.md."""
        listed = sorted(self.listed, key=lambda entry: (entry.line.file, entry.line.number))
        return {
            "imported": self.imported,
            "existing": self.existing,
            "skipped": dict(self.skipped),
            "searchRequests": self.search_requests,
            "lines": self.lines,
            "queryRows": self.query_rows,
            **{kind.value: self.auxiliary[kind] for kind in AuxiliaryKind},
            "unknown": {kind.value: dict(self.unknown.get(kind, ())) for kind in Vocabulary},
            "skippedLines": [entry.as_json() for entry in listed],
        }

    def as_state(self) -> dict[str, Any]:
        """All of it as JSON, for `of_state`."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        listed = [entry.as_json() for entry in self.listed]
        unknown = {kind.value: names for kind, names in self.unknown.items()}
        auxiliary = {kind.value: count for kind, count in self.auxiliary.items()}
        return {**counts, "listed": listed, "unknown": unknown, "auxiliary": auxiliary}


_COUNTS: Final = ("lines", "imported", "existing", "search_requests", "query_rows", "skipped", "read", "used")


def of_state(state: Mapping[str, Any]) -> Report:
    """The report that gave this state."""
    report = Report(**{name: state[name] for name in _COUNTS})
    report.skipped, report.read, report.used = (Counter(state[name]) for name in ("skipped", "read", "used"))
    report.auxiliary = Counter({AuxiliaryKind(kind): count for kind, count in state["auxiliary"].items()})
    report.unknown = {Vocabulary(kind): Counter(names) for kind, names in state["unknown"].items()}
    report.listed = [
        Skipped(Line(entry["line"], b"", file=entry["file"]), entry["reason"], entry["message"], tuple(entry["path"]))
        for entry in state["listed"]
    ]
    return report


def rejected_line(skipped: Skipped) -> bytes:
    """What a file of rejects says of a skipped line, as a line of JSON that may be looked at in a terminal; bytes that
    are not UTF-8 are ``\\xff``."""
    content = skipped.line.content.decode(errors="backslashreplace")
    return printable(orjson.dumps(skipped.as_json() | {"content": content}).decode()).encode() + b"\n"
