"""Interactions as the original service serves them: listed by pages, recorded, read and deleted."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from graphql import GraphQLEnumType, GraphQLSchema, get_named_type

from gateway.compiler.wire_inputs import enum_names, from_wire, wire_path
from gateway.context import Context
from gateway.errors import BadUserInput, NotFound
from gateway.execution.asked_operations import AskedOperations, Place
from gateway.preparation.json_requests import parsed_json
from gateway.transport.exchange.exchange import Exchange, Reply
from gateway.transport.exchange.paid_reading import PaidReading
from gateway.transport.rest import endpoint_documents as documents
from gateway.transport.rest.offset_pages import ListParameters, list_parameters
from gateway.transport.rest.rest_replies import json_reply

_NOT_FOUND = "There is no interaction of this id in the namespace."


class InteractionResource:
    """The endpoints of interactions; ``page_limit``: how many a page may have, ``entry_limit``: how many entries the
    lists and objects of a body."""

    def __init__(
        self,
        operations: AskedOperations,
        reading: PaidReading,
        schema: GraphQLSchema,
        *,
        page_limit: int,
        entry_limit: int,
    ) -> None:
        self._operations = operations
        self._reading = reading
        assert schema.mutation_type is not None
        self._input = schema.mutation_type.fields["recordInteraction"].args["input"].type
        type_ = get_named_type(self._input.of_type.fields["interactionType"].type)
        assert isinstance(type_, GraphQLEnumType)
        self._types = enum_names(type_)
        self._page_limit = page_limit
        self._entry_limit = entry_limit

    async def list(self, exchange: Exchange, _parameters: Mapping[str, Any]) -> Reply:
        """A page of the interactions that match, the latest first."""
        context = await exchange.context()
        query = exchange.query_string
        read = partial(list_parameters, query, types=self._types, page_limit=self._page_limit)
        asked, _ = await self._reading.read(read, len(query), exchange, context)
        after = await self._skip(asked, exchange, context)
        variables = {"first": asked.size, "after": after, "where": asked.where}
        outcome = await self._operations.ask(documents.LIST, variables, exchange, context, _in_query)
        page = outcome.data["interactions"]
        return json_reply([node["json"] for node in page["nodes"]], outcome.budget, total=page["totalCount"])

    async def create(self, exchange: Exchange, _parameters: Mapping[str, Any]) -> Reply:
        """Records an interaction."""
        context = await exchange.context()
        body = await self._reading.body(exchange, context)
        input_, waited = await self._reading.read(partial(self._read, body), len(body), exchange, context)
        outcome = await self._operations.ask(
            documents.CREATE, {"input": input_}, exchange, context, self._in_body, size=len(body), waited=waited
        )
        return json_reply(outcome.data["recordInteraction"]["interaction"]["json"], outcome.budget)

    async def get(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Reply:
        """Reads an interaction."""
        context = await exchange.context()
        outcome = await self._operations.ask(
            documents.GET, {"id": parameters["interaction_id"]}, exchange, context, _in_path
        )
        if outcome.data["interaction"] is None:
            raise NotFound(_NOT_FOUND)
        return json_reply(outcome.data["interaction"]["json"], outcome.budget)

    async def delete(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Reply:
        """Deletes an interaction."""
        context = await exchange.context()
        outcome = await self._operations.ask(
            documents.DELETE, {"id": parameters["interaction_id"]}, exchange, context, _in_path
        )
        if outcome.data["deleteInteraction"]["deletedId"] is None:
            raise NotFound(_NOT_FOUND)
        return json_reply({"success": True}, outcome.budget)

    async def _skip(self, asked: ListParameters, exchange: Exchange, context: Context) -> str | None:
        """The cursor of the last interaction ahead of a page; of the very last, where there are fewer."""
        after, remaining = None, asked.skipped
        while remaining:
            first = min(remaining, self._page_limit)
            variables = {"first": first, "after": after, "where": asked.where}
            outcome = await self._operations.ask(documents.SKIP, variables, exchange, context, _in_query)
            info = outcome.data["interactions"]["pageInfo"]
            after = info["endCursor"] or after
            remaining = remaining - first if info["hasNextPage"] else 0
        return after

    def _in_body(self, path: Sequence[str]) -> Place:
        """Where in a body what a path of the graph names stands."""
        return ("body", *wire_path(path[1:], self._input))

    def _read(self, body: bytes) -> Any:
        """The input that a body stands for; raises what `parsed_json` and `from_wire` do, at paths in the body."""
        try:
            content, unfit = parsed_json(body, "body", max_entries=self._entry_limit)
            if unfit is not None:
                raise unfit.error()
            if content is None:
                raise BadUserInput("Input should be an object.")
            return from_wire(content, self._input)
        except BadUserInput as error:
            raise BadUserInput(error.message, path=("body", *error.path)) from None


def _in_path(_path: Sequence[str]) -> Place:
    return ("path", "interaction_id")


def _in_query(path: Sequence[str]) -> Place:
    return ("query", *path[1:])
