"""Fetches what a plan asks for: the roots at once, then each level of nested connections in one round trip each."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import GraphQLError, OperationType

from gateway.auth.authenticator import require_permission
from gateway.context import Budget, Context, Permission
from gateway.errors import GatewayError, Unavailable
from gateway.errors.tracebacks import untraced
from gateway.execution.parent_ids import ParentIds, are_decoded, decoded_ids, undecoded_ids
from gateway.execution.undecoded_reading import UndecodedReading
from gateway.plan.commands import Document, Find
from gateway.plan.fetched_pages import Pages, Parents, parents_of
from gateway.plan.first_documents import FirstOfEach
from gateway.plan.joined_listings import JoinedFind
from gateway.plan.joins import Join
from gateway.plan.operation_plan import Bindings, Fetch
from gateway.plan.reach_filters import beyond_user
from gateway.plan.sources.insertions import BoundInsertions
from gateway.plan.sources.source import BoundNested, BoundRoot, BoundSource, BoundSummary, Command, Parameters
from gateway.plan.usage import Usage
from gateway.plan.write_commands import WriteCommand
from gateway.preparation.bound_operations import BoundOperation
from gateway.store.change_stream import InsertEvent
from gateway.store.reader import Reader
from gateway.store.writer import Writer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EventPages:
    """Inserted documents that a subscription is about, in order, each with its pages; ``points``: what fetching all of
    them cost."""

    events: Sequence[tuple[InsertEvent, Pages]]
    points: int


class Fetcher:
    """The runner of the commands of bound operations; one for each process: it holds the stores and nothing of any
    request.

    ``query_reader``: of queries, whose answers may be behind the last write. Everything else is read by ``reader``, of
    the primary: what answers a mutation has what that wrote, and what a subscription tells what was recorded.
    """

    def __init__(self, reader: Reader, writer: Writer, query_reader: Reader | None = None) -> None:
        self._reader = reader
        self._writer = writer
        self._query_reader = query_reader or reader

    async def fetch(self, bound: BoundOperation, context: Context, usage: Usage, budget: Budget | None = None) -> Pages:
        """All that is asked for; an error stands in the place of what it prevented. ``usage`` is the operation's,
        ``budget`` the caller's.

        Raises only what the gateway did not foresee.
        """
        plan = bound.compiled.plan
        if budget is not None:
            context = Context(context.caller, context.namespace, budget)
        reader = self._query_reader if plan.operation is OperationType.QUERY else self._reader
        undecoded = bound.compiled.native is not None
        fetching = _Fetching(reader, self._writer, bound.bindings, context, usage, undecoded=undecoded)
        if plan.operation is OperationType.MUTATION or len(plan.fetches) == 1:
            for fetch in plan.fetches:
                await fetching.root(fetch)
        else:
            await _together(*(fetching.root(fetch) for fetch in plan.fetches))
        fetching.pages.size = usage.size
        return fetching.pages

    async def require_subject(self, root: BoundInsertions, context: Context, usage: Usage) -> None:
        """Raises `NotFound` where what a subscription is about isn't there, and what reading raises."""
        subject = root.subject(context)
        if subject is not None and not await self._reader.run(subject.command, usage):
            raise subject.absence

    async def fetch_events(
        self, bound: BoundOperation, context: Context, usage: Usage, inserted: Sequence[InsertEvent]
    ) -> EventPages:
        """Those of the inserted documents that a subscription is about; an error stands in the place of a nested
        connection that it prevented.

        Raises `GatewayError` where nothing could be fetched, `Unavailable` also where not all was.
        """
        [fetch] = bound.compiled.plan.fetches
        fetching = _Fetching(self._reader, self._writer, bound.bindings, context, usage)
        documents = await fetching.inserted(fetch, inserted)
        pages = fetching.pages
        pages.size = usage.size
        for error in pages.nested_errors:
            if isinstance(error, Unavailable):
                raise error
        found = [(event, documents.get(repr(event.id))) for event in inserted]
        events = [(event, pages.rooted(fetch.path, document)) for event, document in found if document is not None]
        return EventPages(events, pages.points)


class _Fetching:
    """The fetching of one operation; ``undecoded``: what is found is left as it comes."""

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        bindings: Bindings,
        context: Context,
        usage: Usage,
        *,
        undecoded: bool = False,
    ) -> None:
        self._undecoded = undecoded
        self._reader = reader
        self._writer = writer
        self._bindings = bindings
        self._context = context
        self._usage = usage
        self.pages = Pages(reader.time_limit_ms)
        self._undecoded_reading = UndecodedReading(reader, usage, self.pages)

    async def root(self, fetch: Fetch) -> None:
        try:
            bound = self._bound(fetch)
            assert isinstance(bound, BoundRoot), "whose arguments are all that its commands need"
            value = await self._root_value(bound)
        except (GatewayError, GraphQLError) as error:
            value = _kept(error)
        self.pages.put(fetch.path, value)
        await self._below(fetch, None)

    async def _root_value(self, bound: BoundRoot) -> Any:
        # Also where what is read in vain takes too long.
        self.pages.points += bound.surcharge
        results = await self._results(bound.commands(self._context))
        while following := bound.following(results, self._context):
            results = [*results, *await self._results(following)]
        value, points = bound.value(results, self._context)
        self.pages.points += points
        return value

    async def inserted(self, fetch: Fetch, inserted: Sequence[InsertEvent]) -> Mapping[str, Document]:
        """By their ``_id``, as `repr` spells it: those of the documents that match, with all that is nested in any of
        them fetched."""
        bound = self._bound(fetch)
        assert isinstance(bound, BoundInsertions), "the only root of a subscription"
        self.pages.points += bound.surcharge
        since = max(event.at for event in inserted)
        commands = bound.commands(self._context, [event.id for event in inserted], since)
        documents, points = bound.documents(await self._results(commands))
        self.pages.points += points
        await self._nested(fetch, decoded_ids(fetch, documents), None)
        # Other programs may use objects, which are no keys of a dictionary.
        return {repr(document["_id"]): document for document in documents}

    def _bound(self, fetch: Fetch) -> BoundSource:
        bound = self._bindings[fetch.path]
        if isinstance(bound, Exception):
            raise bound
        if self._context.caller.user_id is not None:
            require_kept_to_user(bound)
        if bound.bounds:
            self.pages.put_bounds(bound.bounds, bound.unindexed)
        for path, _ in fetch.parameterized:
            parameters = self._bindings[path]
            assert isinstance(parameters, Parameters | Exception), "nothing is fetched for it"
            self.pages.put_parameters(path, parameters if isinstance(parameters, Exception) else parameters.values)
        return bound

    async def _results(self, commands: Sequence[Command]) -> Sequence[Any]:
        # Most are alone.
        if len(commands) == 1:
            return (await self._sent(commands[0]),)
        if not commands:
            return ()
        results: list[Any] = await asyncio.gather(*map(self._sent, commands), return_exceptions=True)
        # Only by now: where one fails, the operation isn't over before the others are.
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return results

    def _sent(self, command: Command) -> Awaitable[Any]:
        if isinstance(command, WriteCommand):
            return self._writer.run(command, self._usage)
        if self._undecoded and isinstance(command, Find | FirstOfEach | JoinedFind | Join):
            return self._undecoded_reading.run(command)
        return self._reader.run(command, self._usage)

    async def _below(self, parent: Fetch, keys: Sequence[str] | None) -> None:
        """Fetches what is nested in what was fetched. ``keys``: what that is joined on, None at the root."""
        if not any(selection.nested for selection in parent.selections.values()):
            return
        parents = self._parents(parent)
        ids = decoded_ids(parent, parents) if are_decoded(parents) else undecoded_ids(parent, parents)
        if ids is None:
            self._undecoded = False
            await self._undecoded_reading.decode()
            ids = decoded_ids(parent, self._parents(parent))
        await self._nested(parent, ids, keys)

    def _parents(self, parent: Fetch) -> list[Parents]:
        return [documents for value in self.pages.values(parent.path) for documents in parents_of(value)]

    async def _nested(self, parent: Fetch, ids: ParentIds, keys: Sequence[str] | None) -> None:
        """Fetches what is nested below. ``ids``: what the documents of a type have at a path; ``keys``: as of
        `_below`."""
        await _together(
            *(
                self._summary(fetch, parent, keys)
                if fetch.source.of_page
                else self._joined(fetch, ids(name, fetch.key))
                for name, selection in parent.selections.items()
                for fetch in selection.nested
            )
        )

    async def _summary(self, fetch: Fetch, parent: Fetch, keys: Sequence[str] | None) -> None:
        try:
            connection, bound = self._bindings[parent.path], self._bound(fetch)
            assert isinstance(bound, BoundSummary), "it is of a page"
            if isinstance(connection, Exception):
                # There is no page either, so nobody looks for this.
                return
            values = await self._root_value(bound.of(connection, keys)) if keys != [] else {}
        except (GatewayError, GraphQLError) as error:
            self.pages.put_nested(fetch.path, _kept(error))
            return
        self.pages.put_nested(fetch.path, values)

    async def _joined(self, fetch: Fetch, keys: Sequence[str]) -> None:
        try:
            # What a mutation answers may lead on to what its caller didn't write.
            require_permission(self._context.caller, Permission.READ)
            bound = self._bound(fetch)
            assert isinstance(bound, BoundNested), "it has parents"
            values = await self._values(bound, keys)
        except (GatewayError, GraphQLError) as error:
            self.pages.put_nested(fetch.path, _kept(error))
            return
        self.pages.put_nested(fetch.path, values)
        await self._below(fetch, keys)

    async def _values(self, bound: BoundNested, keys: Sequence[str]) -> Mapping[str, Any]:
        if not keys or bound.empty:
            return bound.empty_values(keys)
        self.pages.points += bound.surcharge
        results = await self._results(bound.commands(self._context, keys))
        values, points = bound.values(results, keys, self._context)
        self.pages.points += points
        return values


def require_kept_to_user(bound: BoundSource) -> None:
    """Raises `Forbidden` for what is no user's: it is of all of them, or of the organization."""
    if not bound.keeps_to_user:
        raise beyond_user()


def _kept(error: GatewayError | GraphQLError) -> GatewayError | GraphQLError:
    """An error as it stands among pages. What one of graphql-core came from may be what nobody foresaw: that is logged
    with its traceback."""
    return untraced(error) if isinstance(error, GatewayError) else error.with_traceback(None)


async def _together(*work: Awaitable[T]) -> Sequence[T]:
    """What each gives, in order; what is alone needs no task of its own."""
    return await asyncio.gather(*work) if len(work) > 1 else [await alone for alone in work]
