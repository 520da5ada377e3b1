"""What a collector received, recorded by operations of the graph: as few as its limits allow, each safe to be sent
again; and what it is asked to erase."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from graphql import GraphQLSchema

from gateway.context import Budget, Context
from gateway.errors import BadUserInput, Conflict, Forbidden, GatewayError, OperationTooComplex
from gateway.execution.asked_operations import AskedOperations, OperationFailed, Place
from gateway.execution.operation_runner import OperationRunner
from gateway.interchange.collected import BodyPath
from gateway.limits import Limits
from gateway.plan.sources.writes import MAX_BATCH
from gateway.transport.collect.collector_bodies import Received
from gateway.transport.exchange.exchange import Exchange

_RECORD: Final = "collect:Record"
_ERASE: Final = "collect:Erase"
_ERRORS: Mapping[str, type[GatewayError]] = {kind.code: kind for kind in (BadUserInput, Conflict, Forbidden)}

Wire = Mapping[str, Any]


class CollectedRecordings:
    """The recording of what collectors receive; within the ``limits`` of operations."""

    def __init__(self, operations: OperationRunner, schema: GraphQLSchema, limits: Limits) -> None:
        self._operations = AskedOperations(operations, {_RECORD: _recording(schema), _ERASE: _erasure(schema)})
        self._most_entries = limits.json_nodes
        self._most_items = min(MAX_BATCH, limits.list_items)

    async def interactions(self, received: Received, exchange: Exchange, context: Context) -> Budget | None:
        """Records interactions, whose search requests may follow; gives what their key has left.

        Raises what `AskedOperations.ask` does, and the first `GatewayError` that one of them met or meets, with the
        path of its document ahead of that in its wire object; the others are recorded.
        """
        return await self._record("interactions", received, exchange, context)

    async def search_requests(self, received: Received, exchange: Exchange, context: Context) -> Budget | None:
        """Records search requests likewise, each as the graph's `JsonSearchRequestInput`."""
        return await self._record("searchRequests", received, exchange, context)

    async def erase_user(self, user_id: str, exchange: Exchange, context: Context) -> Budget | None:
        """Begins to erase what names a user; raises what `AskedOperations.ask` does."""
        variables = {"input": {"userId": user_id}}
        return (await self._operations.ask(_ERASE, variables, exchange, context, _as_it_is)).budget

    async def _record(self, name: str, received: Received, exchange: Exchange, context: Context) -> Budget | None:
        budget: Budget | None = None
        items, paths = received.content.wires, received.content.paths
        refused: GatewayError | None = received.content.refused
        parts = deque(self._parts(items) if items else ())
        while parts:
            first, part = parts.popleft()
            variables = {"input": {name: part, "searchRequestsMayFollow": True}}
            size = received.size * len(part) // len(items)
            try:
                outcome = await self._operations.ask(
                    _RECORD, variables, exchange, context, _as_it_is, size=size, waited=received.waited
                )
            except OperationFailed as failure:
                if len(part) > 1 and failure.errors[0]["extensions"]["code"] == OperationTooComplex.code:
                    # Of a search request that is there already each interaction has a copy.
                    middle = len(part) // 2
                    parts.extendleft([(first + middle, part[middle:]), (first, part[:middle])])
                    continue
                # What is beyond a limit by itself is alone in its part.
                beyond = _of_lone_document(failure, paths[first]) if len(part) == 1 else None
                if beyond is None:
                    raise
                refused = _earlier(refused, beyond)
                continue
            budget = outcome.budget
            refused = _earlier(refused, _first_error(outcome.data["recordJson"][name], paths[first:]))
        if refused is not None:
            raise refused
        return budget

    def _parts(self, items: Sequence[Wire]) -> Iterator[tuple[int, Sequence[Wire]]]:
        """The items in parts that an operation takes, each behind the place of its first."""
        start = entries = 0
        for position, item in enumerate(items):
            count = _entries(item)
            if position > start and (entries + count > self._most_entries or position - start >= self._most_items):
                yield start, items[start:position]
                start, entries = position, 0
            entries += count
        yield start, items[start:]


def _input_type(schema: GraphQLSchema, mutation: str) -> str:
    assert schema.mutation_type is not None
    return str(schema.mutation_type.fields[mutation].args["input"].type)


def _erasure(schema: GraphQLSchema) -> str:
    type_ = _input_type(schema, "deleteUserData")
    return f"mutation EraseUser($input: {type_}) {{ deleteUserData(input: $input) {{ job {{ jobId }} }} }}"


def _recording(schema: GraphQLSchema) -> str:
    error = "error { code message path }"
    return f"""mutation RecordCollected($input: {_input_type(schema, "recordJson")}) {{
  recordJson(input: $input) {{ interactions {{ index {error} }} searchRequests {{ index {error} }} }}
}}"""


def _as_it_is(path: Sequence[str]) -> Place:
    return path


def _first_error(results: Sequence[Mapping[str, Any]], paths: Sequence[BodyPath]) -> GatewayError | None:
    for result in results:
        if (error := result["error"]) is not None:
            kind = _ERRORS.get(error["code"], GatewayError)
            return kind(error["message"], path=(*paths[result["index"]], *error["path"]))
    return None


def _of_lone_document(failure: OperationFailed, path: BodyPath) -> BadUserInput | None:
    """What is wrong with the only document of an operation, at this path of a body; None where that isn't why the
    operation failed."""
    first = failure.errors[0]
    if first["extensions"]["code"] != BadUserInput.code:
        return None
    # Behind the operation's input, its list and the place in that.
    within = first["extensions"].get("path", ())[3:]
    return BadUserInput(first["message"], path=(*path, *within))


def _earlier(*errors: GatewayError | None) -> GatewayError | None:
    """Of errors that begin their paths with the places of documents, that of the first document."""
    return min((error for error in errors if error is not None), key=lambda error: error.path[:1], default=None)


def _entries(value: Any) -> int:
    """The entries of all lists and objects of a JSON value, itself being one of them."""
    count, pending = 1, [value]
    while pending:
        inner = pending.pop()
        if isinstance(inner, dict | list):
            count += len(inner)
            pending += inner.values() if isinstance(inner, dict) else inner
    return count
