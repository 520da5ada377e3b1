"""Rows of exports, cut out of an answer and read of all of it."""

import orjson

from gateway.execution.export_rows import decoded_rows, encoded_rows
from gateway.interchange.json_lines_writer import JsonLinesWriter
from gateway.interchange.searches_ahead import LatestLines
from gateway.model.exported_documents import Part

FIELDS = {Part.SEARCHES: "searchRequests", Part.INTERACTIONS: "interactions"}


def same_rows(part: Part, answer: bytes) -> bool:
    """Whether rows are cut out of an answer: then they are those that are read of all of it."""
    cut = encoded_rows(part, answer)
    if cut is None:
        return False
    read = decoded_rows(part, orjson.loads(answer)["data"][FIELDS[part]])
    assert (cut.following, cut.unreadable, cut.textless) == (read.following, read.unreadable, read.textless)
    for brings_searches in (False, True):
        of_cut, of_read = (JsonLinesWriter(brings_searches=brings_searches) for _ in range(2))
        # What is remembered isn't told again.
        for _ in range(2):
            assert of_cut.page(cut.rows) == of_read.page(read.rows)
    assert len(LatestLines().unknown(cut.rows)) == len(LatestLines().unknown(read.rows))
    return True
