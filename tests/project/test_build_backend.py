"""The project's build backend, asked as pip asks it; `make dist` builds and tries what is published."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGE = "gateway/transport/pages/bundles/graphiql/index.html"


def built(directory: Path, hook: str) -> "subprocess.CompletedProcess[str]":
    """What the hook says in a directory of sources."""
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'distribution')!r}); import with_pages; with_pages.{hook}"
    return subprocess.run([sys.executable, "-c", code], cwd=directory, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", ["build_wheel('.')", "build_sdist('.')", "build_wheel('.', {'pages': 'some'})"])
def test_nothing_is_built_without_the_page_and_it_is_said_how_it_is_made(tmp_path: Path, hook: str) -> None:
    refused = built(tmp_path, hook)
    assert refused.returncode != 0
    assert refused.stderr == (
        f"{PAGE} is missing: `make graphiql` builds it, with Node 20.19 or later and npm. To go without, build with "
        "--config-setting pages=cdn: browsers then load GraphiQL from a CDN.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_who_says_so_builds_without_the_page(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "empty"\nversion = "1"\n')
    assert built(tmp_path, "build_wheel('.', {'pages': 'cdn'})").returncode == 0
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
