"""The projection that asks MongoDB for the selected paths only."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from gateway.model.wire.fields import Interaction

# Of a whole document everything is read but these, which may be as large as all the rest.
_DERIVED = {"conditions": 0, "condition_tokens": 0, "query_text": 0, "text_tokens": 0}

# Ids, types, numbers and times: all of them together are shorter than this.
_SHORT = {"_id", "namespace_id", *Interaction.model_fields} - {"search_request", "metadata"}
_SHORT_BYTES = 20_000
# Of an interaction with a search request, or of a search request, as they may be recorded.
_LONG_BYTES = 2_000_000


def most_bytes(paths: Iterable[str]) -> int:
    """How many bytes the paths of a recorded document have at most."""
    return _SHORT_BYTES if _SHORT.issuperset(paths) else _LONG_BYTES


@lru_cache(maxsize=256)
def projection(paths: frozenset[str], *more: str) -> Mapping[str, int]:
    """The smallest projection that holds all paths: a path absorbs its sub-paths (MongoDB refuses both together).

    The path "" is the whole document, without the lists and the text that the gateway derives from it. Without ``_id``
    among the paths it is left out explicitly, as MongoDB would send it.
    """
    selected = {*paths, *more}
    if "" in selected:
        return dict(_DERIVED)
    kept: dict[str, int] = {}
    last = None
    # "a.b" sorts behind "a" and every path between them begins with "a" too, when "." sorts below all else.
    for path in sorted(selected, key=lambda path: path.split(".")):
        if last is None or not path.startswith(f"{last}."):
            kept[path] = 1
            last = path
    return kept if "_id" in kept else {"_id": 0, **kept} if kept else {"_id": 1}
