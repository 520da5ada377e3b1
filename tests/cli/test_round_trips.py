"""What is exported is imported into another namespace, and exported again: the lines are the same, in any order."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.store.client import close, open_client
from gateway.store.index_creation import create_indexes
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)

REQUEST: dict[str, Any] = {
    "queries": [
        {"vector_index": "text", "value": "  Red   SHOES", "type": "text", "filters": {"NOR": [{"key": "gone"}]}},
        {"vector_index": "own_index", "value": "aGk=", "type": "base64", "settings": {"limit": 3, "min_score": 0.5}},
    ],
    "collections": ["products", "Ω"],
    "filters": {"AND": [{"field": "brand", "operator": "eq", "value": None}, {"NOT": {"key": "x", "value": [1, 2.0]}}]},
    "own": {"nested": [None, {"a.b": 1, "$c": "d"}]},
    "select": [],
    "sort": None,
}
SEARCHES = [
    {**REQUEST, "search_request_id": "named"},
    {**REQUEST, "session_id": "s1"},
    {"queries": [], "collections": []},
    {"search_request_id": "alone", "queries": [], "collections": [], "result_count": 0, "user_id": "u1"},
]
BASE = {"feature_id": "p1", "interaction_type": "click"}
INTERACTIONS: list[dict[str, Any]] = [
    {**BASE, "interaction_id": "i1", "search_request": REQUEST, "session_id": "s9", "occurred_at": None},
    {**BASE, "interaction_id": "i2", "search_request": REQUEST, "session_id": "s9", "position": 3},
    {**BASE, "interaction_id": "i3", "search_request": {**REQUEST, "search_request_id": "given"}},
    {**BASE, "interaction_id": "i4", "search_request_id": "alone", "search_request": None},
    {**BASE, "interaction_id": "i5", "search_request_id": "named", "occurred_at": "2024-05-01T14:00:00.123456+02:00"},
    {**BASE, "interaction_id": "i6", "interaction_type": ["view", "own_type"], "position": None, "metadata": {}},
    {**BASE, "interaction_id": "i7", "metadata": {"é\u2028": "\u0000\U0001f600", "n": [1.0, 2, -0.5, 1e300, None]}},
    {**BASE, "interaction_id": "i8", "_id": 5, "namespace_id": "mine", "shadowed": {"a": 1}, "conditions": [], "Ω": {}},
    {**BASE, "interaction_id": "i9", "timestamp": "2020-01-01", "first_seen_at": "then", "query_text": 7},
    # Nothing is recorded of what it names.
    {**BASE, "interaction_id": "i0", "search_request_id": "unknown"},
    {**BASE, "interaction_id": "ï/ 10", "metadata": {"ref": {"$ref": "a", "$id": 1}, "oid": {"$oid": "x"}}},
]


class Shell:
    def __init__(self, uri: str, database: str) -> None:
        self.uri = uri
        self.database = database
        self.environment = {"GATEWAY_MONGODB_URI": uri, "GATEWAY_MONGODB_DATABASE": database}

    def run(self, *arguments: str | Path) -> Result:
        result = CliRunner().invoke(app, list(map(str, arguments)), env=self.environment)
        assert result.exit_code == 0, result.output
        return result

    def exported(self, namespace: str, *options: str) -> str:
        return self.run("export", "--namespace", namespace, "--organization", "acme", *options).stdout

    def imported(self, file: Path, namespace: str, *options: str) -> Mapping[str, Any]:
        target = ("--namespace", namespace, "--organization", "acme", "--create")
        result = self.run("import", file, *target, "--json", *options)
        report: dict[str, Any] = json.loads(result.stdout)
        assert report["skipped"] == {}, report
        return report


@pytest.fixture
def shell(mongod: EmbeddedServer, database_name: str) -> Shell:
    """With a namespace ``shop`` that has everything."""

    async def record() -> None:
        client = open_client(mongod.uri)
        database = client[database_name]
        await create_indexes(database)
        tenancy, writer = Tenancy(database), Writer(database)
        namespace, _ = await tenancy.create_namespace(await tenancy.create_organization("acme"), "shop")
        for search in SEARCHES:
            await writer.record_search_request(namespace, validate_search_request(search), NEW_YEAR)
        for interaction in INTERACTIONS:
            recording = validate_interaction(interaction)
            [outcome] = await writer.record(namespace, [recording], NOON, makes_stubs=True)
            assert not isinstance(outcome, Exception), outcome
        await close(client)

    asyncio.run(record())
    return Shell(mongod.uri, database_name)


def lines(text: str) -> list[str]:
    return sorted(text.split("\n"))


def test_json_lines_come_back_byte_for_byte(shell: Shell, tmp_path: Path) -> None:
    first = shell.exported("shop")
    assert first.count("\n") == len(INTERACTIONS) + len(SEARCHES) + 2
    file = tmp_path / "shop.jsonl"
    file.write_text(first)
    shell.imported(file, "copy")
    second = shell.exported("copy")
    assert lines(second) == lines(first)
    file.write_text(second)
    shell.imported(file, "third")
    assert lines(shell.exported("third")) == lines(first)
    # Into where it came from it adds nothing.
    assert shell.imported(file, "shop", "--restart")["imported"] == 0
    assert shell.exported("shop") == first


def test_what_is_stored_is_the_same_but_for_the_namespace(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "shop.jsonl"
    file.write_text(shell.exported("shop"))
    shell.imported(file, "copy")

    async def stored() -> list[list[str]]:
        client = open_client(shell.uri)
        database = client[shell.database]
        copies = []
        for name in ("shop", "copy"):
            namespace = await database["namespaces"].find_one({"name": name})
            assert namespace is not None
            found = [
                document
                for kind in (INTERACTION, SEARCH_REQUEST)
                async for document in database[kind.collection].find({"namespace_id": namespace["_id"]})
            ]
            for document in found:
                del document["_id"], document["namespace_id"]
                # Recorded now, and given by the gateway before.
                shadowed = document.get("shadowed", {})
                shadowed.pop("occurred_at", None)
                if not shadowed:
                    document.pop("shadowed", None)
            copies.append(sorted(repr(sorted(document.items())) for document in found))
        await close(client)
        return copies

    shop, copy = asyncio.run(stored())
    assert copy == shop


def test_a_part_comes_back_too(shell: Shell, tmp_path: Path) -> None:
    where = json.dumps({"interactionId": {"in": ["i1", "i3", "i4", "i5"]}})
    first = shell.exported("shop", "--where", where)
    file = tmp_path / "part.jsonl"
    file.write_text(first)
    shell.imported(file, "part")
    assert lines(shell.exported("part")) == lines(first)


def test_csv_is_read_back_as_far_as_it_goes(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text(shell.exported("shop", "--format", "csv"))
    shell.imported(file, "copy")
    assert lines(shell.exported("copy", "--format", "csv")) == lines(file.read_text())


def test_ubi_is_read_back_as_what_it_tells(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "shop.ndjson"
    file.write_text(shell.exported("shop", "--format", "ubi"))
    report = shell.imported(file, "copy", "--format", "ubi")
    assert report["imported"] == len(INTERACTIONS)
    assert report["queryRows"] == len(SEARCHES) + 2

    def told(namespace: str) -> list[tuple[Any, ...]]:
        exported = map(json.loads, shell.exported(namespace).rstrip("\n").split("\n"))
        names = ("feature_id", "position", "session_id", "user_id")
        return sorted(
            (*(str(line.get(name)) for name in names), datetime.fromisoformat(line["occurred_at"]).timestamp() // 1)
            for line in exported
            if "interaction_id" in line
        )

    assert told("copy") == told("shop")
