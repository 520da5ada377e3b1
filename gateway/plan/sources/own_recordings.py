"""What is recorded by a caller who may write what one user did alone: it gets that user, and none else."""

from collections.abc import Mapping
from typing import Any

from gateway.errors import Forbidden

_USER = "user_id"


def own_interaction(wire: Any, user_id: str | None) -> Any:
    """An interaction in the wire shape, with its search request if it is given, as ``user_id`` did it; None: anybody.

    Raises `Forbidden` with a path in that shape where it names somebody else.
    """
    if user_id is None or not isinstance(wire, Mapping):
        return wire
    own = _own(wire, user_id)
    if isinstance(search_request := wire.get("search_request"), Mapping):
        own["search_request"] = _own(search_request, user_id, "search_request")
    return own


def own_search_request(wire: Any, user_id: str | None) -> Any:
    """A search request likewise."""
    return wire if user_id is None or not isinstance(wire, Mapping) else _own(wire, user_id)


def _own(wire: Mapping[str, Any], user_id: str, *path: str) -> dict[str, Any]:
    named = wire.get(_USER)
    if named is not None and str(named) != user_id:
        raise Forbidden("This token may record what its own user did, and this names another one.", path=(*path, _USER))
    return {**wire, _USER: user_id}
