"""Of what is wrong with a document, or with variables: how much is told, with suggestions and places."""

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits.validation_bounds import MAX_SUGGESTING, MAX_VALUE_ERRORS
from gateway.preparation import meant_names
from gateway.preparation.document_limits import MAX_LINES_LOCATED
from gateway.store.client import Database
from tests.harness.gateway_client import Gateway, open_gateway

WHERE = "query ($where: InteractionWhere) { interactions(where: $where) { nodes { id } } }"


def suggesting(answer: Mapping[str, Any]) -> list[bool]:
    return ["Did you mean" in error["message"] for error in answer["errors"]]


async def test_names_are_suggested_for_the_first_errors(gateway: Gateway) -> None:
    fields = " ".join(f"keyNam{letter}" for letter in "uvwxyz")
    answer = await gateway.execute(f"{{ viewer {{ {fields} }} }}")
    assert answer["errors"][0]["message"] == "Cannot query field 'keyNamu' on type 'Viewer'. Did you mean 'keyName'?"
    assert suggesting(answer) == [True] * MAX_SUGGESTING + [False] * 3


async def test_of_one_value_the_first_errors_are_told_and_other_values_are_checked(gateway: Gateway) -> None:
    wrong = " ".join(f"userI{letter}: 1" for letter in "uvwxyz")
    selections = " ".join(f"a{number}: interactions(where: {{ {wrong} }}) {{ totalCount }}" for number in range(2))
    answer = await gateway.execute(f"{{ {selections} interactions {{ nothing }} }}")
    assert len(answer["errors"]) == 2 * MAX_VALUE_ERRORS + 1
    assert suggesting(answer) == [True] * MAX_SUGGESTING + [False] * (MAX_VALUE_ERRORS + 1)
    assert "Cannot query field 'nothing'" in answer["errors"][-1]["message"]


async def test_names_are_suggested_for_the_first_errors_of_short_variables(gateway: Gateway) -> None:
    answer = await gateway.execute(WHERE, {"where": {f"userI{letter}": 1 for letter in "uvwxyz"}})
    assert suggesting(answer) == [True] * MAX_SUGGESTING + [False] * 3
    answer = await gateway.execute(WHERE, {"where": {"userIx": "x" * 10_000}})
    assert suggesting(answer) == [False]
    assert "unknown field 'userIx'" in answer["errors"][0]["message"]


async def test_nothing_is_suggested_where_the_schema_is_not_told(database: Database, mongod: EmbeddedServer) -> None:
    async with open_gateway(database, mongod.uri, introspection=False) as gateway:
        assert suggesting(await gateway.execute("{ viewer { keyNam } }")) == [False]
        for name in ("userIx", "type"):
            assert suggesting(await gateway.execute(WHERE, {"where": {name: 1}})) == [False]


@pytest.mark.parametrize(
    ("query", "variables", "meant"),
    [
        ("{ interactions(where: { type: { eq: VIEW } }) { totalCount } }", None, "'interactionType'"),
        (WHERE, {"where": {"type": {"eq": "VIEW"}}}, "'interactionType'"),
        (WHERE, {"where": {"user": {"eq": "u"}}}, "'userId'"),
        ("{ interactions { nodes { type } } }", None, "'interactionType'"),
    ],
)
async def test_a_name_of_which_a_part_was_written_is_suggested(
    query: str, variables: Any, meant: str, gateway: Gateway
) -> None:
    [error] = (await gateway.execute(query, variables))["errors"]
    assert f"Did you mean {meant}" in error["message"]


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        ('interactions(where: { itemId: { eq: "a" } }) { totalCount }', "'featureId'?"),
        ("interactions(where: { interactionType: { ne: CLICK } }) { totalCount }", "'nin'?"),
        ('interactions(where: { searchRequest: { filters: { field: "a" } } }) { totalCount }', "'key'?"),
        ('item(featureId: "a") { featureId }', "'feature'?"),
        ("interactions(where: { event: { eq: CLICK } }) { totalCount }", "'interactionType'?"),
        ("interactions(where: { timestamp: { gt: 1 } }) { totalCount }", "'occurredAt'?"),
        ("interactions(where: { NOT: {} }) { totalCount }", "'nor'?"),
        ("interactions(where: { position: { between: [1, 2] } }) { totalCount }", "'gte' or 'lte'?"),
        ('searchRequests(where: { collections: { contains: "a" } }) { totalCount }', "'has'?"),
        ("interactions(limit: 5) { totalCount }", "'first'?"),
        ("interactions(filter: {}) { totalCount }", "'where'?"),
        ('interaction(id: "a") { id }', "'interactionId'?"),
        ("interactions { items { id } }", "'nodes'?"),
        ("searchStats { nodes { stats { ctr } } }", "'clickThroughRate'?"),
    ],
)
async def test_what_other_apis_call_it_is_answered_by_the_name_that_it_has(
    selection: str, meant: str, gateway: Gateway
) -> None:
    error, *_ = (await gateway.execute(f"{{ {selection} }}"))["errors"]
    assert error["message"].endswith(f"Did you mean {meant}")
    assert error["message"].count("Did you mean") == 1


async def test_every_name_that_may_be_meant_is_one_of_the_schema(gateway: Gateway) -> None:
    query = "{ __schema { types { inputFields { name } fields { name args { name } } } } }"
    types = (await gateway.data(query))["__schema"]["types"]
    fields = [field for type_ in types for field in [*(type_["fields"] or ()), *(type_["inputFields"] or ())]]
    names = {item["name"] for field in fields for item in (field, *field.get("args", ()))}
    assert {name for meant in meant_names.MEANT.values() for name in meant} <= names


@pytest.mark.parametrize("terminator", ["\n", "\r\n", "\r"])
async def test_places_are_told_in_documents_of_a_usual_number_of_lines(terminator: str, gateway: Gateway) -> None:
    lines = MAX_LINES_LOCATED // len(terminator)
    for count, places in ((lines, [{"line": lines + 1, "column": 12}]), (lines + 1, None)):
        [error] = (await gateway.execute(terminator * count + "{ viewer { nothing } }"))["errors"]
        assert error.get("locations") == places
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        # A document that isn't read to its end has one error, and a place.
        [error] = (await gateway.execute(terminator * count + "{ viewer { nothing"))["errors"]
        assert error["locations"][0]["line"] == count + 1
