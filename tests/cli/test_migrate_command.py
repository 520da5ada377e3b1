import asyncio
import json

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import Database
from gateway.store.migrations.migration_state import STATE
from tests.store.migrations.test_migrator import record

TITLE = "Recorded documents have all fields that are derived of them"


@pytest.fixture
def environment(mongod: EmbeddedServer, database_name: str) -> dict[str, str]:
    return {"GATEWAY_MONGODB_URI": mongod.uri, "GATEWAY_MONGODB_DATABASE": database_name}


async def run(environment: dict[str, str], *arguments: str) -> Result:
    """Beside the test's event loop, for a command has its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["migrate", *arguments], env=environment)


async def test_what_is_pending_is_told_made_and_gone(database: Database, environment: dict[str, str]) -> None:
    await record(database, 2)
    dry = await run(environment, "--dry-run")
    assert (dry.exit_code, dry.stderr) == (0, "")
    assert dry.stdout == f"1. {TITLE}: 4 documents read, 4 would be changed.\n"
    made = await run(environment, "--json")
    assert json.loads(made.stdout) == {
        "dryRun": False,
        "migrations": [{"number": 1, "title": TITLE, "read": 4, "changed": 4}],
        "unknown": [],
    }
    again = await run(environment)
    assert (again.exit_code, again.stdout) == (0, "Nothing is pending.\n")


async def test_what_a_later_version_made_is_told(database: Database, environment: dict[str, str]) -> None:
    finished = [{"number": 1, "changed": 0}, {"number": 99, "changed": 0}]
    await database[STATE].insert_one({"_id": "migrations", "finished": finished})
    told = await run(environment)
    assert (told.exit_code, told.stderr) == (0, "A later version has made others: 99.\n")
