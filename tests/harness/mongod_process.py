"""mongods of tests: one as the gateway wants it, and others that aren't set up so."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.demo import embedded_mongod
from gateway.demo.embedded_mongod import EmbeddedServer, find_mongod, reserved_port, spawn
from gateway.settings import EmbeddedSettings, load
from tests.harness.waiting import PATIENCE, eventually


@contextmanager
def started(directory: Path, config: pytest.Config) -> Iterator[EmbeddedServer]:
    """A replica set of one, open to everybody.

    Warnings of sockets to it that nobody closed, and of transports that outlived their loop, are ignored from here on:
    the driver leaves one where a connection is cancelled while it is made (docs/upstream.md), and it is collected in
    whichever test comes then.
    """
    with embedded_mongod.start(directory, configured=load(EmbeddedSettings).mongod, is_open=True) as server:
        [(host, port)] = re.findall(r"//([\d.]+):(\d+)", server.uri)
        leads_there = rf"unclosed <socket\.socket .*raddr=\('{re.escape(host)}', {port}\)>"
        # What its loop was doing would stand there, too, and nobody can tell where it led.
        outlived_loop = r"unclosed transport <_SelectorSocketTransport fd=\d+>$"
        for warning in (leads_there, outlived_loop):
            config.addinivalue_line("filterwarnings", f"ignore:{warning}:ResourceWarning")
        yield server


def stop(server: EmbeddedServer) -> None:
    """It answers nobody from now on, until it is sent SIGCONT."""
    os.kill(server.pid, signal.SIGSTOP)
    # Its threads stop one after the other, and on a busy machine another may answer meanwhile.
    os.waitpid(server.pid, os.WUNTRACED)


@contextmanager
def standalone(directory: Path, *options: str) -> Iterator[str]:
    """The host and port of a server that belongs to no replica set."""
    log = directory / "log"
    with reserved_port() as port, log.open("wb") as output:
        command = [str(find_mongod(load(EmbeddedSettings).mongod)), "--dbpath", str(directory), "--port", str(port)]
        command += ["--bind_ip", "127.0.0.1", "--nounixsocket", "--quiet", "--wiredTigerCacheSizeGB", "0.25", *options]
        process = spawn(command, output)
        try:
            eventually(lambda: process.poll() is not None or b"aiting for connections" in log.read_bytes())
            assert process.poll() is None, log.read_text()
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait(PATIENCE)


@contextmanager
def uninitiated(directory: Path) -> Iterator[str]:
    """As `standalone`, of one that belongs to a replica set which nobody has made yet."""
    with standalone(directory, "--replSet", "rs0", "--oplogSize", "64") as address:
        yield address
