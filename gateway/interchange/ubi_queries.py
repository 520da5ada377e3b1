"""The search requests of a UBI file, each put together from the query rows and events of one ``query_id``.

Several rows may log one ``query_id``, as a search box does while somebody types: the row with a text and the latest
timestamp stands, of equals the last in the file. Without a row, the latest event that says the text best stands in.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from json import dumps, loads
from typing import Any, Final

from gateway.errors import BadUserInput
from gateway.interchange.times import first_time
from gateway.interchange.ubi_actions import action_of
from gateway.interchange.ubi_exported_queries import exported_search
from gateway.interchange.ubi_fields import (
    APPLICATION_PATH,
    SESSION_PATHS,
    USER_PATHS,
    Path,
    filter_of,
    hits_of,
    result_count_of,
    text_at,
    without,
    words_of,
)
from gateway.interchange.ubi_filters import add_condition, filter_tree
from gateway.interchange.vocabulary import UnknownName, spell_request
from gateway.model.filter_trees import canonical_json
from gateway.model.wire.fields import MAX_ID
from gateway.model.wire.json_values import check_json, is_unicode

_KEPT_SEARCHES: Final = 1_000
_TEXT_PATH: Final[Path] = ("user_query",)
_ROW_TEXTS: Final[Sequence[Sequence[Path]]] = ((("query_id",),), (_TEXT_PATH,), (APPLICATION_PATH,), USER_PATHS)


@dataclass(frozen=True, slots=True)
class Search:
    """A query of a UBI file.

    ``wire`` is its search request, None where nothing is known of one, and ``text`` what was searched for.
    ``row_line`` is the line of the query row that stands, ``first_searched`` that of the earliest search event.
    ``id``, ``session_id`` and ``unknown``: as of `SearchCandidate`, where the row is an export's.
    """

    wire: dict[str, Any] | None
    text: str | None = None
    row_line: int | None = None
    first_searched: int | None = None
    id: str | None = None
    session_id: str | None = None
    unknown: Sequence[UnknownName] = ()


class Searches:
    """The queries of a file by their ``query_id``: all rows and events are added before the first search is read."""

    def __init__(self, database: sqlite3.Connection) -> None:
        database.execute(
            "CREATE TABLE IF NOT EXISTS ubi_queries (hash BLOB PRIMARY KEY, gathered TEXT NOT NULL) WITHOUT ROWID"
        )
        self._database = database
        self._search = lru_cache(_KEPT_SEARCHES)(self._stored_search)

    def add_query(self, row: Mapping[str, Any], line: int) -> None:
        # Of one that is refused nothing is kept: its events say what they know of the search.
        with suppress(BadUserInput):
            require_recordable(row)
            self._gather(_gather_query, row, line)

    def add_event(self, event: Mapping[str, Any], line: int) -> None:
        self._gather(_gather_event, event, line)

    def of_query(self, row: Mapping[str, Any], line: int) -> Search:
        return self._search_of(_gather_query, row, line)

    def of_event(self, event: Mapping[str, Any], line: int) -> Search:
        return self._search_of(_gather_event, event, line)

    def _gather(self, gather: "_Gather", document: Mapping[str, Any], line: int) -> None:
        query_id = text_at(document, ("query_id",))
        if query_id is not None:
            key = _hash(query_id)
            gathered = self._gathered(key) or {"query_id": query_id}
            gather(gathered, document, line)
            self._database.execute("INSERT OR REPLACE INTO ubi_queries VALUES (?, ?)", (key, dumps(gathered)))

    def _search_of(self, gather: "_Gather", document: Mapping[str, Any], line: int) -> Search:
        """The search of ``document``'s query; without a ``query_id``, what the document alone says of one."""
        query_id = text_at(document, ("query_id",))
        if query_id is not None:
            return self._search(_hash(query_id))
        return _alone(gather, document, line)

    def _gathered(self, key: bytes) -> dict[str, Any] | None:
        stored = self._database.execute("SELECT gathered FROM ubi_queries WHERE hash = ?", (key,)).fetchone()
        return None if stored is None else loads(stored[0])

    def _stored_search(self, key: bytes) -> Search:
        gathered = self._gathered(key) or {}
        search = _search(gathered)
        exported = exported_search(gathered.get("row", {}))
        if exported is None:
            return search
        unknown: list[UnknownName] = []
        spell_request(exported.wire, unknown)
        return replace(search, wire=exported.wire, id=exported.id, session_id=exported.session_id, unknown=unknown)


def require_recordable(row: Mapping[str, Any]) -> None:
    """Raises `BadUserInput`, with its path in the row, for a query row that no search request can be made of, so that
    none of its events could be recorded with it."""
    for paths in _ROW_TEXTS:
        path, text = next(((path, text) for path in paths if (text := text_at(row, path)) is not None), ((), ""))
        if not is_unicode(text):
            raise BadUserInput("String should be valid Unicode, without lone surrogates", path=path)
        if len(text) > MAX_ID and path != _TEXT_PATH:
            raise BadUserInput(f"String should have at most {MAX_ID} characters", path=path)
    # Of all else, as of these numbers may be of any size.
    check_json((lone_query(row).wire or {}).get("ubi", {}))


_Gather = Callable[[dict[str, Any], Mapping[str, Any], int], None]


def lone_query(row: Mapping[str, Any]) -> Search:
    """The search that a query row says by itself."""
    return _alone(_gather_query, row, 0)


def lone_event(event: Mapping[str, Any]) -> Search:
    """The search of an event that says by itself what it knows of one, and names none by its ``query_id``."""
    return _alone(_gather_event, event, 0)


def _alone(gather: _Gather, document: Mapping[str, Any], line: int) -> Search:
    query_id = text_at(document, ("query_id",))
    gathered: dict[str, Any] = {} if query_id is None else {"query_id": query_id}
    gather(gathered, document, line)
    return _search(gathered)


def _hash(query_id: str) -> bytes:
    return blake2b(canonical_json(query_id), digest_size=16).digest()


def _gather_query(gathered: dict[str, Any], row: Mapping[str, Any], line: int) -> None:
    text = text_at(row, ("user_query",))
    rank = [text is not None, _moment(row), line]
    hits = hits_of(row)
    # One search may be logged by several rows, of which some ask for facets alone.
    if "row" in gathered and text == text_at(gathered["row"], ("user_query",)):
        gathered["hits"] = max((count for count in (hits, gathered["hits"]) if count is not None), default=None)
    elif rank >= gathered.get("row_rank", []):
        gathered["hits"] = hits
    if rank >= gathered.get("row_rank", []):
        gathered |= {"row_rank": rank, "row": row, "row_line": line}


def _gather_event(gathered: dict[str, Any], event: Mapping[str, Any], line: int) -> None:
    # What makes the event's own line a refused one would have all others of its search refused.
    for name, paths in (("application", (APPLICATION_PATH,)), ("session_id", SESSION_PATHS)):
        text = text_at(event, *paths)
        if not gathered.get(name) and text is not None and len(text) <= MAX_ID and is_unicode(text):
            gathered[name] = text
    moment = _moment(event)
    if (words := words_of(event)) and is_unicode(words[1]):
        rank = [words[0], moment, line]
        if rank >= gathered.get("words_rank", []):
            gathered |= {"words_rank": rank, "words": words[1]}
    action = action_of(event.get("action_name"))
    if action.searches:
        gathered["searched"] = min([moment, line], gathered.get("searched", [moment, line]))
    if action.counts_results and (count := result_count_of(event)) is not None:
        gathered["results"] = max([moment, line, count], gathered.get("results", []))
    if condition := filter_of(event):
        add_condition(gathered.setdefault("conditions", []), *condition)


def _moment(document: Mapping[str, Any]) -> str:
    """The document's time in a form that sorts; before all others where it can't be read."""
    try:
        moment = first_time(document, "timestamp")
    except BadUserInput:
        return ""
    return moment.isoformat(timespec="milliseconds") if moment else ""


def _search(gathered: Mapping[str, Any]) -> Search:
    row = gathered.get("row", {})
    text = text_at(row, ("user_query",)) or gathered.get("words")
    if "query_id" not in gathered and text is None:
        return Search(None)
    application = text_at(row, ("application",)) or gathered.get("application")
    wire: dict[str, Any] = {
        "queries": [] if text is None else [{"vector_index": "keyword", "value": text, "type": "text"}],
        "collections": [] if application is None else [application],
    }
    if "query_id" in gathered:
        wire = {"search_request_id": gathered["query_id"], **wire}
    if conditions := gathered.get("conditions"):
        wire["filters"] = filter_tree(conditions)
    if session_id := gathered.get("session_id"):
        wire["session_id"] = session_id
    repeated: list[Path] = [(name,) for name in ("query_id", "user_query", "application") if text_at(row, (name,))]
    if (user_id := text_at(row, *USER_PATHS)) is not None:
        wire["user_id"] = user_id
        repeated += [path for path in USER_PATHS if text_at(row, path) == user_id]
    result_count = gathered["results"][-1] if "results" in gathered else gathered.get("hits")
    if result_count is not None:
        wire["result_count"] = result_count
    rest = without(row, repeated)
    if rest:
        wire["ubi"] = rest
    return Search(wire, text, gathered.get("row_line"), gathered.get("searched", [None, None])[1])
