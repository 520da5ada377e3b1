"""Exports as Parquet, where pyarrow is installed, and where it isn't."""

import sys
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from gateway.errors import BadUserInput
from gateway.interchange.export_formats import ExportFormat
from gateway.model.exported_documents import ExportedLine, Part
from tests.interchange.test_export_writers import CLICK, SEARCH, written


def test_without_pyarrow_the_extra_is_named() -> None:
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "pyarrow"}
    sys.modules["pyarrow"] = None  # type: ignore[assignment]
    try:
        with pytest.raises(BadUserInput, match=r"search-interactions-gateway\[parquet\]"):
            ExportFormat.PARQUET.writer()
    finally:
        del sys.modules["pyarrow"]
        sys.modules |= hidden


def test_rows_have_their_types_and_what_they_were_searched_by() -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    clicked = ExportedLine(Part.INTERACTIONS, CLICK, SEARCH)
    odd = ExportedLine(Part.INTERACTIONS, {"interaction_id": 5, "position": 2**70, "occurred_at": "noon"})
    table = parquet.read_table(
        BytesIO(written(ExportFormat.PARQUET, [ExportedLine(Part.SEARCHES, SEARCH)], [clicked, odd]))
    )
    search, click, other = table.to_pylist()
    assert click["occurred_at"] == datetime(2024, 5, 1, 12, 0, 1, tzinfo=UTC)
    assert (click["interaction_id"], click["position"], click["interaction_types"]) == ("i1", 2, ["click"])
    assert (click["query"], click["collections"], click["result_count"]) == ("Red \"shoes\", 'x'", ["shop", "sale"], 3)
    assert (search["interaction_id"], search["search_request_id"], search["session_id"]) == (None, "r1", "s1")
    assert (other["interaction_id"], other["position"], other["occurred_at"]) == ("5", None, None)


def test_many_rows_are_written_in_groups() -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    pages = [
        [ExportedLine(Part.INTERACTIONS, CLICK | {"interaction_id": f"{page}-{row}"}) for row in range(1_000)]
        for page in range(12)
    ]
    file = parquet.ParquetFile(BytesIO(written(ExportFormat.PARQUET, *pages)))
    assert (file.metadata.num_rows, file.metadata.num_row_groups) == (12_000, 3)
