"""The table of known operations: what was found out about requests, for whoever sends the same again.

| kept | known by | from the | at most |
|---|---|---|---|
| a document: parsed, validated, its operations | owner, text | first time | 1,000 |
| a compiled operation: plan and function | its operation, the variables of its `@skip` and `@include` | first | 64 |
| a bound operation: all commands but for the namespace | its operation, its variables but for cursors | second | 16 |
| a request: the document and the bound operation | owner, the bytes of its body, up to 3,000 | second | 32 |

- *What is kept* never changes and is the same whoever asks: no key, no permission that was granted, no answer. Only
  this table changes. One thing depends on a namespace: a bound listing keeps its commands by namespace, for four.
- *Who shares it*: whoever is of the same owner, which today is everybody.
- *Weight*: about 30 MB in all, of what each row was measured to take. A document weighs what is kept of it.
- *When it goes*: the least recently used document first, with all that is kept of it; a bound operation or request that
  is used is a use of its document. Within a document, the least recently used of its kind.
- *Never kept*: a document that can't be parsed, a mutation's variables, variables of more than 500 bytes, errors that
  binding found (raised again they collect tracebacks), and requests that name their document, as what a name stands
  for is each organization's own.
- Trusted documents stand beside the table for good; what is compiled and bound of each has the same bounds.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar

from graphql import GraphQLError, OperationType

from gateway.errors import InvalidCursor
from gateway.preparation.bound_operations import BoundOperation, CompiledOperation, variables_key
from gateway.preparation.graphql_request import GraphQLRequest, PreparedRequest
from gateway.preparation.prepared_documents import DocumentPreparation, PreparedDocument, PreparedOperation

# Who may find what is kept; see docs/decisions/0007-known-operations.md.
Owner: TypeAlias = str
EVERYBODY: Owner = ""

# Of the bodies that requests are known by.
MAX_BODY_BYTES = 3_000

_MAX_BYTES = 30_000_000
_MAX_DOCUMENTS = 1_000
# Each condition doubles the plans that an operation may have; few clients use more than two of them.
_MAX_COMPILED = 64
_MAX_BOUND = 16
_MAX_REQUESTS = 32

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _LatestUsed(Generic[K, V]):
    """The latest used values, up to ``most``."""

    __slots__ = ("_most", "_values")

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def use(self, key: K) -> V | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: K, value: V) -> V | None:
        """Keeps a value; gives the one that goes for it."""
        replaced = self._values.pop(key, None)
        self._values[key] = value
        return self._values.popitem(last=False)[1] if len(self._values) > self._most else replaced

    def drop(self, key: K) -> None:
        del self._values[key]

    def items(self) -> list[tuple[K, V]]:
        return list(self._values.items())


class _SeenOnce:
    """The hashes of the latest keys that came once, up to ``most``: most never come again."""

    __slots__ = ("_hashes", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._hashes: dict[int, None] = {}

    def again(self, key: Hashable) -> bool:
        """Whether the key has come before; if so, it is forgotten here."""
        if (hashed := hash(key)) in self._hashes:
            del self._hashes[hashed]
            return True
        self._hashes[hashed] = None
        if len(self._hashes) > self._most:
            del self._hashes[next(iter(self._hashes))]
        return False


class _KnownOperation:
    """What is kept of one operation of a document."""

    __slots__ = ("bound", "compiled", "variables")

    def __init__(self) -> None:
        self.compiled: _LatestUsed[tuple[Any, ...], CompiledOperation] = _LatestUsed(_MAX_COMPILED)
        self.bound: _LatestUsed[bytes, BoundOperation] = _LatestUsed(_MAX_BOUND)
        self.variables = _SeenOnce(_MAX_BOUND)


_DocumentKey: TypeAlias = tuple[Owner, str]
_RequestKey: TypeAlias = tuple[Owner, bytes]


class KnownDocument:
    """A row of the table, and what `KnownOperations.bound` asks for; ``weight``: bytes, with all that is kept of it.

    ``key`` is None where the table doesn't hold it: a trusted document, one heavier than the table, or one that went.
    """

    __slots__ = ("key", "operations", "prepared", "trusted", "weight")

    def __init__(self, key: _DocumentKey | None, prepared: PreparedDocument, weight: int) -> None:
        self.key = key
        self.prepared = prepared
        self.trusted = key is None
        self.operations = {operation: _KnownOperation() for operation in prepared.operations.values()}
        self.weight = weight


@dataclass(frozen=True, slots=True)
class _KnownRequest:
    request: GraphQLRequest
    document: KnownDocument
    weight: int


class KnownOperations:
    """The table of known operations of one process; see above for its rules."""

    def __init__(self, preparation: DocumentPreparation) -> None:
        self._preparation = preparation
        self._documents: OrderedDict[_DocumentKey, KnownDocument] = OrderedDict()
        self._requests: _LatestUsed[_RequestKey, _KnownRequest] = _LatestUsed(_MAX_REQUESTS)
        self._bodies = _SeenOnce(_MAX_REQUESTS)
        self._weight = 0

    def knows(self, text: str, owner: Owner = EVERYBODY) -> bool:
        """Whether this document is kept."""
        return (owner, text) in self._documents

    def document(self, text: str, owner: Owner = EVERYBODY) -> KnownDocument:
        """The document of a text, kept from now on.

        Raises `GraphQLSyntaxError` for what can't be parsed, and `OperationTooComplex` for what is beyond a limit.
        """
        key = owner, text
        document = self._documents.get(key)
        if document is None:
            prepared = self._preparation.document(text)
            document = KnownDocument(key, prepared, self._weight_of(prepared))
            self._documents[key] = document
            self._weight += document.weight
            self._shrink(document)
        else:
            self._documents.move_to_end(key)
        return document

    def trusted(self, text: str) -> KnownDocument:
        """A document beside the table, which may be beyond the limits; raises `GraphQLSyntaxError`."""
        prepared = self._preparation.trusted(text)
        return KnownDocument(None, prepared, self._weight_of(prepared))

    def compiled(
        self, document: KnownDocument, operation: PreparedOperation, variables: Mapping[str, Any]
    ) -> CompiledOperation:
        """An operation of the document with its conditions among these coerced variables, kept from now on."""
        known = document.operations[operation].compiled
        values = operation.condition_values(variables)
        compiled = known.use(values)
        if compiled is None:
            compiled = self._preparation.compiled(operation, values)
            evicted = known.keep(values, compiled)
            self._grow(document, compiled.weight - (evicted.weight if evicted else 0))
        return compiled

    def bound(
        self, document: KnownDocument, operation: PreparedOperation, variables: Mapping[str, Any]
    ) -> BoundOperation | list[GraphQLError]:
        """An operation of the document with these variables, as they were sent, or what is wrong with them.

        Kept from the second time on. Raises `BadUserInput` where they are beyond a limit.
        """
        known = document.operations[operation]
        key = None
        if operation.node.operation is not OperationType.MUTATION:
            key, cursors = variables_key(variables, operation.cursors)
            bound = None if key is None else known.bound.use(key)
            if bound is not None:
                with suppress(InvalidCursor):
                    return bound.at(cursors) if cursors else bound
                # Binding tells what is wrong with the cursor, beside all else.
                key = None
        values = self._preparation.coerced(operation, variables)
        if isinstance(values, list):
            return values
        bound = self._preparation.bound(self.compiled(document, operation, values.coerced), values)
        if key is not None and bound.reusable and known.variables.again(key):
            evicted = known.bound.keep(key, bound)
            self._grow(document, bound.weight - (evicted.weight if evicted else 0))
        return bound

    def request(self, body: bytes, owner: Owner = EVERYBODY) -> GraphQLRequest | None:
        """The request in a body that is known, with what it asks."""
        if len(body) > MAX_BODY_BYTES:
            return None
        known = self._requests.use((owner, body))
        if known is None:
            return None
        if known.document.key is not None:
            self._documents.move_to_end(known.document.key)
        return known.request

    def keep(
        self,
        request: GraphQLRequest,
        document: KnownDocument,
        operation: PreparedOperation,
        bound: BoundOperation,
        owner: Owner = EVERYBODY,
    ) -> None:
        """Keeps what a valid request asks, where it may be known by its body: from the second time on."""
        if request.body is None or request.document_id is not None or not self._bodies.again((owner, request.body)):
            return
        if bound.reusable and (document.trusted or document.key is not None):
            prepared = PreparedRequest(document.prepared.node, operation.permissions, bound)
            # Its text and variables are there once more, and what is bound may be there for it alone.
            weight = 2 * len(request.body) + bound.weight
            known = _KnownRequest(replace(request, prepared=prepared), document, weight)
            evicted = self._requests.keep((owner, request.body), known)
            if evicted is not None:
                self._grow(evicted.document, -evicted.weight)
            self._grow(document, weight)

    def _weight_of(self, prepared: PreparedDocument) -> int:
        return prepared.weight(self._preparation.limits.source_bytes)

    def _grow(self, document: KnownDocument, weight: int) -> None:
        document.weight += weight
        if document.key is not None:
            self._weight += weight
            self._shrink(document)

    def _shrink(self, latest: KnownDocument) -> None:
        """Has documents go until the table is within its bounds: the latest used alone where that is beyond them."""
        if latest.weight > _MAX_BYTES:
            self._drop(latest)
        while self._weight > _MAX_BYTES or len(self._documents) > _MAX_DOCUMENTS:
            self._drop(next(iter(self._documents.values())))

    def _drop(self, document: KnownDocument) -> None:
        assert document.key is not None
        del self._documents[document.key]
        document.key = None
        self._weight -= document.weight
        for key, known in self._requests.items():
            if known.document is document:
                self._requests.drop(key)
