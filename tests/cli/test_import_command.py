import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer

LINE = b'{"interaction_id": "i%d", "feature_id": "p", "interaction_type": "view"}\n'
EVENT = b'{"index": {"_index": "ubi_events"}}\n{"action_name": "click", "query_id": "q", "user_query": "lamp"}\n'


class Shell:
    """Runs ``gateway import`` with the settings of one database."""

    arguments = ("import", "--namespace", "shop", "--organization", "acme", "--create")

    def __init__(self, uri: str, database: str) -> None:
        self.environment = {"GATEWAY_MONGODB_URI": uri, "GATEWAY_MONGODB_DATABASE": database}

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [*self.arguments, *map(str, arguments)], env=self.environment)

    def json(self, *arguments: str | Path) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def pipe(self, stdin: bytes, *arguments: str) -> Any:
        """The report of a process of its own, which reads ``stdin``."""
        command = [sys.executable, "-m", "gateway", *self.arguments, "-", "--json", *arguments]
        environment = os.environ | self.environment
        return json.loads(
            subprocess.run(command, input=stdin, stdout=subprocess.PIPE, env=environment, check=True).stdout
        )


@pytest.fixture
def shell(mongod: EmbeddedServer, database_name: str) -> Shell:
    return Shell(mongod.uri, database_name)


def test_a_file_is_imported_into_a_new_namespace_and_again_adds_nothing(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "interactions.jsonl"
    file.write_bytes(LINE % 1 + LINE % 2)
    first = shell.run(file, "--json")
    assert json.loads(first.stdout)["imported"] == 2
    assert "Made the namespace shop" in first.stderr
    assert shell.json(file)["existing"] == 2


def test_what_was_skipped_is_told_and_written_to_the_rejects(shell: Shell, tmp_path: Path) -> None:
    file, rejects = tmp_path / "interactions.jsonl", tmp_path / "rejects.jsonl"
    file.write_bytes(LINE % 1 + b'{"feature_id": "\xff"}\n' + b'{"feature_id": "p"}\n')
    result = shell.run(file, "--rejects", rejects)
    assert result.exit_code == 0
    assert "3 lines: 1 interactions imported, 0 there already, 2 lines skipped" in result.stdout
    assert "line 3: " in result.stdout
    written = [json.loads(line) for line in rejects.read_bytes().splitlines()]
    assert [(each["line"], each["reason"], each["path"]) for each in written] == [
        (2, "INVALID_UTF8", []),
        (3, "BAD_USER_INPUT", ["interaction_type"]),
    ]
    assert [each["content"] for each in written] == ['{"feature_id": "\\xff"}', '{"feature_id": "p"}']


def test_standard_input_may_be_a_bulk_file_and_compressed(shell: Shell) -> None:
    report = shell.pipe(gzip.compress(EVENT * 2), "--format", "ubi")
    assert (report["imported"], report["actionLines"], report["lines"]) == (2, 2, 4)
    assert report["searchRequests"] == 1


@pytest.mark.parametrize("arguments", [("absent.jsonl",), ("-", "--batch", "1001"), ("-", "--format", "xml")])
def test_wrong_usage_is_one_line_and_status_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    result = shell.run(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert result.stdout == ""


def test_the_rejects_never_overwrite_the_file(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "interactions.jsonl"
    file.write_bytes(LINE % 1)
    assert shell.run(file, "--rejects", file).exit_code == 2
    assert file.read_bytes() == LINE % 1


def test_a_file_cut_short_is_named_and_goes_on_where_it_was_left(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "interactions.jsonl.gz"
    content = gzip.compress(b"".join(LINE % number for number in range(50)), compresslevel=0)
    file.write_bytes(content[:-1_000])
    result = shell.run(file, "--batch", "5")
    assert (result.exit_code, result.stderr.count("Error: ")) == (1, 1)
    assert "the same command goes on there" in result.stderr
    file.write_bytes(content)
    again = shell.run(file, "--json")
    assert "Going on behind line " in again.stderr
    report = json.loads(again.stdout)
    assert (report["imported"], report["existing"], report["lines"]) == (50, 0, 50)
    assert list(tmp_path.iterdir()) == [file]


def test_a_bad_namespace_is_an_error_of_one_line(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file.jsonl").write_bytes(LINE % 1)
    result = shell.run(tmp_path / "file.jsonl", "--namespace", "ns_mine", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].startswith("Error: ")
