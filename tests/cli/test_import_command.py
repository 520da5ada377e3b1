import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.interchange.sources import zstd
from gateway.store.client import close, open_client
from tests.harness.waiting import PATIENCE, eventually

LINE = b'{"interaction_id": "i%d", "feature_id": "p", "interaction_type": "view"}\n'
EVENT = b'{"index": {"_index": "ubi_events"}}\n{"action_name": "click", "query_id": "q", "user_query": "lamp"}\n'


class Shell:
    """Runs ``gateway import`` with the settings of one database."""

    arguments: tuple[str, ...] = ("import", "--namespace", "shop", "--organization", "acme", "--create")

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

    async def recorded(self) -> int:
        """How many interactions there are."""
        client = open_client(self.environment["GATEWAY_MONGODB_URI"])
        try:
            database = client[self.environment["GATEWAY_MONGODB_DATABASE"]]
            return await database["interactions"].count_documents({})
        finally:
            await close(client)

    def begin(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """A process of its own, whose streams are the caller's."""
        command = [sys.executable, "-m", "gateway", *self.arguments, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ | self.environment, bufsize=0
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
    assert "line 3: interaction_type: Field required" in result.stdout
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


def test_a_namespace_that_is_not_there_is_an_error_that_says_how_to_make_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "interactions.jsonl"
    file.write_bytes(LINE % 1)
    shell.arguments = tuple(argument for argument in shell.arguments if argument != "--create")
    assert "There is no organization 'acme'" in shell.run(file).stderr
    shell.run(file, "--create", "--namespace", "other")
    result = shell.run(file, "--namespace", "shopp")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "has no namespace 'shopp': look at its spelling, or give --create" in result.stderr


def test_the_format_is_told_and_a_wrong_one_refused_with_the_right_one(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(EVENT)
    wrong = shell.run(file, "--format", "jsonl")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "looks like OpenSearch UBI" in wrong.stderr
    right = shell.run(file)
    assert right.exit_code == 0
    assert f"{file}: OpenSearch UBI" in right.stderr


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"PAR1\x00", "Parquet"),
        (b'[{"feature_id": "p"},\n{"feature_id": "q"}]', "jq -c '.[]'"),
        (b'[\n{"feature_id": "p"},\n{"feature_id": "q"}\n]', "jq -c '.[]'"),
        (b'{\n"feature_id": "p"\n}', "jq -c '.'"),
        ("feature_id,interaction_type\np,view\n".encode("utf-16"), "iconv -f UTF-16"),
        (gzip.compress(LINE, mtime=0)[:12], "after line 0"),
        (b"Dear all,\nit was a pleasure.\n", "neither a JSON object nor a header"),
        (b"sku,kind\np1,view\n", "--map sku=feature_id"),
        (b'{"name": "x"}\n', "neither interactions"),
        (b"", "nothing to import"),
    ],
)
def test_what_can_not_be_imported_is_told_with_what_would_help(
    shell: Shell, tmp_path: Path, content: bytes, hint: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    result = shell.run(file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert hint in result.stderr


def test_a_file_of_which_nothing_could_be_imported_is_an_error(shell: Shell, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(LINE % 1)
    bad.write_bytes(b'{"feature_id": []}\n')
    result = shell.run(good, bad, "--json")
    assert result.exit_code == 1
    assert f"nothing of {bad} could be imported" in result.stderr
    report = json.loads(result.stdout)
    assert [(file["file"], file["lines"], file["recorded"]) for file in report["files"]] == [
        (str(good), 1, 1),
        (str(bad), 1, 0),
    ]
    assert report["skippedLines"][0]["file"] == str(bad)
    assert f"  {bad}, line 1: feature_id: " in shell.run(good, bad).stdout


def test_a_folder_of_all_formats_and_codings_is_one_import(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    (folder / "2024").mkdir(parents=True)
    (folder / "a.jsonl.zst").write_bytes(zstd.compress(LINE % 1 + LINE % 2))
    (folder / "2024" / "b.ndjson.gz").write_bytes(gzip.compress(EVENT))
    (folder / "c.csv").write_bytes(b"interaction_id;feature_id;interaction_type;metadata.note\nc1;p1;click;ab\n")
    (folder / "README.txt").write_text("not data")
    report = shell.json(folder)
    assert (report["imported"], report["lines"], report["headerLines"]) == (4, 6, 1)
    assert {file["format"] for file in report["files"]} == {"jsonl", "ubi", "csv"}


def test_columns_are_mapped_to_fields(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    file.write_text('sku,kind,q,rank\np1,CLICK,"red ""lamp""",3\np2,view,,\n')
    columns = ("sku=feature_id", "kind=interactionType", "q=search_request.queries.0.value", "rank=position")
    report = shell.json(file, *(word for column in columns for word in ("--map", column)))
    assert (report["imported"], report["searchRequests"]) == (2, 1)
    assert shell.run(file, "--map", "sku=feature_di").exit_code == 2
    missing = shell.run(file, "--map", "kind=interaction_type", "--map", "price=score")
    assert (missing.exit_code, "no column price" in missing.stderr) == (1, True)


def test_a_number_that_only_python_reads_is_refused_as_any_other_text(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    odd = [("1_0", ""), ("\uff11\uff12", ""), ("٣", ""), ("0x10", ""), ("", "1_000.5")]
    rows = [f"{number},p,view,{position},{score}\n" for number, (position, score) in enumerate([*odd, (" 3 ", "+1e3")])]
    file.write_text("interaction_id,feature_id,interaction_type,position,score\n" + "".join(rows))
    report = shell.json(file)
    assert (report["imported"], report["skipped"]) == (1, {"BAD_USER_INPUT": len(odd)})
    told = [line["path"] for line in report["skippedLines"]]
    assert told == [["position"]] * 4 + [["score"]]


def test_names_that_the_contract_does_not_know_are_told_or_refused(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "interactions.jsonl"
    request = {"queries": [], "collections": [], "filters": {"AND": [{"key": "k", "operator": "fuzzy", "value": 1}]}}
    lines = [
        {"interaction_id": "i1", "feature_id": "p", "interaction_type": ["VIEW", "stared"]},
        {"interaction_id": "i2", "feature_id": "p", "interaction_type": "view", "search_request": request},
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    strict = shell.run(file, "--strict", "--json")
    assert strict.exit_code == 1
    assert json.loads(strict.stdout)["skipped"] == {"BAD_USER_INPUT": 2}
    report = shell.json(file)
    assert report["imported"] == 2
    assert report["unknown"] == {
        "interactionTypes": {"stared": 1},
        "vectorIndexes": {},
        "queryTypes": {},
        "operators": {"fuzzy": 1},
    }
    assert "1 × operator 'fuzzy'" in shell.run(file).stdout


def test_a_dry_run_records_nothing_and_makes_nothing(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "interactions.jsonl"
    file.write_bytes(LINE % 1 + b"oops\n")
    rehearsed = shell.json(file, "--dry-run")
    assert (rehearsed["imported"], rehearsed["skipped"], rehearsed["dryRun"]) == (1, {"INVALID_JSON": 1}, True)
    assert "Made the namespace" in shell.run(file).stderr
    assert shell.json(file)["existing"] == 1


def test_what_is_stopped_goes_on_where_it_was(shell: Shell, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects"
    content = b"oops\n" + b"".join(b'{"feature_id": "p", "interaction_type": "view"}\n' for _ in range(1_200))
    with shell.begin("-", "--rejects", str(rejects), "--json") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(content)
        eventually(lambda: asyncio.run(shell.recorded()))
        # It waits for more, and ends at once all the same.
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        output, errors = process.stdout.read(), process.stderr.read()
    assert process.returncode == 130
    assert json.loads(output)["interrupted"]
    assert f"{rejects}.checkpoint" in errors.decode()

    again = shell.pipe(content + b'{"feature_id": "p", "interaction_type": "view"}\n', "--rejects", str(rejects))
    assert (again["imported"], again["lines"], again["interrupted"]) == (1_201, 1_202, False)
    assert [json.loads(line)["line"] for line in rejects.read_bytes().splitlines()] == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["rejects"]


def test_another_file_than_the_one_that_was_stopped_begins_anew(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "interactions.jsonl.gz"
    content = gzip.compress(b"".join(LINE % number for number in range(50)), compresslevel=0)
    file.write_bytes(content[:-1_000])
    assert shell.run(file).exit_code == 1
    file.write_bytes(gzip.compress(b"".join(LINE % number for number in range(100, 150))))
    result = shell.run(file, "--json")
    assert "begins anew" in result.stderr
    assert json.loads(result.stdout)["imported"] == 50
