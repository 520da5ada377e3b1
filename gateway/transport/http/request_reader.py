"""What GraphQL requests over HTTP ask: the objects in their bodies, or the parameters of their addresses."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from gateway.context import Context
from gateway.errors import BadRequest, BadUserInput, GatewayError
from gateway.execution.operation_runner import OperationRunner
from gateway.limits import Limits
from gateway.model.wire.unfit_values import unfit_value
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.preparation.json_requests import from_object, parsed_json
from gateway.preparation.known_operations import MAX_BODY_BYTES
from gateway.scheduling.paid_work import PaidWork
from gateway.scheduling.rate_limiter import refusal_points
from gateway.transport.exchange.exchange import Exchange
from gateway.transport.exchange.paid_reading import PaidReading

# The requests of a batch, or what is wrong with one of them.
Batch = tuple[GraphQLRequest | BadRequest | BadUserInput, ...]

_MAX_PARAMETERS = 100


class RequestReader:
    """The reader of what exchanges ask, within the limits of batches and entries.

    To read a long body is ``paid_work``; what is refused is paid for by its size.
    """

    def __init__(self, operations: OperationRunner, paid_work: PaidWork, limits: Limits) -> None:
        self._operations = operations
        self._paid_work = paid_work
        self._reading = PaidReading(paid_work)
        self._batch_limit = limits.batch_requests
        self._entry_limit = limits.entries

    async def read_body(self, exchange: Exchange, context: Context) -> GraphQLRequest | Batch:
        """The request, or the batch, in the body of a POST; raises `UnsupportedMediaType` where that isn't JSON, and
        what `Exchange.body`, `from_body` and `PaidWork.run` do."""
        body = await self._reading.body(exchange, context)
        known = self._operations.known_request(body, context)
        if known is not None:
            return known
        read = partial(from_body, body, batch_limit=self._batch_limit, entry_limit=self._entry_limit)
        request, waited = await self._reading.read(read, len(body), exchange, context)
        if isinstance(request, tuple):
            refused = sum(isinstance(entry, GatewayError) for entry in request)
            self._paid_work.charge(context.caller, refused * refusal_points(len(body) // len(request)))
            return request
        return replace(request, waited=waited) if waited else request

    async def read_query_string(self, exchange: Exchange, context: Context) -> GraphQLRequest:
        """The request in the address of a GET; raises what `from_query` and `PaidWork.run` do."""
        read = partial(from_query, exchange.query_string, entry_limit=self._entry_limit)
        request, waited = await self._reading.read(read, len(exchange.query_string), exchange, context)
        return replace(request, waited=waited) if waited else request


def parameter_names(query_string: bytes) -> frozenset[str]:
    """The names of an address's parameters, as far as they can be read."""
    try:
        pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        return frozenset()
    return frozenset(name for name, _ in pairs)


def from_body(body: bytes, *, batch_limit: int, entry_limit: int) -> GraphQLRequest | Batch:
    """The request in a POST body of JSON, or the batch of up to ``batch_limit``; raises `BadRequest` for what is
    neither, and `BadUserInput` for more than ``entry_limit`` entries of lists and objects for each request, or at an
    unfit value."""
    content, unfit = parsed_json(body, "body", max_entries=entry_limit * max(1, batch_limit))
    if isinstance(content, dict):
        if unfit is not None:
            raise unfit.error()
        return from_object(content, size=len(body), body=body if len(body) <= MAX_BODY_BYTES else None)
    if not isinstance(content, list):
        raise BadRequest("The body must be a JSON object.")
    if batch_limit < 2:
        raise BadRequest("Batches are not served here: the body must be a JSON object.")
    if not content or len(content) > batch_limit:
        raise BadRequest(f"A batch must hold 1 to {batch_limit} requests.")
    if not all(isinstance(entry, dict) for entry in content):
        raise BadRequest("Each request of a batch must be a JSON object.")
    is_fit = unfit is None
    return tuple(_request_or_error(entry, size=len(body) // len(content), is_fit=is_fit) for entry in content)


def from_query(query_string: bytes, *, entry_limit: int) -> GraphQLRequest:
    """The request in the parameters of a GET; raises `BadRequest` for what isn't a GraphQL request, and `BadUserInput`
    for more than ``entry_limit`` entries of lists and objects in one of them, or at an unfit value."""
    try:
        address = query_string.decode("ascii")
        pairs = parse_qsl(address, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise BadRequest("The parameters of the address are not percent-encoded UTF-8.") from None
    # An empty parameter is as good as none: forms send them.
    parameters: dict[str, Any] = {}
    for name, value in pairs:
        if name in parameters:
            raise BadRequest("A parameter of the address may be given only once.")
        parameters[name] = value or None
    for name in ("variables", "extensions"):
        if text := parameters.get(name):
            value, unfit = parsed_json(text.encode(), f"parameter `{name}`", max_entries=entry_limit)
            if unfit is not None:
                raise unfit.error(name)
            parameters[name] = value
    return from_object(parameters, reads_only=True, size=len(query_string))


def _request_or_error(
    fields: Mapping[str, Any], *, size: int, is_fit: bool
) -> GraphQLRequest | BadRequest | BadUserInput:
    """``is_fit``: whether nothing in the batch is unfit."""
    if not is_fit and (unfit := unfit_value(fields)) is not None:
        return unfit.error()
    try:
        return from_object(fields, size=size)
    except BadRequest as error:
        return error
