"""Paths that grow by one step for each level, and share their beginnings."""

from typing import TypeAlias

# What of a step is told: keys are clients', and may be as long as a body.
MAX_STEP = 100

# A linked list from the last step up; None above the first.
LinkedPath: TypeAlias = "tuple[LinkedPath, str | int] | None"


def path(steps: LinkedPath) -> tuple[str | int, ...]:
    """The steps from the first on; of a key, which is a client's and may be as long as a body, 100 characters."""
    from_last: list[str | int] = []
    while steps is not None:
        steps, step = steps
        from_last.append(step[:MAX_STEP] if isinstance(step, str) else step)
    return tuple(reversed(from_last))
