import asyncio
import json
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
    assert json.loads(done.stdout) == {"checked": 4, "wrong": 0, "rebuilt": 0}


async def test_what_is_wrong_is_found_then_rebuilt(recorded: Database, environment: dict[str, str]) -> None:
    before = await recorded["interactions"].find_one({"feature_id": "p1"})
    await spoil(recorded)
    done = await run(environment, "check", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (1, {"checked": 4, "wrong": 1, "rebuilt": 0})
    assert await recorded["interactions"].find_one({"feature_id": "p1"}) != before
    done = await run(environment, "rebuild")
    assert (done.exit_code, done.stdout) == (0, "4 documents checked, 1 wrong, 1 rebuilt.\n")
    assert await recorded["interactions"].find_one({"feature_id": "p1"}) == before
    assert (await run(environment, "check")).exit_code == 0


async def test_an_identity_that_is_wrong_is_left_and_told(recorded: Database, environment: dict[str, str]) -> None:
    await recorded["interactions"].update_one({"feature_id": "p1"}, {"$set": {"interaction_id": "other"}})
    done = await run(environment, "rebuild")
    assert done.exit_code == 1
    assert done.stdout == (
        "4 documents checked, 1 wrong, 0 rebuilt. Left as they are, for their id is not their content's: 1.\n"
    )


def test_an_empty_database_has_nothing_wrong(environment: dict[str, str]) -> None:
    result = invoke(environment, "check", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"checked": 0, "wrong": 0, "rebuilt": 0})


def test_without_settings_it_is_wrong_usage() -> None:
    result = invoke({"GATEWAY_MONGODB_URI": ""}, "check")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
