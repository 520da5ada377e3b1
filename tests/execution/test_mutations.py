"""What a producer sees of recording and deleting, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from gateway.context import Namespace, Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.plan import global_ids
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

RECORD = """mutation ($input: RecordInteractionInput!) {
  recordInteraction(input: $input) {
    created
    interaction { interactionId json occurredAt metadata searchRequest { searchRequestId firstSeenAt } }
  }
}"""
RECORD_MANY = """mutation ($interactions: [RecordInteractionInput!]!) {
  recordInteractions(input: {interactions: $interactions}) {
    createdCount errorCount
    results { index created interaction { interactionId } error { code message path } }
  }
}"""
RECORD_SEARCH = """mutation ($input: RecordSearchRequestInput!) {
  recordSearchRequest(input: $input) { created searchRequest { searchRequestId firstSeenAt json } }
}"""
DELETE = "mutation ($id: ID!) { deleteInteraction(input: {interactionId: $id}) { deletedId } }"
READ = "query ($id: ID!) { interaction(interactionId: $id) { json } }"
SEARCH: dict[str, Any] = {"queries": [], "collections": ["products"]}


class Producer:
    """Records in a namespace of its own."""

    def __init__(self, gateway: Gateway, namespace: Namespace) -> None:
        self.gateway = gateway
        self.namespace = namespace

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        return await self.gateway.data(query, variables, namespace=self.namespace.id)

    async def record(self, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.data(RECORD, input=view(**fields)))["recordInteraction"]
        return answer

    async def record_many(self, *interactions: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.data(RECORD_MANY, interactions=interactions))["recordInteractions"]
        return answer

    async def record_search(self, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.data(RECORD_SEARCH, input=fields))["recordSearchRequest"]
        return answer

    async def refusal(self, query: str, **variables: Any) -> tuple[str, list[str]]:
        """The code and the path of the one error, where nothing else was answered."""
        answer = await self.gateway.execute(query, variables, namespace=self.namespace.id)
        assert answer.get("data") is None
        [error] = answer["errors"]
        return error["extensions"]["code"], error["extensions"].get("path", [])

    async def count(self) -> int:
        total: int = (await self.data("{ interactions { totalCount } }"))["interactions"]["totalCount"]
        return total


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def producer(shared: Gateway) -> Producer:
    namespace, _ = await shared.tenancy.create_namespace(shared.organization, f"n{uuid4().hex}")
    return Producer(shared, namespace)


def view(**fields: Any) -> dict[str, Any]:
    return {"featureId": "p1", "interactionType": "VIEW"} | fields


def search(**fields: Any) -> dict[str, Any]:
    return SEARCH | fields


def group(*items: Mapping[str, Any]) -> dict[str, Any]:
    return {"and": list(items)}


def condition(**fields: Any) -> dict[str, Any]:
    return {"condition": {"key": "brand", "value": "Nike"} | fields}


def tree(depth: int) -> dict[str, Any]:
    """A filter tree of this many groups."""
    grown = group(condition())
    for _ in range(depth - 1):
        grown = group({"group": grown})
    return grown


# Recording again


async def test_what_is_sent_again_is_recorded_once(producer: Producer) -> None:
    first = await producer.record(interactionId="i1", metadata={"a": 1, "b": [None, 2.5]})
    again = await producer.record(interactionId="i1", metadata={"b": [None, 2.5], "a": 1})
    assert (first["created"], again["created"]) == (True, False)
    assert again["interaction"] == first["interaction"]
    assert await producer.count() == 1


@pytest.mark.parametrize(
    "other", [{"position": 1}, {"featureId": "p2"}, {"metadata": None}, {"occurredAt": "2024-01-01T00:00:00Z"}]
)
async def test_other_content_under_the_same_id_is_a_conflict(producer: Producer, other: dict[str, Any]) -> None:
    first = await producer.record(interactionId="i1")
    refusal = await producer.refusal(RECORD, input=view(interactionId="i1") | other)
    assert refusal == ("CONFLICT", ["input", "interactionId"])
    assert (await producer.record(interactionId="i1"))["interaction"] == first["interaction"]


async def test_without_an_id_each_is_another(producer: Producer) -> None:
    first, second = await producer.record(), await producer.record()
    assert (first["created"], second["created"]) == (True, True)
    assert first["interaction"]["interactionId"] != second["interaction"]["interactionId"]


async def test_one_id_in_two_namespaces_is_two_interactions(producer: Producer, shared: Gateway) -> None:
    assert (await producer.record(interactionId="i1"))["created"]
    answer = await shared.data(RECORD, {"input": view(interactionId="i1", position=3)}, key=shared.other_key)
    assert answer["recordInteraction"]["created"]


async def test_two_writers_at_once_make_one(producer: Producer) -> None:
    batch = [view(interactionId=f"i{n}", searchRequest=search(searchRequestId=f"r{n % 7}")) for n in range(100)]
    answers = await asyncio.gather(*(producer.record_many(*batch) for _ in range(4)))
    assert [answer["errorCount"] for answer in answers] == [0] * 4
    assert sum(answer["createdCount"] for answer in answers) == await producer.count() == 100


async def test_two_writers_of_different_content_are_told_apart(producer: Producer) -> None:
    inputs = [view(interactionId="i1", position=n) for n in range(8)]
    answers = await asyncio.gather(*(producer.record_many(batch) for batch in inputs))
    assert sum(answer["createdCount"] for answer in answers) == 1
    codes = [result["error"]["code"] for answer in answers for result in answer["results"] if result["error"]]
    assert codes == ["CONFLICT"] * 7


# When


async def test_the_time_is_now_unless_it_is_given(producer: Producer) -> None:
    recorded = await producer.record(occurredAt="2024-05-01T14:00:00.1239+02:00")
    assert recorded["interaction"]["occurredAt"] == "2024-05-01T12:00:00.123Z"
    assert recorded["interaction"]["json"]["occurred_at"] == "2024-05-01T12:00:00.123Z"
    left_out = await producer.record()
    assert "occurred_at" not in left_out["interaction"]["json"]
    assert left_out["interaction"]["occurredAt"] > "2025-01-01"


@pytest.mark.parametrize(
    "moment",
    ["yesterday", "2024-05-01", "2024-05-01T12:00:00", "2024-02-30T12:00:00Z", "0000-01-01T00:00:00Z", 1714564800],
)
async def test_a_time_that_is_none_is_refused(producer: Producer, moment: object) -> None:
    code, _ = await producer.refusal(RECORD, input=view(occurredAt=moment))
    assert code == "BAD_USER_INPUT"


# Search requests


async def test_a_search_request_comes_with_its_interaction_and_stays_without_it(producer: Producer) -> None:
    recorded = await producer.record(
        interactionId="i1",
        occurredAt="2024-05-01T12:00:00Z",
        searchRequest=search(searchRequestId="r1", filters=group(condition())),
    )
    assert recorded["interaction"]["searchRequest"] == {
        "searchRequestId": "r1",
        "firstSeenAt": "2024-05-01T12:00:00.000Z",
    }
    deleted = await producer.data(DELETE, id="i1")
    assert deleted["deleteInteraction"]["deletedId"] == global_ids.encode("Interaction", producer.namespace.id, "i1")
    assert (await producer.data(READ, id="i1"))["interaction"] is None
    kept = await producer.data('{ searchRequest(searchRequestId: "r1") { searchRequestId filters { text } } }')
    assert kept["searchRequest"] == {"searchRequestId": "r1", "filters": {"text": 'brand = "Nike"'}}


async def test_deleting_what_is_not_there_says_so(producer: Producer) -> None:
    assert await producer.data(DELETE, id="missing") == {"deleteInteraction": {"deletedId": None}}


async def test_when_a_search_request_was_first_seen_stays(producer: Producer) -> None:
    first = await producer.record_search(searchRequest=search(searchRequestId="r1"), occurredAt="2024-05-01T12:00:00Z")
    again = await producer.record_search(searchRequest=search(searchRequestId="r1"), occurredAt="2020-01-01T00:00:00Z")
    assert (first["created"], again["created"]) == (True, False)
    assert again["searchRequest"] == first["searchRequest"]
    clicked = await producer.record(searchRequestId="r1", occurredAt="2024-06-01T00:00:00Z")
    assert clicked["interaction"]["searchRequest"]["firstSeenAt"] == "2024-05-01T12:00:00.000Z"


async def test_a_search_request_without_an_id_is_known_by_its_content(producer: Producer) -> None:
    made = [
        (await producer.record(searchRequest=search(), sessionId=session))["interaction"]["searchRequest"]
        for session in ("s1", "s1", "s2")
    ]
    assert made[0] == made[1]
    assert made[0]["searchRequestId"] != made[2]["searchRequestId"]


async def test_a_recorded_search_request_is_referred_to_by_its_id(producer: Producer) -> None:
    await producer.record_search(searchRequest=search(searchRequestId="r1", sessionId="s1"))
    recorded = await producer.record(interactionId="i1", searchRequestId="r1")
    assert recorded["interaction"]["searchRequest"]["searchRequestId"] == "r1"
    assert recorded["interaction"]["json"] == {
        "interaction_id": "i1",
        "feature_id": "p1",
        "interaction_type": "view",
        "search_request_id": "r1",
    }
    assert (await producer.record(interactionId="i1", searchRequestId="r1"))["created"] is False


async def test_an_unknown_or_foreign_search_request_is_refused(producer: Producer, shared: Gateway) -> None:
    foreign = search(searchRequestId="theirs")
    await shared.data(RECORD_SEARCH, {"input": {"searchRequest": foreign}}, key=shared.other_key)
    for id in ("missing", "theirs"):
        assert await producer.refusal(RECORD, input=view(searchRequestId=id)) == (
            "BAD_USER_INPUT",
            ["input", "searchRequestId"],
        )
    assert await producer.count() == 0


async def test_other_content_under_a_search_requests_id_is_a_conflict(producer: Producer) -> None:
    await producer.record_search(searchRequest=search(searchRequestId="r1"))
    other = search(searchRequestId="r1", returnUrl=True)
    assert await producer.refusal(RECORD_SEARCH, input={"searchRequest": other}) == (
        "CONFLICT",
        ["input", "searchRequest", "searchRequestId"],
    )
    assert await producer.refusal(RECORD, input=view(searchRequest=other)) == (
        "CONFLICT",
        ["input", "searchRequest", "searchRequestId"],
    )
    assert await producer.count() == 0


# What is refused, and where


def at(*path: str) -> list[str]:
    return ["input", *path]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"interactionId": ""}, at("interactionId")),
        ({"interactionId": "x" * 513}, at("interactionId")),
        ({"featureId": ""}, at("featureId")),
        ({"userId": "x" * 513}, at("userId")),
        ({"sessionId": ""}, at("sessionId")),
        ({"position": -1}, at("position")),
        ({"durationMs": -1}, at("durationMs")),
        ({"interactionType": "OTHER"}, at("interactionType")),
        ({"metadata": [1]}, at("metadata")),
        ({"metadata": "text"}, at("metadata")),
        ({"metadata": {"a": "x" * 262_144}}, at("metadata")),
        ({"searchRequest": SEARCH, "searchRequestId": "r1"}, at("searchRequestId")),
        ({"searchRequest": search(searchRequestId="")}, at("searchRequest", "searchRequestId")),
        ({"searchRequest": search(collections=["ok", ""])}, at("searchRequest", "collections", "1")),
        ({"searchRequest": search(collections=["c"] * 101)}, at("searchRequest", "collections")),
        ({"searchRequest": search(select=["a", "", "b"])}, at("searchRequest", "select", "1")),
        (
            {"searchRequest": search(queries=[{"vectorIndex": "TEXT", "value": "a", "type": "OTHER"}])},
            at("searchRequest", "queries", "0", "type"),
        ),
        (
            {
                "searchRequest": search(
                    queries=[{"vectorIndex": "TEXT", "value": "a", "type": "TEXT", "settings": {"limit": -1}}]
                )
            },
            at("searchRequest", "queries", "0", "settings", "limit"),
        ),
        ({"searchRequest": search(groupBy={"maxFeatures": -1})}, at("searchRequest", "groupBy", "maxFeatures")),
        (
            {"searchRequest": search(rankingOptions={"weights": {"feedback": 0.5, "popularity": 0.4}})},
            at("searchRequest", "rankingOptions", "weights"),
        ),
        (
            {"searchRequest": search(rankingOptions={"weights": {"feedback": 1.5}})},
            at("searchRequest", "rankingOptions", "weights", "feedback"),
        ),
        (
            {"searchRequest": search(filters=group(condition(key="")))},
            at("searchRequest", "filters", "and", "0", "condition", "key"),
        ),
        (
            {"searchRequest": search(filters=group(condition(operator="OTHER")))},
            at("searchRequest", "filters", "and", "0", "condition", "operator"),
        ),
        (
            {"searchRequest": search(filters={"nor": [condition(), {"group": {"or": [condition(key="x" * 1001)]}}]})},
            at("searchRequest", "filters", "nor", "1", "group", "or", "0", "condition", "key"),
        ),
        (
            {
                "searchRequest": search(
                    queries=[
                        {"vectorIndex": "TEXT", "value": "a", "type": "TEXT"},
                        {"vectorIndex": "TEXT", "value": "a", "type": "TEXT", "filters": group({"group": {}})},
                    ]
                )
            },
            at("searchRequest", "queries", "1", "filters", "and", "0"),
        ),
        ({"searchRequest": search(filters=tree(21))}, at("searchRequest", "filters")),
        ({"searchRequest": search(filters=group(*[condition()] * 500))}, at("searchRequest", "filters")),
    ],
)
async def test_what_is_wrong_is_said_with_its_place(
    producer: Producer, fields: dict[str, Any], path: list[str]
) -> None:
    assert await producer.refusal(RECORD, input=view() | fields) == ("BAD_USER_INPUT", path)
    batch = await producer.record_many(view(), view() | fields)
    assert (batch["createdCount"], batch["errorCount"]) == (1, 1)
    [fine, refused] = batch["results"]
    assert fine["error"] is None
    assert refused["error"]["path"] == path[1:]
    assert refused["error"]["code"] == "BAD_USER_INPUT"
    if path[1] == "searchRequest" and len(path) > 2:
        code, where = await producer.refusal(RECORD_SEARCH, input={"searchRequest": fields["searchRequest"]})
        assert (code, where) == ("BAD_USER_INPUT", path)


@pytest.mark.parametrize(
    "fields",
    [
        {"interactionId": "x" * 512, "featureId": "é" * 512, "userId": "u", "sessionId": "s"},
        {"position": 0, "durationMs": 2**31 - 1},
        {"metadata": {"a": "x" * 262_000}},
        {"metadata": None, "userId": None, "searchRequest": None},
        {"searchRequest": search(filters=tree(20))},
        {"searchRequest": search(filters=group(*[condition()] * 499))},
        {"searchRequest": search(filters={})},
        {"searchRequest": search(rankingOptions={"weights": {"feedback": 0.1, "popularity": 0.9}})},
        {"searchRequest": search(rankingOptions={"weights": {"feedback": 0.3333337, "popularity": 0.6666663}})},
        {"searchRequest": search(rankingOptions={"weights": {}})},
        {"searchRequest": search(select=[])},
    ],
)
async def test_what_is_just_within_the_limits_is_recorded(producer: Producer, fields: dict[str, Any]) -> None:
    assert (await producer.record(**fields))["created"]


@pytest.mark.parametrize(
    "node",
    [{}, {"condition": {"key": "a"}, "group": {}}, {"condition": None}, {"condition": {"key": "a"}, "group": None}],
)
async def test_a_filter_node_is_one_of_two(producer: Producer, node: dict[str, Any]) -> None:
    code, _ = await producer.refusal(RECORD, input=view(searchRequest=search(filters=group(node))))
    assert code == "BAD_USER_INPUT"


# Data is data


@pytest.mark.parametrize(
    "metadata",
    [
        {"$where": "sleep(1000)", "$set": {"a": 1}},
        {"a.b": 1, "": {"": None}, "._id": [], "namespace_id": "ns_other"},
        {"$ref": "c", "$id": 1},
        {"list": [{"$ref": "c", "$id": {"$oid": "x"}, "$db": "d", "more": 1}]},
        {"numbers": [2**63 - 1, -(2**63), 0.1, 1e300, -0.0, 1.0, True, None]},
        {"text": "é\u0000\U0001f600 'quoted' \"\\"},
        {"__proto__": {"x": 1}, "deep": {"deep": {"deep": [[[[]]]]}}},
        {},
    ],
)
async def test_metadata_comes_back_as_it_was_given(producer: Producer, metadata: dict[str, Any]) -> None:
    recorded = await producer.record(interactionId="i1", metadata=metadata)
    assert recorded["interaction"]["metadata"] == metadata
    assert (await producer.data(READ, id="i1"))["interaction"]["json"]["metadata"] == metadata
    assert (await producer.record(interactionId="i1", metadata=metadata))["created"] is False


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        ({"a": {"b\u0000": 1}}, ["a"]),
        ({"a": [0, 2**63]}, ["a", "1"]),
        ({"a": -(2**63) - 1}, ["a"]),
        ({"a": 2**64}, ["a"]),
    ],
)
async def test_what_no_document_can_hold_is_refused_with_its_place(
    producer: Producer, metadata: dict[str, Any], path: list[str]
) -> None:
    body = {"query": RECORD, "variables": {"input": view(metadata=metadata)}}
    response = await producer.gateway.http.post(
        "/graphql", json=body, headers={"Authorization": f"Bearer {producer.gateway.key}"}
    )
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["path"][-len(path) :] == path


async def test_a_condition_compares_with_any_value(producer: Producer) -> None:
    values: list[Any] = [{"$gt": ""}, {"$ref": "c", "$id": 1}, [1, [2]], None, "", 1.5, False]
    filters = group(*(condition(value=value) for value in values), {"condition": {"key": "none"}})
    request = search(searchRequestId="r1", filters=filters)
    stored = (await producer.record_search(searchRequest=request))["searchRequest"]["json"]
    assert [item.get("value", "missing") for item in stored["filters"]["AND"]] == [*values, "missing"]


# Batches


async def test_a_batch_is_judged_one_by_one_in_order(producer: Producer) -> None:
    await producer.record(interactionId="taken")
    batch = await producer.record_many(
        view(interactionId="a"),
        view(interactionId="taken", position=1),
        view(interactionId="a"),
        view(interactionId="a", position=2),
        view(interactionId=""),
        view(searchRequestId="missing"),
        view(interactionId="b", searchRequest=search(searchRequestId="r1")),
        view(interactionId="c", searchRequestId="r1"),
        view(interactionId="d", searchRequest=search(searchRequestId="r1", returnUrl=False)),
    )
    assert [result["index"] for result in batch["results"]] == list(range(9))
    assert [result["created"] for result in batch["results"]] == [
        True,
        False,
        False,
        False,
        False,
        False,
        True,
        True,
        False,
    ]
    assert [(result["error"] or {}).get("code") for result in batch["results"]] == [
        *(None, "CONFLICT", None, "CONFLICT", "BAD_USER_INPUT", "BAD_USER_INPUT", None, None, "CONFLICT")
    ]
    assert batch["results"][2]["interaction"] == {"interactionId": "a"}
    assert batch["results"][8]["error"]["path"] == ["searchRequest", "searchRequestId"]
    assert (batch["createdCount"], batch["errorCount"]) == (3, 5)


async def test_a_batch_may_hold_a_thousand_or_nothing(producer: Producer) -> None:
    assert (await producer.record_many()) == {"createdCount": 0, "errorCount": 0, "results": []}
    thousand = [view(interactionId=f"i{n}", searchRequest=search(filters=tree(3))) for n in range(1_000)]
    assert (await producer.record_many(*thousand))["createdCount"] == 1_000
    assert await producer.refusal(RECORD_MANY, interactions=[*thousand, view()]) == ("BAD_USER_INPUT", ["interactions"])
    assert await producer.count() == 1_000


async def test_mutations_of_one_request_run_one_after_the_other(producer: Producer) -> None:
    answer = await producer.gateway.execute(
        """mutation {
          first: recordInteraction(input: {interactionId: "i1", featureId: "a", interactionType: VIEW}) { created }
          wrong: recordInteraction(input: {interactionId: "", featureId: "a", interactionType: VIEW}) { created }
        }""",
        namespace=producer.namespace.id,
    )
    assert answer["data"] is None
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["wrong"], "BAD_USER_INPUT")
    ]
    data = await producer.data(
        """mutation {
          deleted: deleteInteraction(input: {interactionId: "i1"}) { deletedId }
          again: recordInteraction(input: {interactionId: "i1", featureId: "b", interactionType: CLICK}) { created }
          gone: deleteInteraction(input: {interactionId: "i1"}) { deletedId }
          missing: deleteInteraction(input: {interactionId: "i1"}) { deletedId }
        }"""
    )
    assert data["deleted"]["deletedId"] == data["gone"]["deletedId"] is not None
    assert (data["again"]["created"], data["missing"]["deletedId"]) == (True, None)


async def test_who_may_only_write_sees_what_is_written(producer: Producer) -> None:
    key = await producer.gateway.make_key(Permission.WRITE)
    data = await producer.gateway.data(RECORD, {"input": view()}, key=key, namespace=producer.namespace.id)
    assert data["recordInteraction"]["interaction"]["json"]["feature_id"] == "p1"


@pytest.mark.parametrize("permission", [Permission.READ, Permission.ADMIN])
async def test_who_may_not_write_writes_nothing(producer: Producer, permission: Permission) -> None:
    key = await producer.gateway.make_key(permission)
    answer = await producer.gateway.execute(RECORD, {"input": view()}, key=key, namespace=producer.namespace.id)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await producer.count() == 0


async def test_a_typed_variable_within_metadata_is_recorded_as_it_was_sent(producer: Producer) -> None:
    when = "2024-05-01T14:00:00.123456+02:00"
    recorded = await producer.data(
        """mutation ($when: DateTime!, $kind: InteractionType = CLICK, $id: ID!, $search: SearchRequestInput) {
          recordInteraction(input: {
            featureId: "p1", interactionType: VIEW, metadata: {when: $when, kinds: [$kind], id: $id, search: $search}
          }) { interaction { metadata } }
        }""",
        when=when,
        id="42",
        search=SEARCH,
    )
    metadata = recorded["recordInteraction"]["interaction"]["metadata"]
    assert metadata == {"when": when, "kinds": ["CLICK"], "id": "42", "search": SEARCH}


FOLLOWED = """mutation ($interactions: [RecordInteractionInput!]!) {
  recordInteractions(input: {interactions: $interactions, searchRequestsMayFollow: true}) {
    createdCount results { error { code }
      interaction { json searchRequest { searchRequestId queries { value } text collections filters { operator: text }
        groupBy { field } select userId sessionId resultCount json outcome { clicked } } } }
  }
}"""


async def test_a_click_may_come_before_its_search(producer: Producer) -> None:
    click = view(interactionId="i1", searchRequestId="r1")
    recorded = (await producer.data(FOLLOWED, interactions=[click]))["recordInteractions"]
    [result] = recorded["results"]
    assert result["interaction"]["json"]["search_request_id"] == "r1"
    assert result["interaction"]["searchRequest"]["queries"] == []
    assert result["interaction"]["searchRequest"]["collections"] == []
    assert result["interaction"]["searchRequest"]["json"] == {"search_request_id": "r1"}
    search = {**SEARCH, "searchRequestId": "r1", "queries": None, "text": "shoes"}
    search.pop("queries")
    completed = await producer.record_search(searchRequest=search)
    assert completed["created"]
    again = (await producer.data(FOLLOWED, interactions=[click]))["recordInteractions"]
    assert again["createdCount"] == 0
    assert again["results"][0]["interaction"]["searchRequest"]["queries"] == [{"value": "shoes"}]
