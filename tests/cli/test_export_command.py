"""``gateway export``: files, standard output, going on, and following what is recorded."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.context import Namespace
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION
from gateway.model.wire import validate_interaction
from gateway.store.client import Database, close, open_client
from gateway.store.index_creation import create_indexes
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer
from tests.harness.waiting import PATIENCE

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
COUNT = 2_500


def interaction(number: int, **fields: Any) -> Any:
    return validate_interaction(
        {
            "interaction_id": f"i{number}",
            "feature_id": f"p{number % 5}",
            "interaction_type": "click",
            "occurred_at": f"2024-05-01T12:{number // 60:02}:{number % 60:02}Z",
            "search_request": {"search_request_id": f"r{number % 7}", "queries": [], "collections": ["c"]},
            **fields,
        }
    )


class Shop:
    """A namespace, and ``gateway export`` of it."""

    arguments = ("export", "--namespace", "shop", "--organization", "acme")

    def __init__(self, uri: str, database: str) -> None:
        self.environment = {"GATEWAY_MONGODB_URI": uri, "GATEWAY_MONGODB_DATABASE": database}
        self._uri = uri
        self._database = database

    def store(self, work: Callable[[Database, Namespace], Awaitable[Any]], organization: str = "acme") -> None:
        """Does something in an organization's namespace."""

        async def run() -> None:
            client = open_client(self._uri)
            database = client[self._database]
            tenancy = Tenancy(database)
            await create_indexes(database)
            namespace, _ = await tenancy.create_namespace(await tenancy.create_organization(organization), "shop")
            await work(database, namespace)
            await close(client)

        asyncio.run(run())

    def record(self, *numbers: int, organization: str = "acme", **fields: Any) -> None:
        recordings = [interaction(number, **fields) for number in numbers]

        async def work(database: Database, namespace: Namespace) -> None:
            for start in range(0, len(recordings), 1_000):
                await Writer(database).record(namespace, recordings[start : start + 1_000], NOON)

        self.store(work, organization)

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [*self.arguments, *map(str, arguments)], env=self.environment)

    @contextmanager
    def process(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        command = [sys.executable, "-m", "gateway", *self.arguments, *arguments]
        environment = os.environ | self.environment
        # Unbuffered: what a test doesn't read line by line is read by `communicate`.
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, bufsize=0
        ) as process:
            try:
                yield process
            finally:
                process.kill()


@pytest.fixture
def shop(mongod: EmbeddedServer, database_name: str) -> Shop:
    shop = Shop(mongod.uri, database_name)
    shop.record()
    return shop


def ids(text: str | bytes) -> list[str]:
    lines = map(json.loads, text.splitlines())
    return [line["interaction_id"] for line in lines if "interaction_id" in line]


def token(stderr: str) -> str:
    found = re.findall(r"--token (\S+)", stderr)
    assert found, stderr
    return str(found[-1])


def test_everything_is_exported_to_standard_output_or_a_file(shop: Shop, tmp_path: Path) -> None:
    shop.record(*range(COUNT))
    file = tmp_path / "shop.jsonl"
    printed, written = shop.run(), shop.run("--output", file)
    assert (printed.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    assert printed.stdout == file.read_text()
    assert ids(printed.stdout) == [f"i{number}" for number in range(COUNT)]
    assert printed.stdout.count("\n") == COUNT + 7
    assert f"{COUNT + 7:,} lines exported" in printed.stderr


def test_an_export_goes_on_where_a_token_says(shop: Shop, tmp_path: Path) -> None:
    shop.record(*range(COUNT))
    told = shop.run("--tokens").stdout.splitlines()
    places = [number for number, line in enumerate(told) if "export_token" in line]
    assert len(places) >= 4
    whole = shop.run().stdout
    for place in places[:-1]:
        file = tmp_path / f"{place}.jsonl"
        file.write_text("".join(f"{line}\n" for line in told[:place] if "export_token" not in line))
        assert shop.run("--token", json.loads(told[place])["export_token"], "--output", file).exit_code == 0
        assert file.read_text() == whole


def test_only_what_matches_is_exported(shop: Shop) -> None:
    shop.record(*range(20))
    assert ids(shop.run("--where", '{"featureId": {"eq": "p3"}}').stdout) == ["i3", "i8", "i13", "i18"]


def test_a_token_of_the_end_leads_to_what_was_recorded_since(shop: Shop) -> None:
    shop.record(*range(3))
    end = token(shop.run().stderr)
    # Also what is said to have happened long before.
    shop.record(7, occurred_at="2020-01-01T00:00:00Z")
    shop.record(8, feature_id="q")
    again = shop.run("--token", end)
    assert ids(again.stdout) == ["i7", "i8"]
    assert [line for line in again.stdout.splitlines() if "interaction_id" not in line], "search requests, too"
    assert ids(shop.run("--token", end, "--where", '{"featureId": {"eq": "q"}}').stdout) == ["i8"]
    assert ids(shop.run("--token", token(again.stderr)).stdout) == []


def test_a_token_of_another_namespace_is_an_error(shop: Shop, tmp_path: Path) -> None:
    shop.record(*range(3))
    told = shop.run("--tokens").stdout.splitlines()
    places = [json.loads(line)["export_token"] for line in told if "export_token" in line]
    shop.record(4, organization="other")
    earlier = tmp_path / "earlier"
    earlier.write_text("earlier")
    # Behind the search requests, and at the end.
    assert len(places) == 2
    for place in places:
        result = shop.run("--organization", "other", "--token", place, "--output", str(earlier))
        assert (result.exit_code, result.stdout, earlier.read_text()) == (1, "", "earlier")
        assert result.stderr == "Error: The token was given out for another namespace.\n"


def test_what_is_recorded_is_followed(shop: Shop) -> None:
    shop.record(1, 2)
    with shop.process("--follow") as process:
        output = process.stdout
        assert output is not None
        assert next_ids(output, 2) == ["i1", "i2"]
        shop.record(3, occurred_at="2020-01-01T00:00:00Z")
        assert next_ids(output, 1) == ["i3"]
        shop.record(4)
        assert next_ids(output, 1) == ["i4"]
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in stderr.decode()
    shop.record(5)
    assert ids(shop.run("--token", token(stderr.decode())).stdout)[-1] == "i5"


def next_ids(output: IO[bytes], count: int) -> list[str]:
    told: list[str] = []
    while len(told) < count:
        told += ids(output.readline())
    return told


def test_ctrl_c_says_how_to_go_on(shop: Shop) -> None:
    shop.record(*range(COUNT), metadata={"note": "x" * 500})
    with shop.process() as process:
        output = process.stdout
        assert output is not None
        # It waits for the rest to be read.
        told = [output.readline() for _ in range(10)]
        process.send_signal(signal.SIGINT)
        rest, stderr = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in stderr.decode()
    told += rest.splitlines(keepends=True)
    went_on = shop.run("--token", token(stderr.decode()))
    assert set(ids(b"".join(told)) + ids(went_on.stdout)) == {f"i{number}" for number in range(COUNT)}


def test_documents_that_cannot_be_told_are_counted(shop: Shop) -> None:
    shop.record(1)

    async def insert(database: Database, namespace: Namespace) -> None:
        odd = {"_id": 7, "namespace_id": namespace.id, "shadowed": "x"}
        await database[INTERACTION.collection].insert_one(odd)

    shop.store(insert)
    result = shop.run()
    assert result.exit_code == 0
    assert ids(result.stdout) == ["i1"]


def test_qrels_come_with_their_topics(shop: Shop, tmp_path: Path) -> None:
    request = {
        "search_request_id": "q",
        "queries": [{"vector_index": "text", "type": "text", "value": "Red  shoes"}],
        "collections": ["c"],
    }
    shop.record(*range(3), interaction_type="view", position=0, search_request=request)
    topics = tmp_path / "topics.tsv"
    qrels = shop.run("--format", "qrels", "--topics", topics, "--model", "sdbn").stdout
    number, text = topics.read_text().strip().split("\t")
    assert text == "red shoes"
    assert qrels == "" or qrels.startswith(f"{number} 0 p")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--where", "{"),
        ("--where", "[]"),
        ("--token", "x"),
        ("--format", "xml"),
        ("--format", "parquet", "--follow"),
        ("--format", "csv", "--tokens"),
        ("--format", "csv", "--topics", "t"),
        ("--output", "/absent/file"),
        ("--format", "qrels", "--max-rank", "0"),
        ("--format", "csv", "--min-views", "0"),
        ("--model", "coec"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(shop: Shop, arguments: Sequence[str]) -> None:
    result = shop.run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--where", '{"featureId": {"is": 1}}'), "featureId"),
        (("--namespace", "absent"), "acme has no namespace 'absent'"),
        (("--organization", "absent"), "no organization 'absent'"),
    ],
)
def test_what_is_wrong_is_an_error_of_one_line(
    shop: Shop, tmp_path: Path, arguments: Sequence[str], words: str
) -> None:
    earlier = tmp_path / "earlier"
    earlier.write_text("earlier")
    result = shop.run(*arguments, "--output", str(earlier))
    assert (result.exit_code, result.stdout, earlier.read_text()) == (1, "", "earlier")
    [error] = result.stderr.splitlines()
    assert words in error


def test_nothing_of_another_namespace_is_exported(shop: Shop) -> None:
    shop.record(1, organization="initech", metadata={"of": "secret"})
    for format in ("jsonl", "ubi", "qrels", "quepid"):
        result = shop.run("--format", format)
        assert result.exit_code == 0
        assert "i1" not in result.stdout
        assert "secret" not in result.stdout


def test_a_search_that_is_awaited_is_one_again_where_it_is_imported(shop: Shop, tmp_path: Path) -> None:
    wire = {"interaction_id": "i", "feature_id": "p", "interaction_type": "click", "search_request_id": "awaited"}

    async def click(database: Database, namespace: Namespace) -> None:
        await Writer(database).record(namespace, [validate_interaction(wire)], NOON, makes_stubs=True)

    shop.store(click)
    file = tmp_path / "exported.jsonl"
    file.write_bytes(shop.run().stdout_bytes)
    arguments = ("import", str(file), "--namespace", "other", "--organization", "acme", "--create", "--json")
    imported = CliRunner().invoke(app, arguments, env=shop.environment)
    assert imported.exit_code == 0, imported.stderr
    assert json.loads(imported.stdout)["skipped"] == {}

    # And the time, which stands beside the interaction in the export.
    of_namespace = ("_id", "namespace_id", "shadowed")

    async def compare(database: Database, namespace: Namespace) -> None:
        for collection in ("interactions", "search_requests"):
            first, second = [
                [
                    {name: value for name, value in document.items() if name not in of_namespace}
                    async for document in database[collection].find({"namespace_id": namespace_id})
                ]
                for namespace_id in await database[collection].distinct("namespace_id")
            ]
            assert first == second != []
        assert await database["search_requests"].count_documents({"stub": True}) == 2

    shop.store(compare)
