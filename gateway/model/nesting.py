"""How deep objects and lists stand in each other."""

from typing import Any


def is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and lists stand in each other more than so many levels deep, of which ``value`` itself is the
    first: found level by level, so that no depth is too much for it."""
    level = [value]
    for _ in range(levels + 1):
        parents = [item for item in level if isinstance(item, dict | list)]
        if not parents:
            return False
        level = [inner for item in parents for inner in (item.values() if isinstance(item, dict) else item)]
    return True
