"""What generated operations fetch, put together of generated documents: `Pages` as the fetcher leaves them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from typing import Any

from graphql import GraphQLError, VariableValues, get_named_type
from hypothesis import strategies as st

from gateway.compiler.binding import CoercedArguments, argument_values
from gateway.errors import BadUserInput, GatewayError, NotFound, QueryTooBroad
from gateway.limits import DEFAULTS
from gateway.model.documents import TYPE_FIELD
from gateway.plan.fetched_pages import NO_KEY, Pages, documents_of, ids_at
from gateway.plan.operation_plan import Fetch, Plan
from gateway.plan.paging import Page, page
from gateway.plan.sources.bound_statistics import BoundStatistics
from gateway.plan.sources.derived_time import DerivedTime
from gateway.plan.sources.filter_usage import BoundFilterUsages
from gateway.plan.sources.insertions import Insertions
from gateway.plan.sources.item_signals import Reranking
from gateway.plan.sources.job_listings import JobProgress
from gateway.plan.sources.judgments import BoundJudgments
from gateway.plan.sources.key_listings import BoundKeyListing
from gateway.plan.sources.listings import BoundListing, BoundNestedListing
from gateway.plan.sources.lookups import ById, ByNodeId, ByRepresentation
from gateway.plan.sources.namespaces import BoundNamespaceListing
from gateway.plan.sources.nested_objects import NestedById, NestedSession
from gateway.plan.sources.percolator_listings import MatchInsertions, NestedMatchCount
from gateway.plan.sources.schema_answer import SchemaAnswer
from gateway.plan.sources.searched_groups import SearchedIndexes
from gateway.plan.sources.session_listings import BoundSessionListing, BoundSessionsOfUsers
from gateway.plan.sources.source import BoundSource
from gateway.plan.statistics_pages import GroupPage
from tests.generators.stored_documents import Draw, Generated, documents

_PAGED = (
    BoundListing
    | BoundNestedListing
    | BoundNamespaceListing
    | BoundSessionListing
    | BoundSessionsOfUsers
    | BoundJudgments
    | BoundKeyListing
)
_DERIVED_UNTIL = datetime(2024, 5, 1, 12, tzinfo=UTC)
_PICKS = st.lists(st.integers(0, 119), min_size=16, max_size=16)


@dataclass
class Documents:
    """Documents of each type, drawn when one of them is first fetched; ``odd``: some aren't as they should be."""

    draw: Draw
    odd: bool
    _drawn: dict[str, list[Generated]] = field(default_factory=dict)

    def of(self, type_name: str) -> Sequence[Generated]:
        if type_name not in self._drawn:
            count = 3 if type_name == "Interaction" else 2
            self._drawn[type_name] = [self.draw(documents(type_name, odd=self.odd)) for _ in range(count)]
        return self._drawn[type_name]

    def fetched(self, plan: Plan, variables: VariableValues) -> "Fetched":
        """What a plan fetches of them for these variables."""
        run = Fetched(self, cycle(self.draw(_PICKS)), variables)
        for fetch in plan.fetches:
            run.root(fetch)
        return run


@dataclass
class Fetched:
    """Pages, and the features of what is in them: documents, lists and errors as ``picks`` decide."""

    stored: Documents
    picks: Iterator[int]
    variables: VariableValues
    pages: Pages = field(default_factory=Pages)
    features: set[str] = field(default_factory=set)

    def root(self, fetch: Fetch) -> None:
        self._put_parameters(fetch)
        # What the schema tells of itself is read nowhere: nothing can take too long.
        value = self._guarded(lambda: self._value(fetch), reads=not fetch.field.introspects)
        self.pages.put(fetch.path, value)
        self._nested(fetch, documents_of(value))

    def _nested(self, parent: Fetch, parents: Sequence[Mapping[str, Any]], keys: Sequence[str] = ("",)) -> None:
        for name, selection in parent.selections.items():
            of_type = [document for document in parents if document[TYPE_FIELD] == name]
            for fetch in selection.nested:
                if fetch.source.of_page:
                    self._put_parameters(fetch)
                    summaries = self._guarded(partial(self._summaries, fetch, keys))
                    self.pages.put_nested(fetch.path, summaries)
                else:
                    self._joined(fetch, of_type)

    def _summaries(self, fetch: Fetch, keys: Sequence[str]) -> dict[str, Any]:
        fetch.source.bind(CoercedArguments(fetch, self.variables, DEFAULTS.page_size))
        if isinstance(fetch.source, DerivedTime):
            return dict.fromkeys(keys, _DERIVED_UNTIL if self._pick(2) else None)
        return {key: self._document(fetch) for key in keys}

    def _put_parameters(self, fetch: Fetch) -> None:
        for path, parameterized in fetch.parameterized:
            try:
                self.pages.put_parameters(path, argument_values(parameterized, self.variables))
            except GraphQLError as error:
                self.pages.put_parameters(path, error)

    def _joined(self, fetch: Fetch, parents: Sequence[Mapping[str, Any]]) -> None:
        self._put_parameters(fetch)
        keys = set(ids_at(parents, fetch.key))
        by_key = self._guarded(lambda: self._of_parents(fetch, sorted(keys)))
        self.pages.put_nested(fetch.path, by_key)
        if isinstance(by_key, dict):
            documents = [document for value in by_key.values() for document in documents_of(value)]
            self._nested(fetch, documents, sorted(keys))

    def _of_parents(self, fetch: Fetch, keys: Sequence[str]) -> dict[str, Any]:
        if fetch.source.page_type:
            return {key: self._page(fetch, key) for key in keys}
        self._bound(fetch)
        if isinstance(fetch.source, NestedMatchCount):
            return {key: self._pick(120) for key in keys}
        if not isinstance(fetch.source, NestedById | NestedSession):
            return {key: self._document(fetch) for key in keys}
        is_required = isinstance(fetch.source, NestedById) and fetch.source.required
        missing = NotFound("There is no such object here any more.") if is_required else None
        found = {key: missing if self._one_in(12) else self._document(fetch) for key in keys}
        return {**found, NO_KEY: missing} if isinstance(fetch.source, NestedById) else found

    def _guarded(self, value: Callable[[], Any], *, reads: bool = True) -> Any:
        if reads and self.stored.odd and self._one_in(12):
            self.features.add("an error in place of what is fetched")
            return QueryTooBroad("The query took too long.")
        try:
            return value()
        except (GatewayError, GraphQLError) as error:
            self.features.add("a bad argument")
            return error

    def _value(self, fetch: Fetch) -> Any:
        if fetch.source.page_type:
            return self._page(fetch)
        values = argument_values(fetch.field, self.variables)
        match fetch.source:
            case Insertions() | MatchInsertions() | JobProgress():
                self._bound(fetch)
            case Reranking() | SearchedIndexes():
                self._bound(fetch)
                return [self._document(fetch) for _ in range(self._pick(4))]
            case _ if fetch.field.introspects:
                bound = self._bound(fetch)
                assert isinstance(bound, SchemaAnswer)
                if isinstance(bound.answer, GraphQLError):
                    raise bound.answer
                return bound.answer
            case ById(argument, many=True) | ByNodeId(argument, many=True) | ByRepresentation(argument):
                return [self._item(fetch) for _ in values[argument]]
            case ById() | ByNodeId() if not self._is_unread(fetch) and self._one_in(12):
                self.features.add("nothing found")
                return None
        return self._document(fetch)

    def _is_unread(self, fetch: Fetch) -> bool:
        """Whether any id is answered, as nothing is looked for."""
        return isinstance(fetch.source, ById) and not any(
            selection.lookup and selection.lookup.reads for selection in fetch.selections.values()
        )

    def _page(self, fetch: Fetch, key: str = "") -> Page | GroupPage:
        bound = self._bound(fetch)
        self.pages.put_bounds(bound.bounds)
        total = None if not bound.bounds or self._one_in(12) else 10 ** self._pick(7)
        if isinstance(bound, BoundStatistics | BoundFilterUsages):
            return self._groups(fetch, bound if isinstance(bound, BoundStatistics) else bound.page, total)
        assert isinstance(bound, _PAGED)
        window = bound.window
        documents = [self._document(fetch) for _ in range(min(self._pick(4), window.limit))]
        return page(window, documents, total, key)

    def _groups(self, fetch: Fetch, bound: BoundStatistics, total: int | None) -> GroupPage:
        as_of = datetime(2024, 5, 1)
        groups = [
            {**self._document(fetch), "_id": {"query": "lamp"}, "value": 0.5, "as_of": as_of}
            for _ in range(min(self._pick(4), bound.size))
        ]
        totals = (groups[0] if groups else self._document(fetch)).get("stats")
        # It is the pipeline's own: whatever else is odd, this is an object.
        totals = totals if isinstance(totals, dict) else {}
        return GroupPage(groups, bound.tag, self._one_in(2), bound.after is not None, total, totals)

    def _bound(self, fetch: Fetch) -> BoundSource:
        return fetch.source.bind(CoercedArguments(fetch, self.variables, DEFAULTS.page_size))

    def _item(self, fetch: Fetch) -> Any:
        if self.stored.odd and isinstance(fetch.source, ByNodeId | ByRepresentation) and self._one_in(3):
            self.features.add("an error in place of an item")
            return BadUserInput("This is not an id that this gateway gave out.")
        if not isinstance(fetch.source, ByRepresentation) and not self._is_unread(fetch) and self._one_in(12):
            self.features.add("nothing found")
            return None
        return self._document(fetch)

    def _document(self, fetch: Fetch) -> Mapping[str, Any]:
        # A node may be of a type of which nothing is selected but what the interface has.
        names = list(fetch.selections) or [get_named_type(fetch.definition.type).name]
        documents = self.stored.of(names[self._pick(len(names))])
        generated = documents[self._pick(len(documents))]
        self.features |= generated.oddities
        return generated.document

    def _pick(self, count: int) -> int:
        return next(self.picks) % count

    def _one_in(self, count: int) -> bool:
        return self._pick(count) == count - 1
