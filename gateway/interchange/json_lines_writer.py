"""Exports as JSON lines: search requests and interactions as they were recorded, which an import stores again."""

from collections.abc import Sequence

import orjson

from gateway.interchange.jsonl import EXPORT_TOKEN
from gateway.interchange.searches_ahead import SearchesAhead
from gateway.model.exported_documents import EncodedLine, Line, Row


class JsonLinesWriter:
    """The writer of one export as JSON lines."""

    def __init__(self, *, brings_searches: bool = False) -> None:
        self._order = SearchesAhead(tells=brings_searches)

    def begin(self) -> bytes:
        return b""

    def page(self, rows: Sequence[Row]) -> bytes:
        lines = [_encoded(line) for line in self._order.all_lines(rows)]
        return b"\n".join([*lines, b""]) if lines else b""

    def end(self) -> bytes:
        return b""


def _encoded(line: Line) -> bytes:
    return line.encoded if isinstance(line, EncodedLine) else orjson.dumps(line.content)


def token_line(token: str) -> bytes:
    """The line that says where an export goes on, which imports pass over."""
    return orjson.dumps({EXPORT_TOKEN: token}) + b"\n"
