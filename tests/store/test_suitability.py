"""What is said of a MongoDB that the gateway can't work with, or had better not."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pymongo.errors import OperationFailure

from gateway.demo import embedded_mongod
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.settings import EmbeddedSettings, load
from gateway.store.client import Client, close, open_client
from gateway.store.suitability import Obstacle, clock_obstacle, obstacles, version_obstacle
from tests.harness.mongod_process import standalone, uninitiated
from tests.harness.waiting import PATIENCE

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@asynccontextmanager
async def opened(uri: str) -> AsyncIterator[Client]:
    client = open_client(uri, server_selection_timeout_ms=2_000)
    try:
        yield client
    finally:
        await close(client)


async def found(uri: str, database: str = "gateway") -> Sequence[Obstacle]:
    async with opened(uri) as client:
        return await obstacles(client[database], timeout_seconds=PATIENCE)


async def fatal(uri: str, database: str = "gateway") -> str:
    [text] = [obstacle.text for obstacle in await found(uri, database) if obstacle.is_fatal]
    return text


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One that asks for a password."""
    configured = load(EmbeddedSettings).mongod
    with embedded_mongod.start(tmp_path_factory.mktemp("guarded"), configured=configured) as server:
        yield server


async def user(guarded: EmbeddedServer, name: str, *roles: object) -> str:
    """The address by which a user with these roles connects."""
    async with opened(guarded.uri) as client:
        try:
            await client["admin"].command("createUser", name, pwd="hunter2", roles=list(roles))
        except OperationFailure as error:
            assert error.code == 51_003, "there is one from another test"  # noqa: PT017
    return f"mongodb://{name}:hunter2@{guarded.uri.partition('@')[2]}"


async def test_of_a_replica_set_only_its_age_is_said(mongod: EmbeddedServer) -> None:
    async with opened(mongod.uri) as client:
        version = (await client["admin"].command("buildInfo"))["versionArray"]
    expected = [obstacle for obstacle in (version_obstacle(version),) if obstacle]
    assert await found(mongod.uri) == expected


async def test_a_standalone_will_not_do(tmp_path: Path) -> None:
    with standalone(tmp_path) as address:
        text = await fatal(f"mongodb://{address}/")
        assert text.startswith("MongoDB is a standalone server, which has neither transactions nor change streams: ")
        assert "rs.initiate()" in text
        assert "of the replica set of this name" in await fatal(f"mongodb://{address}/?replicaSet=rs0")


async def test_a_replica_set_that_is_not_initiated_may_be_soon(tmp_path: Path) -> None:
    with uninitiated(tmp_path) as address:
        told = await found(f"mongodb://{address}/?replicaSet=rs0")
        told_directly = await found(f"mongodb://{address}/?directConnection=true")
    text = "MongoDB's replica set isn't initiated yet: it takes rs.initiate() once"
    assert told == told_directly == [Obstacle(text, is_fatal=False)]


async def test_nothing_is_said_where_nobody_answers() -> None:
    with embedded_mongod.reserved_port() as port:
        assert await found(f"mongodb://127.0.0.1:{port}/") == []
        assert await found(f"mongodb://127.0.0.1:{port}/?replicaSet=rs0") == []


async def test_whom_it_does_not_know_is_told_so(guarded: EmbeddedServer) -> None:
    server = guarded.uri.partition("@")[2]
    assert "asks for a user and a password" in await fatal(f"mongodb://{server}")
    refused = await fatal(f"mongodb://gateway:hunter3@{server}")
    assert refused.startswith("MongoDB refuses the user or the password: ")
    assert "hunter3" not in refused


@pytest.mark.parametrize(
    ("name", "roles", "missing"),
    [
        ("nobody", [], "find, insert, update, remove, createIndex, changeStream"),
        ("reader", [{"role": "read", "db": "gateway"}], "insert, update, remove, createIndex"),
        (
            "elsewhere",
            [{"role": "readWrite", "db": "other"}],
            "find, insert, update, remove, createIndex, changeStream",
        ),
    ],
)
async def test_rights_that_are_missing_are_named_with_how_to_grant_them(
    guarded: EmbeddedServer, name: str, roles: list[object], missing: str
) -> None:
    assert await fatal(await user(guarded, name, *roles)) == (
        f"MongoDB doesn't let this user {missing} in the database gateway: expected one with the role readWrite, which "
        'db.grantRolesToUser("…", [{role: "readWrite", db: "gateway"}]) gives'
    )


@pytest.mark.parametrize(
    ("name", "role"),
    [("writer", {"role": "readWrite", "db": "gateway"}), ("everywhere", "readWriteAnyDatabase"), ("root", "root")],
)
async def test_what_the_role_gives_is_enough(guarded: EmbeddedServer, name: str, role: object) -> None:
    address = await user(guarded, name, role)
    assert [obstacle for obstacle in await found(address) if obstacle.is_fatal] == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ([5, 0, 31, 0], Obstacle("MongoDB 5.0.31 is too old: expected 7 or later", is_fatal=True)),
        (
            [6, 0, 5, 0],
            Obstacle(
                "MongoDB 6.0.5 is past its end of life and gets no more fixes: expected 7 or later", is_fatal=False
            ),
        ),
        ([7, 0, 0, 0], None),
        ([8, 2, 1, 0], None),
    ],
)
def test_versions(version: list[int], expected: Obstacle | None) -> None:
    assert version_obstacle(version) == expected


@pytest.mark.parametrize(
    ("server", "apart"),
    [(-3_600, "3,600 s behind"), (-6, "6 s behind"), (-5, None), (0, None), (65, None), (66, "6 s ahead of")],
)
def test_clocks_may_be_five_seconds_apart_however_long_the_answer_takes(server: int, apart: str | None) -> None:
    obstacle = clock_obstacle(NOW + timedelta(seconds=server), NOW, NOW + timedelta(seconds=60))
    if apart is None:
        assert obstacle is None
    else:
        assert obstacle is not None
        assert not obstacle.is_fatal
        assert obstacle.text.startswith(f"MongoDB's clock is {apart} this machine's: ")
