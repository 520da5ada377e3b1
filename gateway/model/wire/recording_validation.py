"""One recorded object, validated: used alike by mutations and imports.

Declared fields are checked by the models of `gateway.model.wire.fields`, free-form values and trees by plain loops.
What a client records is kept as it is: unknown and legacy keys, nulls, the order of keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import ValidationError

from gateway.errors import BadUserInput
from gateway.model.wire.fields import MAX_METADATA, AwaitedSearch, Interaction, InteractionOfAwaited, SearchRequest
from gateway.model.wire.instants import format_instant, in_milliseconds, parse_instant
from gateway.model.wire.json_values import check_json, check_size
from gateway.model.wire.trees import Path, check_tree, filter_trees

MAX_DOCUMENT = 1024 * 1024

_Model = TypeVar("_Model", Interaction, InteractionOfAwaited, SearchRequest, AwaitedSearch)


@dataclass(frozen=True, slots=True)
class RecordedSearchRequest:
    """A valid search request; ``raw`` is its wire object as it was sent.

    ``id`` and ``session_id`` are said beside it, as an export does: the id it is stored under where it has none of its
    own, and the session of the interaction that it came with. ``is_stub``: no more is known of it than its id, and its
    collections.
    """

    raw: Mapping[str, Any]
    id: str | None = None
    session_id: str | None = None
    is_stub: bool = False


@dataclass(frozen=True, slots=True)
class AwaitedSearchRequest:
    """A search request that an interaction names before it is recorded, and what it says of it."""

    search_request_id: str
    collections: Sequence[str] | None = None

    @property
    def raw(self) -> Mapping[str, Any]:
        """It as a wire object, as far as it is known."""
        known = {} if self.collections is None else {"collections": list(self.collections)}
        return {"search_request_id": self.search_request_id, **known}


@dataclass(frozen=True, slots=True)
class RecordedInteraction:
    """A valid interaction; ``raw`` is its wire object as it was sent, but that a datetime in ``occurred_at`` became its
    text.

    ``interaction_id`` is random where none was sent. At most one of ``search_request`` and ``search_request_id``,
    the id of a recorded one, is there. ``occurred_at`` is in UTC and whole milliseconds.
    """

    raw: Mapping[str, Any]
    interaction_id: str
    occurred_at: datetime | None
    search_request: RecordedSearchRequest | None
    search_request_id: str | None
    collections: Sequence[str] | None = None

    @property
    def awaited_search_request(self) -> AwaitedSearchRequest | None:
        """What is known of the search request that is named, where it isn't recorded yet."""
        if self.search_request_id is None:
            return None
        return AwaitedSearchRequest(self.search_request_id, self.collections)


def validate_interaction(
    raw: Mapping[str, Any],
    *,
    search_request_id: str | None = None,
    request: RecordedSearchRequest | None = None,
    is_plain: bool = False,
    search_may_follow: bool = False,
) -> RecordedInteraction:
    """The interaction of a wire object.

    ``search_request_id``: that of its whole search request, said beside it. ``request``: its whole search request,
    where that was validated before. ``is_plain``: all of it is known to fit BSON and the limits on sizes.
    ``search_may_follow``: an object with no more than the id and the collections of a search request names it, as its
    id alone does.

    Raises `BadUserInput` for the first violation, with its path in wire names and the limit in the message.
    """
    wire, occurred_at = _with_instant(_object(raw))
    if not is_plain:
        check_json(wire)
        check_size(wire, MAX_DOCUMENT)
    collections = None
    if search_may_follow and _names_awaited(wire):
        awaited = _fields(InteractionOfAwaited, wire).search_request
        collections = awaited.collections
        wire = {name: value for name, value in wire.items() if name != "search_request"}
        wire["search_request_id"] = awaited.search_request_id
    fields = _fields(Interaction, wire if request is None else wire | {"search_request": None})
    if not is_plain:
        check_size(fields.metadata, MAX_METADATA, "metadata")
    if request is None:
        _check_trees(wire.get("search_request"), ("search_request",))
        if fields.search_request is not None:
            request = RecordedSearchRequest(wire["search_request"], search_request_id)
    if request is not None and fields.search_request_id is not None:
        raise BadUserInput(
            "An interaction should have a search_request or the search_request_id of a recorded one, not both",
            path=("search_request_id",),
        )
    return RecordedInteraction(
        raw=wire,
        interaction_id=fields.interaction_id or str(uuid4()),
        occurred_at=occurred_at,
        search_request=request,
        search_request_id=fields.search_request_id,
        collections=collections,
    )


def validate_search_request(
    raw: Mapping[str, Any],
    *,
    id: str | None = None,
    session_id: str | None = None,
    is_plain: bool = False,
    may_be_stub: bool = False,
) -> RecordedSearchRequest:
    """The search request of a wire object, with what is said beside it; ``is_plain``, and what it raises: as of
    `validate_interaction`. ``may_be_stub``: whether no more than its id and its collections need be known."""
    wire = _object(raw)
    if not is_plain:
        check_json(wire)
        check_size(wire, MAX_DOCUMENT)
    if may_be_stub and _is_awaited(wire):
        _fields(AwaitedSearch, wire)
        return RecordedSearchRequest(wire, is_stub=True)
    _fields(SearchRequest, wire)
    _check_trees(wire, ())
    return RecordedSearchRequest(wire, id, session_id)


def _names_awaited(wire: Mapping[str, Any]) -> bool:
    request = wire.get("search_request")
    return isinstance(request, Mapping) and _is_awaited(request) and wire.get("search_request_id") is None


def _is_awaited(request: Mapping[str, Any]) -> bool:
    return request.keys() <= AwaitedSearch.model_fields.keys() - {"reference"}


def _object(raw: object) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise BadUserInput("Value should be an object")
    return dict(raw)


def _with_instant(wire: dict[str, Any]) -> tuple[dict[str, Any], datetime | None]:
    occurred_at = wire.get("occurred_at")
    try:
        match occurred_at:
            case None:
                return wire, None
            case str():
                return wire, parse_instant(occurred_at)
            case datetime():
                instant = in_milliseconds(occurred_at)
                return wire | {"occurred_at": format_instant(instant)}, instant
    except ValueError as error:
        raise BadUserInput(str(error), path=("occurred_at",)) from error
    raise BadUserInput("Time should be an RFC 3339 date-time string", path=("occurred_at",))


def _fields(model: type[_Model], wire: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(wire)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        # Pydantic's own words for these name Python types.
        message = "Value should be an object" if first["type"] in ("dict_type", "model_type") else first["msg"]
        raise BadUserInput(message, path=first["loc"]) from error


def _check_trees(search_request: Any, path: Path) -> None:
    for place, tree in filter_trees(search_request):
        check_tree(tree, (*path, *place))
