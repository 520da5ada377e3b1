"""Judgments as qrels with their topics, and as OpenSearch's Search Relevance Workbench, Quepid and ranx load them.

Queries come one after the other. Where a tool takes numbers for them, a query's is made of its text: the same in each
export and each file, so that runs, qrels and topics fit together whenever they were made.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from urllib.parse import quote

import orjson

from gateway.interchange.csv_rows import csv_rows
from gateway.model.exported_documents import ExportedJudgment, Row

# Whole numbers that every JSON parser keeps exactly have 53 bits: of a million queries, two have one with a chance of
# 1 in 18,000.
_NUMBER_BITS = 53
# trec_eval splits at white space; what is encoded has to be told from what looks like it.
_ENCODED = re.compile(r"[\s%]")
_NAME, _DESCRIPTION = "Judgments of the gateway", "Judged from what people did with search results."


def query_number(query: str) -> int:
    """The number of a query, from its text alone."""
    return int.from_bytes(blake2b(query.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> (
        64 - _NUMBER_BITS
    )


def document_name(feature_id: str) -> str:
    """An item's id as it stands in qrels: without white space, which is percent-encoded, as is the percent sign."""
    return _ENCODED.sub(lambda match: quote(match[0], safe=""), feature_id)


class QrelsWriter:
    """The writer of qrels as trec_eval reads them: the query's number, 0, the item's id and its grade."""

    def begin(self) -> bytes:
        return b""

    def page(self, rows: Sequence[Row]) -> bytes:
        lines = [
            f"{query_number(row.query)} 0 {document_name(row.feature_id)} {row.grade}\n" for row in _judgments(rows)
        ]
        return "".join(lines).encode()

    def end(self) -> bytes:
        return b""


class TopicsWriter:
    """The writer of the topics of qrels: each query's number, a tab and its text, of which line breaks are spaces."""

    def __init__(self) -> None:
        self._last: str | None = None

    def begin(self) -> bytes:
        return b""

    def page(self, rows: Sequence[Row]) -> bytes:
        lines: list[str] = []
        for row in _judgments(rows):
            if row.query != self._last:
                lines.append(f"{query_number(row.query)}\t{' '.join(row.query.split())}\n")
                self._last = row.query
        return "".join(lines).encode()

    def end(self) -> bytes:
        return b""


class QuepidWriter:
    """The writer of Quepid's CSV: the query, the item's id and its grade."""

    def __init__(self, *, has_header: bool = True) -> None:
        self._has_header = has_header

    def begin(self) -> bytes:
        return b"query,docid,rating\n" if self._has_header else b""

    def page(self, rows: Sequence[Row]) -> bytes:
        return csv_rows((row.query, row.feature_id, row.grade) for row in _judgments(rows))

    def end(self) -> bytes:
        return b""


class _GroupedWriter:
    """The writer of a JSON document with an entry for each query, of which one may be on several pages."""

    opening: bytes
    closing: bytes
    group_end: bytes

    def __init__(self) -> None:
        self._query: str | None = None

    def begin(self) -> bytes:
        return self.opening

    def page(self, rows: Sequence[Row]) -> bytes:
        parts: list[bytes] = []
        for row in _judgments(rows):
            if row.query == self._query:
                parts.append(b",")
            else:
                parts += [b"\n" if self._query is None else self.group_end + b",\n", self.group_start(row.query)]
                self._query = row.query
            parts.append(self.entry(row))
        return b"".join(parts)

    def end(self) -> bytes:
        return (b"" if self._query is None else self.group_end + b"\n") + self.closing

    def group_start(self, query: str) -> bytes:
        raise NotImplementedError

    def entry(self, row: ExportedJudgment) -> bytes:
        raise NotImplementedError


class WorkbenchWriter(_GroupedWriter):
    """The writer of a body for ``PUT _plugins/_search_relevance/judgments``, with ratings as the Workbench spells
    them: texts of three decimals."""

    opening = (
        orjson.dumps({"name": _NAME, "description": _DESCRIPTION, "type": "IMPORT_JUDGMENT"})[:-1]
        + b',"judgmentRatings":['
    )
    closing, group_end = b"]}\n", b"]}"

    def group_start(self, query: str) -> bytes:
        return b'{"query":' + orjson.dumps(query) + b',"ratings":['

    def entry(self, row: ExportedJudgment) -> bytes:
        return orjson.dumps({"docId": row.feature_id, "rating": f"{row.rating:.3f}"})


class RanxWriter(_GroupedWriter):
    """The writer of what ``ranx.Qrels.from_file(…, kind="json")`` reads: by the queries' numbers, the grade of each
    item."""

    opening, closing, group_end = b"{", b"}\n", b"}"

    def group_start(self, query: str) -> bytes:
        return b'"%d":{' % query_number(query)

    def entry(self, row: ExportedJudgment) -> bytes:
        return orjson.dumps(row.feature_id) + b":%d" % row.grade


def _judgments(rows: Sequence[Row]) -> Iterable[ExportedJudgment]:
    return [row for row in rows if isinstance(row, ExportedJudgment)]
