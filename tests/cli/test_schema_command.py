from pathlib import Path

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
