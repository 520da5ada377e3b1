"""``gateway erase`` and ``gateway jobs``."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from gateway.context import Namespace
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import validate_interaction
from gateway.store.client import Database, close, open_client
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Writer
from tests.cli.test_key_commands import Shell

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
T = TypeVar("T")


@pytest.fixture
def shell(mongod: EmbeddedServer, database_name: str) -> Shell:
    return Shell(mongod.uri, database_name)


def at_database(shell: Shell, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        client = open_client(shell.environment["GATEWAY_MONGODB_URI"])
        try:
            return await work(client[shell.environment["GATEWAY_MONGODB_DATABASE"]])
        finally:
            await close(client)

    return asyncio.run(run())


@pytest.fixture
def shop(shell: Shell) -> list[str]:
    """The options that name a namespace in which two users did something."""
    shell.json("namespaces", "create", "shop", "--organization", "Acme")

    async def record(database: Database) -> None:
        tenancy = Tenancy(database)
        namespace = await tenancy.find_namespace((await tenancy.organization("Acme")).id, "shop")
        assert isinstance(namespace, Namespace)
        recordings = [
            validate_interaction(
                {
                    "interaction_id": f"i-{user}",
                    "feature_id": "p1",
                    "interaction_type": "click",
                    "user_id": user,
                    "session_id": f"s-{user}",
                    "search_request": {"search_request_id": f"r-{user}", "queries": [], "collections": ["c"]},
                }
            )
            for user in ("jane", "joe")
        ]
        await Writer(database).record(namespace, recordings, NOON)

    at_database(shell, record)
    return ["--organization", "Acme", "--namespace", "shop"]


def left(shell: Shell) -> tuple[set[str], set[str]]:
    async def ids(database: Database) -> list[set[str]]:
        return [
            {document[kind.id_path] async for document in database[kind.collection].find({})}
            for kind in (INTERACTION, SEARCH_REQUEST)
        ]

    interactions, requests = at_database(shell, ids)
    return interactions, requests


@pytest.mark.parametrize(
    ("command", "kind", "interactions", "requests"),
    [
        (["user", "jane"], "user", {"i-joe"}, {"r-joe"}),
        (["session", "s-joe"], "session", {"i-jane"}, {"r-jane"}),
        (["search-request", "r-joe"], "search_request", {"i-jane", "i-joe"}, {"r-jane"}),
        (["search-request", "r-joe", "--with-interactions"], "search_request", {"i-jane"}, {"r-jane"}),
        (
            ["interactions", "--where", '{"userId": {"eq": "jane"}}'],
            "interactions",
            {"i-joe"},
            {"r-jane", "r-joe"},
        ),
    ],
)
def test_what_is_named_is_erased(
    shell: Shell, shop: list[str], command: list[str], kind: str, interactions: set[str], requests: set[str]
) -> None:
    job = shell.json("erase", *command, *shop)
    assert (job["kind"], job["state"], job["error"]) == (kind, "done", None)
    assert left(shell) == (interactions, requests)
    assert next(entry["objectId"] for entry in shell.json("audit")) == job["jobId"]
    [listed] = shell.json("jobs", "list", "--organization", "Acme")
    assert listed == job == shell.json("jobs", "show", job["jobId"])
    printed = shell.run("jobs", "list").stdout
    assert job["jobId"] in printed
    assert "jane" not in printed
    assert shell.run("jobs", "show", job["jobId"]).stdout.startswith(f"{job['jobId']}  done: ")


def test_what_was_erased_is_told_in_a_line(shell: Shell, shop: list[str]) -> None:
    result = shell.run("erase", "user", "jane", *shop)
    assert result.exit_code == 0
    assert "1 interactions and 1 search requests deleted" in result.stdout
    # A second time there is nothing to do.
    assert "0 interactions and 0 search requests deleted" in shell.run("erase", "user", "jane", *shop).stdout


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{", "--where is no JSON"),
        ("[]", "InteractionWhere"),
        ('{"nothing": 1}', "nothing"),
        ('{"featureId": {"in": []}}', "matches nothing"),
        ('{"searchRequest": {"outcome": {"clicked": true}}}', "outcome"),
        ('{"position": null}', "null"),
        ('{"featureId": {}}', "demands nothing"),
        ('{"and": []}', "demands nothing"),
    ],
)
def test_a_filter_that_is_none_is_an_error(shell: Shell, shop: list[str], where: str, message: str) -> None:
    result = shell.run("erase", "interactions", "--where", where, *shop)
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.startswith("Error: ")
    assert len(left(shell)[0]) == 2


def test_what_is_not_there_is_an_error(shell: Shell, shop: list[str]) -> None:
    nowhere: list[Any] = ["--organization", "Acme", "--namespace", "nowhere"]
    assert "no namespace 'nowhere'" in shell.run("erase", "user", "jane", *nowhere).stderr
    assert "no organization 'Nobody'" in shell.run("erase", "user", "x", "--organization", "Nobody", *shop[2:]).stderr
    assert "There is no job 'job_x'." in shell.run("jobs", "show", "job_x").stderr
    assert json.loads(shell.run("jobs", "list", "--json").stdout) == []


def test_bytes_that_are_no_text_are_no_id(shell: Shell, shop: list[str]) -> None:
    """As Python has them of the command line."""
    result = shell.run("erase", "user", "jane\udcff", *shop)
    assert (result.exit_code, result.stderr) == (1, "Error: The document cannot be stored.\n")
    assert shell.json("jobs", "list") == []
