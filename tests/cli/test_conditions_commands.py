import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.context import Namespace
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.wire import parse_instant, validate_interaction
from gateway.store.client import Database
from gateway.store.writer import Writer

NOW = parse_instant("2024-05-01T12:00:00Z")
SHOP = Namespace("ns_shop", "shop", "org_1", NOW)


@pytest.fixture
async def recorded(database: Database) -> Database:
    """Three interactions that came of one search."""
    search: dict[str, Any] = {
        "search_request_id": "r1",
        "queries": [],
        "collections": [],
        "filters": {"AND": [{"key": "brand", "value": "Nike"}]},
    }
    await Writer(database).record(
        SHOP,
        [
            validate_interaction({"feature_id": f"p{n}", "interaction_type": "view", "search_request": search})
            for n in range(3)
        ],
        NOW,
    )
    return database


@pytest.fixture
def environment(mongod: EmbeddedServer, database_name: str) -> dict[str, str]:
    return {"GATEWAY_MONGODB_URI": mongod.uri, "GATEWAY_MONGODB_DATABASE": database_name}


def invoke(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(app, ["conditions", *arguments], env=environment)


async def run(environment: dict[str, str], *arguments: str) -> Result:
    """Beside the test's event loop, for a command has its own."""
    return await asyncio.to_thread(invoke, environment, *arguments)


async def spoil(database: Database) -> None:
    await database["interactions"].update_one({"feature_id": "p1"}, {"$set": {"condition_tokens": ["other"]}})


async def test_what_was_recorded_is_right(recorded: Database, environment: dict[str, str]) -> None:
    done = await run(environment, "check")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "4 documents checked, 0 wrong.\n", "")
    done = await run(environment, "rebuild", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"checked": 4, "wrong": 0, "rebuilt": 0, "wrongDocuments": []}


async def test_an_id_beside_a_search_request_that_has_none_is_right(
    database: Database, environment: dict[str, str]
) -> None:
    request: dict[str, Any] = {"queries": [], "collections": []}
    wire = {"feature_id": "p", "interaction_type": "view", "search_request": request}
    await Writer(database).record(SHOP, [validate_interaction(wire, search_request_id="r1")], NOW)
    assert (await run(environment, "check")).stdout == "2 documents checked, 0 wrong.\n"


async def test_what_is_wrong_is_found_then_rebuilt(recorded: Database, environment: dict[str, str]) -> None:
    before = await recorded["interactions"].find_one({"feature_id": "p1"})
    assert before is not None
    await spoil(recorded)
    done = await run(environment, "check", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["checked"], told["wrong"], told["rebuilt"]) == (1, 4, 1, 0)
    assert told["wrongDocuments"] == [
        {
            "collection": "interactions",
            "id": str(before["_id"]),
            "namespaceId": "ns_shop",
            "faults": ["`condition_tokens` isn't what its content gives: rebuild it."],
        }
    ]
    assert await recorded["interactions"].find_one({"feature_id": "p1"}) != before
    done = await run(environment, "rebuild")
    assert done.exit_code == 0
    assert done.stdout.startswith(
        f"4 documents checked, 1 wrong, 1 rebuilt.\n  interactions {before['_id']}: `condition_"
    )
    assert await recorded["interactions"].find_one({"feature_id": "p1"}) == before
    assert (await run(environment, "check")).exit_code == 0


async def test_an_identity_that_is_wrong_is_left_and_told(recorded: Database, environment: dict[str, str]) -> None:
    await recorded["interactions"].update_one({"feature_id": "p1"}, {"$set": {"interaction_id": "other"}})
    done = await run(environment, "rebuild")
    assert done.exit_code == 1
    summary, told = done.stdout.splitlines()
    assert summary == "4 documents checked, 1 wrong, 0 rebuilt. Left as they are: 1."
    assert "`_id` isn't that of `interaction_id` 'other' in its namespace" in told


async def test_each_document_that_another_program_wrote_is_told_with_why(
    recorded: Database, environment: dict[str, str], tmp_path: Path
) -> None:
    written = [{"_id": f"x{number}\n", "feature_id": "p", "interaction_type": "view"} for number in range(30)]
    await recorded["interactions"].insert_many(written)
    dated = {"_id": 5, "namespace_id": "ns_shop", "interaction_id": "i", "occurred_at": "yesterday"}
    await recorded["interactions"].insert_one(dated)
    done = await run(environment, "check", "--wrong", str(tmp_path / "wrong.jsonl"))
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "35 documents checked, 31 wrong."
    assert len(lines) == 22
    assert lines[-1] == "  … and 11 more; --wrong FILE writes all of them."
    told = [json.loads(line) for line in (tmp_path / "wrong.jsonl").read_text().splitlines()]
    assert len(told) == 31
    assert {document["id"] for document in told} == {"5", *(f"x{number}\n" for number in range(30))}
    [first] = [document for document in told if document["id"] == "x0\n"]
    assert first["namespaceId"] == ""
    assert [fault.split(":")[0].split(",")[0] for fault in first["faults"]] == [
        "`namespace_id` is missing",
        "`interaction_id` is missing",
        "`occurred_at` is missing",
    ]
    [second] = [document for document in told if document["id"] == "5"]
    assert next(fault.split(",")[0] for fault in second["faults"]) == "`occurred_at` is no time"
    refused = await run(environment, "check", "--wrong", str(tmp_path / "missing" / "wrong.jsonl"))
    assert (refused.exit_code, "--wrong" in refused.stderr) == (2, True)


def test_an_empty_database_has_nothing_wrong(environment: dict[str, str]) -> None:
    result = invoke(environment, "check", "--json")
    nothing = {"checked": 0, "wrong": 0, "rebuilt": 0, "wrongDocuments": []}
    assert (result.exit_code, json.loads(result.stdout)) == (0, nothing)


def test_without_settings_it_is_wrong_usage() -> None:
    result = invoke({"GATEWAY_MONGODB_URI": ""}, "check")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
