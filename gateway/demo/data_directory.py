"""A directory of data that is its user's alone, in use by one process at a time, and secrets that are kept in it."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Unavailable

LOCK_FILE = "owner.lock"

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """The directory, made where there is none, for this process as long as this is entered; nobody else's user may read
    it.

    Raises Unavailable, in one line, where it can't be used, belongs to another user, others may write in it, or another
    process has it: it holds a lock on ``owner.lock``, which the kernel releases however that process ends.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_private(data_dir)
        lock = (data_dir / LOCK_FILE).open("a+")
    except OSError as error:
        raise Unavailable(f"the data directory {data_dir} can't be used: {error.strerror}") from error
    with lock:
        lock.seek(0)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(
                f"the data directory {data_dir} is in use by process {lock.read()}: end that or choose another"
            ) from None
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _make_private(data_dir: Path) -> None:
    # By one descriptor: what is looked at is what is changed.
    directory = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        status = os.fstat(directory)
        if status.st_uid != os.geteuid():
            raise Unavailable(f"the data directory {data_dir} is another user's: choose another")
        if status.st_mode & _OTHERS_WRITE:
            raise Unavailable(f"others may write in the data directory {data_dir}: choose another, or remove it")
        os.fchmod(directory, 0o700)
    finally:
        os.close(directory)


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A file that keeps a secret between runs, for this user's eyes only."""

    path: Path

    def read(self) -> str:
        """The secret, empty where there is none yet."""
        return self.path.read_text().strip() if self.path.exists() else ""

    def write(self, secret: str) -> None:
        self.path.touch(mode=0o600)
        self.path.chmod(0o600)
        with self.path.open("w") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())

    def made(self, secret: str) -> str:
        """The secret that is kept, or this one from now on."""
        kept = self.read()
        if not kept:
            self.write(secret)
        return kept or secret
