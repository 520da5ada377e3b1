"""The rows of an export's page, read of the answer that has them: lines as their JSON, or as objects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.compiler.native_backend.extension import EXTENSION, CutLine
from gateway.model.exported_documents import EncodedLine, ExportedJudgment, ExportedLine, Part, Row


@dataclass(frozen=True, slots=True)
class AnsweredRows:
    """The rows of a page. ``following``: the cursor behind which there are more, None at the end of the part;
    ``unreadable`` and ``textless``: as of `ExportPage`."""

    rows: Sequence[Row]
    following: str | None
    unreadable: int = 0
    textless: int = 0


def encoded_rows(part: Part, answer: bytes) -> AnsweredRows | None:
    """The rows of an answer, as they stand in it; None where all of it has to be read, such as its errors."""
    cut = EXTENSION.exported_rows(answer) if EXTENSION is not None else None
    if cut is None:
        return None
    rows, has_more, cursor = cut
    is_search = part is Part.SEARCHES
    # Of a stub nothing is recorded.
    lines = [_line(line, search) for line, search in rows if line[3] or not is_search]
    return AnsweredRows(lines, cursor if has_more else None)


def decoded_rows(part: Part, connection: Mapping[str, Any]) -> AnsweredRows:
    """The rows of a connection."""
    nodes = [node for node in connection["nodes"] if node is not None]
    rows = [row for node in nodes if (row := _row(part, node)) is not None]
    info = connection["pageInfo"]
    return AnsweredRows(
        rows,
        info["endCursor"] if info["hasNextPage"] else None,
        unreadable=len(connection["nodes"]) - len(nodes),
        textless=len(nodes) - len(rows) if part is Part.JUDGMENTS else 0,
    )


def exported_line(part: Part, node: Mapping[str, Any]) -> ExportedLine:
    """The line of a node as the documents of exports ask for it."""
    search = node.get("searchRequest")
    known = search is not None and "search_request" in search["exported"]
    return ExportedLine(part, node["exported"], search["exported"] if search is not None and known else None)


def _line(line: CutLine, search: CutLine | None) -> EncodedLine:
    encoded, interaction_id, search_request_id, _ = line
    of_search = _line(search, None) if search is not None and search[3] else None
    return EncodedLine(encoded, interaction_id, search_request_id, of_search)


def _row(part: Part, node: Mapping[str, Any]) -> Row | None:
    """None for a search request of which nothing is recorded, and for a judgment of searches without a text."""
    if part is Part.JUDGMENTS:
        if not node["query"]:
            return None
        return ExportedJudgment(node["query"], node["feature"]["featureId"], node["rating"], node["grade"])
    is_stub = part is Part.SEARCHES and "search_request" not in node["exported"]
    return None if is_stub else exported_line(part, node)
