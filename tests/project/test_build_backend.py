"""The project's build backend, asked as pip asks it; `make dist` builds and tries what is published."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BUNDLES = "gateway/transport/pages/bundles"
PAGES = {"graphiql": f"{BUNDLES}/graphiql/index.html", "insights-page": f"{BUNDLES}/insights/index.html"}


def built(directory: Path, hook: str) -> "subprocess.CompletedProcess[str]":
    """What the hook says in a directory of sources."""
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'distribution')!r}); import with_pages; with_pages.{hook}"
    return subprocess.run([sys.executable, "-c", code], cwd=directory, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", ["build_wheel('.')", "build_sdist('.')", "build_wheel('.', {'pages': 'some'})"])
@pytest.mark.parametrize("missing", [["graphiql"], ["insights-page"], ["graphiql", "insights-page"]])
def test_nothing_is_built_without_a_page_and_it_is_said_how_it_is_made(
    tmp_path: Path, hook: str, missing: list[str]
) -> None:
    there = [tmp_path / page for target, page in PAGES.items() if target not in missing]
    for page in there:
        page.parent.mkdir(parents=True)
        page.touch()
    refused = built(tmp_path, hook)
    assert refused.returncode != 0
    assert refused.stderr == (
        f"Missing: {', '.join(PAGES[target] for target in missing)}. `make {' '.join(missing)}` builds that, with Node "
        "20.19 or later and npm. To go without, build with --config-setting pages=unbuilt: browsers then load GraphiQL "
        "from a CDN, and get no Insights page.\n"
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == there


@pytest.mark.parametrize("word", ["unbuilt", "cdn"])
def test_who_says_so_builds_without_the_pages(tmp_path: Path, word: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "empty"\nversion = "1"\n')
    assert built(tmp_path, f"build_wheel('.', {{'pages': '{word}'}})").returncode == 0
    assert (tmp_path / "empty-1-py3-none-any.whl").exists()


def test_an_editable_install_needs_no_page(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "empty"\nversion = "1"\n')
    assert built(tmp_path, "build_editable('.')").returncode == 0


def test_every_supported_python_is_named_and_the_oldest_is_the_one_asked_for() -> None:
    versions = [
        classifier.rpartition(" ")[2]
        for classifier in PROJECT["classifiers"]
        if classifier.startswith("Programming Language :: Python :: 3.")
    ]
    assert PROJECT["requires-python"] == f">={versions[0]}"
