"""The fields of UBI documents; each reader takes any JSON and gives None for what is not as documented."""

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from gateway.interchange.number_texts import number_text
from gateway.interchange.ubi_actions import action_of
from gateway.model.wire.fields import MAX_COUNT
from gateway.model.wire.trees import MAX_KEY

Path: TypeAlias = tuple[str, ...]

SESSION_PATHS: Final[tuple[Path, ...]] = (("session_id",), ("event_attributes", "session_id"))
OBJECT_ID_PATH: Final[Path] = ("event_attributes", "object", "object_id")
APPLICATION_PATH: Final[Path] = ("application",)
USER_PATHS: Final[tuple[Path, ...]] = (
    ("user_id",),
    ("object", "user_id"),
    ("event_attributes", "object", "user_id"),
    ("client_id",),
)
# As the specification has it, as its version 1.2 is written by some producers, and as the shortest of them write it.
POSITION_PATHS: Final[tuple[Path, ...]] = (
    ("event_attributes", "position", "ordinal"),
    ("event_attributes", "position", "ordinal", "index"),
    ("event_attributes", "position", "index"),
    ("event_attributes", "position"),
)
_FACET_PATH: Final[Path] = ("event_attributes", "object", "description")
_FILTER_PATH: Final[Path] = ("event_attributes", "object", "object_detail", "filter")
_SEARCH_TERM_PATH: Final[Path] = ("event_attributes", "object", "search_term")
_RESULT_COUNT_PATHS: Final[tuple[Path, ...]] = (
    ("event_attributes", "result_count"),
    ("event_attributes", "object", "results_num"),
)
# The first since version 1.3 of the specification; the others are those of earlier plugins and clients.
_HITS: Final = ("query_response_hit_ids", "query_response_object_ids", "query_response_objects_ids")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LEAST_UNCOUNTED: Final = 10**15
"""A text of so many digits is an id, such as a barcode, rather than a count."""


def at(document: Mapping[str, Any], path: Path) -> Any:
    """The value at ``path``; None where there is none."""
    value: Any = document
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def text_at(document: Mapping[str, Any], *paths: Path) -> str | None:
    """The first of ``paths`` that holds a text of more than blanks, as it is, or a number, as `number_text` spells
    it."""
    for path in paths:
        text = _text(at(document, path))
        if text is not None:
            return text
    return None


def _text(value: Any) -> str | None:
    text = value if isinstance(value, str) else number_text(value)
    return text if text and text.strip() else None


def count_at(document: Mapping[str, Any], path: Path) -> int | None:
    """The whole number from 0 on that ``path`` holds, in any spelling: 3, 3.0, "3", "3.0", " +3" or "3e0"."""
    match at(document, path):
        case bool():
            return None
        case int(number) if number >= 0:
            return number
        case float(number) if number.is_integer() and number >= 0:
            return int(number)
        case str(text) if _NUMBER.fullmatch(text.strip()):
            # A decimal is exact: rounded to a float, 0.99999999999999999 would be whole.
            exact = Decimal(text.strip())
            return int(exact) if 0 <= exact < _LEAST_UNCOUNTED and exact == int(exact) else None
    return None


def position_of(event: Mapping[str, Any]) -> tuple[int | None, Path]:
    """The position that an event has, as its producer counts, and where; None where it has none."""
    for path in POSITION_PATHS:
        if (position := count_at(event, path)) is not None:
            return position, path
    return None, ()


def words_of(event: Mapping[str, Any]) -> tuple[int, str] | None:
    """The text of the query that an event belongs to, as far as the event has it, behind the rank of where it stood."""
    texts = (
        text_at(event, _SEARCH_TERM_PATH),
        text_at(event, ("message",)) if action_of(event.get("action_name")).searches else None,
        text_at(event, ("user_query",)),
    )
    return max(((rank, text) for rank, text in enumerate(texts) if text is not None), default=None)


def facet_of(event: Mapping[str, Any]) -> str | None:
    return text_at(event, _FACET_PATH)


def filter_of(event: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The payload field and the value that a filter event filters on; None for a field that no filter may have, which
    would keep all that is known of the search from being recorded."""
    field, value = facet_of(event), at(event, _FILTER_PATH)
    return None if field is None or len(field) > MAX_KEY or value is None else (field, value)


def found_nothing(event: Mapping[str, Any]) -> bool:
    return any(count_at(event, path) == 0 for path in _RESULT_COUNT_PATHS)


def result_count_of(event: Mapping[str, Any]) -> int | None:
    """How many results an event says that its search had."""
    counts = (count_at(event, path) for path in _RESULT_COUNT_PATHS)
    return next((count for count in counts if count is not None and count <= MAX_COUNT), None)


def hits_of(row: Mapping[str, Any]) -> int | None:
    """How many hits a query row lists; None where it lists none because its query asks for none, as one for facets."""
    hits = next((row[name] for name in _HITS if isinstance(row.get(name), list)), None)
    if hits is None:
        return None
    return len(hits) if hits or not _asks_for_no_hits(row.get("query")) else None


def _asks_for_no_hits(query: Any) -> bool:
    """Whether a query of OpenSearch, or what it is as JSON, has the size 0."""
    if isinstance(query, str):
        try:
            query = json.loads(query)
        except (ValueError, RecursionError):
            return False
    return isinstance(query, Mapping) and count_at(query, ("size",)) == 0


def without(document: Mapping[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """A copy of ``document`` that lacks the values at ``paths``, and the objects which that leaves empty."""
    rest = dict(document)
    for path in paths:
        _remove(rest, path)
    return rest


def _remove(container: dict[str, Any], path: Path) -> None:
    step, *deeper = path
    if deeper:
        container[step] = dict(container[step])
        _remove(container[step], tuple(deeper))
    if not deeper or not container[step]:
        del container[step]
