"""``python -m tests.clients.readme_pictures``: the README's pictures of the Insights page, over a demo's data."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.clients.node import run
from tests.harness.demo_process import running

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"

if __name__ == "__main__":
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("The pictures need chromium on PATH.")
    with TemporaryDirectory() as folder, running(Path(folder)) as demo:
        for name in run("readme_pictures.mjs", None, chromium, demo.facts["insightsUrl"], PICTURES):
            print(name)
