"""What requests share at a worker; declared as `gateway.limits.request_limits` says."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What may wait for a worker's processor, what it keeps of documents that were sent, and when it is overloaded."""

    key_waiting: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="Requests of each key that may wait to be read and validated, at each worker; further ones are "
            "refused with RATE_LIMITED.",
        ),
    ] = 100
    key_exports: Annotated[
        int,
        Field(
            ge=1,
            le=1_000,
            description="Exports over HTTP that each key may have under way, at each worker; further ones are refused "
            "with RATE_LIMITED.",
        ),
    ] = 2
    key_held_bytes: Annotated[
        int,
        Field(
            ge=16_000_000,
            le=1_000_000_000_000,
            description="Bytes that each key's operations hold of what they read, at each worker, and of replies that "
            "they wait for; an organization's operations half as many again. What would be more waits.",
        ),
    ] = 128_000_000
    known_documents_bytes: Annotated[
        int,
        Field(
            ge=1_000_000,
            le=10_000_000_000,
            description="Bytes that each worker keeps of documents that were sent before, of all organizations "
            "together: parsed, validated and planned.",
        ),
    ] = 30_000_000
    event_loop_lag_limit_ms: Annotated[
        int,
        Field(
            ge=1,
            le=60_000,
            description="Milliseconds by which a worker may be late with all it does, averaged over two seconds; "
            "beyond it /readyz answers 503.",
        ),
    ] = 500


def held_bytes_at_once(of_key: int) -> tuple[int, int]:
    """How many bytes each key's operations hold, and each organization's by all its keys."""
    return of_key, of_key * 3 // 2


WORKER_DEFAULTS = WorkerLimits()
