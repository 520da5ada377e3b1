"""mongods that aren't set up as the gateway wants them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.demo.embedded_mongod import find_mongod, reserved_port, spawn
from gateway.settings import EmbeddedSettings, load
from tests.harness.waiting import PATIENCE, eventually


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
