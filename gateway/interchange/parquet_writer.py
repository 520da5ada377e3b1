"""Exports as Parquet, by pyarrow: a row for each interaction with what it was searched by, and one for each search."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from io import RawIOBase
from typing import Any

import orjson

from gateway.errors import BadUserInput
from gateway.model.document_ids import id_text
from gateway.model.exported_documents import ExportedLine, Part, Row
from gateway.model.query_texts import text_as_typed

# A row group of so many rows has 5 to 25 MB before it is compressed: enough to be read fast, and little to be held.
_GROUP_ROWS = 5_000


class ParquetWriter:
    """The writer of one export as Parquet. Rows of searches have no ``interaction_id``; free-form values are JSON.

    Raises `BadUserInput` where pyarrow isn't installed.
    """

    def __init__(self) -> None:
        try:
            arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        except ImportError:
            raise BadUserInput(
                "Parquet needs pyarrow: install the extra `parquet` (search-interactions-gateway[parquet])."
            ) from None
        self._arrow = arrow
        self._schema = _schema(arrow)
        self._sink = _Sink()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._rows: list[Mapping[str, Any]] = []

    def begin(self) -> bytes:
        return self._sink.taken()

    def page(self, rows: Sequence[Row]) -> bytes:
        self._rows += [_row(line.readable) for line in rows if isinstance(line, ExportedLine)]
        if len(self._rows) >= _GROUP_ROWS:
            self._write()
        return self._sink.taken()

    def end(self) -> bytes:
        if self._rows:
            self._write()
        self._writer.close()
        return self._sink.taken()

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        self._writer.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))


class _Sink(RawIOBase):
    """A file of which only what was written since the last look is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._position += len(part)
        return len(part)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _schema(arrow: Any) -> Any:
    text, time = arrow.string(), arrow.timestamp("ms", tz="UTC")
    return arrow.schema(
        [
            ("interaction_id", text),
            ("feature_id", text),
            ("interaction_type", text),
            ("interaction_types", arrow.list_(text)),
            ("occurred_at", time),
            ("position", arrow.int64()),
            ("score", arrow.float64()),
            ("duration_ms", arrow.int64()),
            ("session_id", text),
            ("user_id", text),
            ("metadata", text),
            ("search_request_id", text),
            ("first_seen_at", time),
            ("query", text),
            ("collections", arrow.list_(text)),
            ("result_count", arrow.int64()),
            ("search_request", text),
        ]
    )


def _row(line: ExportedLine) -> Mapping[str, Any]:
    of_search = line.part is Part.SEARCHES
    content: Mapping[str, Any] = {} if of_search else line.content
    search: Mapping[str, Any] = (line.content if of_search else line.search) or {}
    request = search.get("search_request")
    request = request if isinstance(request, dict) else {}
    types = content.get("interaction_type")
    names = [name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)]
    collections = request.get("collections")
    return {
        **{name: id_text(content.get(name)) for name in ("interaction_id", "feature_id")},
        "interaction_type": next(iter(names), None),
        "interaction_types": names or None,
        "occurred_at": _time(content.get("occurred_at")),
        "position": _whole(content.get("position")),
        "score": _number(content.get("score")),
        "duration_ms": _whole(content.get("duration_ms")),
        "session_id": id_text(content.get("session_id"))
        or id_text(request.get("session_id", search.get("session_id"))),
        "user_id": id_text(content.get("user_id")) or (id_text(request.get("user_id")) if of_search else None),
        "metadata": _json(content.get("metadata")),
        "search_request_id": id_text(search.get("search_request_id")),
        "first_seen_at": _time(search.get("first_seen_at")),
        "query": text_as_typed(request.get("queries")) if request else None,
        "collections": [name for name in collections if isinstance(name, str)]
        if isinstance(collections, list)
        else None,
        "result_count": _whole(request.get("result_count")),
        "search_request": _json(request or None),
    }


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() and abs(number) < 2**63 else None


def _time(value: Any) -> datetime | None:
    """The time of a line, which others may have stored as anything."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
