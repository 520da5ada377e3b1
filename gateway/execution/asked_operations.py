"""Operations asked for other ways in: the same admission, limits, points and records as for any client of the graph."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import orjson

from gateway.context import Budget, Context
from gateway.errors import BadUserInput, GatewayError
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer
from gateway.execution.operation_runner import OperationRunner
from gateway.observability.records import OperationRecord
from gateway.preparation.graphql_request import GraphQLRequest

# What graphql-core says ahead of what is wrong with a variable.
_VARIABLE = re.compile(r"^Variable '\$\w+' has invalid value(?: at [\w.[\]]+)?: ")

Place: TypeAlias = Sequence[str | int]
"""Where something stands in a request: ``body``, ``query`` or ``path``, and the way from there."""


class Asking(Protocol):
    """What operations are asked for, such as an exchange."""

    def operation(self) -> OperationRecord:
        """The record of another operation."""
        ...

    async def left(self) -> None:
        """Raises an error once the client has left."""
        ...


class OperationFailed(Exception):
    """An operation without the data that its endpoint answers; ``errors``: as a client of the graph reads them,
    but that their paths are places in the request; ``refusal``: the error where it was refused as a whole."""

    def __init__(self, errors: Sequence[Mapping[str, Any]], refusal: GatewayError | None) -> None:
        super().__init__(errors)
        self.errors = errors
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Outcome:
    """The data of an operation, and what its key has left."""

    data: Mapping[str, Any]
    budget: Budget | None


class AskedOperations:
    """Fixed documents, by their ids, and what runs them."""

    def __init__(self, operations: OperationRunner, documents: Mapping[str, str]) -> None:
        self._operations = operations
        self._documents = documents

    async def ask(
        self,
        document_id: str,
        variables: Mapping[str, Any],
        asking: Asking,
        context: Context,
        place: Callable[[Sequence[str]], Place],
        *,
        size: int = 0,
        waited: float = 0.0,
    ) -> Outcome:
        """What one of the documents answers with these variables, which were read from so many bytes; ``place``: where
        in the request what a path of the graph names stands.

        Raises `OperationFailed` where one of its root fields is null because of an error, and what ``asking.left``
        does once the client has left.
        """
        return outcome(await self.answer(document_id, variables, asking, context, size=size, waited=waited), place)

    async def answer(
        self,
        document_id: str,
        variables: Mapping[str, Any],
        asking: Asking,
        context: Context,
        *,
        size: int = 0,
        waited: float = 0.0,
    ) -> Answer:
        """The answer of which `ask` gives the outcome."""
        request = GraphQLRequest(self._documents[document_id], variables, size=size, waited=waited)
        admitted = await self._operations.admit(request, context, asking.operation(), asking.left)
        return await self._operations.run(admitted) if isinstance(admitted, AdmittedOperation) else admitted


def outcome(answer: Answer, place: Callable[[Sequence[str]], Place]) -> Outcome:
    """What an answer has, read of its JSON; raises `OperationFailed` as `AskedOperations.ask` does."""
    content = orjson.loads(answer.body)
    data, errors = content.get("data"), content.get("errors", ())
    # A total that takes too long to count leaves an error beside a whole page.
    if data is None or (errors and None in data.values()):
        raise OperationFailed([_placed(error, place) for error in errors], answer.refusal)
    return Outcome(data, answer.budget)


def _placed(error: Mapping[str, Any], place: Callable[[Sequence[str]], Place]) -> Mapping[str, Any]:
    extensions = error["extensions"]
    if extensions["code"] != BadUserInput.code:
        # Of other errors a path says nothing that isn't known.
        return error
    path = list(place(extensions.get("path", ())))
    return {"message": _VARIABLE.sub("", error["message"]), "extensions": {**extensions, "path": path}}
