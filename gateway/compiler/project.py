"""The projection that asks MongoDB for the selected paths only."""

from collections.abc import Iterable


def projection(paths: Iterable[str]) -> dict[str, int]:
    """The smallest projection that holds all paths: a path absorbs its sub-paths (MongoDB refuses both together).

    Without ``_id`` among the paths it is left out explicitly, as MongoDB would send it.
    """
    kept: dict[str, int] = {}
    last = None
    # "a.b" sorts behind "a" and every path between them begins with "a" too, when "." sorts below all else.
    for path in sorted(set(paths), key=lambda path: path.split(".")):
        if last is None or not path.startswith(f"{last}."):
            kept[path] = 1
            last = path
    return kept if "_id" in kept else {"_id": 0, **kept} if kept else {"_id": 1}
