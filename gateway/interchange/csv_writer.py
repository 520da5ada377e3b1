"""Exports as CSV: a column for each declared field, by its dotted path, which an import reads back."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import orjson

from gateway.interchange.csv_rows import csv_rows
from gateway.interchange.searches_ahead import SearchesAhead
from gateway.model.exported_documents import Row
from gateway.model.wire.declared_fields import declared_fields
from gateway.model.wire.fields import Interaction, WireObject

# Not recorded, but told.
_FIRST_SEEN = "first_seen_at"


@cache
def csv_columns() -> tuple[str, ...]:
    """The paths of all columns: objects have one for each of their fields; lists and free-form values are JSON."""
    return (*_paths(Interaction, ""), _FIRST_SEEN)


def _paths(model: type[WireObject], prefix: str) -> Iterator[str]:
    for name, field in declared_fields(model).items():
        if field.model is None or field.is_list:
            yield f"{prefix}{name}"
        else:
            yield from _paths(field.model, f"{prefix}{name}.")


class CsvWriter:
    """The writer of one export as CSV (RFC 4180, with line feeds). A row without an ``interaction_id`` is a search
    request; an empty cell is a field that isn't there, or null."""

    def __init__(self, *, has_header: bool = True, brings_searches: bool = False) -> None:
        self._has_header = has_header
        self._order = SearchesAhead(tells=brings_searches)
        self._steps = [column.split(".") for column in csv_columns()]

    def begin(self) -> bytes:
        return csv_rows([csv_columns()]) if self._has_header else b""

    def page(self, rows: Sequence[Row]) -> bytes:
        lines = [line.readable.content for line in self._order.lines(rows)]
        return csv_rows([[_cell(line, steps) for steps in self._steps] for line in lines])

    def end(self) -> bytes:
        return b""


def _cell(line: Mapping[str, Any], steps: Sequence[str]) -> str:
    value: Any = line
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    match value:
        case None:
            return ""
        case str():
            return value
    return orjson.dumps(value).decode()
