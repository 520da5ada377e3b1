"""Corrections: what is recorded in the mode REPLACE takes the place of what was, and all that copied it follows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.context import Permission
from gateway.model.derived_documents import SEARCH_OUTCOMES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR_MATCH
from gateway.model.wire import validate_interaction
from gateway.store.derived_fields import check
from tests.harness.derivation import derived, differences
from tests.harness.gateway_client import Gateway

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
RECORD = """mutation ($input: RecordInteractionsInput!) {
  recordInteractions(input: $input) {
    createdCount replacedCount errorCount
    results { created replaced error { code path } interaction { json searchRequest { text } } }
  }
}"""
RECORD_REQUESTS = """mutation ($input: RecordSearchRequestsInput!) {
  recordSearchRequests(input: $input) {
    createdCount replacedCount errorCount
    results { index created replaced error { code message path } searchRequest { searchRequestId text firstSeenAt } }
  }
}"""


def clicked(id: str, **others: Any) -> dict[str, Any]:
    return {"interactionId": id, "featureId": "p1", "interactionType": "CLICK", **others}


def searched(id: str, text: str, **others: Any) -> dict[str, Any]:
    return {"searchRequestId": id, "text": text, "collections": ["c"], **others}


async def replace(gateway: Gateway, *interactions: Any, **options: Any) -> Any:
    input = {"mode": "REPLACE", "interactions": interactions}
    return (await gateway.data(RECORD, {"input": input}, **options))["recordInteractions"]


async def replace_requests(gateway: Gateway, *requests: Any, mode: str = "REPLACE", **options: Any) -> Any:
    input = {"mode": mode, "searchRequests": requests}
    return (await gateway.data(RECORD_REQUESTS, {"input": input}, **options))["recordSearchRequests"]


def counts(payload: Any) -> tuple[int, int, int]:
    return payload["createdCount"], payload["replacedCount"], payload["errorCount"]


async def document(gateway: Gateway, kind: Any, id: str) -> Any:
    return await gateway.database[kind.collection].find_one({kind.id_path: id})


async def test_an_interaction_is_replaced_by_what_has_its_id(gateway: Gateway) -> None:
    first = clicked("i1", occurredAt="2024-05-01T12:00:00.000Z", metadata={"price": 1, "wrong": True})
    assert counts(await replace(gateway, first)) == (1, 0, 0)
    corrected = clicked("i1", position=3, metadata={"price": 2})
    payload = await replace(gateway, corrected, clicked("i2"))
    assert counts(payload) == (1, 1, 0)
    stored = payload["results"][0]["interaction"]["json"]
    assert (stored["metadata"], stored["position"]) == ({"price": 2}, 3)
    # The time that the correction doesn't give stays.
    assert (await document(gateway, INTERACTION, "i1"))["occurred_at"] == NOON
    # The same again changes nothing.
    assert counts(await replace(gateway, {**corrected, "occurredAt": "2024-05-01T12:00:00.000Z"})) == (0, 0, 0)
    assert await gateway.database[INTERACTION.collection].count_documents({}) == 2


async def test_of_several_under_one_id_the_last_stays(gateway: Gateway) -> None:
    payload = await replace(gateway, *(clicked("i1", position=number) for number in range(3)))
    assert counts(payload) == (1, 2, 0)
    assert (await document(gateway, INTERACTION, "i1"))["position"] == 2


async def test_a_search_request_is_replaced_and_its_copies_follow(gateway: Gateway) -> None:
    recorded = [
        clicked("i1", searchRequest=searched("r1", "shoes", sessionId="s1")),
        clicked("i2", searchRequestId="r1", sessionId="s2"),
        clicked("i3", searchRequest=searched("r2", "hats")),
    ]
    assert counts(await replace(gateway, *recorded)) == (3, 0, 0)
    seen_at = (await document(gateway, SEARCH_REQUEST, "r1"))["first_seen_at"]
    corrected = {"searchRequest": searched("r1", "boots", sessionId="s9", filters={"and": []})}
    payload = await replace_requests(gateway, corrected, {"searchRequest": searched("r3", "new")})
    assert counts(payload) == (1, 1, 0)
    assert [(result["created"], result["replaced"]) for result in payload["results"]] == [(False, True), (True, False)]
    data = await gateway.data(
        "{ interactions { nodes { interactionId session { sessionId } searchRequest { text } } } }"
    )
    told = {
        node["interactionId"]: (node["searchRequest"]["text"], node["session"] and node["session"]["sessionId"])
        for node in data["interactions"]["nodes"]
    }
    assert told == {"i1": ("boots", "s9"), "i2": ("boots", "s2"), "i3": ("hats", None)}
    assert (await document(gateway, SEARCH_REQUEST, "r1"))["first_seen_at"] == seen_at
    assert (await check(gateway.database)).wrong == 0
    dated = {**corrected, "occurredAt": "2024-05-01T12:00:00.000Z", "searchRequest": searched("r1", "clogs")}
    payload = await replace_requests(gateway, dated)
    assert payload["results"][0]["searchRequest"]["firstSeenAt"] == "2024-05-01T12:00:00.000Z"
    assert (await document(gateway, INTERACTION, "i1"))["first_seen_at"] == NOON


async def test_a_search_request_that_comes_with_an_interaction_is_replaced_too(gateway: Gateway) -> None:
    await replace(gateway, clicked("i1", searchRequest=searched("r1", "shoes")), clicked("i2", searchRequestId="r1"))
    # Of two interactions one is new, and in conflict by its search request alone.
    payload = await replace(
        gateway,
        clicked("i1", searchRequest=searched("r1", "boots")),
        clicked("i3", searchRequest=searched("r1", "boots")),
    )
    assert counts(payload) == (1, 1, 0)
    data = await gateway.data("{ interactions { nodes { searchRequest { text } } } }")
    assert [node["searchRequest"]["text"] for node in data["interactions"]["nodes"]] == ["boots"] * 3
    assert (await check(gateway.database)).wrong == 0


async def test_what_was_interrupted_is_done_when_it_is_sent_again(gateway: Gateway) -> None:
    await replace(gateway, clicked("i1", searchRequest=searched("r1", "shoes")))
    corrected = {"searchRequest": searched("r1", "boots")}
    await replace_requests(gateway, corrected)
    # As if the copy had not been reached.
    await gateway.database[INTERACTION.collection].update_one(
        {"interaction_id": "i1"}, {"$set": {"search_request.queries": [], "query_text": ""}}
    )
    await replace_requests(gateway, corrected)
    assert (await document(gateway, INTERACTION, "i1"))["query_text"] == "boots"


async def test_derived_documents_and_matches_follow(gateway: Gateway) -> None:
    for where in ('{ featureId: { eq: "p1" } }', "{ position: { lte: 1 } }"):
        await gateway.data(
            f'mutation {{ createPercolator(input: {{ name: "p", where: {where} }}) {{ percolator {{ id }} }} }}'
        )
    await replace(gateway, clicked("i1", position=0, searchRequest=searched("r1", "shoes")))
    await derived(gateway.database)
    matches = gateway.database[PERCOLATOR_MATCH.collection]
    assert await matches.count_documents({}) == 2
    await replace(gateway, clicked("i1", position=7, interactionType="PURCHASE", searchRequestId="r1"))
    await replace_requests(gateway, {"searchRequest": searched("r1", "boots", resultCount=0)})
    await derived(gateway.database)
    [match] = [row async for row in matches.find({})]
    assert match["matched"] == ['featureId = "p1"']
    outcome = await gateway.database[SEARCH_OUTCOMES].find_one({"search_request_id": "r1"})
    assert outcome is not None
    assert (outcome["text"], outcome["counts"], outcome["no_results"]) == ("boots", {"purchase": 1}, True)
    assert not await differences(gateway.database)


async def test_without_it_other_content_is_a_conflict(gateway: Gateway) -> None:
    request = {"searchRequest": searched("r1", "shoes")}
    payload = await replace_requests(gateway, request, request, {"searchRequest": searched("r1", "boots")}, mode="ADD")
    assert counts(payload) == (1, 0, 1)
    assert payload["results"][2]["error"]["code"] == "CONFLICT"
    assert payload["results"][2]["error"]["path"] == ["searchRequest", "searchRequestId"]
    bad = {"searchRequest": {"text": "x", "collections": [""]}}
    payload = await replace_requests(gateway, bad, request)
    assert payload["results"][0]["error"]["code"] == "BAD_USER_INPUT"
    assert counts(payload) == (0, 1, 1) or counts(payload) == (0, 0, 1)


async def test_a_batch_has_a_limit(gateway: Gateway) -> None:
    input = {"searchRequests": [{"searchRequest": searched(f"r{number}", "x")} for number in range(1_001)]}
    [error] = (await gateway.execute(RECORD_REQUESTS, {"input": input}))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("BAD_USER_INPUT", ["input", "searchRequests"])


@pytest.mark.parametrize("document", [RECORD, RECORD_REQUESTS])
async def test_who_may_only_record_replaces_nothing(gateway: Gateway, document: str) -> None:
    await replace(gateway, clicked("i1", searchRequest=searched("r1", "shoes")))
    key = await gateway.make_key(Permission.RECORD)
    recordings: dict[str, Any] = {"interactions": [clicked("i1")]}
    if document is RECORD_REQUESTS:
        recordings = {"searchRequests": [{"searchRequest": searched("r1", "boots")}]}
    answer = await gateway.execute(document, {"input": {**recordings, "mode": "REPLACE"}}, key=key)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await gateway.data('{ searchRequest(searchRequestId: "r1") { text } }'))["searchRequest"]["text"] == "shoes"


async def test_nothing_of_another_namespace_is_replaced(gateway: Gateway) -> None:
    await replace(gateway, clicked("i1", position=1, searchRequest=searched("r1", "shoes")), key=gateway.other_key)
    await replace(gateway, clicked("i1", position=2, searchRequest=searched("r1", "boots")))
    await replace(gateway, clicked("i1", position=3, searchRequest=searched("r1", "clogs")))
    data = await gateway.data("{ interactions { nodes { position searchRequest { text } } } }", key=gateway.other_key)
    assert data["interactions"]["nodes"] == [{"position": 1, "searchRequest": {"text": "shoes"}}]


async def test_what_looks_like_an_expression_is_copied_as_it_is(gateway: Gateway) -> None:
    odd = {"key": "$user_id", "value": "$$NOW"}
    await gateway.writer.record(
        gateway.namespace,
        [
            validate_interaction(
                {
                    "interaction_id": "i1",
                    "feature_id": "f",
                    "interaction_type": "view",
                    "search_request": {
                        "search_request_id": "r1",
                        "queries": [],
                        "collections": ["c"],
                        "filters": {"AND": [odd]},
                    },
                }
            )
        ],
        NOON,
    )
    corrected = searched("r1", "$session_id", filters={"and": [{"condition": odd}]})
    await replace_requests(gateway, {"searchRequest": corrected})
    stored = await document(gateway, INTERACTION, "i1")
    assert stored["query_text"] == "$session_id"
    assert stored["search_request"]["filters"]["AND"][0]["value"] == "$$NOW"
