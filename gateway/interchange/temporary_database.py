"""What an import remembers of a file while it reads it: on disk, so that memory stays flat for any size."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b
from typing import Any

from gateway.interchange.content_ids import content_id
from gateway.model.filter_trees import canonical_json

_CACHE_KIB = 32 * 1024


@contextmanager
def temporary_database() -> Iterator[sqlite3.Connection]:
    """A private database in a temporary file, which SQLite creates when its cache is full and deletes at the end."""
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.execute("PRAGMA journal_mode = OFF")
        # One transaction that is never committed: nothing outlives the import.
        database.execute("BEGIN")
        yield database


class Occurrences:
    """The number of times that each content was seen, by a 128-bit hash of it; a table of the temporary database."""

    def __init__(self, database: sqlite3.Connection, table: str) -> None:
        database.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (hash BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID"
        )
        self._database = database
        self._increment = (
            f"INSERT INTO {table} VALUES (?, 1) ON CONFLICT (hash) DO UPDATE SET times = times + 1 RETURNING times"
        )

    def count(self, content: bytes) -> int:
        """How often ``content`` has been seen by now, this time included."""
        digest = blake2b(content, digest_size=16).digest()
        [(times,)] = self._database.execute(self._increment, (digest,)).fetchall()
        return int(times)

    def identify(self, content: dict[str, Any]) -> str:
        """An id for a line without one: equal content gives the same ids in the same order in every import."""
        canonical = canonical_json(content)
        return content_id(canonical, self.count(canonical))
