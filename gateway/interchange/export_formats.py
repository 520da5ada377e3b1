"""The formats of exports, each by a writer that makes bytes of pages."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from gateway.interchange.csv_writer import CsvWriter
from gateway.interchange.json_lines_writer import JsonLinesWriter
from gateway.interchange.judgment_writers import (
    QrelsWriter,
    QuepidWriter,
    RanxWriter,
    TopicsWriter,
    WorkbenchWriter,
)
from gateway.interchange.parquet_writer import ParquetWriter
from gateway.interchange.ubi_writer import UbiWriter
from gateway.model.exported_documents import Row


class ExportFormat(Enum):
    """A format that an export may have; the values are what ``--format`` takes."""

    JSONL = "jsonl"
    CSV = "csv"
    UBI = "ubi"
    PARQUET = "parquet"
    QRELS = "qrels"
    TOPICS = "topics"
    WORKBENCH = "workbench"
    QUEPID = "quepid"
    RANX = "ranx"

    @property
    def is_judged(self) -> bool:
        """Whether it tells judgments; else search requests and interactions."""
        return self in _JUDGED

    @property
    def joins(self) -> bool:
        """Whether it tells with each interaction what it was searched by."""
        return self in (ExportFormat.PARQUET, ExportFormat.UBI)

    @property
    def takes_json(self) -> bool:
        """Whether it writes lines as they are in JSON."""
        return self is ExportFormat.JSONL

    @property
    def may_go_on(self) -> bool:
        """Whether what comes behind a place may be appended to what came ahead of it."""
        return self not in (ExportFormat.PARQUET, ExportFormat.WORKBENCH, ExportFormat.RANX)

    @property
    def is_text(self) -> bool:
        """Whether it is worth a content coding."""
        return self is not ExportFormat.PARQUET

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]

    def writer(self, *, goes_on: bool = False, brings_searches: bool = False) -> "PageWriter":
        """A writer for one export; ``goes_on``: without what stands at the beginning alone; ``brings_searches``: search
        requests come with their interactions, and not by themselves.

        Raises `BadUserInput` where the format needs a package that isn't installed.
        """
        match self:
            case ExportFormat.JSONL:
                return JsonLinesWriter(brings_searches=brings_searches)
            case ExportFormat.CSV:
                return CsvWriter(has_header=not goes_on, brings_searches=brings_searches)
            case ExportFormat.UBI:
                return UbiWriter(brings_searches=brings_searches)
            case ExportFormat.PARQUET:
                return ParquetWriter()
            case ExportFormat.QRELS:
                return QrelsWriter()
            case ExportFormat.TOPICS:
                return TopicsWriter()
            case ExportFormat.WORKBENCH:
                return WorkbenchWriter()
            case ExportFormat.QUEPID:
                return QuepidWriter(has_header=not goes_on)
            case ExportFormat.RANX:
                return RanxWriter()


class PageWriter(Protocol):
    """What makes bytes of the pages of one export, in order."""

    def begin(self) -> bytes:
        """What stands ahead of all pages."""
        ...

    def page(self, rows: Sequence[Row]) -> bytes:
        """The rows of a page; some may be kept back until there are more."""
        ...

    def end(self) -> bytes:
        """What stands behind all pages."""
        ...


_JUDGED = frozenset(
    {
        ExportFormat.QRELS,
        ExportFormat.TOPICS,
        ExportFormat.WORKBENCH,
        ExportFormat.QUEPID,
        ExportFormat.RANX,
    }
)
_MEDIA_TYPES = {
    ExportFormat.JSONL: "application/x-ndjson",
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ExportFormat.UBI: "application/x-ndjson",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
    ExportFormat.QRELS: "text/plain; charset=utf-8",
    ExportFormat.TOPICS: "text/tab-separated-values; charset=utf-8",
    ExportFormat.WORKBENCH: "application/json",
    ExportFormat.QUEPID: "text/csv; charset=utf-8; header=present",
    ExportFormat.RANX: "application/json",
}
