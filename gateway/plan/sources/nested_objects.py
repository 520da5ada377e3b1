"""Objects nested in documents: each parent's one, found for all parents by one command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.context import Context
from gateway.errors import NotFound
from gateway.model.document_ids import id_text
from gateway.model.kinds import SEARCH_REQUEST
from gateway.plan.commands import Document, Find, ReadCommand
from gateway.plan.cost import SPANNED
from gateway.plan.fetched_pages import NO_KEY
from gateway.plan.joins import Span, Spans, Through
from gateway.plan.outcomes import OUTCOME_INDEX, OutcomeScan
from gateway.plan.projection import projection
from gateway.plan.sources.key_lookups import SESSION_PATHS, session_document
from gateway.plan.sources.source import BoundNested, Estimate, KeyLookup, Source, SourceArguments

# Of one id, which other programs may have stored twice, the latest comes first.
_LATEST_FIRST: Final = (("search_request_id", 1), ("first_seen_at", -1), ("_id", -1))
_NOTHING_HAPPENED: Final[Document] = {}
_OF_REQUEST: Final = Through(SEARCH_REQUEST, SEARCH_REQUEST.id_path, "effective_session_id")


@dataclass(frozen=True, slots=True)
class NestedById(Source):
    """The object of the field's one type whose own id its parent has at ``local_path``: null where that has none, or
    there is none of that id. ``required``: there it is an error."""

    local_path: str
    required: bool = False

    @property
    def local(self) -> str:
        return self.local_path

    @property
    def as_stored(self) -> bool:
        return True

    def bind(self, arguments: SourceArguments) -> "BoundNestedIds":
        [(type_name, lookup)] = arguments.lookups.items()
        return BoundNestedIds(lookup, arguments.paths[type_name], self.required)


@dataclass(frozen=True, slots=True)
class BoundNestedIds(BoundNested):
    """The objects of all parents. ``paths``: what is read of them; ``required``: as of `NestedById`."""

    lookup: KeyLookup
    paths: frozenset[str]
    required: bool

    @property
    def keeps_to_user(self) -> bool:
        return self.lookup.keeps_to_user

    def estimate(self, parents: int) -> Estimate:
        return Estimate(self.lookup.price * parents, parents)

    def commands(self, context: Context, keys: Sequence[str]) -> Sequence[ReadCommand]:
        ids = _ids(keys)
        return (self.lookup.command(context, ids, self.paths),) if ids else ()

    def values(
        self, results: Sequence[Any], keys: Sequence[str], context: Context
    ) -> tuple[Mapping[str, Document | NotFound | None], int]:
        ids = _ids(keys)
        objects = self.lookup.objects(results[0], ids, context) if ids else {}
        missing = self._missing
        return {id: objects.get(id, missing) for id in (*ids, NO_KEY)}, self.lookup.price * len(ids)

    def empty_values(self, keys: Sequence[str]) -> Mapping[str, Document | NotFound | None]:
        return dict.fromkeys((*keys, NO_KEY), self._missing)

    @property
    def _missing(self) -> NotFound | None:
        return NotFound("There is no such object here any more.") if self.required else None


def _ids(keys: Sequence[str]) -> list[str]:
    return [key for key in keys if key != NO_KEY]


@dataclass(frozen=True, slots=True)
class NestedSession(Source):
    """The session of the search request whose id the parent has: that which it names, else that in which it was
    recorded. The parent may be an interaction of another session."""

    @property
    def local(self) -> str:
        return "search_request_id"

    @property
    def as_stored(self) -> bool:
        return True

    def bind(self, arguments: SourceArguments) -> "BoundSessions":
        return BoundSessions()


@dataclass(frozen=True, slots=True)
class BoundSessions(BoundNested):
    """The sessions of all parents' search requests."""

    @property
    def keeps_to_user(self) -> bool:
        return True

    def estimate(self, parents: int) -> Estimate:
        return Estimate(SPANNED * parents, parents)

    def commands(self, context: Context, keys: Sequence[str]) -> Sequence[ReadCommand]:
        return (Spans(context.reach, keys, SESSION_PATHS, _OF_REQUEST),)

    def values(
        self, results: Sequence[Any], keys: Sequence[str], context: Context
    ) -> tuple[Mapping[str, Document | None], int]:
        spans: Mapping[str, Span] = results[0]
        sessions = {key: session_document(span, context) for key, span in spans.items()}
        return {key: sessions.get(key) for key in keys}, SPANNED * len(keys)

    def empty_values(self, keys: Sequence[str]) -> Mapping[str, Document | None]:
        return dict.fromkeys(keys)


@dataclass(frozen=True, slots=True)
class NestedOutcome(Source):
    """What became of the search request whose id the parent has: nothing, as long as nothing is derived of it."""

    @property
    def local(self) -> str:
        return "search_request_id"

    @property
    def as_stored(self) -> bool:
        return True

    def bind(self, arguments: SourceArguments) -> "BoundOutcomes":
        [paths] = arguments.paths.values()
        return BoundOutcomes(projection(paths, "search_request_id"))


@dataclass(frozen=True, slots=True)
class BoundOutcomes(BoundNested):
    """The outcomes of all parents' search requests."""

    projection: Document

    def estimate(self, parents: int) -> Estimate:
        return Estimate(parents, parents)

    def commands(self, context: Context, keys: Sequence[str]) -> Sequence[ReadCommand]:
        scan = OutcomeScan(context.namespace, keys)
        return (Find(scan, self.projection, _LATEST_FIRST, 0, OUTCOME_INDEX, key="search_request_id"),)

    def values(
        self, results: Sequence[Any], keys: Sequence[str], context: Context
    ) -> tuple[Mapping[str, Document], int]:
        outcomes: dict[str, Document] = {}
        for outcome in results[0]:
            # What others put among the outcomes may have anything there.
            if (id := id_text(outcome["search_request_id"])) is not None:
                outcomes.setdefault(id, outcome)
        return {key: outcomes.get(key, _NOTHING_HAPPENED) for key in keys}, len(keys)

    def empty_values(self, keys: Sequence[str]) -> Mapping[str, Document]:
        return dict.fromkeys(keys, _NOTHING_HAPPENED)
