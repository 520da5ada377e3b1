"""What clients see while MongoDB or the gateway fails under continuous writes: nothing acknowledged is lost."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from gateway.context import Permission
from gateway.demo.embedded_mongod import spawn
from gateway.model.kinds import INTERACTION
from gateway.scheduling.cancellation import cancel
from gateway.store.change_stream import InsertWatch
from gateway.store.client import close, open_client
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy
from tests.faults.listener import Listener, SocketListener, StreamListener
from tests.faults.load import BATCH, Load
from tests.faults.replica_set import ReplicaSet, eventually, free_port, replica_set

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    # The tests' own clients: PyMongo's monitors don't retrieve what they meet when a server dies.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

# What the service promises, in seconds.
RESUMES = 15.0
READINESS = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def members(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ReplicaSet]:
    async with replica_set(tmp_path_factory.mktemp("replica-set")) as found:
        yield found


@dataclass
class Served:
    """``gateway serve`` on a port that stays the same when it is started again."""

    environment: dict[str, str]
    port: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "gateway", "serve", "--port", str(self.port)]
            self.process = spawn(command, log, environment=os.environ | self.environment, request=signal.SIGKILL)

    async def end(self, request: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(request)
        return await asyncio.to_thread(self.process.wait, 60)


@dataclass
class Scene:
    """A healthy set, a gateway on it, and a load that is under way."""

    set: ReplicaSet
    served: Served
    load: Load
    database: str
    listeners: list[Listener] = field(default_factory=list)
    # What was there once the listeners had begun; they may have been told of some of it.
    before: Collection[str] = ()

    async def acknowledges(self, count: int = 20) -> None:
        """Waits for that many more acknowledgements."""
        wanted = len(self.load.acknowledged) + count * BATCH

        async def written() -> bool:
            return len(self.load.acknowledged) >= wanted

        await eventually(written, "writes are acknowledged")

    async def resumes(self, since: float) -> float:
        """Seconds from ``since`` to the first answer of all that comes after it."""
        await asyncio.sleep(1)
        before = self.load.last_acknowledged

        async def again() -> bool:
            return self.load.last_acknowledged > max(before, since + 1)

        await eventually(again, "writes are acknowledged again")
        return self.load.last_acknowledged - since

    async def listen(self) -> None:
        """From now on clients are subscribed, over both transports."""
        self.listeners = [kind(self.served.address, self.load.key) for kind in (SocketListener, StreamListener)]
        for one in self.listeners:
            await one.begin()
        self.before = await self._stored()

    async def _stored(self) -> list[str]:
        async with self.set.client() as client:
            found = client[self.database]["interactions"].find({}, {"interaction_id": 1})
            return [document["interaction_id"] async for document in found]

    async def _missing(self, listener: Listener) -> str:
        """What a listener was not told of, in the order in which it was inserted, and where in that order it stands."""
        async with self.set.client() as client:
            # The oplog has what was inserted alone, and what was inserted together within an applyOps.
            namespace, order = f"{self.database}.interactions", list[tuple[Any, str]]()
            async for entry in client["local"]["oplog.rs"].find({}).sort("$natural", 1):
                for one in entry["o"].get("applyOps", [entry]) if isinstance(entry.get("o"), dict) else ():
                    if isinstance(one, dict) and (one.get("op"), one.get("ns")) == ("i", namespace):
                        order.append((entry["ts"], one["o"]["interaction_id"]))
        told, before = set(listener.told), set(self.before)
        told_at = [number for number, (_, id) in enumerate(order) if id in told]
        missing = [(number, *one) for number, one in enumerate(order) if one[1] not in told | before]
        return (
            f"{type(listener).__name__} was told of {len(told)} of {len(order)}, from number "
            f"{min(told_at, default=None)} to {max(told_at, default=None)} in the oplog; {len(before)} were there "
            f"before; missing are {len(missing)}: {missing[:20]} … {missing[-5:]}"
        )

    async def settle(self) -> None:
        """Ends the load and compares what was acknowledged, and told, with what is stored."""
        await self.load.stop()
        stored = await self._stored()
        for one in self.listeners:

            async def told_all(listener: Listener = one) -> bool:
                assert listener.unclean == []
                return set(stored).difference(self.before) <= set(listener.told)

            try:
                await eventually(told_all, "all that was recorded is told")
            except AssertionError as error:
                error.add_note(await self._missing(one))
                raise
            await one.end()
            assert len(one.told) == len(set(one.told)), "told twice"
            assert set(one.told) <= set(stored), "told of what is not there"
            assert one.unclean == []
        assert len(stored) == len(set(stored)), "recorded twice"
        assert self.load.acknowledged <= set(stored), "an acknowledged write is missing"
        assert max(self.load.created.values()) == 1, "told twice to be new"
        assert self.load.unclean == []


@asynccontextmanager
async def scene(members: ReplicaSet, tmp_path: Path) -> AsyncIterator[Scene]:
    await members.heal()
    database = f"test_{uuid4().hex}"
    client = open_client(members.uri)
    tenancy = Tenancy(client[database])
    organization = await tenancy.create_organization("Acme")
    namespace, _ = await tenancy.create_namespace(organization, "shop")
    key = await Keys(client[database]).create(
        organization, name="web", permissions=frozenset(Permission), default_namespace_id=namespace.id
    )
    await close(client)
    environment = {"GATEWAY_MONGODB_URI": members.uri, "GATEWAY_MONGODB_DATABASE": database}
    served = Served(environment, free_port(), tmp_path / "log")
    served.start()
    load = Load(served.address, key.secret)
    found = Scene(members, served, load, database)
    try:
        await eventually(lambda: listening(served), "the gateway serves")
        load.start()
        await found.acknowledges()
        yield found
    finally:
        assert served.process is not None
        served.process.kill()
        served.process.wait()
        for listener in found.listeners:
            await listener.end()
        for task in load._tasks:
            task.cancel()
        await asyncio.gather(*load._tasks, return_exceptions=True)
        print(served.log.read_text()[-3000:])


class Control:
    """Another client that writes to the same set: it tells when the database itself works again."""

    def __init__(self, set: ReplicaSet) -> None:
        self.written: list[float] = []
        self._task = asyncio.create_task(self._write(set))

    async def _write(self, set: ReplicaSet) -> None:
        async with set.client() as client:
            documents = client["control"]["documents"]
            while True:
                with suppress(PyMongoError, TimeoutError):
                    async with asyncio.timeout(2):
                        await documents.insert_one({})
                        self.written.append(time.monotonic())
                await asyncio.sleep(0.1)

    def resumed(self, since: float) -> float:
        """Seconds from ``since`` to the end of the longest pause."""
        after = [since, *(at for at in self.written if at > since)]
        return max(pairwise(after), key=lambda pair: pair[1] - pair[0], default=(since, since))[1] - since

    async def stop(self) -> None:
        # The driver may lose a cancellation.
        await cancel([self._task])


async def listening(served: Served) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def report(what: str, scene: Scene, fault: float, resumed: float) -> None:
    unready, ready = scene.load.first_probe(503, fault), None
    if unready is not None:
        ready = scene.load.first_probe(200, fault + unready)
    told = [len(listener.told) for listener in scene.listeners]
    print(
        f"\n{what}: unready after {unready and round(unready, 2)} s, ready again {ready and round(ready, 2)} s later, "
        f"writes again after {resumed:.1f} s, longest answer {scene.load.longest_seconds:.1f} s; "
        f"{len(scene.load.acknowledged)} acknowledged, {scene.load.refused} refused, {told} told"
    )


@pytest.mark.parametrize("fault", ["primary_killed", "primary_frozen", "primary_isolated_then_killed", "all_restarted"])
async def test_the_database_fails(fault: str, members: ReplicaSet, tmp_path: Path) -> None:
    async with scene(members, tmp_path) as found:
        primary = await members.primary()
        control = Control(members)
        await found.listen()
        await asyncio.sleep(1)
        began = time.monotonic()
        match fault:
            case "primary_killed":
                primary.kill()
            case "primary_frozen":
                primary.signal(signal.SIGSTOP)
            case "primary_isolated_then_killed":
                members.cut_off(primary)
            case "all_restarted":
                for member in members.members:
                    member.kill()
                await asyncio.sleep(3)
                for member in members.members:
                    member.start()
        resumed = await found.resumes(began)
        if fault == "primary_isolated_then_killed":
            primary.kill()
        await found.acknowledges()
        await members.heal()
        await found.acknowledges()
        await found.settle()
        await control.stop()
        report(f"{fault} (database back after {control.resumed(began):.1f} s)", found, began, resumed)
        assert found.load.broken == []
        unready = found.load.first_probe(503, began)
        assert unready is not None
        assert unready < READINESS
        ready = found.load.first_probe(200, began + unready)
        assert ready is not None
        assert ready + unready < control.resumed(began) + READINESS
        # MongoDB itself may take longer, where a secondary waits for a primary that doesn't answer.
        assert resumed < max(RESUMES, control.resumed(began) + READINESS)


async def test_what_no_majority_has_yet_is_told_once_it_can_be_read(members: ReplicaSet) -> None:
    await members.heal()
    primary = await members.primary()
    others = [member for member in members.members if member is not primary]
    client = open_client(members.uri)
    database = client[f"test_{uuid4().hex}"]
    interactions = database[INTERACTION.collection]
    watch = InsertWatch(database, INTERACTION)
    await interactions.insert_one({"_id": "read", "namespace_id": "ns"})
    async with AsyncExitStack() as held:
        for member in others:
            behind = await held.enter_async_context(members.client(member))
            await behind.admin.command("fsync", lock=True)
            held.push_async_callback(behind.admin.command, "fsyncUnlock")
        alone = interactions.with_options(write_concern=WriteConcern(1))
        await alone.insert_one({"_id": "begun", "namespace_id": "ns"})
        insertions = await watch.open()
        joined = await watch.now()
        assert [document["_id"] async for document in interactions.find({})] == ["read"]
    async with asyncio.timeout(30):
        while (inserted := await insertions.next()) is None:
            pass
    # Neither the stream nor who joins it leaves out what nobody could read by then.
    assert inserted.id == "begun"
    assert inserted.at > joined
    await insertions.close()
    await client.drop_database(database.name)
    await close(client)


async def test_the_gateway_is_killed(members: ReplicaSet, tmp_path: Path) -> None:
    async with scene(members, tmp_path) as found:
        await found.served.end(signal.SIGKILL)
        began = time.monotonic()
        found.served.start()
        resumed = await found.resumes(began)
        await found.acknowledges()
        await found.settle()
        report("gateway killed", found, began, resumed)
        # Each client had one request under way, and others were refused until the next process listened. How long an
        # interpreter takes to start says more about the machine than about the gateway.
        assert found.load.broken


async def test_the_gateway_is_told_to_end(members: ReplicaSet, tmp_path: Path) -> None:
    async with scene(members, tmp_path) as found:
        began = time.monotonic()
        assert await found.served.end(signal.SIGTERM) == 0
        ended = time.monotonic() - began
        found.served.start()
        resumed = await found.resumes(began)
        await found.settle()
        report(f"gateway ended in {ended:.1f} s", found, began, resumed)
        # Refused while nobody listened; none that had been sent failed.
        assert {re.split(r"[:(]", one)[0] for one in found.load.broken} <= {"ConnectError"}
