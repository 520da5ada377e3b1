"""Gateways and workers that are replaced, or killed, under load."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer, reserved_port
from gateway.store.client import Database
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy
from tests.harness.gateway_process import address_of, arguments_of, running, workers_of
from tests.harness.steady_load import SteadyLoad
from tests.harness.waiting import PATIENCE, eventually

# Each starts several processes.
pytestmark = pytest.mark.slow


@pytest.fixture
async def key(database: Database) -> str:
    organization = await Tenancy(database).create_organization("Acme")
    namespace, _ = await Tenancy(database).create_namespace(organization, "shop")
    issued = await Keys(database).create(
        organization, name="web", permissions=frozenset(Permission), default_namespace_id=namespace.id
    )
    return issued.secret


class Served:
    """A running gateway, and the processes that serve for it."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log
        self.address = address_of(process, log).removesuffix("/graphql")

    @property
    def log(self) -> str:
        return self._log.read_text()

    def workers(self) -> set[int]:
        return workers_of(self.process.pid)

    def renew(self) -> set[int]:
        """Sends SIGHUP; the workers once there are others than before, and as many."""
        before = self.workers()
        self.process.send_signal(signal.SIGHUP)
        return eventually(lambda: after if (after := self.workers()) and not after & before else None)

    @contextmanager
    def listening(self, key: str) -> Iterator[ClientConnection]:
        """A websocket that is acknowledged."""
        address = self.address.replace("http", "ws", 1) + "/graphql"
        with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as websocket:
            payload = {"Authorization": f"Bearer {key}"}
            websocket.send(orjson.dumps({"type": "connection_init", "payload": payload}), text=True)
            assert orjson.loads(websocket.recv(PATIENCE))["type"] == "connection_ack"
            yield websocket


@contextmanager
def served(mongod: EmbeddedServer, database: Database, **settings: object) -> Iterator[Served]:
    # Answers don't tell what they cost.
    with running(mongod.uri, database.name, rate_limit_restore=0, **settings) as (process, log):
        gateway = Served(process, log)
        yield gateway
        process.terminate()
        assert process.wait(PATIENCE) == 0
        assert "Traceback" not in gateway.log


@pytest.mark.parametrize("workers", [1, 2])
def test_sighup_has_new_processes_take_over_without_a_failed_request(
    mongod: EmbeddedServer, database: Database, key: str, workers: int
) -> None:
    with served(mongod, database, workers=workers) as gateway:
        load = SteadyLoad([gateway.address], key).start()
        try:
            load.goes_on()
            with gateway.listening(key) as websocket:
                gateway.renew()
                with pytest.raises(ConnectionClosed) as closed:
                    list(iter(lambda: websocket.recv(PATIENCE), None))
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == CloseCode.GOING_AWAY
            # As clients do it: connects again, and is served.
            with gateway.listening(key):
                load.goes_on()
            # Once more: now the first process serves nobody itself.
            eventually(lambda: len(gateway.workers()) == workers)
            gateway.renew()
            load.goes_on()
        finally:
            load.stop()
        assert load.failures == []
        eventually(lambda: len(gateway.workers()) == workers)


def test_a_successor_that_cannot_start_leaves_the_process_that_serves(
    mongod: EmbeddedServer, database: Database, key: str, tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text("{}")
    with served(mongod, database, trusted_documents=manifest) as gateway:
        manifest.write_text("no manifest")
        gateway.process.send_signal(signal.SIGHUP)
        eventually(lambda: "A new worker did not start; those that were there go on" in gateway.log)
        assert "GATEWAY_TRUSTED_DOCUMENTS: " in gateway.log
        headers, asked = {"Authorization": f"Bearer {key}"}, {"query": "{ __typename }"}
        answer = httpx.post(f"{gateway.address}/graphql", json=asked, headers=headers, timeout=PATIENCE)
        assert answer.json() == {"data": {"__typename": "Query"}}
        manifest.write_text("{}")
        eventually(lambda: not gateway.workers())
        gateway.process.send_signal(signal.SIGHUP)
        eventually(lambda: "serves from now on" in gateway.log)


def test_who_kills_a_worker_fails_what_it_held_and_who_kills_their_parent_ends_them(
    mongod: EmbeddedServer, database: Database, key: str
) -> None:
    clients = 3
    with running(mongod.uri, database.name, rate_limit_restore=0, workers=2) as (process, log):
        gateway = Served(process, log)
        pair = eventually(lambda: pair if len(pair := gateway.workers()) == 2 else None)
        load = SteadyLoad([gateway.address], key).start(clients)
        try:
            load.goes_on()
            os.kill(min(pair), signal.SIGKILL)
            left = eventually(lambda: left if len(left := gateway.workers() - {min(pair)}) == 2 else None)
            load.goes_on()
        finally:
            load.stop()
        # Each client has one request under way.
        assert len(load.failures) <= clients
        assert all("ReadError" in failure or "RemoteProtocolError" in failure for failure in load.failures)
        # Else they would keep the address from whoever is started next.
        process.kill()
        process.wait(PATIENCE)
        eventually(lambda: not any(arguments_of(pid) for pid in left))


def test_two_gateways_roll_without_a_failed_request(mongod: EmbeddedServer, database: Database, key: str) -> None:
    with reserved_port() as first, reserved_port() as second, ExitStack() as stack:
        ports = (first, second)
        gateways = [stack.enter_context(served(mongod, database, port=port)) for port in ports]
        load = SteadyLoad([gateway.address for gateway in gateways], key).start()
        try:
            load.goes_on()
            for old, port in zip(gateways, ports, strict=True):
                old.process.terminate()
                assert old.process.wait(PATIENCE) == 0
                load.goes_on()
                stack.enter_context(served(mongod, database, port=port))
                load.goes_on()
        finally:
            load.stop()
        assert load.failures == []
