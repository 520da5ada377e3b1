"""What ``make dist`` has put into ``dist/``: source distributions, and the wheels that they build, installed anew.

Those of the native back end are there where cargo could build them.
"""

import json
import platform
import re
import subprocess
import sys
import tarfile
import tomllib
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from zipfile import ZipFile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BUNDLES = "gateway/transport/pages/bundles"
NATIVE = "search-interactions-gateway-native"
PAGES = {f"{BUNDLES}/{page}" for page in ("graphiql/index.html", "insights/index.html", "insights/start.html")}


@pytest.fixture(scope="module")
def wheel() -> Path:
    [wheel] = (ROOT / "dist").glob("search_interactions_gateway-*.whl")
    return wheel


@pytest.fixture(scope="module")
def native_wheel() -> Path:
    wheels = list((ROOT / "dist").glob("search_interactions_gateway_native-*.whl"))
    if not wheels:
        pytest.skip("make dist had no cargo, or no crates")
    [wheel] = wheels
    return wheel


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of one that has the wheel and what it depends on, in the versions that are tested: where its programs are."""
    directory = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    constraints = ["--constraint", str(ROOT / "constraints.txt"), "--only-binary", ":all:"]
    subprocess.run([directory / "bin" / "pip", "install", "--quiet", *constraints, wheel], check=True)
    return directory / "bin"


@pytest.fixture
def installed(environment: Path) -> Path:
    """The ``gateway`` that has no native back end."""
    subprocess.run([environment / "pip", "uninstall", "--quiet", "--yes", NATIVE], check=True)
    return environment / "gateway"


@pytest.fixture
def installed_with_native(environment: Path, native_wheel: Path) -> Path:
    """The ``gateway`` of an environment that both wheels were installed into."""
    subprocess.run([environment / "pip", "install", "--quiet", "--no-index", native_wheel], check=True)
    return environment / "gateway"


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
    [source] = (ROOT / "dist").glob("search_interactions_gateway-*.tar.gz")
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


def test_a_gateway_installed_of_both_wheels_has_the_native_back_end(installed_with_native: Path) -> None:
    version = tomllib.loads((ROOT / "native/Cargo.toml").read_text())["package"]["version"]
    told = f"gateway {PROJECT['version']} (native {version}, and Python)\n"
    assert printed(installed_with_native, "--version") == told


def test_the_native_wheel_serves_every_python_and_says_the_oldest_platform(native_wheel: Path) -> None:
    assert metadata(native_wheel)["Requires-Python"] == PROJECT["requires-python"]
    _, _, python, abi, platforms = native_wheel.stem.split("-")
    assert (python, abi) == ("cp311", "abi3")
    if platform.system() == "Linux":
        assert re.fullmatch(r"(manylinux|musllinux)_\d+_\d+_\w+", platforms)


def test_the_native_wheel_names_its_crates(native_wheel: Path) -> None:
    with ZipFile(native_wheel) as archive:
        [name] = [name for name in archive.namelist() if re.search(r"\.dist-info/sboms/.*\.json$", name)]
        named = {component["name"] for component in json.loads(archive.read(name))["components"]}
    assert set(tomllib.loads((ROOT / "native/Cargo.toml").read_text())["dependencies"]) <= named


def test_the_native_source_distribution_has_what_builds_the_wheel(native_wheel: Path) -> None:
    [source] = (ROOT / "dist").glob("search_interactions_gateway_native-*.tar.gz")
    with tarfile.open(source) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(
        ["git", "ls-files", "src"], cwd=ROOT / "native", check=True, capture_output=True, text=True
    )
    assert {"LICENSE", "README.md", "Cargo.toml", "Cargo.lock", "pyproject.toml", *tracked.stdout.split()} <= there


def test_the_bill_of_materials_names_every_crate_with_its_hash(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    bill.write_text('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [], "dependencies": []}')
    lock = ROOT / "native/Cargo.lock"
    subprocess.run([sys.executable, ROOT / "distribution/native_crates.py", lock, bill], check=True)
    text = bill.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    crates = {
        (package["name"], package["version"], package["checksum"])
        for package in tomllib.loads(lock.read_text())["package"]
        if "source" in package
    }
    components = json.loads(text)["components"]
    assert components[0]["name"] == NATIVE
    assert crates == {(found["name"], found["version"], found["hashes"][0]["content"]) for found in components[1:]}
    known = {component["bom-ref"] for component in components}
    assert {name for entry in json.loads(text)["dependencies"] for name in (entry["ref"], *entry["dependsOn"])} == known
