"""The replica set of the fault tests leaves nothing behind, however they end."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.replica_set import Gate, Member, free_port


def _held(directory: Path) -> None:
    """Runs two members, one of them frozen, until it is killed."""

    async def hold() -> None:
        for number in range(2):
            gate = Gate(free_port())
            member = Member(directory / f"member-{number}", gate.target, gate)
            member.start()
            while b"--dbpath" not in _arguments(member.pid)[:3]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            print(member.pid, flush=True)
        member.signal(signal.SIGSTOP)
        print("frozen", flush=True)
        await asyncio.Event().wait()

    asyncio.run(hold())


def _arguments(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")


def _runs(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux only")
def test_members_end_with_the_tests_that_were_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.faults.test_replica_set", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as tests:
        assert tests.stdout is not None
        members = [int(tests.stdout.readline()) for _ in range(2)]
        assert tests.stdout.readline() == "frozen\n"
        assert all(_runs(pid) for pid in members)
        tests.kill()
    deadline = time.monotonic() + 20
    while any(_runs(pid) for pid in members) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [pid for pid in members if _runs(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


if __name__ == "__main__":
    _held(Path(sys.argv[1]))
