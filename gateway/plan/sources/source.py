"""What every source has: how it is bound to arguments, which commands it gives, what it costs, what its results are.

A source is declared beside a field of the graph. Bound to arguments it is kept for whoever sends them again, so it
holds no caller and no namespace: those come with the `Context` in which its commands are made.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self, TypeAlias

from graphql import VariableValues

from gateway.context import Context
from gateway.errors import GatewayError
from gateway.model.kinds import Kind, Order
from gateway.plan.commands import Document, ReadCommand
from gateway.plan.fetched_pages import ResponsePath
from gateway.plan.predicate import Predicate
from gateway.plan.sources.input_values import InputValue
from gateway.plan.write_commands import WriteCommand

Command: TypeAlias = ReadCommand | WriteCommand


class Estimate(NamedTuple):
    """An estimate of what a source costs. ``points``: what a source costs whose pages are all full; ``documents``: how
    many it then gives, each a parent of what is nested below."""

    points: int
    documents: int


class KeyLookup(ABC):
    """The look-up of objects of one type by their own ids: declared beside the type.

    ``reads``: whether anything is read for them; ``price``: the points of looking for one, whether there is one or not.
    ``keeps_to_user``: as of `BoundSource`. ``as_stored``: as of `Source`; objects that are made here count as well.
    """

    __slots__ = ()

    @property
    def keeps_to_user(self) -> bool:
        return False

    @property
    def as_stored(self) -> bool:
        return False

    @property
    def reads(self) -> bool:
        return True

    @property
    def price(self) -> int:
        return 1 if self.reads else 0

    def scope(self, context: Context, key: str) -> str:
        """The scope that a global id of the object with this key has here: the namespace's id, for most types."""
        return context.namespace.id

    def command(self, context: Context, keys: Sequence[str], paths: frozenset[str]) -> ReadCommand:
        """What finds the objects with these ids, which are one or more, and distinct; ``paths``: what is read of them.

        Not asked for where nothing is read.
        """
        raise NotImplementedError

    def known(self, document: Document | None) -> Document | None:
        """The object, where one alone was asked for: None where nothing is known of it but the id that was asked."""
        return document

    @abstractmethod
    def objects(self, result: Any, keys: Sequence[str], context: Context) -> Mapping[str, Document]:
        """Those that there are, by their ids; ``result``: the command's, None where nothing is read."""


class SourceArguments(Protocol):
    """A field's arguments and what is selected of it: all that a source is bound to.

    ``values``: the arguments by their GraphQL names. ``variables``: the names of the variables that some of them are.
    ``page_size``: how many elements a connection may be asked for. ``bounds``: up to where each selected total is
    counted, or what is wrong with that. ``cursors``: whether any is selected. By the declared names of the types that
    the field's objects may have: ``paths``, which are read of them, and ``lookups``, how they are found by id, if they
    are. ``parameters``: the arguments of each selected field that is read of them by its arguments.
    ``variable_values``: those of the whole operation.
    """

    @property
    def values(self) -> Mapping[str, Any]: ...

    @property
    def variables(self) -> Mapping[str, str]: ...

    @property
    def variable_values(self) -> VariableValues: ...

    @property
    def page_size(self) -> int: ...

    @property
    def bounds(self) -> Mapping[ResponsePath, int | Exception]: ...

    @property
    def cursors(self) -> bool: ...

    @property
    def lookups(self) -> Mapping[str, KeyLookup]: ...

    @property
    def paths(self) -> Mapping[str, frozenset[str]]: ...

    @property
    def parameters(self) -> "Sequence[Mapping[str, Any]]": ...

    def order(self, kind: Kind) -> Order:
        """The order that is asked for."""

    def predicate(self) -> Predicate:
        """The filter that is asked for; raises `BadUserInput`."""

    def references(self, argument: str) -> "Sequence[Reference | GatewayError]":
        """The objects that the representations of a federated gateway name, or what is wrong with each."""

    def input(self) -> InputValue:
        """The ``input`` of a mutation."""


class Reference(NamedTuple):
    """An object by its type and its own id; ``scope``: that of the global id that named it, None where none did."""

    type_name: str
    key: str
    scope: str | None = None


class BoundSource(ABC):
    """A source with its arguments, for any caller and namespace.

    ``empty``: whether it gives nothing, whatever is stored. ``bounds``: up to where each selected total is counted,
    or what is wrong with that. ``unindexed``: the filters that no index serves. ``surcharge``: the points of running
    its commands at all, whatever they give. ``reusable``: whether it may be kept for the same arguments. ``weight``:
    about how many bytes it takes up, beside what every field does. ``keeps_to_user``: whether a caller who may read and
    write what is one user's alone may ask for it: unless it says so, nobody knows whose it would give.
    ``in_namespace``: whether it is, so that a root can't be asked for without one.
    """

    __slots__ = ()

    @property
    def keeps_to_user(self) -> bool:
        return False

    @property
    def in_namespace(self) -> bool:
        return True

    @property
    def empty(self) -> bool:
        return False

    @property
    def bounds(self) -> Mapping[ResponsePath, int | Exception]:
        return {}

    @property
    def unindexed(self) -> Sequence[str]:
        return ()

    @property
    def surcharge(self) -> int:
        return 0

    @property
    def reusable(self) -> bool:
        # Errors that are raised again collect tracebacks.
        return not any(isinstance(bound, Exception) for bound in self.bounds.values())

    @property
    def weight(self) -> int:
        return 0

    def at(self, cursors: Mapping[str, str]) -> Self:
        """The same with other values for variables that are cursors and nothing else; raises `InvalidCursor`."""
        return self

    @abstractmethod
    def estimate(self, parents: int) -> Estimate:
        """For so many parents; a root has one."""


class BoundRoot(BoundSource):
    """The bound source of a root field: of a query or a mutation."""

    __slots__ = ()

    @abstractmethod
    def commands(self, context: Context) -> Sequence[Command]:
        """What is run, at once; raises `GatewayError` where its arguments forbid it."""

    def following(self, results: Sequence[Any], context: Context) -> Sequence[Command]:
        """What is run once these results are there, and asks for more of what they say; its results stand behind them.
        It is asked again with those, until there is nothing more to run."""
        return ()

    @abstractmethod
    def value(self, results: Sequence[Any], context: Context) -> tuple[Any, int]:
        """The field's value from the results of the commands, in their order, and the points of what was read.

        A page, a document, a list of documents and errors, or None. Raises the `GatewayError` that the field meets.
        """


class BoundNested(BoundSource):
    """The bound source of a connection or an object nested in documents, of all of them at once: ``keys`` are the
    distinct values of what they are joined on, one or more."""

    __slots__ = ()

    @abstractmethod
    def commands(self, context: Context, keys: Sequence[str]) -> Sequence[ReadCommand]: ...

    @abstractmethod
    def values(self, results: Sequence[Any], keys: Sequence[str], context: Context) -> tuple[Mapping[str, Any], int]:
        """The value of each key, a page, a document or None, and the points of what was read."""

    @abstractmethod
    def empty_values(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """Those of a source that gives nothing."""


class BoundSummary(BoundSource):
    """The bound source of what is said of all elements of a connection, not of a page of it."""

    __slots__ = ()

    @abstractmethod
    def of(self, connection: BoundSource, keys: Sequence[str] | None) -> BoundRoot:
        """It of a connection that is bound so. Its value is a mapping: of a nested connection by ``keys``, the distinct
        values of what its parents are joined on; of one at the root, where they are None, by ""."""


@dataclass(frozen=True, slots=True)
class Parameters(BoundSource):
    """The arguments of a field that is read of its parent: nothing is fetched for it. ``values``: by their GraphQL
    names."""

    values: Mapping[str, Any]

    @property
    def keeps_to_user(self) -> bool:
        return True

    def estimate(self, parents: int) -> Estimate:
        return Estimate(0, 0)


class Source(ABC):
    """The origin of the objects of a field.

    ``page_type``: of a connection, the declared name of its documents' type. ``local``: of a nested one, the path at
    which a parent has what they are joined on. ``of_page``: whether it is a summary of the connection around its field
    (`BoundSummary`). ``as_stored``: whether what it finds is answered as it is stored, and may be left
    undecoded. ``weight``: about how many bytes it takes up by itself.
    """

    __slots__ = ()

    @property
    def page_type(self) -> str:
        return ""

    @property
    def local(self) -> str:
        return ""

    @property
    def of_page(self) -> bool:
        return False

    @property
    def as_stored(self) -> bool:
        return False

    @property
    def weight(self) -> int:
        return 0

    @abstractmethod
    def bind(self, arguments: SourceArguments) -> BoundSource:
        """Raises `GatewayError` for arguments that it doesn't take."""
