"""Rows of CSV, whatever their cells hold, as any reader takes them."""

import csv
from io import StringIO

import pytest

from gateway.interchange.csv_rows import csv_rows

LINE_ENDS = ("\r", "\n", "\r\n", "\n\r", "\r\r\n")


@pytest.mark.parametrize("line_end", LINE_ENDS)
def test_a_cell_with_a_line_end_of_any_kind_stands_in_quotation_marks(line_end: str) -> None:
    """A reader that takes a lone carriage return for a line end, as spreadsheets do, would read two rows."""
    for cell in (f"a{line_end}b", line_end, f"x{line_end}"):
        assert csv_rows([["p", cell], [cell, "p"]]) == f'p,"{cell}"\n"{cell}",p\n'.encode()


def test_cells_are_read_as_they_were_written() -> None:
    rows = [["a,b", 'say "x"', "", "é\u2028\v\f\x85"], ["\r", "\n", '"\r\n"', " x "], ["=1+1", "\t", ";", "\0"]]
    assert list(csv.reader(StringIO(csv_rows(rows).decode(), newline=""))) == rows


def test_a_row_ends_with_a_line_feed_and_what_is_no_text_is_spelled() -> None:
    assert csv_rows([("red shoes", 'p"1', 3), ("", "", 0)]) == b'red shoes,"p""1",3\n,,0\n'
    assert csv_rows([]) == b""
