"""The pages of an export, each asked as an operation of the graph: by keyset, resumable, and patient."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from types import MappingProxyType
from typing import Any, Protocol

from gateway.context import Context, Namespace
from gateway.errors import (
    InvalidCursor,
    OperationTooComplex,
    QueryTooBroad,
    RateLimited,
    Unavailable,
)
from gateway.execution import export_documents as documents
from gateway.execution.asked_operations import AskedOperations, Asking, OperationFailed, outcome
from gateway.execution.export_rows import decoded_rows, encoded_rows
from gateway.model.exported_documents import Part, Row
from gateway.plan import opaque_text

DEFAULT_JUDGING: Mapping[str, Any] = MappingProxyType({"model": "COEC", "maxRank": 20, "minViews": 1})
"""How judgments are made, where nobody says otherwise: arguments of the graph."""

_VERSION = 2
# By part, the root field that its documents ask.
_FIELDS = {Part.SEARCHES: "searchRequests", Part.INTERACTIONS: "interactions", Part.JUDGMENTS: "judgments"}
# What a database that was killed needs to be there again, or to have elected another primary: 30 seconds in all.
_SMALLER = 4
PAUSES_WHILE_UNAVAILABLE = (0.5, 1.0, 2.0, 4.0, 7.5, 7.5, 7.5)


@dataclass(frozen=True, slots=True)
class ExportPlace:
    """The place where an export goes on: in a part of it, behind a cursor; None: from the part's beginning.

    ``since``: the database's time ahead of its first page, behind which something may have come that it had passed
    already, as the seconds and the count of a timestamp; None: not known. ``namespace_id``: of the namespace that it is
    in; None while nobody has said.
    """

    part: Part
    cursor: str | None = None
    since: tuple[int, int] | None = None
    namespace_id: str | None = None

    @property
    def token(self) -> str:
        """The place as clients keep it."""
        return opaque_text.encode([_VERSION, self.namespace_id, self.part.value, self.cursor, *(self.since or ())])

    @classmethod
    def of(cls, token: str) -> "ExportPlace":
        """The place of a token that was given out; raises `InvalidCursor`."""
        try:
            match opaque_text.decode(token):
                case [2, str(namespace_id), str(part), (str() | None) as cursor, *since]:
                    return cls(Part(part), cursor, _timestamp(since), namespace_id)
        except ValueError:
            pass
        raise InvalidCursor("This is not a token of an export.", path=("token",))

    def within(self, namespace: Namespace) -> "ExportPlace":
        """The place in a namespace; raises `InvalidCursor` where it is in another one."""
        if self.namespace_id not in (None, namespace.id):
            raise InvalidCursor("The token was given out for another namespace.", path=("token",))
        return replace(self, namespace_id=namespace.id)


@dataclass(frozen=True, slots=True)
class ExportQuestion:
    """What is exported. ``where``: an InteractionWhere as JSON; None: everything. ``judged``: judgments instead, by
    these ``judging`` arguments of the graph. ``joins``: each interaction comes with its search request. ``encoded``:
    lines may come as `EncodedLine`."""

    where: Any = None
    judged: bool = False
    judging: Mapping[str, Any] = field(default_factory=dict)
    joins: bool = False
    encoded: bool = False

    @property
    def first_part(self) -> Part:
        """Searches without interactions are told where nothing is asked of those."""
        if self.judged:
            return Part.JUDGMENTS
        return Part.SEARCHES if self.tells_searches else Part.INTERACTIONS

    @property
    def tells_searches(self) -> bool:
        return self.where is None or (isinstance(self.where, Mapping) and self.where.keys() <= {"searchRequest"})

    def parts_behind(self, part: Part) -> Part | None:
        """The part that comes after one."""
        return Part.INTERACTIONS if part is Part.SEARCHES else None

    def document_id(self, part: Part) -> str:
        match part:
            case Part.SEARCHES:
                return documents.SEARCHES
            case Part.JUDGMENTS:
                return documents.JUDGMENTS
        # Otherwise nothing is told of the search requests that interactions name by their ids alone.
        return documents.WITH_SEARCHES if self.joins or not self.tells_searches else documents.INTERACTIONS

    def variables(self, place: ExportPlace, first: int) -> Mapping[str, Any]:
        variables: dict[str, Any] = {"first": first, "after": place.cursor}
        where = self.where
        if place.part is Part.SEARCHES and where is not None:
            where = where.get("searchRequest")
        if where is not None:
            variables["where"] = where
        return {**variables, **self.judging} if place.part is Part.JUDGMENTS else variables


@dataclass(frozen=True, slots=True)
class ExportPage:
    """A page of a part. ``unreadable``: how many stored documents can't be read; ``place``: where the export goes on,
    None at its end; ``seconds``: in which the page was made. ``textless``: how many judgments were left out, as their
    searches had no text: no tool knows such a query."""

    part: Part
    rows: Sequence[Row]
    unreadable: int
    place: ExportPlace | None
    seconds: float = 0.0
    textless: int = 0


class WaitedFor(Asking, Protocol):
    """What a whole export is asked for."""

    async def wait(self, seconds: float) -> None:
        """Returns after so long; raises what ``left`` does."""
        ...


class ExportPages:
    """The pages of exports; ``size``: how many elements each has. ``native``: whether the extension cuts lines out of
    answers, where it is there."""

    def __init__(self, operations: AskedOperations, size: int, *, native: bool = True) -> None:
        self._operations = operations
        self._size = size
        self._native = native

    async def page(
        self,
        question: ExportQuestion,
        place: ExportPlace,
        asking: Asking,
        context: Context,
        *,
        first: int | None = None,
        size: int = 0,
    ) -> ExportPage:
        """The page at a place, of ``first`` elements; ``size``: the bytes in which the question was asked.

        Raises `OperationFailed` and what ``asking.left`` does.
        """
        began = perf_counter()
        place = place.within(context.namespace)
        if place.part not in (question.first_part, question.parts_behind(question.first_part)):
            raise InvalidCursor("The token was given out for another question.", path=("token",))
        answer = await self._operations.answer(
            question.document_id(place.part),
            question.variables(place, self._size if first is None else first),
            asking,
            context,
            size=size,
        )
        read = encoded_rows(place.part, answer.body) if question.encoded and self._native else None
        if read is None:
            data = outcome(answer, _place_of(place.part)).data
            read = decoded_rows(place.part, data[_FIELDS[place.part]])
        if read.following is not None:
            following: ExportPlace | None = replace(place, cursor=read.following)
        else:
            part = question.parts_behind(place.part)
            following = None if part is None else replace(place, part=part, cursor=None)
        return ExportPage(place.part, read.rows, read.unreadable, following, perf_counter() - began, read.textless)

    async def pages(
        self, question: ExportQuestion, place: ExportPlace, asking: WaitedFor, context: Context, *, size: int = 0
    ) -> AsyncIterator[ExportPage]:
        """All pages from a place on. A key that has spent its points waits for more; a database that is away is waited
        for, but for the first page; what is too much for one page is asked for in smaller ones.

        Raises what `page` does.
        """
        following: ExportPlace | None = place
        first = self._size
        pauses: Iterator[float] = iter(())
        while following is not None:
            try:
                page = await self.page(question, following, asking, context, first=first, size=size)
            except OperationFailed as failure:
                if _is_too_much(failure) and first > 1:
                    first = max(1, first // _SMALLER)
                    continue
                seconds = _seconds_until(failure, pauses)
                if seconds is None:
                    raise
                await asking.wait(seconds)
                continue
            yield page
            following, pauses = page.place, iter(PAUSES_WHILE_UNAVAILABLE)
            first = min(first * 2, self._size)


def _is_too_much(failure: OperationFailed) -> bool:
    """Whether a smaller page may be answered: one of fewer bytes, or that is found sooner."""
    return failure.errors[0]["extensions"]["code"] in (QueryTooBroad.code, OperationTooComplex.code)


def _seconds_until(failure: OperationFailed, pauses: Iterator[float]) -> float | None:
    if isinstance(failure.refusal, RateLimited):
        return float(failure.refusal.retry_after)
    if failure.errors[0]["extensions"]["code"] == Unavailable.code:
        return next(pauses, None)
    return None


def _timestamp(parts: Sequence[Any]) -> tuple[int, int] | None:
    """Raises ValueError for what is neither one nor nothing."""
    match parts:
        case []:
            return None
        case [int(seconds), int(count)] if all(0 <= number < 2**32 for number in (seconds, count)):
            return seconds, count
    raise ValueError(parts)


def _place_of(part: Part) -> Callable[[Sequence[str]], Sequence[str | int]]:
    """Where a path of the graph stands in what was asked."""

    def place(path: Sequence[str]) -> Sequence[str | int]:
        first, *deeper = path or ("",)
        if first == "after":
            return ("token",)
        # The search requests are asked for by a part of it.
        return ("where", "searchRequest", *deeper) if first == "where" and part is Part.SEARCHES else tuple(path)

    return place
