"""What is said of a read that passed its time limit."""

from collections.abc import Sequence

from gateway.errors.hierarchy import QueryTooBroad


def too_broad(time_limit_ms: int, unindexed: Sequence[str], what: str = "query") -> QueryTooBroad:
    """The error of a read of this kind; ``unindexed``: the filters that no index serves."""
    served = f". No index serves {', '.join(f'`{name}`' for name in unindexed)}" if unindexed else ""
    return QueryTooBroad(
        f"The {what} took longer than {time_limit_ms:,} ms{served}: "
        "narrow it by an exact id, a condition or a range of time."
    )
