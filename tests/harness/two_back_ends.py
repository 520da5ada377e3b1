"""Gateways of one database, with the native back end and without."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from bson import Binary

from gateway.context import Caller, Context, Namespace, Organization, Permission
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer
from gateway.execution.fetching import Fetcher
from gateway.execution.operation_runner import OperationRunner
from gateway.execution.response_builder import ResponseBuilder
from gateway.limits import DEFAULTS
from gateway.plan.usage import Usage
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.store.client import Database
from gateway.store.reader import Reader
from gateway.store.writer import Writer
from tests.harness import prepared

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NAMESPACE = Namespace("ns_own", "own", "org_1", NOON)
CONTEXT = Context(Caller("key", "web", frozenset(Permission), Organization("org_1", "Acme"), NAMESPACE.id), NAMESPACE)


def interaction(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "_id": Binary.from_uuid(UUID(int=number)),
        "namespace_id": NAMESPACE.id,
        "interaction_id": f"i{number}",
        "feature_id": f"f{number % 3}",
        "interaction_type": "click",
        "occurred_at": NOON + timedelta(milliseconds=number // 2),
        "search_request_id": f"r{number % 4}",
        "search_request": {"filters": {"AND": [{"key": "brand", "operator": "EQ", "value": [number]}]}},
        "metadata": {"number": number},
        **fields,
    }


def search_request(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "_id": Binary.from_uuid(UUID(int=number)),
        "namespace_id": NAMESPACE.id,
        "search_request_id": f"r{number}",
        "first_seen_at": NOON + timedelta(seconds=number),
        "search_request": {},
        **fields,
    }


class Use(NamedTuple):
    """What an operation used of the database: its commands, the documents and bytes that came, and the points."""

    commands: Sequence[str]
    documents: int
    read: int
    size: int
    points: int


class Gateways:
    """A runner with the native back end, and one without."""

    def __init__(self, database: Database) -> None:
        self.fetcher = fetcher = Fetcher(Reader(database, time_limit_ms=5_000), Writer(database))
        self.native, self.responses = self._runner(fetcher, native=True)
        self.other, _ = self._runner(fetcher, native=False)

    @staticmethod
    def _runner(fetcher: Fetcher, *, native: bool) -> tuple[OperationRunner, ResponseBuilder]:
        return prepared.operation_runner(fetcher, ConcurrencyLimit(1), OperationRunner, native=native)

    async def answers(self, query: str, **variables: Any) -> tuple[Mapping[str, Any], str]:
        """What both answer, and whether natively, or why not: "no program" where there is none for that."""
        before = self.responses.natively.copy()
        answers = [await self._answer(runner, query, variables) for runner in (self.native, self.other)]
        assert answers[0].body == answers[1].body
        [how] = self.responses.natively - before or ["no program"]
        return orjson.loads(answers[0].body), how

    async def _answer(self, runner: OperationRunner, query: str, variables: Mapping[str, Any]) -> Answer:
        operation = await runner.admit(GraphQLRequest(query, variables), CONTEXT, prepared.new_record())
        assert isinstance(operation, AdmittedOperation)
        return await runner.run(operation)

    async def uses(self, query: str, **variables: Any) -> tuple[Use, Use]:
        """What each of them asks of the database for an answer, and what that costs."""
        native, other = [await self._use(runner, query, variables) for runner in (self.native, self.other)]
        return native, other

    async def _use(self, runner: OperationRunner, query: str, variables: Mapping[str, Any]) -> Use:
        operation = await runner.admit(GraphQLRequest(query, variables), CONTEXT, prepared.new_record())
        assert isinstance(operation, AdmittedOperation)
        usage = Usage(DEFAULTS.usage)
        pages = await self.fetcher.fetch(operation.bound, CONTEXT, usage)
        # What is asked at once comes back in any order.
        return Use(sorted(map(repr, usage.sent)), usage.documents, usage.size, pages.size, pages.points)
