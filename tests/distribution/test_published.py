"""What ``make dist`` has put into ``dist/``: a source distribution, and the wheel that it builds, installed anew."""

import subprocess
import sys
import tarfile
import tomllib
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BUNDLES = "gateway/transport/pages/bundles"
PAGES = {f"{BUNDLES}/{page}" for page in ("graphiql/index.html", "insights/index.html", "insights/start.html")}


@pytest.fixture(scope="module")
def wheel() -> Path:
    [wheel] = (ROOT / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``gateway`` of an environment that has the wheel and what it depends on, in the versions that are tested."""
    directory = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    constraints = ["--constraint", str(ROOT / "constraints.txt"), "--only-binary", ":all:"]
    subprocess.run([directory / "bin" / "pip", "install", "--quiet", *constraints, wheel], check=True)
    return directory / "bin" / "gateway"


def printed(gateway: Path, *arguments: str) -> str:
    # Elsewhere, where the sources are not what Python finds first.
    return subprocess.run([gateway, *arguments], cwd=gateway.parent, check=True, capture_output=True, text=True).stdout


def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        [file] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return BytesParser().parsebytes(archive.read(file))


def test_the_wheel_has_the_gateway_with_all_its_files_and_nothing_else(wheel: Path) -> None:
    there = set(ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", "gateway"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert {*tracked.stdout.split(), *PAGES} <= there
    assert {name.partition("/")[0] for name in there} == {"gateway", wheel.name.rpartition("-py3")[0] + ".dist-info"}


def test_the_source_distribution_has_what_builds_the_wheel_and_its_papers() -> None:
    [source] = (ROOT / "dist").glob("*.tar.gz")
    with tarfile.open(source) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    papers = {"LICENSE", "CHANGELOG.md", "README.md"}
    assert {*PAGES, *papers, "distribution/with_pages.py", "constraints.txt"} <= there
    assert not [name for name in there if name.startswith("tests/")]


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    fields = metadata(wheel)
    assert (fields["Name"], fields["Version"]) == (PROJECT["name"], PROJECT["version"])
    assert (fields["License-Expression"], fields["License-File"]) == ("Apache-2.0", "LICENSE")
    assert fields["Requires-Python"] == PROJECT["requires-python"]


def test_an_installed_gateway_tells_its_version_and_the_schema(installed: Path) -> None:
    version = f"gateway {PROJECT['version']} (Python: the native extension isn't installed)\n"
    assert printed(installed, "--version") == version
    assert printed(installed, "schema") == (ROOT / "schema.graphql").read_text()


def test_an_installed_gateway_is_not_the_sources(installed: Path) -> None:
    there = f"(pathlib.Path(gateway.__file__).parents[1] / {BUNDLES!r}).exists()"
    code = f"import gateway, pathlib; print({there})"
    python = installed.with_name("python")
    told = subprocess.run([python, "-c", code], cwd=installed.parent, check=True, capture_output=True, text=True)
    assert told.stdout == "True\n"
