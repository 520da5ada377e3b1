"""Finds and runs a local mongod, for demos and tests: a replica set of one on a loopback port. POSIX only.

Who may use a data directory, and how its mongod ends:

- One owner at a time, see `gateway.demo.data_directory.owned`.
- On Linux the kernel ends mongod with its owner (``PR_SET_PDEATHSIG``), also where that was killed.
- A mongod that is left all the same (``mongod.lock`` names its process) is ended by the next owner. What it did not
  finish, MongoDB recovers by itself.
"""

import asyncio
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.demo.data_directory import SecretFile, owned
from gateway.errors import Unavailable
from gateway.store.replica_set import MemberSecrets, make_primary

DATABASE_FOLDER = "db"
LOG_FILE = "mongod.log"
MONGOD_KEY_FILE = "mongod.key"
PASSWORD_FILE = "mongod.password"

_HOST = "127.0.0.1"
_REPLICA_SET = "rs0"
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.02

# Pages that are written to again and again, as those of indexes are, are written out late: by itself WiredTiger begins
# when a twentieth of its cache is dirty, which took half of the processor time of an import of nested interactions.
_EVICTION = "eviction_dirty_target=60,eviction_dirty_trigger=80,eviction_updates_target=40,eviction_updates_trigger=60"
# Files of tables that nobody uses are closed after a minute instead of ten: tests make twenty thousand of them in less
# than that, and MongoDB ends where it may open no more.
_IDLE_FILES = "file_manager=(close_idle_time=60,close_handle_minimum=250)"

# Becomes the command by exec, which keeps the request (1 is PR_SET_PDEATHSIG) to be ended with the parent. Made here
# and not between fork and exec of a process with threads. A parent that was gone before the request shows by its id.
_LAUNCHER = """
import ctypes, os, sys
parent, request, *command = sys.argv[1:]
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, int(request))
if os.getppid() == int(parent):
    os.execv(command[0], command)
"""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running mongod: ``uri`` connects to it directly, ``pid`` is its process."""

    uri: str
    pid: int


@contextmanager
def start(
    data_dir: Path, *, configured: Path | None = None, cache_gigabytes: float = 0.25, is_open: bool = False
) -> Iterator[EmbeddedServer]:
    """Runs mongod on ``data_dir`` (made where there is none) and ends it on leaving; not for use in an event loop.

    The data stay for the next start; the port is another one each time. The server's log of this run is
    ``mongod.log`` in the directory.

    ``configured``: the path of a mongod to try before the others, see ``find_mongod``.
    ``cache_gigabytes``: WiredTiger's cache; MongoDB wants 0.25 at least.
    ``is_open``: whoever reaches the port may do everything. Else that needs a password, which ``uri`` holds; it is
    kept in ``mongod.password``, beside ``mongod.key``, which MongoDB wants for it, and both are this user's alone.

    Raises Unavailable, in one line, where no mongod runs, another process owns ``data_dir``, or the start fails.
    """
    mongod = find_mongod(configured)
    data_dir = data_dir.resolve()
    database, log = data_dir / DATABASE_FOLDER, data_dir / LOG_FILE
    with owned(data_dir), reserved_port() as port:
        end_earlier_mongod(database)
        member = f"{_HOST}:{port}"
        member_secrets = None if is_open else _secrets(data_dir)
        key_file = None if is_open else data_dir / MONGOD_KEY_FILE
        with _running(_command(mongod, database, port, cache_gigabytes, key_file), log) as process:
            _await_listening(process, log)
            primary = make_primary(member, _REPLICA_SET, secrets=member_secrets, timeout_seconds=_START_SECONDS)
            yield EmbeddedServer(asyncio.run(primary), process.pid)


def find_mongod(configured: Path | None = None) -> Path:
    """The first mongod that runs of: ``configured``, the one on PATH, the one in the wheel of the extra ``embedded``.

    Raises Unavailable, saying why each does not run and what to install, where none does.
    """
    refusals = []
    for origin, mongod in _candidates(configured):
        refusal = _refusal(mongod)
        if refusal is None:
            return mongod
        refusals.append(f"{origin}: {refusal}")
    tried = f" ({'; '.join(refusals)})" if refusals else ""
    raise Unavailable(
        f"no mongod runs here{tried}: install MongoDB, or on Linux x86_64 with libcurl4 and OpenSSL 3 "
        "pip install 'search-interactions-gateway[embedded]'"
    )


def _candidates(configured: Path | None) -> Iterator[tuple[str, Path]]:
    if configured:
        yield str(configured), configured
    on_path = shutil.which("mongod")
    if on_path:
        yield on_path, Path(on_path)
    # Looked up without importing: the whole of fiftyone may be installed beside its database wheel.
    package = importlib.util.find_spec("fiftyone")
    for folder in package.submodule_search_locations or () if package else ():
        binary = Path(folder, "db", "bin", "mongod")
        if binary.exists():
            with suppress(OSError):
                binary.chmod(binary.stat().st_mode | 0o111)
            yield "the wheel's", binary


def _refusal(mongod: Path) -> str | None:
    """Why ``mongod`` does not run; None where it does."""
    try:
        version = subprocess.run([mongod, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError as error:
        return error.strerror or "does not start"
    except subprocess.TimeoutExpired:
        return "does not answer"
    if version.returncode == 0:
        return None
    complaint = version.stderr.strip().splitlines()
    return complaint[-1] if complaint else f"exit status {version.returncode}"


def end_earlier_mongod(database: Path) -> None:
    """Ends a mongod that outlived an earlier owner of ``database``; the caller is the only present one."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        pid = _running_on(database)
        if pid is None:
            return
        with suppress(OSError):
            os.kill(pid, request)
        if _wait_until(lambda: _running_on(database) is None, _STOP_SECONDS):
            return
    raise Unavailable(f"process {pid}, an earlier mongod on {database}, doesn't end")


def _running_on(database: Path) -> int | None:
    """The process of the mongod that runs on ``database``; None for a stale lock or a number that is another's now."""
    try:
        pid = int((database / "mongod.lock").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"\0--dbpath\0%b\0" % os.fsencode(database) in command else None


@contextmanager
def reserved_port() -> Iterator[int]:
    """A loopback port that no other process is given meanwhile, on which a server may listen that reuses addresses."""
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind((_HOST, 0))
        yield int(reserved.getsockname()[1])


def _secrets(data_dir: Path) -> MemberSecrets:
    # In hexadecimal: MongoDB takes base64 alone, and addresses what needs no quoting.
    key = SecretFile(data_dir / MONGOD_KEY_FILE).made(secrets.token_hex(64))
    return MemberSecrets(key, SecretFile(data_dir / PASSWORD_FILE).made(secrets.token_hex(24)))


def _command(mongod: Path, database: Path, port: int, cache_gigabytes: float, key_file: Path | None) -> list[str]:
    database.mkdir(exist_ok=True)
    return [
        *(str(mongod), "--dbpath", str(database)),
        *("--bind_ip", _HOST, "--port", str(port), "--nounixsocket"),
        *("--replSet", _REPLICA_SET, "--oplogSize", "512"),
        *("--wiredTigerCacheSizeGB", str(cache_gigabytes)),
        *("--wiredTigerEngineConfigString", f"{_EVICTION},{_IDLE_FILES}"),
        *("--wiredTigerJournalCompressor", "none"),
        *(("--auth", "--keyFile", str(key_file)) if key_file else ()),
        *("--quiet", "--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = spawn(command, output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def spawn(
    command: Sequence[str],
    output: BinaryIO,
    *,
    environment: Mapping[str, str] | None = None,
    request: signal.Signals = signal.SIGTERM,
) -> "subprocess.Popen[bytes]":
    """Starts a command that on Linux is ended with this process, however that ends, by ``request``.

    From a thread of its own: the kernel takes the end of that thread for the parent's.
    """
    spawned: Future[subprocess.Popen[bytes]] = Future()

    def run() -> None:
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), str(int(request)), *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A terminal's Ctrl-C is for the owner, which ends it when it no longer needs it.
                start_new_session=True,
            )
        except OSError as error:
            spawned.set_exception(error)
        else:
            spawned.set_result(process)
            process.wait()

    threading.Thread(target=run, name="spawned", daemon=True).start()
    return spawned.result()


def _await_listening(process: subprocess.Popen[bytes], log: Path) -> None:
    def ready() -> bool:
        return process.poll() is not None or b"aiting for connections" in log.read_bytes()

    if not _wait_until(ready, _START_SECONDS):
        raise Unavailable(f"mongod did not start within {_START_SECONDS:.0f} s: see {log}")
    if process.poll() is not None:
        raise Unavailable(f"mongod ended with status {process.returncode} while starting: see {log}")


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition held within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
