"""CSV with a header: a row is an interaction, a column's dotted name the field that it holds, as in
``search_request.queries.0.value``; an empty cell is a field that isn't there."""

import csv
import re
import sqlite3
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import BadUserInput
from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Entry, Skipped
from gateway.interchange.field_mapping import Assignment, complete, field_path, put
from gateway.interchange.jsonl import WireLines
from gateway.interchange.lines import LINE_LIMIT, Line
from gateway.interchange.sources import Lines

DELIMITERS: Final = (",", ";", "\t")

_SAVED_HEADER: Final = "csv_header"

# A cell in quotation marks, whole and begun: elsewhere within a cell a mark is a character as any other.
_QUOTED: Final = {
    delimiter: re.compile(rb'(?:^|(?<=%b))"(?:[^"]++|"")*+"' % delimiter.encode()) for delimiter in DELIMITERS
}
_OPENED: Final = {delimiter: re.compile(rb'(?:^|%b)"' % delimiter.encode()) for delimiter in DELIMITERS}


@dataclass(frozen=True, slots=True)
class _Header:
    """What a header says of the rows below it: how many cells each has, and which of them hold fields, in the order in
    which these are put together."""

    delimiter: str
    width: int
    columns: Sequence[tuple[int, Assignment]]


def entries(
    source: Lines,
    database: sqlite3.Connection,
    assignments: Sequence[Assignment] = (),
    state: MutableMapping[str, Any] | None = None,
) -> Iterator[Entry]:
    """What each row is; one over several lines has the number of the first. ``assignments``: of columns whose names
    aren't those of their fields. ``state``: what is saved of an import, of which these may be the lines that are left:
    their header is there.

    Raises BadUserInput for a header that names a field twice, or lacks a column that is assigned.
    """
    state = {} if state is None else state
    wire_lines = WireLines(database)
    saved = _saved_header(state)
    header = None if saved is None else _header(saved, assignments)
    file = None if saved is None else saved.file
    for row in _rows(source, saved):
        if row.file != file:
            file, header = row.file, None
        if row.blank:
            yield Auxiliary(row, AuxiliaryKind.BLANK)
            continue
        try:
            if header is None:
                header = _header(row, assignments)
                state[_SAVED_HEADER] = [row.file, row.content.decode()]
                yield Auxiliary(row, AuxiliaryKind.HEADER)
                continue
            cells = _cells(row, header.delimiter)
        except _Unreadable as error:
            yield Skipped(row, *error.args)
            continue
        yield _entry(row, cells, header, wire_lines)


def delimiter_of(header: bytes) -> str:
    """What cells are parted by: that of the usual characters which the header has most often."""
    return max(DELIMITERS, key=lambda delimiter: header.count(delimiter.encode()))


def header_of(line: Line) -> list[str]:
    """The cells of a line that may be a header; none where it can't be read."""
    try:
        return _cells(line, delimiter_of(line.content))
    except _Unreadable:
        return []


def _saved_header(state: Mapping[str, Any]) -> Line | None:
    if _SAVED_HEADER not in state:
        return None
    file, content = state[_SAVED_HEADER]
    return Line(0, content.encode(), file=file)


def _entry(row: Line, cells: list[str], header: _Header, wire_lines: WireLines) -> Entry:
    if len(cells) != header.width:
        return Skipped(row, "WRONG_NUMBER_OF_CELLS", f"the row has {len(cells)} cells, the header {header.width}")
    wire: dict[str, object] = {}
    try:
        for place, column in header.columns:
            if cell := cells[place]:
                put(wire, column.field, column.value(cell))
    except BadUserInput as error:
        return Skipped(row, error.code, error.message, tuple(map(str, error.path)))
    complete(wire)
    return wire_lines.entry(row, wire)


def _header(row: Line, assignments: Sequence[Assignment]) -> _Header:
    delimiter = delimiter_of(row.content)
    columns = _columns(_cells(row, delimiter), assignments)
    placed = [(place, column) for place, column in enumerate(columns) if column.field]
    return _Header(delimiter, len(columns), sorted(placed, key=lambda placed: placed[1].depth))


def _columns(header: Sequence[str], assignments: Sequence[Assignment]) -> list[Assignment]:
    assigned = {assignment.column: assignment for assignment in assignments}
    names = [name.strip() for name in header]
    if missing := assigned.keys() - set(names):
        raise BadUserInput(f"The file has no column {', '.join(sorted(missing))}: its header has {', '.join(names)}.")
    columns = [assigned.get(name) or _unassigned(name) for name in names]
    holding: dict[tuple[str | int, ...], str] = {}
    for name, column in zip(names, columns, strict=True):
        if column.field in holding:
            raise BadUserInput(_both_hold(holding[column.field], name, ".".join(map(str, column.field))))
        if column.field:
            holding[column.field] = name
    return columns


def _both_hold(column: str, other: str, field: str) -> str:
    if column == other:
        return f"The header names {column} twice: rename one of these columns."
    return (
        f"The columns {column} and {other} both hold {field}: --map says what one of them is instead, as in "
        f"--map {column}=metadata.{column}."
    )


def _unassigned(name: str) -> Assignment:
    """A column by its name: of a field, or kept under its own name, as keys are that the gateway doesn't know."""
    try:
        return Assignment(name, *field_path(name))
    except BadUserInput:
        return Assignment(name, tuple(name.split(".")) if name else (), None)


class _Unreadable(Exception):
    """A row that can't be read: what a report counts it under, and what is wrong."""


def _cells(row: Line, delimiter: str) -> list[str]:
    if row.too_long:
        raise _Unreadable("LINE_TOO_LONG", f"the row has more than {LINE_LIMIT:,} bytes: is a quotation mark missing?")
    try:
        text = row.content.decode()
    except UnicodeDecodeError as error:
        raise _Unreadable("INVALID_UTF8", f"byte {error.start + 1} of the row is not UTF-8") from error
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise _Unreadable("INVALID_CSV", str(error)) from error


def _rows(source: Lines, header: Line | None) -> Iterator[Line]:
    """The rows of the lines: those go on in the next line which end within quotation marks, with the line's end.
    ``header``: that of the first of them, where it isn't the first itself."""
    begun: list[Line] = []
    size, is_open = 0, False
    file, delimiter = (None, ",") if header is None else (header.file, delimiter_of(header.content))
    for line in source.lines():
        if line.file != file and not line.blank:
            file, delimiter = line.file, delimiter_of(line.content)
        if begun and begun[0].file != line.file:
            yield _joined(begun)
            begun, size, is_open = [], 0, False
        begun.append(line)
        size += len(line.content)
        is_open = _ends_within_quotes(line.content, delimiter, is_open)
        if not is_open or line.too_long or size > LINE_LIMIT:
            yield _joined(begun)
            begun, size, is_open = [], 0, False
        else:
            # Or blank lines within quotation marks that nobody closes would be kept, however many there are.
            size += len(line.end)
    if begun:
        yield _joined(begun)


def _ends_within_quotes(content: bytes, delimiter: str, is_open: bool) -> bool:
    """Whether a line ends within quotation marks; ``is_open``: it begins so."""
    if b'"' not in content:
        return is_open
    return _OPENED[delimiter].search(_QUOTED[delimiter].sub(b"", b'"' + content if is_open else content)) is not None


def _joined(lines: Sequence[Line]) -> Line:
    if len(lines) == 1:
        return lines[0]
    *before, last = lines
    content = b"".join(line.content + line.end for line in before) + last.content
    is_too_long = len(content) > LINE_LIMIT or any(line.too_long for line in lines)
    # Its place is that of its last line: behind it an import goes on.
    return lines[0]._replace(content=content[:LINE_LIMIT], too_long=is_too_long, place=last.place)


csv.field_size_limit(LINE_LIMIT)
