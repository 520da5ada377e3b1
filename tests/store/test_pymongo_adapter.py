"""The driver goes on after whatever was cancelled while it looked for a server."""

import subprocess
import sys
from pathlib import Path

from tests.harness.waiting import PATIENCE

SELECTING = Path(__file__).parents[1] / "harness" / "selecting.py"


def test_who_gives_up_leaves_the_driver_as_it_was() -> None:
    run = subprocess.run([sys.executable, SELECTING], capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 0, run.stdout
