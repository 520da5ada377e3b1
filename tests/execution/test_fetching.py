"""What the fetcher makes of sources: of one that it has never met, and of those whose commands fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, VariableValues, parse

from gateway.compiler.binding import bind
from gateway.compiler.collect import collect
from gateway.compiler.introspection import Introspection
from gateway.compiler.plan_builder import select
from gateway.context import Caller, Context, Namespace, Organization, Permission, Reach
from gateway.errors import BadUserInput, Unavailable
from gateway.execution.fetching import Fetcher
from gateway.limits import DEFAULTS
from gateway.model.kinds import INTERACTION
from gateway.model.wire import validate_interaction
from gateway.plan.commands import Aggregation, Document, ReadCommand, Scan
from gateway.plan.cost import estimate
from gateway.plan.sources.source import BoundRoot, Estimate, Source, SourceArguments
from gateway.plan.usage import Usage
from gateway.preparation.bound_operations import BoundOperation, CompiledOperation
from gateway.schema.readings import fetched, stored
from gateway.schema.strawberry_adapter import Schema, core_schema
from gateway.store.client import Database, close, open_client
from gateway.store.reader import Reader
from gateway.store.writer import Writer
from tests.harness import prepared

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
ORGANIZATION = Organization("org_1", "Acme")
NAMESPACE = Namespace("ns_1", "shop", ORGANIZATION.id, NOW)
OTHER = Namespace("ns_2", "media", ORGANIZATION.id, NOW)
CONTEXT = Context(Caller("key", "web", frozenset(Permission), ORGANIZATION, NAMESPACE.id), NAMESPACE)


# The example of docs/decisions/0003-sources.md: a command, a source, and a declaration.


@dataclass(frozen=True, slots=True)
class FeatureCounts(Aggregation[Sequence[Document]]):
    namespace: Namespace
    feature_ids: Sequence[str]

    @property
    def pipeline(self) -> list[Document]:
        interactions = {
            "from": INTERACTION.collection,
            "localField": "feature_id",
            "foreignField": "feature_id",
            "pipeline": [{"$match": Scan(Reach(self.namespace), INTERACTION).filter}, {"$count": "count"}],
            "as": "interactions",
        }
        return [{"$documents": [{"feature_id": id} for id in self.feature_ids]}, {"$lookup": interactions}]

    def result(self, rows: Sequence[Document]) -> Sequence[Document]:
        return [{"count": sum(counted["count"] for counted in row["interactions"])} for row in rows]


@dataclass(frozen=True, slots=True)
class CountsOfFeatures(Source):
    def bind(self, arguments: SourceArguments) -> "BoundCounts":
        feature_ids = arguments.values["featureIds"]
        if not feature_ids:
            raise BadUserInput("Which features?", path=("featureIds",))
        return BoundCounts(feature_ids)


@dataclass(frozen=True, slots=True)
class BoundCounts(BoundRoot):
    feature_ids: Sequence[str]

    @property
    def surcharge(self) -> int:
        return 5

    def estimate(self, parents: int) -> Estimate:
        return Estimate(self.surcharge + len(self.feature_ids), len(self.feature_ids))

    def commands(self, context: Context) -> Sequence[ReadCommand]:
        return (FeatureCounts(context.namespace, self.feature_ids),)

    def value(self, results: Sequence[Any], context: Context) -> tuple[Sequence[Document], int]:
        [counts] = results
        return counts, sum(1 for count in counts if count["count"])


def _counts(feature_ids: Annotated[list[str], strawberry.argument(description="Of which features.")]) -> None: ...


@strawberry.type
class FeatureCount:
    count: int = stored("count", "How many interactions there are.")


@strawberry.type
class Query:
    counts: list[FeatureCount] = fetched(CountsOfFeatures(), "How many interactions each has.", signature=_counts)


def made_up(query: str, variables: Mapping[str, Any]) -> BoundOperation:
    schema = core_schema(Schema(Query))
    [operation] = parse(query).definitions
    assert isinstance(operation, OperationDefinitionNode)
    plan = select(schema, operation.operation, collect(schema, operation, {}, {}), Introspection(schema, 0))
    bindings = bind(plan, VariableValues({}, dict(variables)), page_size=100)
    return BoundOperation(CompiledOperation(plan, None, ""), bindings, estimate(plan, bindings))


async def test_a_made_up_source_is_fetched_as_it_declares(database: Database) -> None:
    writer = Writer(database)
    for namespace, feature_ids in ((NAMESPACE, ["f1", "f1", "f2"]), (OTHER, ["f1", "f3"])):
        wires = [
            {"interaction_id": f"i{number}", "feature_id": feature_id, "interaction_type": "view"}
            for number, feature_id in enumerate(feature_ids)
        ]
        await writer.record(namespace, [validate_interaction(wire) for wire in wires], NOW)
    query = "query ($ids: [String!]!) { counts(featureIds: $ids) { count } again: counts(featureIds: $ids) { count } }"
    operation = made_up(query, {"ids": ["f1", "f2", "f3"]})
    assert operation.cost == 2 * (5 + 3)
    pages = await Fetcher(Reader(database, time_limit_ms=10_000), writer).fetch(
        operation, CONTEXT, Usage(DEFAULTS.usage)
    )
    for key in ("counts", "again"):
        assert pages.at((f"Query.{key}",)) == [{"count": 2}, {"count": 1}, {"count": 0}]
    assert pages.points == 2 * (5 + 2)


async def test_what_a_source_refuses_stands_in_its_place(database: Database) -> None:
    operation = made_up("{ counts(featureIds: []) { count } }", {})
    assert (operation.cost, operation.reusable) == (1, False)
    pages = await Fetcher(Reader(database, time_limit_ms=10_000), Writer(database)).fetch(
        operation, CONTEXT, Usage(DEFAULTS.usage)
    )
    with pytest.raises(BadUserInput, match="Which features"):
        pages.at(("Query.counts",))
    assert pages.points == 0


RECORD = {
    "recordInteraction": 'featureId: "f", interactionType: VIEW',
    "recordSearchRequest": 'searchRequest: { queries: [], collections: ["c"] }',
}


@pytest.mark.parametrize("mutation", RECORD)
async def test_an_outage_is_not_the_inputs_fault(mutation: str) -> None:
    client = open_client("mongodb://127.0.0.1:9/", server_selection_timeout_ms=50)
    try:
        database = client["gateway"]
        fetcher = Fetcher(Reader(database, time_limit_ms=1_000), Writer(database))
        document = f"mutation {{ {mutation}(input: {{ {RECORD[mutation]} }}) {{ created }} }}"
        pages = await fetcher.fetch(prepared.bound(prepared.new_table(), document, {}), CONTEXT, Usage(DEFAULTS.usage))
    finally:
        await close(client)
    with pytest.raises(Unavailable) as raised:
        pages.at((f"Mutation.{mutation}",))
    assert raised.value.path == ()
