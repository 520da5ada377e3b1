"""The compiled path: the functions it writes, and which operations take it.

tests/compiler/shapes holds a few operations beside the source generated for them. After a change that is meant to
change it, run with GATEWAY_TESTS_REWRITE=1 and read the difference.
"""

import json
import linecache
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from bson import Binary

from gateway.context import Caller, Context, Namespace, Organization
from gateway.errors import QueryTooBroad
from gateway.execution.admission import AdmittedOperation
from gateway.execution.fetching import Fetcher
from gateway.execution.operation_runner import OperationRunner
from gateway.execution.response_builder import ResponseBuilder
from gateway.model.kinds import INTERACTION, time_order
from gateway.plan.fetched_pages import Pages
from gateway.plan.paging import Page
from gateway.preparation.bound_operations import CompiledOperation
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from gateway.store.reader import Reader
from gateway.store.tenancy import NAMESPACES
from gateway.store.writer import Writer
from tests.execution.test_operation_runner import FOLDER, NAMES, NOON, document, permitted, store_data_set
from tests.harness import prepared

SHAPES = Path(__file__).parent / "shapes"
REWRITE = "GATEWAY_TESTS_REWRITE"


def compiled(query: str, **variables: Any) -> CompiledOperation:
    # By Python alone, whose functions are looked at here.
    return prepared.compiled(query, variables, native=False)


def generated_source(query: str) -> str:
    before = set(linecache.cache)
    kept = compiled(query)
    assert kept.shape is not None
    names = sorted(set(linecache.cache) - before, key=lambda name: int(name.strip("<shape >")))
    return "\n\n".join("".join(linecache.getlines(name)) for name in names)


@pytest.mark.parametrize("name", sorted(path.stem for path in SHAPES.glob("*.graphql")))
def test_an_operation_is_compiled_to_this_source(name: str) -> None:
    golden, source = SHAPES / f"{name}.txt", generated_source((SHAPES / f"{name}.graphql").read_text())
    if os.environ.get(REWRITE):
        assert "CI" not in os.environ, "golden files are rewritten by people, who read what has changed"
        golden.write_text(source)
    else:
        assert source == golden.read_text()


def test_what_a_client_writes_stands_in_the_source_as_a_literal_or_not_at_all() -> None:
    source = generated_source('{ import_os: feature(featureId: "\\"]) or boom(") { None: featureId } }')
    assert "boom" not in source
    assert "'import_os': " in source
    assert "'None': " in source


def page(*documents: Mapping[str, Any]) -> Page:
    return Page(time_order(INTERACTION, descending=True), list(documents), False, False, total=len(documents))


def pages(value: Any) -> Pages:
    fetched = Pages()
    fetched.put(("Query.interactions",), value)
    return fetched


def why_not(query: str, value: Any) -> str:
    """What is raised where the executor has to answer."""
    shape = compiled(query).shape
    assert shape is not None
    with pytest.raises(Exception) as raised:  # noqa: PT011
        shape(pages(value))
    return f"{type(raised.value).__name__}: {raised.value}"


@pytest.mark.parametrize(
    ("field", "stored", "reason"),
    [
        ("interactionId", {}, "Fallback: null"),
        ("position", {"position": "first"}, "Fallback: bad value"),
        ("position", {"position": 2**31}, "Fallback: bad value"),
        ("interactionType", {"interaction_type": []}, "Fallback: null"),
        (
            "occurredAt",
            {"occurred_at": "yesterday"},
            "UnreadableDocument: A stored time should be a date with a time zone.",
        ),
        (
            "searchRequest { queries { value } }",
            {"search_request_id": "a", "search_request": {"queries": 5}},
            "Fallback: bad value",
        ),
    ],
)
def test_it_gives_up_where_the_executor_has_an_error_to_tell(field: str, stored: dict[str, Any], reason: str) -> None:
    assert why_not(f"{{ interactions {{ nodes {{ {field} }} }} }}", page(stored)) == reason


def test_it_gives_up_where_fetching_met_an_error() -> None:
    reason = why_not("{ interactions { nodes { position } } }", QueryTooBroad("The query took too long."))
    assert reason == "QueryTooBroad: The query took too long."


@pytest.mark.parametrize(
    ("field", "stored", "value"),
    [
        ("position", {"position": 3.0}, 3),
        ("position", {"position": True}, 1),
        ("userId", {"user_id": 7}, "7"),
        ("interactionTypes", {"interaction_type": ["click", "future", 5]}, ["CLICK", "OTHER", "OTHER"]),
        ("interactionType", {"interaction_type": {"a": 1}}, "OTHER"),
        ("occurredAt", {"occurred_at": datetime(2024, 5, 1, 12, 0, 0, 1999, UTC)}, "2024-05-01T12:00:00.001Z"),
        ("occurredAt", {"occurred_at": datetime(2024, 5, 1, 12, 0, 0, 1999)}, "2024-05-01T12:00:00.001Z"),
        # As stored by those that leave out when it was first seen.
        (
            "searchRequest",
            {"search_request_id": "r", "occurred_at": datetime(2024, 5, 1, 12)},
            {"firstSeenAt": "2024-05-01T12:00:00.000Z"},
        ),
        ("userId", {"user_id": Binary.from_uuid(UUID(int=7))}, "00000000-0000-0000-0000-000000000007"),
        ("userId", {"user_id": datetime(2024, 5, 1, 12)}, "2024-05-01T12:00:00.000Z"),
    ],
)
def test_it_answers_whatever_the_executor_would(field: str, stored: dict[str, Any], value: Any) -> None:
    below = " { firstSeenAt }" if field == "searchRequest" else ""
    shape = compiled(f"{{ interactions {{ nodes {{ {field}{below} }} }} }}").shape
    assert shape is not None
    assert shape(pages(page(stored))) == {"interactions": {"nodes": [{field: value}]}}


@pytest.mark.parametrize(("query", "type_name"), [("{ __typename }", "Query"), ("mutation { __typename }", "Mutation")])
def test_a_root_has_a_typename(query: str, type_name: str) -> None:
    shape = compiled(query).shape
    assert shape is not None
    assert shape(Pages()) == {"__typename": type_name}


def test_a_fragment_in_two_places_reads_what_was_fetched_for_each() -> None:
    query = """{ a: feature(featureId: "a") { ...F } b: feature(featureId: "b") { ...F } }
    fragment F on Feature { interactions { nodes { feature { interactions { totalCount nodes { userId } } } } } }"""
    fetched = Pages()
    for key in ("a", "b"):
        above = (f"Query.{key}", "Feature.interactions")
        below = (*above, "InteractionConnection.nodes", "Interaction.feature", "Feature.interactions")
        fetched.put(above[:1], {"feature_id": key})
        fetched.put_nested(above, {key: page({"feature_id": key})})
        fetched.put_nested(below, {key: page({"user_id": f"of {key}"})})
        fetched.put_bounds({(*below, "InteractionConnection.totalCount"): 10})
    shape = compiled(query).shape
    assert shape is not None
    data = shape(fetched)
    for key in ("a", "b"):
        [node] = data[key]["interactions"]["nodes"]
        assert node["feature"]["interactions"]["nodes"] == [{"userId": f"of {key}"}]


@pytest.fixture
async def runner(database: Database) -> tuple[OperationRunner, ResponseBuilder]:
    await create_indexes(database)
    fetcher = Fetcher(Reader(database, time_limit_ms=5_000), Writer(database))
    return prepared.operation_runner(fetcher, ConcurrencyLimit(1), OperationRunner)


async def test_golden_operations_are_answered_as_they_declare(
    runner: tuple[OperationRunner, ResponseBuilder], database: Database
) -> None:
    """``answered`` says how: by the compiled path ("shaped"), or why by the executor."""
    operations, responses = runner
    organization = Organization("org_000000000000000000000001", "Acme")
    namespace = Namespace("ns_000000000000000000000001", "shop", organization.id, NOON)
    stored = {"_id": namespace.id, "name": namespace.name, "organization_id": organization.id, "created_at": NOON}
    await database[NAMESPACES].insert_one(stored)
    declared, ways = {}, {}
    for name in NAMES:
        path = FOLDER / f"{name}.json"
        golden = json.loads(path.read_bytes())
        if isinstance(golden["response"], list):
            continue  # Events are answered as queries are.
        await store_data_set(database, namespace, golden)
        context = Context(Caller("key", "web", permitted(golden), organization, namespace.id), namespace)
        before = responses.answered.copy()
        operation = await operations.admit(
            GraphQLRequest(document(name), golden["variables"]), context, prepared.new_record()
        )
        if isinstance(operation, AdmittedOperation):
            answer = await operations.run(operation)
            [ways[name]] = responses.answered - before
        else:
            answer, ways[name] = operation, "refused"
        assert orjson.loads(answer.body).keys() == golden["response"].keys()
        declared[name] = golden["answered"]
        if os.environ.get(REWRITE):
            path.write_text(json.dumps({**golden, "answered": ways[name]}, indent=2, ensure_ascii=False) + "\n")
    assert ways == declared
    assert {name for name, how in ways.items() if how != "shaped"} == {
        name for name in NAMES if name.startswith("error_")
    }
