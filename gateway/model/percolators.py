"""Percolators, which are saved filters over what is recorded, and what they matched, as both are stored.

    {"_id": UUID, "percolator_id": "pc_…", "name": "Buyers of shoes", "where": "{\\"featureId\\": …}", "enabled": True,
     "has_equality": True, "revision": 1, "created_at": datetime, "since": Timestamp, "namespace_id": "ns_…"}

``where`` is the JSON text of the filter as the client sent it. Only what is recorded after ``since``, by the database's
clock, is matched. ``revision`` counts the changes.

    {"_id": UUID, "percolator_id": "pc_…", "interaction_id": "i1", "happened": 7316843000000000001,
     "matched_at": datetime, "matched": ["featureId = \\"p1\\""], "namespace_id": "ns_…"}

``happened`` is the database's time of the recording: seconds, and a number within the second. A match's ``_id`` follows
from its percolator and its interaction, so that there is one of both at most.
"""

import secrets
from typing import Final

from bson import Timestamp

from gateway.model.indexes import Index
from gateway.model.kinds import Kind

PERCOLATOR: Final = Kind("Percolator", "percolators", "percolator_id", "created_at")
PERCOLATOR_MATCH: Final = Kind("PercolatorMatch", "percolator_matches", "interaction_id", "happened")

PERCOLATOR_INDEXES: Final = (
    Index(PERCOLATOR, "id", "percolator_id", "created_at"),
    Index(PERCOLATOR, "time", None, "created_at"),
    Index(PERCOLATOR_MATCH, "percolator", "percolator_id", "happened"),
    Index(PERCOLATOR_MATCH, "interaction", "interaction_id", "happened"),
)

MAX_PERCOLATORS: Final = 1_000
"""Of a namespace, where no setting says otherwise."""

MAX_WITHOUT_EQUALITY: Final = 100
"""Of those: each of them is tried on every interaction."""

KEPT_MATCHES: Final = 100_000
"""Of each percolator, the newest, where no setting says otherwise."""

MAX_NAME_LENGTH: Final = 128

MAX_WHERE_BYTES: Final = 20_000
"""Of the JSON text of one filter."""


def new_percolator_id() -> str:
    return f"pc_{secrets.token_hex(12)}"


def happened(at: Timestamp) -> int:
    """A time of the database's clock as one number, in the same order."""
    return at.time << 32 | at.inc
