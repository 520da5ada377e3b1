"""Namespaces as the original service serves them: listed, created, read, deleted; and the indexes that there are."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from gateway.errors import BadUserInput, NamespaceNotFound, NotFound
from gateway.execution.asked_operations import AskedOperations, OperationFailed, Place
from gateway.model.wire.fields import VECTOR_INDEXES
from gateway.preparation.json_requests import parsed_json
from gateway.transport.exchange.exchange import Exchange, Reply
from gateway.transport.exchange.paid_reading import PaidReading
from gateway.transport.rest import endpoint_documents as documents
from gateway.transport.rest.rest_replies import json_reply

PAYLOAD_TYPES = ("keyword", "integer", "float", "bool", "geo", "datetime", "text", "uuid")

# What the original service says of each vector index. The gateway records searches and makes no vectors: of their
# sizes it knows nothing.
_MODALITIES: Mapping[str, Sequence[str]] = {
    "image": ("image",),
    "multimodal": ("video", "image", "text"),
    "text": ("text",),
    "video": ("video",),
    "keyword": ("keyword",),
}
AVAILABLE_INDEXES: Mapping[str, Any] = {
    "vector_indexes": {
        name: {
            "supported_modalities": _MODALITIES[name],
            "vector_type": "sparse" if name == "keyword" else "dense",
            "size": None,
        }
        for name in VECTOR_INDEXES
    },
    "payload_indexes": [{"type": type_} for type_ in PAYLOAD_TYPES],
}


class _Sent(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)


class PayloadIndex(_Sent):
    """An index of a field of items, as it is sent."""

    field_name: Annotated[str, StringConstraints(min_length=1)]
    type: Literal[PAYLOAD_TYPES]  # type: ignore[valid-type]
    field_schema: dict[str, Any] | None = None


class NamespaceToCreate(_Sent):
    """The body that creates a namespace."""

    namespace_name: str
    vector_indexes: list[Literal[VECTOR_INDEXES]]  # type: ignore[valid-type]
    payload_indexes: list[PayloadIndex] | None = None


class NamespaceToUpdate(_Sent):
    """The body that updates a namespace."""

    namespace_name: str
    payload_indexes: list[PayloadIndex]


class NamespaceResource:
    """The endpoints of namespaces; ``entry_limit``: how many entries the lists and objects of a body may have.

    Indexes are taken and not kept: the gateway records searches in any of them, and makes none.
    """

    def __init__(self, operations: AskedOperations, reading: PaidReading, *, entry_limit: int) -> None:
        self._operations = operations
        self._reading = reading
        self._entry_limit = entry_limit

    async def list(self, exchange: Exchange, _parameters: Mapping[str, Any]) -> Reply:
        """The namespaces of the key's organization."""
        context = await exchange.context()
        outcome = await self._operations.ask(documents.LIST_NAMESPACES, {}, exchange, context, _in_path)
        return json_reply([_namespace(found) for found in outcome.data["viewer"]["namespaces"]], outcome.budget)

    async def create(self, exchange: Exchange, _parameters: Mapping[str, Any]) -> Reply:
        """Creates a namespace; one that is there already is answered as it is."""
        context = await exchange.context()
        body = await self._reading.body(exchange, context)
        read = partial(self._read, body, NamespaceToCreate)
        sent, waited = await self._reading.read(read, len(body), exchange, context)
        variables = {"input": {"name": sent.namespace_name}}
        outcome = await self._operations.ask(
            documents.CREATE_NAMESPACE, variables, exchange, context, _in_body, size=len(body), waited=waited
        )
        return json_reply(_namespace(outcome.data["createNamespace"]["namespace"]), outcome.budget)

    async def get(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Reply:
        """Reads the namespace that the address names, by its name or id."""
        try:
            context = await exchange.context(parameters["namespace"])
        except NamespaceNotFound as error:
            raise NotFound(error.message) from None
        outcome = await self._operations.ask(documents.GET_NAMESPACE, {}, exchange, context, _in_path)
        return json_reply(_namespace(outcome.data["viewer"]["namespace"]), outcome.budget)

    async def update(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Reply:
        """Takes the indexes of a namespace, which keeps its name."""
        try:
            context = await exchange.context(parameters["namespace"])
        except NamespaceNotFound as error:
            raise NotFound(error.message) from None
        body = await self._reading.body(exchange, context)
        read = partial(self._read, body, NamespaceToUpdate, context.namespace.name)
        await self._reading.read(read, len(body), exchange, context)
        outcome = await self._operations.ask(documents.GET_NAMESPACE, {}, exchange, context, _in_path)
        return json_reply(_namespace(outcome.data["viewer"]["namespace"]), outcome.budget)

    async def delete(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Reply:
        """Deletes a namespace with all that it holds, which takes a while beside this request."""
        try:
            context = await exchange.context(parameters["namespace"])
        except NamespaceNotFound as error:
            raise NotFound(error.message) from None
        namespace = context.namespace
        variables = {"id": namespace.id, "name": namespace.name}
        try:
            outcome = await self._operations.ask(documents.DELETE_NAMESPACE, variables, exchange, context, _in_path)
        except OperationFailed as failure:
            # Deleted by somebody else a moment ago, while it was still known here.
            if failure.refusal is None and failure.errors[0]["extensions"]["code"] == BadUserInput.code:
                raise NotFound(failure.errors[0]["message"]) from None
            raise
        return json_reply({"success": True}, outcome.budget)

    async def indexes(self, exchange: Exchange, _parameters: Mapping[str, Any]) -> Reply:
        """The kinds of indexes that there are; asked of the graph is only whether the key may read."""
        context = await exchange.context()
        outcome = await self._operations.ask(documents.GET_NAMESPACE, {}, exchange, context, _in_path)
        return json_reply(AVAILABLE_INDEXES, outcome.budget)

    def _read(self, body: bytes, model: type[Any], name: str | None = None) -> Any:
        """What a body holds; ``name``: the one that it must have. Raises what `parsed_json` does, and `BadUserInput`
        at paths in the body."""
        try:
            content, unfit = parsed_json(body, "body", max_entries=self._entry_limit)
            if unfit is not None:
                raise unfit.error()
            sent = model.model_validate(content)
        except BadUserInput as error:
            raise BadUserInput(error.message, path=("body", *error.path)) from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise BadUserInput(f"{first['msg']}.", path=("body", *first["loc"])) from None
        if name is not None and sent.namespace_name != name:
            raise BadUserInput("A namespace keeps its name.", path=("body", "namespace_name"))
        return sent


def _namespace(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "namespace_id": found["namespaceId"],
        "namespace_name": found["name"],
        "vector_indexes": VECTOR_INDEXES,
        "payload_indexes": None,
    }


def _in_path(_path: Sequence[str]) -> Place:
    return ("path", "namespace")


def _in_body(_path: Sequence[str]) -> Place:
    return ("body", "namespace_name")
