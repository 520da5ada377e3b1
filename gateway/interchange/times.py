"""Points in time as producers of logs write them, which is seldom RFC 3339."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.model.wire import in_milliseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def logged_time(value: Any) -> datetime:
    """The UTC instant, cut to milliseconds, of epoch milliseconds or of ISO 8601 text, in UTC where it has no offset.

    Takes ``Z``, ``+00:00`` and ``+0000``; raises ValueError, with a message for people, for anything else.
    """
    try:
        match value:
            case bool():
                pass
            case int() | float():
                return in_milliseconds(_EPOCH + timedelta(milliseconds=value))
            case str():
                instant = datetime.fromisoformat(value)
                return in_milliseconds(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        pass
    raise ValueError("Time should be epoch milliseconds or an ISO 8601 date-time in the years 1 to 9999")


def first_time(document: Mapping[str, Any], *names: str) -> datetime | None:
    """The first of the fields ``names`` that holds a time; None where none does."""
    for name in names:
        try:
            return logged_time(document.get(name))
        except ValueError:
            continue
    return None
