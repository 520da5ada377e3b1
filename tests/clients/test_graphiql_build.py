"""What `make graphiql` builds: served as a whole, and carried by the wheel."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import httpx

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_process import serving

ROOT = Path(__file__).parent.parent.parent
TRANSPORT = Path("gateway/transport/pages")


def test_every_file_that_the_page_names_is_served_until_the_page_is_switched_off(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        page = httpx.get(gateway.url, headers={"Accept": "text/html"})
        files = [httpx.URL(gateway.url).join(name) for name in re.findall(r'(?:src|href)="(\./[^"]+)"', page.text)]
        assert len(files) >= 2
        for file in files:
            served = httpx.get(file)
            assert (served.status_code, served.headers["X-Content-Type-Options"]) == (200, "nosniff")
            assert re.match(r"text/(javascript|css)", served.headers["Content-Type"])
            assert served.headers["Content-Encoding"]
    with serving(mongod.uri, graphiql="false") as gateway:
        for file in files:
            assert httpx.get(httpx.URL(gateway.url).join(file.path)).status_code == 404
        assert httpx.get(gateway.url, headers={"Accept": "text/html"}).status_code == 401


def test_the_wheel_carries_the_page(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for folder in ("gateway", "distribution"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", tmp_path, source], check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    carried = set(ZipFile(wheel).namelist())
    for folder in ("bundles", "examples"):
        files = {path.relative_to(ROOT).as_posix() for path in (ROOT / TRANSPORT / folder).rglob("*") if path.is_file()}
        assert files, folder
        assert files <= carried
    assert f"{TRANSPORT}/bundles/graphiql/licenses.md" in carried
    assert f"{TRANSPORT}/graphiql-cdn.html" in carried
