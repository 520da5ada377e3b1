"""How far an import came, in a file that goes with it until it is done: so that it goes on where it was."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from gateway.errors import BadUserInput

_CACHE_KIB: Final = 32 * 1024
_VERSION: Final = 1


class Reached(NamedTuple):
    """The point that an import has reached: behind so many groups of files, and a place in the next, up to which the
    content of all lines has this digest."""

    group: int
    place: int
    digest: str


class Checkpoint:
    """The memory of an import: of its files, and how far it came, as of the last time it was saved.

    ``path`` None: in a temporary file that nobody finds again. ``identity``: what an import must have in common with
    the one that it goes on with; of another, nothing is kept. ``reached``: where to go on, None to begin.
    """

    def __init__(self, path: Path | None, identity: Mapping[str, Any]) -> None:
        """Raises OSError where the file can't be made, and BadUserInput where another process has it."""
        self.path = path
        self._identity = json.dumps({"version": _VERSION, **identity}, sort_keys=True)
        self.database = self._opened()
        if path is not None and self._stated("identity") != self._identity:
            self.restart()
        self.state: dict[str, Any] = json.loads(self._stated("state") or "{}")

    @property
    def reached(self) -> Reached | None:
        return Reached(**self.state["reached"]) if "reached" in self.state else None

    def restart(self) -> None:
        """Forgets everything."""
        if self.path is not None:
            self.database.close()
            self.path.unlink(missing_ok=True)
            self.database = self._opened()
        self._state("identity", self._identity)
        self.state = {}

    def save(self, **state: Any) -> None:
        """Keeps what is remembered by now, with these parts of the state."""
        self.state |= state
        self._state("state", json.dumps(self.state))
        self.database.execute("COMMIT")
        self.database.execute("BEGIN EXCLUSIVE")

    def close(self, *, is_done: bool) -> None:
        """What was not saved is forgotten; what is done, wholly."""
        self.database.close()
        if self.path is not None and is_done:
            self.path.unlink(missing_ok=True)

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect("" if self.path is None else self.path, isolation_level=None)
        try:
            database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            if self.path is None:
                database.execute("PRAGMA journal_mode = OFF")
            else:
                # Whether this machine survives is asked of the database of interactions, not of this one.
                database.execute("PRAGMA synchronous = OFF")
                database.execute("PRAGMA busy_timeout = 0")
            database.execute("BEGIN EXCLUSIVE")
            database.execute("CREATE TABLE IF NOT EXISTS import (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        except sqlite3.DatabaseError as error:
            database.close()
            raise self._unusable(error) from error
        return database

    def _unusable(self, error: sqlite3.DatabaseError) -> Exception:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            return BadUserInput(f"{self.path} is in use: another import of the same is under way.")
        if isinstance(error, sqlite3.OperationalError):
            return OSError(0, str(error), str(self.path))
        return BadUserInput(f"{self.path} is no checkpoint of an import: move it away.")

    def _stated(self, name: str) -> str:
        row = self.database.execute("SELECT value FROM import WHERE name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def _state(self, name: str, value: str) -> None:
        self.database.execute("INSERT OR REPLACE INTO import VALUES (?, ?)", (name, value))
