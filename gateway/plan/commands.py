"""What is sent to the database to be read: values that can't be built without a namespace, or an organization.

The store runs three shapes of them, and knows no more: `Find`, `Count` and `Aggregation`. What changes the database is
in `gateway.plan.write_commands`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from bson import Timestamp

from gateway.context import Reach
from gateway.model.kinds import Kind
from gateway.plan.outcomes import outcome_stages
from gateway.plan.predicate import Lookup
from gateway.plan.reach_filters import beyond_user, last_words

Document = Mapping[str, Any]
T_co = TypeVar("T_co", covariant=True)


class Selector(Protocol):
    """Which documents a `Find` finds: by its ``filters``, one after the other, until there are enough."""

    @property
    def collection(self) -> str: ...

    @property
    def filters(self) -> list[Document]: ...


@dataclass(frozen=True, slots=True)
class Scan:
    """The documents of one reach that match ``lookup``, any of ``intervals`` and all of ``residual``.

    With the look-up every interval is one of the same index. They don't overlap, and stand in the order of the index.
    ``of_outcome``: filters on what became of their search requests, which is joined to them (`outcome_stages`).
    Raises `Forbidden` where that would tell what others did than whom the reach is of.
    """

    reach: Reach
    kind: Kind
    lookup: Lookup | None = None
    intervals: tuple[Document, ...] = ({},)
    residual: tuple[Document, ...] = ()
    of_outcome: tuple[Document, ...] = ()

    def __post_init__(self) -> None:
        if self.reach.user_id is not None and (self.of_outcome or not self.kind.user_path):
            raise beyond_user()

    @property
    def collection(self) -> str:
        return self.kind.collection

    @property
    def stages(self) -> list[Document]:
        """What a pipeline does with the documents that the filter matches, in order, to keep those of the scan."""
        return outcome_stages(self.reach.namespace, self.of_outcome)

    @property
    def filters(self) -> list[Document]:
        """Mostly one filter.

        Several intervals for several values are asked interval by interval. All at once, a key would be examined in
        each interval of each value, where either the first interval holds few elements or the others aren't needed.
        """
        if self.lookup and len(self.intervals) > 1 and not self.lookup.is_of_one:
            return self.parts_by_value
        return [self.filter]

    @property
    def filter(self) -> Document:
        return self._any_of([{**self._equality, **interval} for interval in self.intervals])

    @property
    def parts(self) -> list[Document]:
        """A filter for each interval."""
        return [self._any_of([{**self._equality, **interval}]) for interval in self.intervals]

    @property
    def parts_by_value(self) -> list[Document]:
        """A filter for each interval, in which every value looked up has one of its own."""
        assert self.lookup is not None
        path, values = self.lookup.field, self.lookup.values
        return [self._any_of([{path: {"$eq": value}, **interval} for value in values]) for interval in self.intervals]

    @property
    def _equality(self) -> Document:
        match self.lookup:
            case None:
                return {}
            case Lookup(path, (value,)):
                return {path: {"$eq": value}}
            case Lookup(path, values):
                return {path: {"$in": list(values)}}

    def _any_of(self, branches: Sequence[Document]) -> Document:
        # MongoDB merges branches in order without a sort. The namespace stands in each: a condition beside an `$or`
        # lets it walk the whole index instead.
        last = last_words(self.reach, self.kind)
        scoped = [_ended(branch, last) for branch in branches]
        conditions = [scoped[0] if len(scoped) == 1 else {"$or": scoped}, *self.residual]
        return conditions[0] if len(conditions) == 1 else {"$and": conditions}


def _ended(filter_: Document, last: Document) -> Document:
    """The filter with its last words: nothing in it can replace those, nor they a conjunction of its own."""
    if "$and" in filter_ and "$and" in last:
        return {**filter_, **last, "$and": [*filter_["$and"], *last["$and"]]}
    return {**filter_, **last}


@dataclass(frozen=True, slots=True)
class NamespaceScan:
    """The namespaces of one organization, those that match ``condition``. ``named``: the names and ids of those alone
    that the caller may enter; None: all."""

    organization_id: str
    condition: Document = field(default_factory=dict)
    named: frozenset[str] | None = None

    @property
    def collection(self) -> str:
        return "namespaces"

    @property
    def filters(self) -> list[Document]:
        # The last keys: nothing in the condition can replace them.
        last: dict[str, Any] = {"organization_id": self.organization_id}
        if self.named is not None:
            names = sorted(self.named)
            last["$or"] = [{"name": {"$in": names}}, {"_id": {"$in": names}}]
        return [{**self.condition, **last}]


@dataclass(frozen=True, slots=True)
class SortKey:
    """The key that documents are sorted by. ``may_repeat``: whether they may come with it twice, as they are stored:
    what a projection names MongoDB gives once. ``of_rows``: whether they come as what is joined, in rows."""

    name: str
    may_repeat: bool
    of_rows: bool = False


def sort_key(projection: Document, sort: Sequence[tuple[str, int]], *, of_rows: bool = False) -> SortKey | None:
    """That of what is read in the order of ``sort``; None without any."""
    return SortKey(sort[0][0], not any(projection.values()), of_rows) if sort else None


@dataclass(frozen=True)
class Find:
    """At most ``limit`` documents (0: all) in the order of ``sort``, with the paths in ``projection`` only.

    ``unindexed``: what no index serves, by the names that clients have for it. ``since``: a time of the database's own
    clock; the answer has all that was written until then, whoever answers. ``key``: the path of the ids by which
    documents are looked up. Gives the list of documents.
    """

    scan: Selector
    projection: Document
    sort: tuple[tuple[str, int], ...]
    limit: int
    hint: str
    unindexed: tuple[str, ...] = ()
    since: Timestamp | None = None
    key: str = ""

    @cached_property
    def filters(self) -> list[Document]:
        return self.scan.filters

    @property
    def sort_key(self) -> SortKey | None:
        return sort_key(self.projection, self.sort)

    @property
    def may_be_long(self) -> bool:
        """Whether its time is another than that of what it gives: where documents are examined, not only found."""
        return bool(self.unindexed) or self.since is not None


@dataclass(frozen=True, slots=True)
class Count:
    """The number of documents that match, up to ``limit``; None where that takes longer than any command may.

    ``unindexed``: as of `Find`.
    """

    scan: Scan
    limit: int
    hint: str
    unindexed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation(ABC, Generic[T_co]):
    """A pipeline of the database, whose rows become a result.

    ``collection``: that it runs on; "": it begins with documents of its own. ``hint``: the name of the index that it
    walks, "" for MongoDB's choice. ``unindexed``: as of `Find`. ``optional``: gives None, instead of an error, where it
    takes longer than any command may.
    """

    collection: str = ""
    hint: str = ""
    unindexed: tuple[str, ...] = ()
    optional: bool = False

    @property
    def sort_key(self) -> SortKey | None:
        return None

    @property
    def examines(self) -> bool:
        """Whether its time is another than that of what it gives."""
        return bool(self.unindexed)

    @property
    def most_rows(self) -> int | None:
        """How many rows it gives at most, where that is known."""
        return None

    @property
    def may_be_long(self) -> bool:
        """Whether it may take longer than it takes to find the documents that it gives."""
        return True

    @property
    @abstractmethod
    def pipeline(self) -> list[Document]: ...

    @abstractmethod
    def result(self, rows: Sequence[Document]) -> T_co: ...


ReadCommand: TypeAlias = Find | Count | Aggregation[Any]
