"""A browser, and a demo for the pages that show its data."""

import shutil
from collections.abc import Iterator

import pytest

from tests.clients.insights_visits import Days
from tests.harness.demo_process import Demo, running


@pytest.fixture
def chromium() -> str:
    """Its path; without it what needs a browser is skipped."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium on PATH")
    return path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for all visits, to which they may add."""
    with running(tmp_path_factory.mktemp("demo"), "--interactions", "3000") as process:
        yield process


@pytest.fixture
def days(demo: Demo) -> Days:
    return Days(demo)
