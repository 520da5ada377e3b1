"""What is told of a stored document before it is read as a key."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_KINDS: Mapping[str, Any] = {
    "_id": str,
    "name": str,
    "digest": bytes,
    "permissions": list,
    "created_at": datetime,
    "expires_at": datetime | None,
    "revoked_at": datetime | None,
    "last_used_at": datetime | None,
    "default_namespace_id": str | None,
    "confined": bool | None,
}


def is_key(stored: Mapping[str, Any]) -> bool:
    """Whether a document is as the gateway stores keys. What others stored otherwise opens nothing: whatever bounds it
    was to have can't be known."""
    rate, origins = stored.get("rate", {"burst": 1, "restore": 1}), stored.get("origins", [])
    return (
        all(isinstance(stored.get(name), kind) for name, kind in _KINDS.items())
        and isinstance(origins, list)
        and all(isinstance(text, str) for text in (*stored["permissions"], *origins))
        and isinstance(rate, dict)
        and all(isinstance(rate.get(name), int | float) for name in ("burst", "restore"))
    )
