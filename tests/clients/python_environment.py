"""Programs of the Python world that bring dependencies of their own: each in a virtual environment of its own."""

import subprocess
import venv
from pathlib import Path

import pytest


def installed(folder: Path, *requirements: str) -> Path:
    """The interpreter of a new environment in this folder that has the requirements; skips the test where no package
    index is reachable."""
    venv.create(folder / "environment", with_pip=True)
    python = folder / "environment" / "bin" / "python"
    done = subprocess.run(
        [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--retries",
            "1",
            *requirements,
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode and "NewConnectionError" in done.stderr:
        pytest.skip("no package index is reachable")
    assert done.returncode == 0, done.stderr
    return python
