"""Rows of CSV (RFC 4180), with line feeds at their ends."""

import csv
from collections.abc import Iterable, Sequence
from typing import Final

_LINE_END: Final = "\r\n"


def csv_rows(rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as bytes; a cell stands in quotation marks where it holds one, a comma, or a line end of any kind."""
    written = _Written()
    # Before 3.11.9 and 3.12.3 Python quotes no carriage return but in rows that end with one. Whoever reads it unquoted
    # ends the row there.
    csv.writer(written, lineterminator=_LINE_END).writerows(rows)
    return "".join(f"{row.removesuffix(_LINE_END)}\n" for row in written.rows).encode()


class _Written:
    """What a writer of CSV writes to, a row at a time."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.write = self.rows.append
