"""Which format a file has, as its first lines tell; and what it may be instead, and how it becomes one of these."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import orjson

from gateway.errors import BadUserInput
from gateway.interchange import ubi
from gateway.interchange.csv_table import delimiter_of, header_of
from gateway.interchange.field_mapping import Assignment, field_path
from gateway.interchange.graph_names import is_of_graph
from gateway.interchange.jsonl import EXPORT_TOKEN
from gateway.interchange.lines import Line, Unreadable, parsed


class Format(Enum):
    """A format that a file may have; the values are what ``--format`` takes."""

    JSONL = "jsonl"
    UBI = "ubi"
    CSV = "csv"

    @property
    def title(self) -> str:
        return {Format.JSONL: "JSON lines", Format.UBI: "OpenSearch UBI", Format.CSV: "CSV"}[self]


@dataclass(frozen=True, slots=True)
class Detected:
    """What the first lines of a file tell: its format, or None with a ``hint``; ``is_empty``: there is nothing."""

    format: Format | None
    hint: str = ""
    is_empty: bool = False


_OF_INTERACTION: Final = ("feature_id", "interaction_type", "search_request", EXPORT_TOKEN)
_UTF_16: Final = "it is UTF-16: iconv -f UTF-16 -t UTF-8 FILE | gateway import -"
_MAGIC: Final = {
    b"PAR1": "it is Parquet: write it as CSV or JSON lines first, such as by DuckDB's COPY … TO 'x.json'",
    b"PK\x03\x04": "it is a ZIP archive, or a workbook: unpack it, or save its table as CSV",
    b"BZh": "it is compressed with bzip2: bunzip2 -c FILE | gateway import -",
    b"\xfd7zXZ": "it is compressed with xz: xz -dc FILE | gateway import -",
    b"<": "it is XML or HTML",
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
}


def detect(head: Sequence[Line], assignments: Sequence[Assignment] = ()) -> Detected:
    """The format of a file with these first lines; ``assignments``: columns that are fields, for CSV."""
    lines = [line for line in head if not line.blank]
    if not lines:
        return Detected(None, "it holds no lines", is_empty=True)
    first = lines[0].content.lstrip()
    for magic, hint in _MAGIC.items():
        if first.startswith(magic):
            return Detected(None, hint)
    votes: Counter[Format] = Counter()
    objects = 0
    for line in lines:
        try:
            content = parsed(line)
        except Unreadable:
            continue
        objects += 1
        if (format := _of_object(content)) is not None:
            votes[format] += 1
    if first.startswith(b"[") and not _is_whole(lines[0]):
        return Detected(None, _of_one_value(first))
    if votes:
        return Detected(votes.most_common(1)[0][0])
    if objects:
        return Detected(
            None,
            "its lines are JSON objects, but neither interactions, which have a feature_id and an interaction_type, "
            "nor documents of UBI, which have an action_name or a user_query",
        )
    if first[:1] in (b"[", b"{"):
        return Detected(None, _of_one_value(first))
    return _table(lines, assignments)


def _of_object(content: dict[str, Any]) -> Format | None:
    if any(name in content for name in _OF_INTERACTION) or is_of_graph(content):
        return Format.JSONL
    if ubi.is_action(content) or ubi.kind_of(ubi.unwrapped(content)[0]) is not None:
        return Format.UBI
    return None


def _is_whole(line: Line) -> bool:
    """Whether a line is JSON, of whatever kind."""
    try:
        orjson.loads(line.content)
    except orjson.JSONDecodeError:
        return False
    return True


def _of_one_value(first: bytes) -> str:
    jq = ".[]" if first.startswith(b"[") else "."
    return f"it is JSON, but not of one object per line: jq -c '{jq}' FILE makes it so"


def _table(lines: Sequence[Line], assignments: Sequence[Assignment]) -> Detected:
    header = [name.strip() for name in header_of(lines[0])]
    assigned = {assignment.column for assignment in assignments}
    if any(name in assigned or _is_field(name) for name in header):
        return Detected(Format.CSV)
    delimiter = delimiter_of(lines[0].content).encode()
    if len(header) > 1 and all(line.content.count(delimiter) for line in lines[:10]):
        names = ", ".join(header[:10])
        return Detected(
            None,
            f"it may be CSV, but none of its columns ({names}) is a field of an interaction: --map column=field says "
            f"which are, as in --map {header[0]}=feature_id",
        )
    return Detected(None, "its first line is neither a JSON object nor a header of CSV with the name of a field")


def _is_field(name: str) -> bool:
    try:
        field_path(name)
    except BadUserInput:
        return False
    return True
