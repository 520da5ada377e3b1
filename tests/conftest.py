import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from hypothesis import settings as hypothesis_settings

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import Client, Database, Driver, close, open_client
from tests.harness.gateway_client import Gateway, open_gateway
from tests.harness.mongod_process import started

# How long one example takes says more about the machine than about the code.
hypothesis_settings.register_profile("gateway", deadline=None)
hypothesis_settings.register_profile("fuzz", deadline=None, max_examples=int(os.environ.get("EXAMPLES") or 100))
hypothesis_settings.load_profile("fuzz" if os.environ.get("EXAMPLES") else "gateway")


def pytest_collection_finish() -> None:
    """Keeps what was imported and collected from the garbage collector, as a worker does.

    To walk all of that takes it a third of a second, in whichever test comes then, and some of them measure for how
    long others have to wait.
    """
    gc.collect()
    gc.freeze()


# In memory, where there is room for what a session's tests store and MongoDB's oplog: making a database's indexes, as
# most tests do, takes half as long there.
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4_000_000_000


def data_folder() -> Path | None:
    """Where the data of a mongod are kept for tests; None for the usual folder of temporary files."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES else None


@pytest.fixture(scope="session")
def mongod(pytestconfig: pytest.Config) -> Iterator[EmbeddedServer]:
    with (
        TemporaryDirectory(prefix="gateway-tests-", dir=data_folder()) as directory,
        started(Path(directory), pytestconfig) as server,
    ):
        yield server


@pytest.fixture
def database_name() -> str:
    return f"test_{uuid4().hex}"


@pytest.fixture
def driver() -> Driver:
    """That of ``client``; modules about the store try both."""
    return "pymongo"


@pytest.fixture
async def client(mongod: EmbeddedServer, database_name: str, driver: Driver) -> AsyncIterator[Client]:
    client = open_client(mongod.uri, driver=driver)
    yield client
    await client.drop_database(database_name)
    await close(client)


@pytest.fixture
async def database(client: Client, database_name: str) -> Database:
    return client[database_name]


@pytest.fixture
async def gateway(mongod: EmbeddedServer, database: Database) -> AsyncIterator[Gateway]:
    """The whole application over ``database``, with keys of two organizations."""
    async with open_gateway(database, mongod.uri) as gateway:
        yield gateway
