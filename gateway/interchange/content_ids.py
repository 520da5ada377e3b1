"""Ids for what comes without one, made of its content: sent again, it gets the same."""

from collections import Counter
from datetime import datetime
from hashlib import blake2b
from typing import Any

from gateway.model.filter_trees import canonical_json

_MINUTE = 60


def content_id(canonical: bytes, occurrence: int) -> str:
    """The id of a content, as canonical JSON, that is there for the so many-th time."""
    return f"line_{blake2b(canonical, digest_size=16, salt=occurrence.to_bytes(16)).hexdigest()}"


class BatchIds:
    """The ids of what one request brings, at a time: equal contents get different ones, in the same order each time.

    What says when it happened has the same id whenever it is sent. What doesn't is told from an equal one by the minute
    in which it arrives: a client that sends it again does so within seconds.
    """

    def __init__(self, received_at: datetime) -> None:
        self._minute = int(received_at.timestamp()) // _MINUTE
        self._occurrences: Counter[bytes] = Counter()

    def identify(self, content: Any, *, has_time: bool) -> str:
        canonical = canonical_json(content if has_time else [self._minute, content])
        self._occurrences[canonical] += 1
        return content_id(canonical, self._occurrences[canonical])
