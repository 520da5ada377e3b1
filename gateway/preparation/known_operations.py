"""The table of known operations: what was found out about requests, for who sends the same again.

| kept | known by | from the | at most |
|---|---|---|---|
| a document: parsed, validated, its operations | owner, text | first time | 1,000 of an owner |
| a compiled operation: plan, function, introspection | its operation, the variables of its conditions | first | 64 |
| a bound operation: all commands but for the namespace | its operation, its variables but for cursors | second | 16 |
| a request: its document and bound operation | owner, the bytes of its body, up to 3,000 | second | 32 of an owner |

- *What is kept* never changes and is the same whoever asks: no key, no permission that was granted, no answer but the
  schema's own. Only this table changes. One thing depends on a namespace: a bound listing keeps its commands by
  namespace and user (`gateway.context.Reach`), for four.
- *Who shares it*: the keys of one owner, which is an organization. How fast an answer comes tells whether its document
  was known: to nobody but those who may have sent it.
- *Weight*: 30 MB in all (`GATEWAY_KNOWN_DOCUMENTS_BYTES`), of what each row was measured to take. A document weighs
  what is kept of it.
- *When it goes*: the least recently used document of the owner whose documents weigh most, with all that is kept of it:
  whoever sends many has their own go. A bound operation or request that is used is a use of its document. Within a
  document, the least recently used of its kind.
- *Never kept*: a document that can't be parsed, a mutation's variables, variables of more than 500 bytes, errors that
  binding found (raised again they collect tracebacks), and requests that name their document, as what a name stands
  for is each organization's own.
- Trusted documents are prepared beside the table, for good and for all; what is compiled and bound of each stands in a
  row of each owner, too.
- *Threads*: what takes long is done without the table's lock; of what two have made at once, the first is kept.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeAlias

from graphql import GraphQLError, OperationType

from gateway.errors import InvalidCursor
from gateway.limits import WORKER_DEFAULTS
from gateway.preparation.bound_operations import BoundOperation, CompiledOperation, variables_key
from gateway.preparation.graphql_request import GraphQLRequest, PreparedRequest
from gateway.preparation.latest_used import LatestUsed, SeenOnce
from gateway.preparation.prepared_documents import DocumentPreparation, PreparedDocument, PreparedOperation

# Who may find what is kept: the id of an organization; see docs/decisions/0007-known-operations.md.
Owner: TypeAlias = str

# Of the bodies that requests are known by.
MAX_BODY_BYTES = 3_000

_MAX_DOCUMENTS = 1_000
# Each condition doubles the plans that an operation may have; few clients use more than two of them.
_MAX_COMPILED = 64
_MAX_BOUND = 16
_MAX_REQUESTS = 32

# What is bound at once, ahead of work that waits for its turn: 0.3 ms' work at most where literals fill the document.
_QUICK_TOKENS = 500
_QUICK_FETCHES = 20

# Of a row whose document is a trusted one, prepared beside the table.
_ROW_BYTES = 1_000


class _KnownOperation:
    """What is kept of one operation of a document."""

    __slots__ = ("bound", "compiled", "variables")

    def __init__(self) -> None:
        self.compiled: LatestUsed[tuple[Any, ...], CompiledOperation] = LatestUsed(_MAX_COMPILED)
        self.bound: LatestUsed[bytes, BoundOperation] = LatestUsed(_MAX_BOUND)
        self.variables = SeenOnce(_MAX_BOUND)


class KnownDocument:
    """A row of the table, and what `KnownOperations.bound` asks for; ``weight``: bytes, with all that is kept of it.

    ``share`` is None where the table doesn't hold it: it is heavier than the table, or went.
    """

    __slots__ = ("operations", "prepared", "share", "text", "weight")

    def __init__(self, share: "_Share", text: str, prepared: PreparedDocument, weight: int) -> None:
        self.share: _Share | None = share
        self.text = text
        self.prepared = prepared
        self.operations = {operation: _KnownOperation() for operation in prepared.operations.values()}
        self.weight = weight


@dataclass(frozen=True, slots=True)
class _KnownRequest:
    request: GraphQLRequest
    document: KnownDocument
    weight: int


class _Share:
    """What is kept for one owner; ``weight``: bytes of all of it."""

    __slots__ = ("bodies", "documents", "owner", "requests", "weight")

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.documents: OrderedDict[str, KnownDocument] = OrderedDict()
        self.requests: LatestUsed[bytes, _KnownRequest] = LatestUsed(_MAX_REQUESTS)
        self.bodies = SeenOnce(_MAX_REQUESTS)
        self.weight = 0


class KnownOperations:
    """The table of known operations of one process, which weighs ``max_bytes``; see above for its rules."""

    def __init__(
        self, preparation: DocumentPreparation, *, max_bytes: int = WORKER_DEFAULTS.known_documents_bytes
    ) -> None:
        self._preparation = preparation
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._shares: dict[Owner, _Share] = {}
        self._weight = 0

    def knows(self, text: str, owner: Owner) -> bool:
        """Whether this document is kept."""
        share = self._shares.get(owner)
        return share is not None and text in share.documents

    def document(self, text: str, owner: Owner, trusted: PreparedDocument | None = None) -> KnownDocument:
        """The document of a text, kept from now on; ``trusted``: as which it is prepared for good.

        Raises `GraphQLSyntaxError` for what can't be parsed, and `OperationTooComplex` for what is beyond a limit.
        """
        with self._lock:
            known = self._use(text, owner)
        if known:
            return known
        prepared = trusted or self._preparation.document(text)
        weight = _ROW_BYTES if trusted else prepared.weight(self._preparation.limits.source_bytes)
        with self._lock:
            return self._use(text, owner) or self._new(text, owner, prepared, weight)

    def _use(self, text: str, owner: Owner) -> KnownDocument | None:
        share = self._shares.get(owner)
        document = share.documents.get(text) if share else None
        if share and document:
            share.documents.move_to_end(text)
        return document

    def _new(self, text: str, owner: Owner, prepared: PreparedDocument, weight: int) -> KnownDocument:
        share = self._shares.setdefault(owner, _Share(owner))
        document = share.documents[text] = KnownDocument(share, text, prepared, 0)
        self._grow(document, weight)
        return document

    def trusted(self, text: str) -> PreparedDocument:
        """A document beside the table, which may be beyond the limits; raises `GraphQLSyntaxError`."""
        return self._preparation.trusted(text)

    def compiled(
        self, document: KnownDocument, operation: PreparedOperation, variables: Mapping[str, Any]
    ) -> CompiledOperation:
        """An operation of the document with its conditions among these coerced variables, kept from now on."""
        known = document.operations[operation].compiled
        values = operation.condition_values(variables)
        with self._lock:
            compiled = known.use(values)
        if compiled is None:
            compiled = self._preparation.compiled(operation, values)
            weight = compiled.weight
            with self._lock:
                evicted = known.keep(values, compiled)
                self._grow(document, weight - (evicted.weight if evicted else 0))
        return compiled

    def bound(
        self, document: KnownDocument, operation: PreparedOperation, variables: Mapping[str, Any]
    ) -> BoundOperation | list[GraphQLError]:
        """An operation of the document with these variables, as they were sent, or what is wrong with them.

        Kept from the second time on. Raises `BadUserInput` where they are beyond a limit.
        """
        bound = self._bound(document, operation, variables, only_quickly=False)
        assert bound is not None, "however long it takes"
        return bound

    def quickly_bound(
        self, document: KnownDocument, operation: PreparedOperation, variables: Mapping[str, Any]
    ) -> BoundOperation | list[GraphQLError] | None:
        """The same; None where the operation has to be compiled for it, or there is much to bind."""
        return self._bound(document, operation, variables, only_quickly=True)

    def _bound(
        self, document: KnownDocument, operation: PreparedOperation, variables: Mapping[str, Any], *, only_quickly: bool
    ) -> BoundOperation | list[GraphQLError] | None:
        known = document.operations[operation]
        key = None
        if operation.node.operation is not OperationType.MUTATION:
            key, cursors = variables_key(variables, operation.cursors)
            with self._lock:
                bound = None if key is None else known.bound.use(key)
            if bound is not None and only_quickly and cursors and len(bound.bindings) > _QUICK_FETCHES:
                return None
            if bound is not None:
                with suppress(InvalidCursor):
                    return bound.at(cursors) if cursors else bound
                # Binding tells what is wrong with the cursor, beside all else.
                key = None
        values = self._preparation.coerced(operation, variables)
        if isinstance(values, list):
            return values
        if only_quickly:
            with self._lock:
                compiled = known.compiled.use(operation.condition_values(values.coerced))
            if not _is_quick(document, compiled):
                return None
        bound = self._preparation.bound(self.compiled(document, operation, values.coerced), values)
        if key is not None and bound.reusable:
            weight = bound.weight
            with self._lock:
                if known.variables.again(key):
                    evicted = known.bound.keep(key, bound)
                    self._grow(document, weight - (evicted.weight if evicted else 0))
        return bound

    def request(self, body: bytes, owner: Owner) -> GraphQLRequest | None:
        """The request in a body that is known, with what it asks."""
        if len(body) > MAX_BODY_BYTES:
            return None
        with self._lock:
            share = self._shares.get(owner)
            known = share.requests.use(body) if share else None
            if share is None or known is None:
                return None
            share.documents.move_to_end(known.document.text)
        return known.request

    def keep(
        self, request: GraphQLRequest, document: KnownDocument, operation: PreparedOperation, bound: BoundOperation
    ) -> None:
        """Keeps what a valid request of the document's owner asks, where it may be known by its body: from the second
        time on."""
        body = request.body
        if body is None or request.document_id is not None:
            return
        with self._lock:
            share = document.share
            if share is None or not share.bodies.again(body) or not bound.reusable:
                return
            prepared = PreparedRequest(document.prepared.node, operation.permissions, bound)
            # Its text and variables are there once more, and what is bound may be there for it alone.
            weight = 2 * len(body) + bound.weight
            evicted = share.requests.keep(body, _KnownRequest(replace(request, prepared=prepared), document, weight))
            if evicted is not None:
                self._grow(evicted.document, -evicted.weight)
            self._grow(document, weight)

    def _grow(self, document: KnownDocument, weight: int) -> None:
        document.weight += weight
        share = document.share
        if share is not None:
            share.weight += weight
            self._weight += weight
            if weight > 0:
                self._shrink(document, share)

    def _shrink(self, latest: KnownDocument, share: _Share) -> None:
        """Has documents go until the table is within its bounds: the latest used alone where that is beyond them."""
        if latest.weight > self._max_bytes:
            self._drop(latest)
        elif len(share.documents) > _MAX_DOCUMENTS:
            self._drop(next(iter(share.documents.values())))
        while self._weight > self._max_bytes:
            heaviest = max(self._shares.values(), key=_weight)
            self._drop(next(iter(heaviest.documents.values())))

    def _drop(self, document: KnownDocument) -> None:
        share = document.share
        assert share is not None, "it is in the table"
        document.share = None
        del share.documents[document.text]
        share.weight -= document.weight
        self._weight -= document.weight
        for body, known in share.requests.items():
            if known.document is document:
                share.requests.drop(body)
        if not share.documents:
            del self._shares[share.owner]


def _is_quick(document: KnownDocument, compiled: CompiledOperation | None) -> bool:
    """Whether what is compiled, if it is, is bound at once."""
    if compiled is None or document.prepared.node.token_count > _QUICK_TOKENS:
        return False
    return next(islice(compiled.plan.all_fetches, _QUICK_FETCHES, None), None) is None


def _weight(share: _Share) -> int:
    return share.weight
