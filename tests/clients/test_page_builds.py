"""What `make graphiql insights-page` builds: checked, served as a whole, and carried by the wheel."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_process import GatewayProcess, serving
from tests.harness.waiting import PATIENCE

ROOT = Path(__file__).parent.parent.parent
TRANSPORT = Path("gateway/transport/pages")


def visit(gateway: GatewayProcess, page: str) -> httpx.Response:
    return httpx.get(httpx.URL(gateway.url).join(page), headers={"Accept": "text/html"}, timeout=PATIENCE)


def files_of(page: httpx.Response) -> set[str]:
    """The paths of the files that the page names."""
    return {page.url.join(name).path for name in re.findall(r'(?:src|href)="(\./[^"]+)"', page.text)}


def require_files(gateway: GatewayProcess, files: set[str]) -> None:
    assert len(files) >= 2
    for file in files:
        served = httpx.get(httpx.URL(gateway.url).join(file), timeout=PATIENCE)
        assert (served.status_code, served.headers["X-Content-Type-Options"]) == (200, "nosniff")
        assert re.match(r"text/(javascript|css)", served.headers["Content-Type"])
        assert served.headers["Content-Encoding"]


@pytest.mark.parametrize(
    ("page", "setting", "status"), [("graphql", "graphiql", 401), ("insights", "insights_page", 404)]
)
def test_every_file_that_a_page_names_is_served_until_the_page_is_switched_off(
    mongod: EmbeddedServer, page: str, setting: str, status: int
) -> None:
    with serving(mongod.uri) as gateway:
        require_files(gateway, files := files_of(visit(gateway, page)))
    with serving(mongod.uri, **{setting: "false"}) as gateway:
        require_files(gateway, still := files_of(visit(gateway, "start")))
        assert files - still
        for file in files - still:
            assert httpx.get(httpx.URL(gateway.url).join(file), timeout=PATIENCE).status_code == 404
        assert visit(gateway, page).status_code == status


@pytest.mark.parametrize("script", ["check", "test"])
def test_the_insights_page_passes_its_own_checks_of_types_and_operations_and_its_tests(script: str) -> None:
    subprocess.run(["npm", "run", script], cwd=ROOT / "insights-page", check=True)


def test_the_wheel_carries_the_pages(tmp_path: Path) -> None:
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
    assert {f"{TRANSPORT}/bundles/{page}/licenses.md" for page in ("graphiql", "insights")} <= carried
    assert f"{TRANSPORT}/graphiql-cdn.html" in carried
