from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app

COMMITTED = Path(__file__).parents[2] / "schema.graphql"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["schema", *map(str, arguments)])


def test_what_is_printed_is_the_committed_file(tmp_path: Path) -> None:
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == COMMITTED.read_text(encoding="utf-8")
    written = tmp_path / "schema.graphql"
    written.write_text(result.stdout, encoding="utf-8")
    assert run("--check", written).exit_code == 0


def test_the_committed_file_is_checked_silently() -> None:
    result = run("--check", COMMITTED)
    assert (result.exit_code, result.output) == (0, "")


def test_a_file_that_differs_is_told_with_the_difference(tmp_path: Path) -> None:
    old = tmp_path / "schema.graphql"
    old.write_text(COMMITTED.read_text(encoding="utf-8").replace("recordInteraction(", "record("), encoding="utf-8")
    result = run("--check", old)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert "-  record(" in lines
    assert "+  recordInteraction(" in lines
    assert lines[-1] == f"Error: {old} differs from the code; renew it with: gateway schema > {old}"


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for file in (tmp_path / "missing", tmp_path, binary):
        result = run("--check", file)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert result.stderr.startswith(f"Error: {file} can't be read: ")


@pytest.fixture
def removed(tmp_path: Path) -> Path:
    """A released schema that had a field more."""
    old = tmp_path / "released.graphql"
    old.write_text(COMMITTED.read_text(encoding="utf-8").replace("type BranchUsage {", "type BranchUsage {\n  a: Int"))
    return old


REMOVED = "FIELD_REMOVED: Field BranchUsage.a was removed."


def test_a_change_that_breaks_clients_is_told_and_fails(removed: Path) -> None:
    result = run("--compare", removed)
    assert (result.exit_code, result.stdout) == (1, f"{REMOVED}\n")
    assert result.stderr == "1 breaking changes, 0 of them accepted; 0 dangerous and 0 safe ones.\n"


def test_a_breaking_change_that_is_accepted_is_told_all_the_same(removed: Path, tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.txt"
    accepted.write_text(f"# nobody asks for it\n{REMOVED}\n")
    result = run("--compare", removed, "--accepted", accepted)
    assert (result.exit_code, result.stdout) == (0, f"{REMOVED}\n")
    gone = run("--compare", COMMITTED, "--accepted", accepted)
    assert (gone.exit_code, gone.stdout) == (1, "")
    assert gone.stderr.splitlines()[-1] == f"Error: accepted, but no such change: {REMOVED}"


def test_what_cannot_be_compared_is_wrong_usage(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.write_text("{")
    wrong: list[list[str | Path]] = [
        ["--compare", nothing],
        ["--compare", COMMITTED, "--subgraph"],
        ["--accepted", nothing],
    ]
    for arguments in wrong:
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
    assert run("--compare", nothing).stderr.startswith(f"Error: {nothing} is no schema: ")
