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
UBI: list[dict[str, Any]] = [
    {
        "query_id": "q1",
        "user_query": "lamp",
        "client_id": "c1",
        "user_id": "u1",
        "application": "shop",
        "query_response_hit_ids": ["a", "b"],
        "query_attributes": {"own": 1},
        "timestamp": "2024-05-01T10:00:00Z",
        "session_id": "own",
    },
    {"query_id": "q2", "user_query": "lamps", "timestamp": "2024-05-01T10:05:00Z"},
    {
        "action_name": "product_hover",
        "query_id": "q1",
        "user_query": "lam",
        "client_id": "c2",
        "user_id": "u2",
        "application": "other",
        "message_type": "INFO",
        "timestamp": "2024-05-01T12:00:00+02:00",
        "event_attributes": {"object": {"object_id": "a", "object_id_field": "sku"}, "position": {"ordinal": 1}},
    },
    {"action_name": "on_search", "query_id": "q1", "message": "lamp", "timestamp": 1714557600},
    {"action_name": "on_search", "query_id": "q1", "message": "lamp", "timestamp": 1714557601, "client_id": 7},
    {"action_name": "search", "query_id": "q3", "message": "chair", "event_attributes": {"result_count": 0}},
    {
        "action_name": "brand_filter",
        "query_id": "q1",
        "event_attributes": {"object": {"description": "brand", "object_detail": {"filter": "Acme"}}},
    },
    {"action_name": "page_exit", "session_id": "s1", "event_attributes": {}},
    {"action_name": "page_exit", "session_id": "s1", "event_attributes": {}},
    {"action_name": "Own", "event_attributes": {"interaction_id": "mine", "position": 0}},
]
BASE = {"feature_id": "p1", "interaction_type": "click"}
TEXTS = ("feature_id", "session_id", "user_id")
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


def test_texts_with_line_ends_of_any_kind_come_back_from_csv(shell: Shell, tmp_path: Path) -> None:
    """Mixed, alone, at both ends of a cell and in the last one of a row."""
    texts = ("a\rb", "x\r", "\r", "a\nb", "\n", "a\r\nb", "x\r\n", "\r\n\r\ny", "a\n\r\r\n\rb", "\r\r\n\n")
    recorded = [
        {**BASE, "interaction_id": f"r{index}", "metadata": {"text": text}, **dict.fromkeys(TEXTS, text)}
        for index, text in enumerate(texts)
    ]
    file, table = tmp_path / "line-ends.jsonl", tmp_path / "line-ends.csv"
    file.write_text("".join(f"{json.dumps(interaction)}\n" for interaction in recorded))
    shell.imported(file, "ends")
    shell.exported("ends", "--format", "csv", "--output", str(table))
    # What has changed on the way is a conflict, and so skipped.
    report = shell.imported(table, "ends")
    assert (report["imported"], report["existing"]) == (0, len(texts))
    shell.imported(table, "copy")
    assert objects(shell.exported("copy")) == objects(shell.exported("ends"))


def test_ubi_comes_back_with_its_ids(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "shop.ndjson"
    file.write_text(shell.exported("shop", "--format", "ubi"))
    report = shell.imported(file, "copy", "--format", "ubi")
    assert report["imported"] == len(INTERACTIONS)
    assert report["queryRows"] == len(SEARCHES) + 2
    assert objects(shell.exported("copy")) == objects(shell.exported("shop"))
    # Into where it came from it adds nothing, wherever positions are counted from.
    assert shell.imported(file, "shop", "--restart", "--position-base", "1")["imported"] == 0
    # Interactions alone name search requests that may be recorded already.
    file.write_text("\n".join(line for line in file.read_text().split("\n") if '"action_name"' in line))
    assert shell.imported(file, "part", "--format", "ubi")["imported"] == len(INTERACTIONS)


def test_what_came_from_ubi_leaves_and_comes_back(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "site.ndjson"
    file.write_text("".join(f"{json.dumps(document)}\n" for document in UBI))
    shell.imported(file, "site", "--format", "ubi", "--position-base", "1")
    exported = shell.exported("site")
    file.write_text(shell.exported("site", "--format", "ubi"))
    shell.imported(file, "moved", "--format", "ubi")
    assert objects(shell.exported("moved")) == objects(exported)
    assert shell.imported(file, "site", "--restart")["imported"] == 0
    told = [json.loads(line) for line in file.read_text().splitlines()]
    [row] = [document for document in told if document.get("query_id") == "q1" and "action_name" not in document]
    assert row["query_response_hit_ids"] == ["a", "b"]
    [hovered] = [document for document in told if document.get("action_name") == "product_hover"]
    assert hovered["event_attributes"]["object"] == {"object_id": "a", "object_id_field": "sku"}
    # From UBI's first position, 1, to the gateway's, 0.
    assert hovered["event_attributes"]["position"] == {"ordinal": 0}


def objects(text: str) -> list[str]:
    """The lines as objects, whose keys may come in another order."""
    return sorted(json.dumps(json.loads(line), sort_keys=True) for line in text.rstrip("\n").split("\n"))
