import asyncio
import json
import os
import pty
import re
import sys
from contextlib import suppress

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.live.follower import Follower
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.scheduling.cancellation import cancel
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from tests.generators.stored_searches import searches
from tests.harness.derivation import derived


@pytest.fixture
async def recorded(database: Database) -> Database:
    requests, interactions = searches(3, requests=40, interactions=80)
    await create_indexes(database)
    await database["search_requests"].insert_many(requests)
    await database["interactions"].insert_many(interactions)
    return database


@pytest.fixture
def environment(mongod: EmbeddedServer, database_name: str) -> dict[str, str]:
    return {"GATEWAY_MONGODB_URI": mongod.uri, "GATEWAY_MONGODB_DATABASE": database_name}


async def run(environment: dict[str, str], *arguments: str) -> Result:
    """Beside the test's event loop, for a command has its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["insights", *arguments], env=environment)


async def test_what_nobody_derived_is_missing_until_it_is_rebuilt(
    recorded: Database, environment: dict[str, str]
) -> None:
    done = await run(environment, "check")
    assert done.exit_code == 1
    assert "search_outcomes: search request " in done.stdout
    assert " is missing\n" in done.stdout
    done = await run(environment, "rebuild")
    assert (done.exit_code, done.stdout.endswith("everything is derived again.\n"), done.stderr) == (0, True, "")
    done = await run(environment, "check")
    assert (done.exit_code, done.stdout.endswith(" documents checked, 0 differ.\n"), done.stderr) == (0, True, "")


async def test_what_another_program_stored_by_no_id_has_no_outcome(
    recorded: Database, environment: dict[str, str]
) -> None:
    """Nothing can be stored by it in another collection; the others are derived all the same."""
    requests = recorded["search_requests"]
    request = await requests.find_one({})
    assert request is not None
    await requests.insert_one({**request, "_id": None, "search_request_id": "of nobody"})
    done = await run(environment, "rebuild")
    assert (done.exit_code, done.stdout.endswith("everything is derived again.\n"), done.stderr) == (0, True, "")
    done = await run(environment, "check")
    assert (done.exit_code, done.stdout.endswith(" documents checked, 0 differ.\n"), done.stderr) == (0, True, "")


async def test_the_bar_never_passes_its_total(recorded: Database, environment: dict[str, str]) -> None:
    """Of a database of which nothing is derived yet, which is read as well once it is."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "gateway", "insights", "rebuild"]
    variables = os.environ | environment | {"TERM": "xterm-256color", "COLUMNS": "120"}
    process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=asyncio.subprocess.PIPE, stderr=end)
    os.close(end)
    shown = await asyncio.to_thread(_shown, terminal)
    await process.communicate()
    amounts = [(int(done), int(total)) for done, total in re.findall(r"(\d+)/(\d+)", shown)]
    assert any(done > 0 for done, _ in amounts)
    assert all(done <= total for done, total in amounts), amounts


def _shown(terminal: int) -> str:
    shown = b""
    with suppress(OSError):  # That of Linux for a terminal whose other end is closed.
        while part := os.read(terminal, 65_536):
            shown += part
    os.close(terminal)
    return shown.decode()


async def test_a_check_names_every_difference_and_what_differs(recorded: Database, environment: dict[str, str]) -> None:
    await derived(recorded)
    outcome = await recorded[SEARCH_OUTCOMES].find_one({"visit": {"$regex": "^s:"}})
    assert outcome is not None
    await recorded[SEARCH_OUTCOMES].update_one(
        {"_id": outcome["_id"]}, {"$set": {"text": "other", "whole.clicked": None}}
    )
    day = {"namespace_id": "ns_x", "feature_id": "p", "day": outcome["first_seen_at"]}
    await recorded[ITEM_DAYS].insert_one({"_id": {"n": "ns_x", "f": "p", "d": day["day"]}, **day})
    done = await run(environment, "check", "--json")
    differences = json.loads(done.stdout)["differences"]
    assert done.exit_code == 1
    assert [(row["collection"], row["problem"]) for row in differences if row["problem"] != "different"] == [
        ("item_days", "left over")
    ]
    search = f"search request {outcome['search_request_id']} of {outcome['namespace_id']}"
    assert {"collection": "search_outcomes", "document": search, "problem": "different", "fields": ["text"]} in (
        differences
    )
    assert any("whole" in row["fields"] for row in differences)
    assert (await run(environment, "rebuild", "--json")).exit_code == 0
    done = await run(environment, "check", "--json")
    assert (done.exit_code, json.loads(done.stdout)["differences"]) == (0, [])


async def test_beside_a_gateway_that_follows_it_is_that_which_rebuilds(
    recorded: Database, environment: dict[str, str]
) -> None:
    follower = asyncio.create_task(Follower(recorded).run())
    await derived(recorded)
    await recorded[SEARCH_OUTCOMES].update_many({}, {"$set": {"text": "other"}})
    await recorded[ITEM_DAYS].delete_many({})
    done = await run(environment, "rebuild")
    assert (done.exit_code, done.stderr) == (0, "")
    assert (await run(environment, "check")).exit_code == 0
    await cancel([follower])


def test_an_empty_database_has_nothing_that_differs(environment: dict[str, str]) -> None:
    result = CliRunner().invoke(app, ["insights", "check", "--json"], env=environment)
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"checked": 0, "differences": []})
