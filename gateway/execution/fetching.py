"""Fetches what a plan asks for: the roots at once, then each level of nested connections in one round trip each."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import GraphQLError, OperationType

from gateway.auth.authenticator import require
from gateway.compiler.binding import Bindings, BoundArrival, BoundListing, find_by_ids, ids
from gateway.compiler.cost import read, surcharge, written
from gateway.compiler.representations import entity_ids
from gateway.context import Budget, Context, Namespace, Organization, Permission
from gateway.errors import BadUserInput, GatewayError, NotFound, Unavailable
from gateway.execution.recording import Recorder
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind
from gateway.plan import global_ids
from gateway.plan.commands import Document, SessionSpans
from gateway.plan.operation_plan import ById, ByNodeId, ByRepresentation, FeatureOf, Fetch, SessionOf, ViewerOf, Write
from gateway.plan.pages import Pages, strings_at
from gateway.plan.paging import Page, page
from gateway.plan.viewer_documents import namespace_document, organization_document, viewer_document
from gateway.preparation.bound_operations import BoundOperation
from gateway.store.change_stream import InsertEvent
from gateway.store.reader import Reader
from gateway.store.tenancy import Tenancy

T = TypeVar("T")

_SESSION_SPANS = ((INTERACTION, "effective_session_id"), (SEARCH_REQUEST, "effective_session_id"))
_KINDS = {kind.type_name: kind for kind in (INTERACTION, SEARCH_REQUEST)}


@dataclass(frozen=True, slots=True)
class Arrived:
    """Inserted documents in order, each with its pages; ``points``: what fetching all of them cost."""

    told: Sequence[tuple[InsertEvent, Pages]]
    points: int


class Fetcher:
    """One for each process: it holds the stores and nothing of any request."""

    def __init__(self, reader: Reader, recorder: Recorder, tenancy: Tenancy) -> None:
        self._reader = reader
        self._recorder = recorder
        self._tenancy = tenancy

    async def fetch(self, bound: BoundOperation, context: Context, budget: Budget | None = None) -> Pages:
        """All that is asked for; an error stands in the place of what it prevented. ``budget`` is the viewer's.

        Raises only what the gateway did not foresee.
        """
        run, plan = self._run(bound, context, budget), bound.compiled.plan
        if plan.operation is OperationType.MUTATION or len(plan.fetches) == 1:
            for fetch in plan.fetches:
                await run.root(fetch)
        else:
            await _together(*(run.root(fetch) for fetch in plan.fetches))
        return run.pages

    async def arrived(self, bound: BoundOperation, context: Context, inserted: Sequence[InsertEvent]) -> Arrived:
        """Those of the inserted documents that a subscription is about; an error stands in the place of a nested
        connection that it prevented.

        Raises `GatewayError` where nothing could be fetched, `Unavailable` also where not all was.
        """
        [fetch] = bound.compiled.plan.fetches
        run = self._run(bound, context)
        documents = await run.arrived(fetch, inserted)
        for error in run.pages.nested_errors:
            if isinstance(error, Unavailable):
                raise error
        told = [(one, run.pages.rooted(fetch.path, documents[one.id])) for one in inserted if one.id in documents]
        return Arrived(told, run.pages.points)

    def _run(self, bound: BoundOperation, context: Context, budget: Budget | None = None) -> "_Run":
        return _Run(self._reader, self._recorder, self._tenancy, bound.bindings, context, budget)


class _Run:
    """The fetching of one operation."""

    def __init__(
        self,
        reader: Reader,
        recorder: Recorder,
        tenancy: Tenancy,
        bindings: Bindings,
        context: Context,
        budget: Budget | None,
    ) -> None:
        self._reader = reader
        self._recorder = recorder
        self._tenancy = tenancy
        self._bindings = bindings
        self._context = context
        self._budget = budget
        self.pages = Pages()

    @property
    def _namespace(self) -> Namespace:
        return self._context.namespace

    async def root(self, fetch: Fetch) -> None:
        try:
            given = self._given(fetch)
            value = await (self._listing(given) if isinstance(given, BoundListing) else self._value(fetch, given))
        except (GatewayError, GraphQLError) as error:
            value = error
        self.pages.put(fetch.path, value)
        if any(selection.nested for selection in fetch.selections.values()):
            documents = value.documents if isinstance(value, Page) else value if isinstance(value, list) else [value]
            await self._nested(fetch, [one for one in documents if isinstance(one, (dict, Mapping))])

    async def _value(self, fetch: Fetch, given: Mapping[str, Any] | BoundArrival) -> Any:
        assert not isinstance(given, BoundArrival), "nothing asks what will arrive"
        match fetch.source:
            case ById(kind, argument, many):
                keys = ids(given, argument, many=many)
                found = await self._by_ids(kind, keys, fetch.selections[kind.type_name].paths)
                return [found.get(key) for key in keys] if many else found.get(keys[0])
            case ByNodeId(argument, many):
                texts = ids(given, argument, many=many)
                paths = [(argument, index) if many else (argument,) for index in range(len(texts))]
                nodes = await self._nodes(fetch, [_decoded(*one) for one in zip(texts, paths, strict=True)])
                return nodes if many else nodes[0]
            case ByRepresentation(argument):
                return await self._entities(fetch, argument, given[argument])
            case FeatureOf(argument, many):
                features = [{"feature_id": key} for key in ids(given, argument, many=many)]
                return features if many else features[0]
            case SessionOf(argument):
                return (await self._sessions([given[argument]])).get(given[argument])
            case ViewerOf():
                return await self._viewer(fetch)
            case Write():
                self.pages.points += written(fetch, given)
                return await self._recorder.write(fetch, given, self._context)

    async def arrived(self, fetch: Fetch, inserted: Sequence[InsertEvent]) -> dict[Any, Document]:
        """By their ``_id``: those of the documents that match, with all that is nested in any of them fetched."""
        bound = self._given(fetch)
        assert isinstance(bound, BoundArrival), "the only root of a subscription"
        if bound.predicate.nothing:
            return {}
        since = max(one.at for one in inserted)
        found = await self._reader.find(bound.find(self._namespace, [one.id for one in inserted], since))
        self.pages.points += read(len(found))
        await self._nested(fetch, found)
        return {document["_id"]: document for document in found}

    def _given(self, fetch: Fetch) -> Mapping[str, Any] | BoundListing | BoundArrival:
        given = self._bindings[fetch.path]
        if isinstance(given, Exception):
            raise given
        return given

    async def _listing(self, bound: BoundListing) -> Page:
        self.pages.put_bounds(bound.bounds)
        if bound.predicate.nothing:
            return page(bound.window, [], 0)
        # Also where what is read in vain takes too long.
        self.pages.points += surcharge(bound)
        find = self._reader.find(bound.find(self._namespace))
        documents, total = (
            await asyncio.gather(find, self._reader.count(bound.count(self._namespace)))
            if bound.bounds
            else (await find, None)
        )
        found = page(bound.window, documents, total)
        self.pages.points += read(len(found.documents), found.total or 0)
        return found

    async def _nested(self, parent: Fetch, documents: Sequence[Document]) -> None:
        """Fetches the connections below; where documents of several types were fetched, each names its own."""
        mixed = len(parent.selections) > 1
        await _together(
            *(
                self._join(fetch, [one for one in documents if not mixed or one["__typename"] == name])
                for name, selection in parent.selections.items()
                for fetch in selection.nested
            )
        )

    async def _join(self, fetch: Fetch, parents: Iterable[Document]) -> None:
        keys = strings_at(parents, fetch.key)
        try:
            # What a mutation answers may lead on to what its caller didn't write.
            require(self._context.caller, Permission.READ)
            bound = self._given(fetch)
            assert isinstance(bound, BoundListing), "only connections are nested"
            by_key = await self._joined_pages(bound, keys)
        except (GatewayError, GraphQLError) as error:
            self.pages.put_nested(fetch.path, error)
            return
        self.pages.put_nested(fetch.path, by_key)
        await self._nested(fetch, [document for one in by_key.values() for document in one.documents])

    async def _joined_pages(self, bound: BoundListing, keys: Sequence[str]) -> dict[str, Page]:
        self.pages.put_bounds(bound.bounds)
        if not keys or bound.predicate.nothing:
            return {key: page(bound.window, [], 0) for key in keys}
        self.pages.points += surcharge(bound)
        join = self._reader.join(bound.join(self._namespace, keys))
        rows, totals = (
            await asyncio.gather(join, self._reader.join_count(bound.join_count(self._namespace, keys)))
            if bound.bounds
            else (await join, None)
        )
        pages = {
            key: page(bound.window, rows.get(key, []), None if totals is None else totals.get(key, 0)) for key in keys
        }
        self.pages.points += read(
            sum(len(one.documents) for one in pages.values()), sum(one.total or 0 for one in pages.values())
        )
        return pages

    async def _by_ids(self, kind: Kind, keys: Sequence[str], paths: frozenset[str]) -> dict[str, Document]:
        if not keys:
            return {}
        documents = await self._reader.find(find_by_ids(self._namespace, kind, keys, paths))
        self.pages.points += read(len(documents))
        return {key: document for document in documents if isinstance(key := document[kind.id_path], str)}

    async def _sessions(self, keys: Sequence[str]) -> dict[str, Document]:
        if not keys:
            return {}
        found = await self._reader.sessions(SessionSpans(self._namespace, list(dict.fromkeys(keys)), _SESSION_SPANS))
        self.pages.points += read(len(found))
        return found

    async def _nodes(
        self, fetch: Fetch, decoded: Sequence[global_ids.GlobalId | GatewayError]
    ) -> list[Document | GatewayError | None]:
        by_type: dict[str, list[str]] = {}
        for one in decoded:
            # Ids of another namespace are looked for here all the same: missing and foreign must not differ.
            if isinstance(one, global_ids.GlobalId):
                by_type.setdefault(one.type_name, []).append(one.key)
        found = dict(
            zip(
                by_type,
                await _together(*(self._of_type(fetch, name, keys) for name, keys in by_type.items())),
                strict=True,
            )
        )
        return [
            one if isinstance(one, GatewayError) else _typed(one, found[one.type_name].get(one.key), self._scope(one))
            for one in decoded
        ]

    async def _entities(
        self, fetch: Fetch, argument: str, representations: Sequence[Any]
    ) -> list[Document | GatewayError]:
        found = await self._nodes(fetch, entity_ids(fetch, argument, representations, self._namespace))
        return [
            NotFound("There is no such object here.", path=(argument, index)) if one is None else one
            for index, one in enumerate(found)
        ]

    def _scope(self, id: global_ids.GlobalId) -> str:
        """The scope that an id of this type has here; a namespace and an organization are their own."""
        return id.key if id.type_name in ("Namespace", "Organization") else self._namespace.id

    async def _of_type(self, fetch: Fetch, type_name: str, keys: Sequence[str]) -> Mapping[str, Document]:
        if type_name not in fetch.selections:
            # Whoever forges ids may name any type.
            return {}
        if kind := _KINDS.get(type_name):
            return await self._by_ids(kind, keys, fetch.selections[type_name].paths)
        match type_name:
            case "Session":
                return await self._sessions(keys)
            case "Feature":
                return {key: {"feature_id": key} for key in keys}
            case "Namespace":
                return {one.id: namespace_document(one) for one in await self._tenancy.namespaces(self._organization)}
            case "Organization":
                return {self._organization.id: organization_document(self._organization)}
        return {}

    @property
    def _organization(self) -> Organization:
        return self._context.caller.organization

    async def _viewer(self, fetch: Fetch) -> Document:
        caller = self._context.caller
        listed = "namespaces" in fetch.selections["Viewer"].paths
        namespaces = await self._tenancy.namespaces(caller.organization) if listed else []
        return viewer_document(caller, self._namespace, namespaces, self._budget)


async def _together(*work: Awaitable[T]) -> list[T]:
    """What each gives, in order; what is alone needs no task of its own."""
    return await asyncio.gather(*work) if len(work) > 1 else [await one for one in work]


def _decoded(text: str, path: Sequence[str | int]) -> global_ids.GlobalId | BadUserInput:
    try:
        return global_ids.decode(text, *path)
    except BadUserInput as error:
        return error


def _typed(id: global_ids.GlobalId, document: Document | None, scope: str) -> Document | None:
    if document is None or id.scope != scope:
        return None
    return {**document, "__typename": id.type_name}
