"""The mutations: validated input, written by the store, answered as the payload's document."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLInputType, get_nullable_type

from gateway.compiler.wire_form import input_path, to_wire
from gateway.context import Caller, Context, Namespace
from gateway.errors import BadUserInput, Conflict, GatewayError
from gateway.errors.formatting import message_and_path
from gateway.model.wire import RecordedInteraction, validate_interaction, validate_search_request
from gateway.plan import global_ids
from gateway.plan.commands import Document
from gateway.plan.operation_plan import Fetch, Write
from gateway.plan.viewer_documents import namespace_document
from gateway.store.tenancy import Tenancy
from gateway.store.writer import Recorded, Writer

MAX_BATCH = 1_000


class Recorder:
    """Carries out the mutations of one operation, one after the other."""

    def __init__(self, writer: Writer, tenancy: Tenancy) -> None:
        self._writer = writer
        self._tenancy = tenancy

    async def write(self, fetch: Fetch, given: Mapping[str, Any], context: Context) -> Document:
        """The payload of a mutation field, as its type's readings expect it.

        Raises `BadUserInput` or `Conflict`, with a path from ``input`` down, and `Unavailable`.
        """
        type_ = get_nullable_type(fetch.definition.args["input"].type)
        assert isinstance(type_, GraphQLInputObjectType)
        value = given["input"]
        caller, namespace = context.caller, context.namespace
        match fetch.source:
            case Write.RECORD_INTERACTION:
                return await self._record_interaction(value, type_, namespace)
            case Write.RECORD_INTERACTIONS:
                return await self._record_interactions(value["interactions"], type_, namespace)
            case Write.RECORD_SEARCH_REQUEST:
                return await self._record_search_request(value, type_, namespace)
            case Write.DELETE_INTERACTION:
                return await self._delete_interaction(value["interactionId"], namespace, caller)
            case Write.CREATE_NAMESPACE:
                return await self._create_namespace(value["name"], caller)
        raise AssertionError(fetch.source)

    async def _record_interaction(self, value: Any, type_: GraphQLInputObjectType, namespace: Namespace) -> Document:
        [outcome] = await self._record([_interaction(value, type_)], namespace)
        if isinstance(outcome, GatewayError):
            raise _located(outcome, value, type_, "input")
        return {"interaction": outcome.document, "created": outcome.created}

    async def _record_interactions(self, values: list[Any], type_: GraphQLInputObjectType, ns: Namespace) -> Document:
        if len(values) > MAX_BATCH:
            raise BadUserInput(
                f"A batch may hold at most {MAX_BATCH} interactions, not {len(values)}.", path=("input", "interactions")
            )
        item_type = get_nullable_type(get_nullable_type(type_.fields["interactions"].type).of_type)
        outcomes = await self._record([_interaction(value, item_type) for value in values], ns)
        results = [
            _result(index, outcome, value, item_type)
            for index, (outcome, value) in enumerate(zip(outcomes, values, strict=True))
        ]
        return {
            "results": results,
            "created_count": sum(result["created"] for result in results),
            "error_count": sum(result["error"] is not None for result in results),
        }

    async def _record(
        self, judged: list[RecordedInteraction | GatewayError], namespace: Namespace
    ) -> list[Recorded | GatewayError]:
        valid = [one for one in judged if isinstance(one, RecordedInteraction)]
        outcomes = iter(await self._writer.record(namespace, valid, datetime.now(UTC)) if valid else [])
        return [next(outcomes) if isinstance(one, RecordedInteraction) else one for one in judged]

    async def _record_search_request(self, value: Any, type_: GraphQLInputObjectType, namespace: Namespace) -> Document:
        field = type_.fields["searchRequest"]
        try:
            recorded = validate_search_request(to_wire(value["searchRequest"], field.type))
            seen_at = value.get("occurredAt") or datetime.now(UTC)
            outcome = await self._writer.record_search_request(namespace, recorded, seen_at)
        except (BadUserInput, Conflict) as error:
            raise _located(error, value["searchRequest"], field.type, "input", "searchRequest") from error
        return {"search_request": outcome.document, "created": outcome.created}

    async def _delete_interaction(self, interaction_id: str, namespace: Namespace, caller: Caller) -> Document:
        deleted = await self._writer.delete_interaction(namespace, interaction_id, by=caller)
        return {"deleted_id": global_ids.encode("Interaction", namespace.id, interaction_id) if deleted else None}

    async def _create_namespace(self, name: str, caller: Caller) -> Document:
        try:
            namespace, created = await self._tenancy.create_namespace(caller.organization, name, by=caller)
        except BadUserInput as error:
            raise BadUserInput(error.message, path=("input", "name")) from error
        return {"namespace": namespace_document(namespace), "created": created}


def _interaction(value: Any, type_: GraphQLInputType) -> RecordedInteraction | GatewayError:
    try:
        return validate_interaction(to_wire(value, type_))
    except BadUserInput as error:
        return error


def _result(index: int, outcome: Recorded | GatewayError, value: Any, type_: GraphQLInputType) -> dict[str, Any]:
    if isinstance(outcome, Recorded):
        return {"index": index, "interaction": outcome.document, "created": outcome.created, "error": None}
    error = _located(outcome, value, type_)
    message, path = message_and_path(error)
    described = {"code": error.code, "message": message, "path": path}
    return {"index": index, "interaction": None, "created": False, "error": described}


def _located(error: GatewayError, value: Any, type_: GraphQLInputType, *above: str) -> GatewayError:
    """The same error with its path in the input's own names."""
    return type(error)(error.message, path=(*above, *input_path(error.path, value, type_)))
