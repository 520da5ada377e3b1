"""Which lines an export has already, as far as that is remembered: search requests that several interactions bring with
them, and interactions that are told again by a change stream."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

from gateway.model.exported_documents import ExportedJudgment, ExportedLine, Line, Row

# What was told so long ago may be told again: of a million search requests the ids alone would take 100 MB.
_REMEMBERED = 10_000


class LatestLines:
    """The latest interactions that an export told, by their ids."""

    def __init__(self) -> None:
        self._ids = _LatestIds()

    def noted(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows of a page, all of which are told."""
        for row in rows:
            if not isinstance(row, ExportedJudgment):
                self._ids.add(row.interaction_id)
        return rows

    def unknown(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Those rows of a page that were not told lately."""
        return [row for row in rows if not isinstance(row, ExportedJudgment) and self._ids.add(row.interaction_id)]


class _LatestIds:
    """The latest ids that were added."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def add(self, id: Any) -> bool:
        """Whether the id isn't among them yet; now it is the latest."""
        name = str(id)
        is_new = name not in self._ids
        self._ids[name] = None
        self._ids.move_to_end(name)
        if len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)
        return is_new


class SearchesAhead:
    """The order of lines in which each search request that came with an interaction stands ahead of it; one that was
    told lately isn't told again. ``tells``: whether it is; they may have been told already."""

    def __init__(self, *, tells: bool) -> None:
        self._tells = tells
        self._told = _LatestIds()

    def lines(self, rows: Sequence[Row]) -> Iterator[ExportedLine]:
        """The lines of a page, none of which came as its JSON."""
        for line in self.all_lines(rows):
            assert isinstance(line, ExportedLine), "it was asked for as an object"
            yield line

    def all_lines(self, rows: Sequence[Row]) -> Iterator[Line]:
        """The lines of a page."""
        for row in rows:
            assert not isinstance(row, ExportedJudgment), "no judgment"
            if self._tells and (search := row.search_line) is not None and self._told.add(search.search_request_id):
                yield search
            yield row
