"""A replica set of three real mongods whose members can be killed, frozen and cut off, one by one."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from gateway.demo.embedded_mongod import find_mongod, reserved_port, spawn
from gateway.settings import EmbeddedSettings, load

HOST = "127.0.0.1"
NAME = "faults"
# On a machine that does other things as well.
PATIENCE = 120.0
ELECTION_MS = 3_000


# Bound until this process ends, so that nobody else is given their ports meanwhile.
_RESERVATIONS = ExitStack()


def free_port() -> int:
    return _RESERVATIONS.enter_context(reserved_port())


async def eventually(condition: Callable[[], Coroutine[Any, Any, bool]], what: str, seconds: float = PATIENCE) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, f"within {seconds:g} s it did not come true that {what}"
        await asyncio.sleep(0.1)


@dataclass(eq=False)
class Member:
    """One mongod. Everybody reaches it through ``gate``, the address that the set knows it by."""

    directory: Path
    port: int
    gate: "Gate"
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        self.directory.mkdir(exist_ok=True)
        command = [
            *(str(find_mongod(load(EmbeddedSettings).mongod)), "--dbpath", str(self.directory), "--replSet", NAME),
            *("--bind_ip", HOST, "--port", str(self.port), "--nounixsocket", "--quiet"),
            *("--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ]
        with (self.directory / "log").open("ab") as log:
            # A frozen one takes notice of nothing else.
            self.process = spawn(command, log, request=signal.SIGKILL)

    def signal(self, request: signal.Signals) -> None:
        os.kill(self.pid, request)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass(eq=False)
class Gate:
    """A port that forwards to a member's, and can cut it off: what is sent to or by a member goes nowhere then."""

    target: int
    cut_off: set[Member] = field(default_factory=set)
    member: "Member | None" = None
    members: list[Member] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _passing: "set[tuple[asyncio.Task[None], Member | None]]" = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task, _ in list(self._passing):
            task.cancel()
        await asyncio.gather(*(task for task, _ in self._passing), return_exceptions=True)
        await self._server.wait_closed()

    async def _let_through(self, source: Member | None) -> None:
        while self.member in self.cut_off or source in self.cut_off:  # noqa: ASYNC110  # for seconds, in a test
            await asyncio.sleep(0.1)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")[1]
        source = next((one for one in self.members if one.process is not None and owns(one.pid, peer)), None)
        task = asyncio.current_task()
        assert task is not None
        self._passing.add((task, source))
        far: asyncio.StreamWriter | None = None
        try:
            await self._let_through(source)
            answers, far = await asyncio.open_connection(HOST, self.target)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, far, source))
                group.create_task(self._copy(answers, writer, source))
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            pass
        finally:
            self._passing.discard((task, source))
            for one in (writer, far):
                if one is not None:
                    one.transport.abort()
                    with suppress(OSError):
                        await one.wait_closed()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: Member | None) -> None:
        while data := await reader.read(65_536):
            await self._let_through(source)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


def owns(pid: int, port: int) -> bool:
    """Whether a process holds the socket with this local port."""
    wanted = f"{HOST_HEX}:{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        parts = line.split()
        if parts[1] == wanted:
            return f"socket:[{parts[9]}]" in sockets_of(pid)
    return False


HOST_HEX = "".join(f"{int(part):02X}" for part in reversed(HOST.split(".")))


def sockets_of(pid: int) -> set[str]:
    found = set()
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(str(entry.readlink()))
    return found


class ReplicaSet:
    def __init__(self, members: list[Member]) -> None:
        self.members = members
        addresses = ",".join(f"{HOST}:{member.gate.port}" for member in members)
        self.uri = f"mongodb://{addresses}/?replicaSet={NAME}"

    @asynccontextmanager
    async def client(self, member: Member | None = None) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
        """A client of the set, or of one member past its gate."""
        uri = self.uri if member is None else f"mongodb://{HOST}:{member.port}/?directConnection=true"
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            uri, serverSelectionTimeoutMS=2_000, socketTimeoutMS=5_000, connectTimeoutMS=2_000, w="majority"
        )
        async with client:
            yield client

    async def primary(self) -> Member:
        """The member that all who are reachable take for the primary."""
        for member in self.members:
            with suppress(PyMongoError):
                async with self.client(member) as client:
                    if (await client.admin.command("hello"))["isWritablePrimary"]:
                        return member
        raise AssertionError("there is no primary")

    def cut_off(self, member: Member) -> None:
        for one in self.members:
            one.gate.cut_off.add(member)

    async def heal(self) -> None:
        """Every member runs, reaches the others, and has caught up."""
        for member in self.members:
            for one in self.members:
                one.gate.cut_off.discard(member)
            if member.process is None:
                member.start()
            else:
                member.signal(signal.SIGCONT)
        await eventually(self._is_healthy, "one member is primary and the others follow")

    async def _is_healthy(self) -> bool:
        with suppress(PyMongoError):
            async with self.client() as client:
                status = await client.admin.command("replSetGetStatus")
                return sorted(one["stateStr"] for one in status["members"]) == ["PRIMARY", "SECONDARY", "SECONDARY"]
        return False

    async def initiate(self) -> None:
        async def answers() -> bool:
            with suppress(PyMongoError):
                async with self.client(self.members[0]) as client:
                    await client.admin.command("ping")
                    return True
            return False

        await eventually(answers, "mongod answers")
        members = [{"_id": n, "host": f"{HOST}:{one.gate.port}"} for n, one in enumerate(self.members)]

        # A fault is noticed sooner than by default (10 s): how long MongoDB takes for it isn't what is tried.
        # Members follow the primary alone: one that followed another secondary would stand still with it,
        # and a majority couldn't be reached where a test holds up one member.
        settings = {"electionTimeoutMillis": ELECTION_MS, "chainingAllowed": False}
        configuration = {"_id": NAME, "members": members, "settings": settings}

        async def initiated() -> bool:
            try:
                async with self.client(self.members[0]) as client:
                    await client.admin.command("replSetInitiate", configuration)
            except PyMongoError as error:
                return getattr(error, "code", None) == 23
            return True

        await eventually(initiated, "the set is initiated")
        await self.heal()


@asynccontextmanager
async def replica_set(directory: Path) -> AsyncIterator[ReplicaSet]:
    members = []
    for number in range(3):
        port = free_port()
        gate = Gate(port)
        await gate.open()
        members.append(Member(directory / f"member-{number}", port, gate))
    for member in members:
        member.gate.member, member.gate.members = member, members
        member.start()
    found = ReplicaSet(members)
    try:
        await found.initiate()
        yield found
    finally:
        for member in members:
            member.kill()
            await member.gate.close()
