"""Several requests in one: each is judged and answered alone."""

import asyncio
from itertools import groupby

from graphql import OperationType

from gateway.context import Context
from gateway.errors import GatewayError, RateLimited
from gateway.errors.formatting import masked
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer, refused
from gateway.execution.operations import OperationRunner
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.transport.http.request_parsing import Batch


async def answer_batch(operations: OperationRunner, batch: Batch, context: Context) -> Answer:
    """The answers to a batch, in its order.

    Queries are answered at the same time; what writes is done alone and in its place, so that a query after it sees
    what was written. Where the key had points for none of them, there is one answer, as to a single request.
    """
    judged = [await _judged(operations, one, context) for one in batch]
    answers: list[Answer] = []
    for writes, group in groupby(judged, key=_writes):
        if writes:
            answers += [await _answer(operations, one) for one in group]
        else:
            answers += await asyncio.gather(*(_answer(operations, one) for one in group))
    if all(isinstance(answer.refusal, RateLimited) for answer in answers):
        return answers[-1]
    return Answer(b"[" + b",".join(answer.body for answer in answers) + b"]")


async def _judged(
    operations: OperationRunner, one: GraphQLRequest | GatewayError, context: Context
) -> AdmittedOperation | Answer:
    if isinstance(one, GatewayError):
        return refused(one)
    try:
        return await operations.admit(one, context)
    except Exception as error:
        return refused(masked(error))


def _writes(one: AdmittedOperation | Answer) -> bool:
    return isinstance(one, AdmittedOperation) and one.kind is not OperationType.QUERY


async def _answer(operations: OperationRunner, one: AdmittedOperation | Answer) -> Answer:
    if isinstance(one, Answer):
        return one
    try:
        return await operations.run(one)
    except Exception as error:
        return refused(masked(error))
