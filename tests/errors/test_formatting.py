"""What a client is told when something is wrong: a code, a path where input is to blame, and never an internal."""

import json
import logging
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION
from gateway.store.client import Database
from gateway.store.tenancy import NAMESPACES
from tests.harness.gateway_client import Gateway, open_gateway

RECORD = "mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) { created } }"
NEW = {"interactionId": "i", "featureId": "f", "interactionType": "VIEW"}


def only(answer: dict[str, Any]) -> dict[str, Any]:
    [error] = answer["errors"]
    only_error: dict[str, Any] = error
    return only_error


def refusal(answer: dict[str, Any]) -> dict[str, Any]:
    """The extensions of the one error of a request that was refused as a whole."""
    assert "data" not in answer
    extensions: dict[str, Any] = only(answer)["extensions"]
    return extensions


REFUSED: list[tuple[str, dict[str, Any] | None, str]] = [
    ("{", None, "GRAPHQL_PARSE_FAILED"),
    ("{ viewer { } }", None, "GRAPHQL_PARSE_FAILED"),
    ('{ node(id: "\\uD800") { id } }', None, "GRAPHQL_PARSE_FAILED"),
    ("{ " + "a " * 2_001 + "}", None, "OPERATION_TOO_COMPLEX"),
    ("#" + "x" * 50_000, None, "OPERATION_TOO_COMPLEX"),
    ("{ nonsense }", None, "GRAPHQL_VALIDATION_FAILED"),
    ("{ viewer }", None, "GRAPHQL_VALIDATION_FAILED"),
    ("{ interactions(first: true) { nodes { id } } }", None, "GRAPHQL_VALIDATION_FAILED"),
    ("fragment F on Query { viewer { keyName } }", None, "GRAPHQL_VALIDATION_FAILED"),
    ("query ($first: Int) { interactions(first: $first) { nodes { id } } }", {"first": "x"}, "BAD_USER_INPUT"),
    ("query ($id: ID!) { node(id: $id) { id } }", {}, "BAD_USER_INPUT"),
    (RECORD, {"input": {**NEW, "nonsense": 1}}, "BAD_USER_INPUT"),
    (RECORD, {"input": {**NEW, "interactionType": "nonsense"}}, "BAD_USER_INPUT"),
    (RECORD, {"input": {**NEW, "occurredAt": "yesterday"}}, "BAD_USER_INPUT"),
]


@pytest.mark.parametrize(("query", "variables", "code"), REFUSED)
async def test_a_request_is_refused_with_a_code(
    query: str, variables: dict[str, Any] | None, code: str, gateway: Gateway
) -> None:
    answer = await gateway.execute(query, variables)
    assert "data" not in answer
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}
    for internal in ("Traceback", "gateway.", "pymongo", "NoneType", "strawberry"):
        assert internal not in json.dumps(answer)


NINES, LONG = "9" * 5_000, "x" * 40_000

LONG_INPUTS: dict[str, tuple[str, Any]] = {
    "an integer": (f"{{ interactions(first: {NINES}) {{ nodes {{ id }} }} }}", None),
    "a negative integer": (f"{{ interactions(first: -{NINES}) {{ nodes {{ id }} }} }}", None),
    "a number": (f"{{ interactions(first: 1.{NINES}) {{ nodes {{ id }} }} }}", None),
    "a number for a condition": (f"{{ viewer @skip(if: {NINES}) {{ keyName }} }}", None),
    "a number for an id": (f"{{ node(id: {NINES}) {{ id }} }}", None),
    "a string for a number": (f'{{ interactions(first: "{LONG}") {{ nodes {{ id }} }} }}', None),
    "an id": (f'{{ node(id: "{LONG}") {{ id }} }}', None),
    "a cursor": (f'{{ interactions(after: "{LONG}") {{ nodes {{ id }} }} }}', None),
    "a time": (f'{{ interactions(where: {{ occurredAt: {{ gte: "{LONG}" }} }}) {{ nodes {{ id }} }} }}', None),
    "a field": (f"{{ {LONG} }}", None),
    "an argument": (f"{{ viewer({LONG}: 1) {{ keyName }} }}", None),
    "a type": (f"query ($a: {LONG}) {{ node(id: $a) {{ id }} }}", None),
    "a variable": (f"{{ node(id: ${LONG}) {{ id }} }}", None),
    "a fragment": (f"{{ ...{LONG} }}", None),
    "a directive": (f"{{ viewer @{LONG} {{ keyName }} }}", None),
    "an enum value": (f"{{ interactions(orderBy: {{ field: {LONG} }}) {{ nodes {{ id }} }} }}", None),
    "an input field": (f"{{ interactions(orderBy: {{ {LONG}: 1 }}) {{ nodes {{ id }} }} }}", None),
    "a keyword": (f"{LONG} {{ viewer {{ keyName }} }}", None),
    "an operation's name": ("query A { __typename } query B { __typename }", LONG),
    "a variable's string": ("query ($a: Int) { interactions(first: $a) { nodes { id } } }", {"a": LONG}),
    "a variable's field": (
        "query ($a: InteractionWhere) { interactions(where: $a) { nodes { id } } }",
        {"a": {LONG: 1}},
    ),
    "a key of metadata": (RECORD, {"input": {**NEW, "metadata": {LONG: {"a": {"\0": 1}}}}}),
}


@pytest.mark.parametrize("what", LONG_INPUTS)
async def test_no_message_quotes_a_long_input_as_a_whole(
    what: str, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    query, long = LONG_INPUTS[what]
    named = {"operationName": long} if isinstance(long, str) else {"variables": long}
    response = await gateway.post({"query": query, **named})
    assert len(response.content) < 2_000
    for error in response.json()["errors"]:
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR"
        assert "sys." not in error["message"]
    assert caplog.records == []


MISSPELT: dict[str, tuple[str, Any]] = {
    "a field": ("{ viewr { keyName } }", None),
    "a field of a type": ("{ viewer { keyNam } }", None),
    "a field of an interface's type": ('{ node(id: "a") { featureId } }', None),
    "a missing selection": ("{ viewer }", None),
    "an argument": ("{ interactions(frst: 1) { nodes { id } } }", None),
    "a directive": ("{ viewer @skp(if: true) { keyName } }", None),
    "a directive's argument": ("{ viewer @skip(iff: true) { keyName } }", None),
    "a type": ("query ($a: InteractionWher) { interactions(where: $a) { nodes { id } } }", None),
    "a fragment's type": ("{ ... on Querry { viewer { keyName } } }", None),
    "a fragment": ("{ ...Fo } fragment Foo on Query { viewer { keyName } }", None),
    "an enum value": ("{ interactions(orderBy: { field: OCCURED_AT }) { nodes { id } } }", None),
    "an input field": ('{ interactions(where: { featurId: { eq: "a" } }) { nodes { id } } }', None),
    **{
        f"{what} in a variable": ("query ($a: InteractionWhere) { interactions(where: $a) { nodes { id } } }", {"a": a})
        for what, a in {
            "an enum value": {"interactionType": {"eq": "CLIK"}},
            "a field": {"featurId": {"eq": "a"}},
            "a filter": {"featureId": {"eqq": "a"}},
        }.items()
    },
}


async def test_nothing_is_suggested_where_introspection_is_off(mongod: EmbeddedServer, database: Database) -> None:
    async with open_gateway(database, mongod.uri, introspection=False) as gateway:
        for what, (query, variables) in MISSPELT.items():
            answer = await gateway.execute(query, variables)
            assert "Did you mean" not in json.dumps(answer), what
            for error in answer["errors"]:
                assert error["extensions"]["code"] in ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT")
        for query in ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'):
            answer = await gateway.execute(query)
            assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
        assert (await gateway.data("{ __typename }")) == {"__typename": "Query"}


async def test_an_operation_must_be_named_where_there_are_several(gateway: Gateway) -> None:
    query = "query A { viewer { keyName } } query B { __typename }"
    for name, code in ((None, "OPERATION_RESOLUTION_FAILURE"), ("C", "OPERATION_RESOLUTION_FAILURE")):
        response = await gateway.post({"query": query, "operationName": name})
        assert refusal(response.json()) == {"code": code}
    response = await gateway.post({"query": query, "operationName": "A"})
    assert response.json() == {"data": {"viewer": {"keyName": "web"}}}


ARGUMENTS: list[tuple[str, str, list[str]]] = [
    ("interactions(first: -1) { nodes { id } }", "BAD_USER_INPUT", ["first"]),
    ("interactions(last: 101) { nodes { id } }", "BAD_USER_INPUT", ["last"]),
    ('interactions(after: "x") { nodes { id } }', "INVALID_CURSOR", ["after"]),
    ('searchRequests(before: "x") { nodes { id } }', "INVALID_CURSOR", ["before"]),
    ("interactions { totalCount(upTo: 0) }", "BAD_USER_INPUT", ["upTo"]),
    ("interactions(orderBy: { field: POSITION }) { nodes { id } }", "BAD_USER_INPUT", ["orderBy", "field"]),
    (
        "interactions(where: { and: [{ userId: null }] }) { nodes { id } }",
        "BAD_USER_INPUT",
        ["where", "and", "0", "userId"],
    ),
    ('node(id: "x") { id }', "BAD_USER_INPUT", ["id"]),
    ('feature(featureId: "f") { interactions(first: 1000) { nodes { id } } }', "BAD_USER_INPUT", ["first"]),
]


@pytest.mark.parametrize(("selection", "code", "path"), ARGUMENTS)
async def test_a_bad_argument_is_told_at_its_field_with_a_path(
    selection: str, code: str, path: list[str], gateway: Gateway
) -> None:
    answer = await gateway.execute(f"{{ __typename bad: {selection} }}")
    error = only(answer)
    assert error["extensions"] == {"code": code, "path": path}
    assert error["path"][0] == "bad"


WHERE = "query ($where: InteractionWhere) { interactions(where: $where) { totalCount } }"
RECORD_SEVERAL = "mutation ($input: RecordInteractionsInput!) { recordInteractions(input: $input) { createdCount } }"
VIEW = {"featureId": "f", "interactionType": "VIEW"}
VARIABLES: list[tuple[str, dict[str, Any], list[str]]] = [
    (WHERE, {"where": 5}, ["where"]),
    (WHERE, {"where": {"position": {"eq": "1"}}}, ["where", "position", "eq"]),
    (
        WHERE,
        {"where": {"and": [{}, {"interactionType": {"in": ["CLICK", "click"]}}]}},
        ["where", "and", "1", "interactionType", "in", "1"],
    ),
    (WHERE, {"where": {"occurredAt": {"gte": "at 12:00: tea"}}}, ["where", "occurredAt", "gte"]),
    (
        WHERE,
        {"where": {"metadata": [{"path": "a", "value": {"b": [0, {"\0": 1}]}}]}},
        ["where", "metadata", "0", "value", "b", "1"],
    ),
    (RECORD_SEVERAL, {}, ["input"]),
    (RECORD_SEVERAL, {"input": {"interactions": [VIEW, {"featureId": "f"}]}}, ["input", "interactions", "1"]),
    (
        RECORD_SEVERAL,
        {"input": {"interactions": [{**VIEW, "position": 2**31}]}},
        ["input", "interactions", "0", "position"],
    ),
]


@pytest.mark.parametrize(("query", "variables", "path"), VARIABLES)
async def test_a_bad_variable_is_told_with_a_path(
    query: str, variables: dict[str, Any], path: list[str], gateway: Gateway
) -> None:
    answer = await gateway.execute(query, variables)
    error = only(answer)
    assert "data" not in answer
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": path}


async def test_a_bad_node_id_among_several_is_told_at_its_place(gateway: Gateway) -> None:
    namespace = (await gateway.data("{ viewer { namespace { id } } }"))["viewer"]["namespace"]["id"]
    answer = await gateway.execute("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [namespace, "x"]})
    assert answer["data"] == {"nodes": [{"id": namespace}, None]}
    assert only(answer)["path"] == ["nodes", 1]
    assert only(answer)["extensions"] == {"code": "BAD_USER_INPUT", "path": ["ids", "1"]}


@pytest.mark.parametrize(
    ("root", "ids"), [("nodes(ids: $ids)", "id"), ("interactionsByIds(interactionIds: $ids)", "id")]
)
async def test_more_than_a_thousand_ids_are_refused(root: str, ids: str, gateway: Gateway) -> None:
    query = f"query ($ids: [ID!]!) {{ {root} {{ {ids} }} }}"
    answer = await gateway.execute(query, {"ids": [str(number) for number in range(1_001)]})
    assert only(answer)["extensions"]["code"] == "BAD_USER_INPUT"
    assert "1,000" in only(answer)["message"]


async def test_a_bad_root_does_not_spoil_the_others(gateway: Gateway) -> None:
    answer = await gateway.execute('{ node(id: "x") { id } viewer { keyName } }')
    assert answer["data"] == {"node": None, "viewer": {"keyName": "web"}}
    assert only(answer)["path"] == ["node"]


async def test_a_key_may_only_do_what_it_has_permission_for(gateway: Gateway) -> None:
    reads, writes, administers = [
        await gateway.make_key(permission) for permission in (Permission.READ, Permission.WRITE, Permission.ADMIN)
    ]
    for key in (writes, administers):
        answer = await gateway.execute("{ __typename }", key=key)
        assert refusal(answer) == {"code": "FORBIDDEN"}
        assert "READ" in only(answer)["message"]
    for key in (reads, administers):
        answer = await gateway.execute(RECORD, {"input": NEW}, key=key)
        assert refusal(answer) == {"code": "FORBIDDEN"}
        assert "RECORD" in only(answer)["message"]
    assert (await gateway.data("{ interactions { totalCount } }", key=reads))["interactions"]["totalCount"] == 0
    assert await gateway.data(RECORD, {"input": NEW}, key=writes) == {"recordInteraction": {"created": True}}


async def test_a_key_that_only_writes_does_not_read_through_what_it_wrote(gateway: Gateway) -> None:
    await gateway.data(RECORD, {"input": {**NEW, "interactionId": "somebody's"}})
    writes = await gateway.make_key(Permission.WRITE)
    answer = await gateway.execute(
        """mutation ($input: RecordInteractionInput!) {
          recordInteraction(input: $input) {
            created interaction { interactionId feature { featureId interactions { nodes { interactionId } } } }
          }
        }""",
        {"input": NEW},
        key=writes,
    )
    assert "somebody's" not in json.dumps(answer)
    assert only(answer)["extensions"] == {"code": "FORBIDDEN"}
    assert only(answer)["path"] == ["recordInteraction", "interaction", "feature", "interactions"]
    # What it did itself is done.
    assert (await gateway.data("{ interactions { totalCount } }"))["interactions"]["totalCount"] == 2


async def test_what_nobody_foresaw_is_masked_and_logged(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """Some other program has stored a namespace that lacks what the gateway always gives one."""
    await gateway.database[NAMESPACES].insert_one(
        {"_id": "ns_odd", "name": "odd", "organization_id": gateway.organization.id}
    )
    with caplog.at_level(logging.ERROR):
        response = await gateway.post(
            {"query": 'mutation { createNamespace(input: { name: "odd" }) { namespace { name } } }'}
        )
    error = only(response.json())
    incident = error["extensions"].pop("incident")
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert incident in error["message"]
    for internal in ("KeyError", "created_at", "ns_odd", "Traceback"):
        assert internal not in response.text
    [record] = [record for record in caplog.records if incident in record.getMessage()]
    assert "KeyError: 'created_at'" in record.getMessage()


async def test_a_connection_that_is_closed_shows_nothing_of_the_driver(
    mongod: EmbeddedServer, database: Database
) -> None:
    async with open_gateway(database, mongod.uri, key_cache_seconds=5) as gateway:
        await gateway.data("{ viewer { keyName } }")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway.app), base_url="http://gateway.example") as http:
        closed = replace(gateway, http=http)
        for query, variables in (("{ interactions { nodes { id } } }", None), (RECORD, {"input": NEW})):
            answer = await closed.execute(query, variables)
            assert only(answer)["extensions"]["code"] in ("INTERNAL_SERVER_ERROR", "UNAVAILABLE")
            for internal in ("Mongo", "close", "Traceback", mongod.uri):
                assert internal not in json.dumps(answer)


async def test_an_answer_tells_twenty_errors_and_counts_the_others(gateway: Gateway) -> None:
    await gateway.data(
        "mutation ($input: RecordInteractionsInput!) { recordInteractions(input: $input) { createdCount } }",
        {"input": {"interactions": [{**NEW, "interactionId": f"i{number}"} for number in range(51)]}},
    )
    await gateway.database[INTERACTION.collection].update_many({}, {"$set": {"feature_id": None}})
    answer = await gateway.execute("{ interactions(first: 100) { nodes { __typename feature { featureId } } } }")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INTERNAL_SERVER_ERROR"}
    *told, counted = answer["errors"]
    assert [error["path"][:3] for error in told] == [["interactions", "nodes", number] for number in range(20)]
    assert counted["message"] == "There are 31 more errors."
