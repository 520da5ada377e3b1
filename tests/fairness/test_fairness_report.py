"""The report of a run: what falls out of its bounds, and that a run gives it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fairness.measurement import Measured, Price
from tests.fairness.neighbour import KINDS, Latency
from tests.fairness.report import table, verdict

ROOT = Path(__file__).parents[2]
# A point is 12 µs.
PLAIN = Price(requests=100, points=20, worker_ms=0.18, mongod_ms=0.06)


def latencies(median_ms: float, slowest_ms: float) -> Mapping[str, Latency]:
    return dict.fromkeys(KINDS, Latency(20, median_ms, slowest_ms, slowest_ms))


QUIET = latencies(2, 10)
KEPT = Measured(
    name="interactions: page_size",
    transport="post",
    size=100,
    bytes_sent=500,
    price=Price(requests=50, points=100, worker_ms=1.5, mongod_ms=0.5),
    answers={"200": 900, "429": 100},
    lost=0,
    bytes_read=1_000_000,
    sample="",
    seconds=10,
    worker_seconds=8,
    mongod_seconds=2,
    worker_megabytes=120,
    beside=latencies(15, 90),
    failed=0,
)


def test_nothing_is_said_of_what_keeps_within_its_bounds() -> None:
    assert verdict(KEPT, PLAIN, QUIET) == []


@pytest.mark.parametrize(
    ("measured", "found"),
    [
        (replace(KEPT, price=replace(KEPT.price, points=10)), ["costs 16.7 × what is paid"]),
        (replace(KEPT, price=replace(KEPT.price, points=1_000)), ["paid 6.0 × what it costs"]),
        (replace(KEPT, beside={"read": Latency(20, 30, 90, 90)}), ["read 15 × slower"]),
        (replace(KEPT, beside={"write": Latency(20, 3, 90, 2_400)}), ["write up to 2,400 ms"]),
        (replace(KEPT, failed=2, lost=1), ["2 light requests failed", "1 of its own unanswered"]),
    ],
)
def test_what_is_beyond_its_bounds_falls_out(measured: Measured, found: list[str]) -> None:
    assert verdict(measured, PLAIN, QUIET) == found


def test_the_table_has_a_row_for_each_and_one_for_a_plain_page() -> None:
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table([KEPT], PLAIN, QUIET).splitlines()]
    assert {len(row) for row in rows} == {14}
    assert rows[2][3:7] == ["20", "0.2", "0.1", "12.0"]
    assert rows[3] == [
        *("interactions: page_size", "post", "500", "100", "1.5", "0.5", "20.0"),
        "120",
        *["15.0 / 90"] * 4,
        "900 × 200, 100 × 429",
        "",
    ]


@pytest.mark.slow
def test_a_run_measures_over_each_transport(tmp_path: Path) -> None:
    """Not how long anything takes, but that all of it is measured: each request answered, and paid for."""
    figures = tmp_path / "figures.json"
    extent = "--seconds 0.5 --price-seconds 0.5 --connections 2"
    chosen = ["--only", "interaction: aliases, leaves", "interactionRecorded: directives", "--json", str(figures)]
    command = [sys.executable, "-m", "tests.fairness", *extent.split(), *chosen]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    results = json.loads(figures.read_text())
    streaming = {"websocket", "sse"}
    asking = {"post", "get", "batch", "unread", *streaming}
    for root, over in {"interaction": asking, "interactionRecorded": streaming}.items():
        rows = [row for row in results["requests"] if row["name"].startswith(f"{root}:")]
        assert {row["transport"] for row in rows} == over
        for row in rows:
            assert row["answers"].keys() <= {"200", "complete", "unread"}, row
            assert row["lost"] == row["failed"] == 0, row
            assert row["price"]["points"] > 0.5, row
            assert all(row["beside"][kind]["count"] for kind in KINDS), row
