"""Several requests in one: each is admitted and answered by itself."""

import asyncio
from collections.abc import Callable
from itertools import groupby

from graphql import OperationType
from starlette.requests import ClientDisconnect

from gateway.context import Context
from gateway.errors import GatewayError, RateLimited
from gateway.errors.incidents import as_incident
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer
from gateway.execution.operation_runner import OperationRunner
from gateway.observability.records import OperationRecord
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.scheduling.cpu_gate import ClientLeft
from gateway.transport.http.request_reader import Batch


async def answer_batch(
    operations: OperationRunner,
    batch: Batch,
    context: Context,
    new_record: Callable[[], OperationRecord],
    left: ClientLeft | None = None,
) -> Answer:
    """The answers to a batch, in its order.

    Queries are answered at the same time; what writes is run by itself and in its place, so that a query after it sees
    what was written. Where the key had points for none of them, there is one answer, as to a single request. Raises
    what ``left`` does once the client has left.
    """
    outcomes = [await _admitted(operations, request, context, new_record(), left) for request in batch]
    answers: list[Answer] = []
    for is_writing, group in groupby(outcomes, key=_is_writing):
        if is_writing:
            answers += [await _answer(operations, outcome) for outcome in group]
        else:
            answers += await asyncio.gather(*(_answer(operations, outcome) for outcome in group))
    if all(isinstance(answer.refusal, RateLimited) for answer in answers):
        return answers[-1]
    return Answer(b"[" + b",".join(answer.body for answer in answers) + b"]")


async def _admitted(
    operations: OperationRunner,
    request: GraphQLRequest | GatewayError,
    context: Context,
    record: OperationRecord,
    left: ClientLeft | None,
) -> AdmittedOperation | Answer:
    if isinstance(request, GatewayError):
        return operations.refuse(record, request)
    # Other requests come between: to admit a hundred that are known takes 30 ms.
    await asyncio.sleep(0)
    try:
        return await operations.admit(request, context, record, left)
    except ClientDisconnect:
        raise
    except Exception as error:
        return operations.refuse(record, as_incident(error))


def _is_writing(outcome: AdmittedOperation | Answer) -> bool:
    return isinstance(outcome, AdmittedOperation) and outcome.kind is not OperationType.QUERY


async def _answer(operations: OperationRunner, outcome: AdmittedOperation | Answer) -> Answer:
    if isinstance(outcome, Answer):
        return outcome
    try:
        return await operations.run(outcome)
    except Exception as error:
        return operations.refuse(outcome.record, as_incident(error))
