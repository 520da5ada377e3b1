"""The benchmark: what its figures are made of, and that a run of it gives them."""

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from starlette.applications import Starlette

from bench import report
from bench.comparison import Comparison, compared
from bench.first_seen import Turn, summarized
from bench.load import Run
from bench.measure import Slice
from bench.operations import Operation
from bench.servers import VARIANTS
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.settings import Settings, load
from tests.harness.gateway_client import Gateway

ROOT = Path(__file__).parents[2]
FLAT = Operation("flat", "flat page", "", [{}])
RECORD = 'mutation { recordInteraction(input: { featureId: "f", interactionType: VIEW }) { created } }'
QUERY = "{ interactions { nodes { featureId } } }"


def slices(*milliseconds: float) -> list[Slice]:
    """Of a hundred requests each, with this CPU time per request."""
    return [Slice(Run(0.5, [0.005] * 100), each / 10) for each in milliseconds]


def flat(gateways: Sequence[Sequence[float]], concurrency: int = 1) -> Comparison:
    """With sets whose gateways needed this much in each round, and the others a millisecond."""
    sets = [{"handwritten": slices(*[1] * len(each)), "gateway": slices(*each)} for each in gateways]
    return compared(FLAT, concurrency, 10, sets)


def test_neither_a_slice_nor_a_process_that_is_unlike_the_others_decides() -> None:
    comparison = flat([(1.1, 9.0, 1.1), (1.12, 1.12, 1.12), (1.4, 1.4, 1.4)])
    assert comparison.ratios["gateway/handwritten"] == pytest.approx(1.12)
    assert comparison.spread["gateway/handwritten"] == pytest.approx((1.1, 1.4))


def test_slices_are_compared_with_those_of_the_same_round() -> None:
    # The machine is half as fast in the second and third round, for both.
    one = {"handwritten": slices(1, 2, 2), "gateway": slices(1.1, 2.2, 2.2)}
    assert compared(FLAT, 1, 10, [one]).ratios["gateway/handwritten"] == pytest.approx(1.1)


def test_figures_are_of_all_processes() -> None:
    figures = flat([(1.0, 1.0), (3.0, 3.0), (2.0, 2.0)]).figures["gateway"]
    assert (figures.requests, figures.requests_per_second) == (600, 200)
    assert (figures.p50_ms, figures.cpu_seconds_per_1000) == pytest.approx((5, 2))


def test_what_first_sight_costs_has_what_happens_in_few_turns() -> None:
    """As the garbage collector's walks do."""
    usual, collecting = Turn(1, 5, 3), Turn(1, 9, 3)
    seen = summarized("flat", [[usual, collecting], [usual, usual], [collecting, collecting]])
    assert (seen.first_seen_ms, seen.beyond_ms, seen.beyond_spread_ms) == (7, 3, (1, 5))


def test_the_report_ends_with_the_readmes_table() -> None:
    text = report.text(report.Results([flat([(1.1,), (1.3,), (1.2,)]), flat([(1.5,)], 16)], [], None))
    assert "1.20 (1.10–1.30) × handwritten" in text
    assert text.splitlines()[-3:] == [
        "| server CPU, gateway … | ÷ handwritten, 1 at a time | ÷ handwritten, 16 at a time |",
        "|---|---:|---:|",
        "| `flat` | 1.20 (1.10–1.30) | 1.50 (1.50–1.50) |",
    ]


async def test_the_executor_answers_as_the_gateway_does(gateway: Gateway, mongod: EmbeddedServer) -> None:
    await gateway.data(RECORD)
    settings = load(Settings, mongodb_uri=mongod.uri, mongodb_database=gateway.database.name)
    answers = []
    for name in ("gateway", "executor"):
        build = VARIANTS[name].application
        assert build is not None
        app = build(settings)
        assert isinstance(app, Starlette)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://gateway") as http,
        ):
            headers = {"Authorization": f"Bearer {gateway.key}"}
            answers.append((await http.post("/graphql", json={"query": QUERY}, headers=headers)).json()["data"])
    assert answers[0] == answers[1]
    assert answers[0]["interactions"]["nodes"] == [{"featureId": "f"}]


@pytest.mark.slow
def test_a_run_measures_new_processes_and_tells_how_far_they_differ(tmp_path: Path) -> None:
    figures, drawn = tmp_path / "figures.json", tmp_path / "chart.svg"
    extent = "--interactions 200 --processes 2 --rounds 1 --seconds 0.05 --first-seen 1 --memory 10"
    chosen = "--operations flat paging own --variants handwritten gateway ordinary"
    files = ["--data-dir", str(tmp_path), "--json", str(figures), "--chart", str(drawn)]
    command = [sys.executable, "-m", "bench", *extent.split(), *chosen.split(), *files]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    results = json.loads(figures.read_text())
    assert [(one["operation"], one["concurrency"]) for one in results["comparisons"]] == list(
        product(("flat", "paging", "own"), (1, 16))
    )
    for one in results["comparisons"]:
        least, greatest = one["spread"]["gateway/handwritten"]
        assert 0 < least <= one["ratios"]["gateway/handwritten"] <= greatest
    [seen] = results["first_seen"]
    assert all(seen[name] > 0 for name in ("known_ms", "parse_and_validate_ms", "first_seen_ms"))
    assert [sent for sent, _ in results["memory"]["samples"]] == list(range(11))
    assert ElementTree.parse(drawn).getroot().tag.endswith("svg")
