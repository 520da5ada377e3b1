"""A build of the Insights and the start page."""

from pathlib import Path

import pytest

_SETTINGS = '<script nonce="$nonce" id="settings" type="application/json">$settings</script>'
_FILES = {
    "index.html": f'{_SETTINGS}<script type="module" src="./insights/assets/index-1a2b.js"></script>',
    "start.html": f'{_SETTINGS}<script type="module" src="./insights/assets/start-3c4d.js"></script>',
    "licenses.md": "# Licenses",
    "insights/assets/index-1a2b.js": 'import"./shared-5e6f.js";import("./chart-7a8b.js")',
    "insights/assets/chart-7a8b.js": 'import"./shared-5e6f.js"',
    "insights/assets/start-3c4d.js": 'import"./shared-5e6f.js"',
    "insights/assets/shared-5e6f.js": "export{}",
    "insights/assets/index-9c0d.css": "body {}",
}


@pytest.fixture
def insights_bundle(tmp_path: Path) -> Path:
    """The folder, as Vite lays it out."""
    folder = tmp_path / "insights"
    (folder / "insights" / "assets").mkdir(parents=True)
    for name, text in _FILES.items():
        (folder / name).write_text(text)
    return folder
