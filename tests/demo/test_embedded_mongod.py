import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer, find_mongod, reserved_port, start
from gateway.errors import Unavailable
from gateway.store.client import close, open_client
from tests.harness.waiting import PATIENCE, eventually

OWNER = """
import sys, threading
from pathlib import Path
from gateway.demo.embedded_mongod import start
with start(Path(sys.argv[1])) as server:
    print(server.uri, server.pid, flush=True)
    threading.Event().wait()
"""


@contextmanager
def other_owner(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], EmbeddedServer]]:
    """Another process that runs the server, and that server."""
    command = [sys.executable, "-c", OWNER, str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        uri, pid = process.stdout.readline().split()
        try:
            yield process, EmbeddedServer(uri, int(pid))
        finally:
            process.kill()


def notes_after_another(uri: str) -> int:
    """Writes a note, sees it in a change stream, and counts all."""

    async def write() -> int:
        client = open_client(uri)
        notes = client["embedded"]["notes"]
        async with await notes.watch() as changes:
            await notes.insert_one({})
            await changes.next()
        count = await notes.count_documents({})
        await close(client)
        return count

    return asyncio.run(write())


def ends(pid: int) -> bool:
    def ended() -> bool:
        try:
            return not Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return True

    return eventually(ended)


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_what_was_written_survives_a_restart(tmp_path: Path) -> None:
    data_dir = tmp_path / "made" / "by start"
    with start(data_dir) as server:
        assert re.fullmatch(r"mongodb://gateway:[0-9a-f]{48}@127\.0\.0\.1:\d+/\?directConnection=true", server.uri)
        assert notes_after_another(server.uri) == 1
    assert ends(server.pid)
    with start(data_dir) as server:
        assert notes_after_another(server.uri) == 2


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_ends_with_its_owner_and_the_next_finds_the_data(tmp_path: Path, end: signal.Signals) -> None:
    with other_owner(tmp_path) as (process, server):
        assert notes_after_another(server.uri) == 1
        process.send_signal(end)
        assert ends(server.pid)
    with start(tmp_path) as server:
        assert notes_after_another(server.uri) == 2


def test_the_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    starting = start(tmp_path)
    with ThreadPoolExecutor(1) as short_lived:
        server = short_lived.submit(starting.__enter__).result()
    assert notes_after_another(server.uri) == 1
    starting.__exit__(None, None, None)
    assert ends(server.pid)


def test_a_second_owner_is_told_of_the_first_which_goes_on(tmp_path: Path) -> None:
    with other_owner(tmp_path) as (process, server):
        with (
            pytest.raises(Unavailable, match=f"^the data directory .* is in use by process {process.pid}: "),
            start(tmp_path),
        ):
            pass
        assert notes_after_another(server.uri) == 1


def test_a_server_that_was_left_behind_is_ended(tmp_path: Path) -> None:
    database = tmp_path / "db"
    database.mkdir()
    command = [str(find_mongod()), "--dbpath", str(database), "--bind_ip", "127.0.0.1", "--nounixsocket"]
    with (
        reserved_port() as port,
        subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE) as left,
    ):
        assert left.stdout
        for line in left.stdout:
            if b"Waiting for connections" in line:
                break
        with start(tmp_path) as server:
            assert left.wait(PATIENCE) == 0
            assert notes_after_another(server.uri) == 1


def test_a_stale_lock_that_names_a_living_process_is_no_server(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        (tmp_path / "db").mkdir()
        (tmp_path / "db" / "mongod.lock").write_text(f"{sleeper.pid}\n")
        with start(tmp_path) as server:
            assert notes_after_another(server.uri) == 1
        assert sleeper.poll() is None
        sleeper.kill()


def test_the_first_mongod_that_runs_is_taken(tmp_path: Path) -> None:
    runs = script(tmp_path / "runs", "exit 0")
    assert find_mongod(runs) == runs
    assert find_mongod(script(tmp_path / "fails", "exit 1")) == find_mongod()
    assert find_mongod(tmp_path / "missing") == find_mongod()


def test_one_line_says_what_to_install_where_no_mongod_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fiftyone").mkdir()
    (tmp_path / "fiftyone" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    complaint = "error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    script(tmp_path / "mongod", f"echo '{complaint}' >&2; exit 127")
    with pytest.raises(Unavailable) as raised:
        find_mongod(Path("/nowhere/mongod"))
    assert raised.value.message == (
        f"no mongod runs here (/nowhere/mongod: No such file or directory; {tmp_path}/mongod: {complaint}): install "
        "MongoDB, or on Linux x86_64 with libcurl4 and OpenSSL 3 pip install 'search-interactions-gateway[embedded]'"
    )


def test_a_server_that_ends_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    mongod = script(tmp_path / "mongod", 'test "$1" = --version && exit 0; echo reason; exit 3')
    with (
        pytest.raises(Unavailable, match=r"^mongod ended with status 3 while starting: see .*/data/mongod\.log$"),
        start(tmp_path / "data", configured=mongod),
    ):
        pass
    assert (tmp_path / "data" / "mongod.log").read_text() == "reason\n"


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(Unavailable, match=r"^the data directory .*/file can't be used: File exists$"),
        start(tmp_path / "file"),
    ):
        pass
