"""The benchmark's server of Node: it answers what the gateway does, with the same commands, or nothing is measured."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPERATIONS = ["flat", "deep", "paging", "own", "nested", "json"]


def test_mercurius_is_measured_beside_the_gateway_once_both_agree(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    extent = "--interactions 300 --processes 1 --rounds 1 --seconds 0.05 --first-seen 0 --memory 0"
    chosen = ["--operations", *OPERATIONS, "--variants", "gateway", "mercurius"]
    files = ["--data-dir", str(tmp_path), "--json", str(figures)]
    command = [sys.executable, "-m", "bench", *extent.split(), *chosen, *files]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    results = json.loads(figures.read_text())
    assert {one["operation"] for one in results["comparisons"]} == set(OPERATIONS)
    assert all(one["ratios"]["gateway/mercurius"] > 0 for one in results["comparisons"])
    assert {"node", "mercurius", "mongodb"} <= results["obtained"]["packages"].keys()
