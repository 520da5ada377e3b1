"""Users and sessions as they are met: from interactions and search requests, by id, and from other schemas."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.wire import validate_interaction
from tests.harness.command_log import commands
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def interaction(number: int, *, minute: int, search_request: Any = None, **more: Any) -> Any:
    wire = {
        "interaction_id": f"i{number}",
        "feature_id": "p",
        "interaction_type": "view",
        "occurred_at": f"2024-05-01T12:{minute:02}:00.000Z",
        **more,
    }
    if search_request is not None:
        wire["search_request"] = {"queries": [], "collections": [], **search_request}
    return validate_interaction(wire)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        for recorded in (
            interaction(1, minute=1, session_id="s1", user_id="ann"),
            interaction(2, minute=2, session_id="s1", user_id="ann", search_request={"search_request_id": "r1"}),
            # On the next day, so to say: by a link to what was searched for in another session.
            interaction(3, minute=9, session_id="s2", search_request={"search_request_id": "r1"}),
            interaction(4, minute=5, search_request={"search_request_id": "r2", "user_id": "bob"}),
            interaction(5, minute=6),
        ):
            await gateway.writer.record(gateway.namespace, [recorded], NOON)
        foreign = interaction(1, minute=0, session_id="s1", user_id="ann")
        await gateway.writer.record(gateway.other_namespace, [foreign], NOON)
        await gateway.database["interactions"].update_one({"interaction_id": "i5"}, {"$set": {"user_id": 7}})
        yield gateway


async def test_interactions_lead_to_their_sessions_and_users_by_one_command_each(shop: Gateway) -> None:
    with commands() as sent:
        data = await shop.data(
            """{ interactions(orderBy: { direction: ASC }) { nodes { interactionId
              session { sessionId startedAt endedAt }
              user { userId firstSeenAt lastSeenAt }
            } } }"""
        )
    assert len(sent) == 3
    first = {
        "sessionId": "s1",
        "startedAt": "2024-05-01T12:01:00.000Z",
        "endedAt": "2024-05-01T12:02:00.000Z",
    }
    ann = {
        "userId": "ann",
        "firstSeenAt": "2024-05-01T12:01:00.000Z",
        "lastSeenAt": "2024-05-01T12:02:00.000Z",
    }
    at = "2024-05-01T12:09:00.000Z"
    seven = {"userId": "7", "firstSeenAt": "2024-05-01T12:06:00.000Z", "lastSeenAt": "2024-05-01T12:06:00.000Z"}
    assert data["interactions"]["nodes"] == [
        {"interactionId": "i1", "session": first, "user": ann},
        {"interactionId": "i2", "session": first, "user": ann},
        {"interactionId": "i4", "session": None, "user": None},
        {"interactionId": "i5", "session": None, "user": seven},
        {"interactionId": "i3", "session": {"sessionId": "s2", "startedAt": at, "endedAt": at}, "user": None},
    ]


async def test_search_requests_lead_to_theirs_wherever_they_are_met(shop: Gateway) -> None:
    selection = "searchRequestId session { sessionId } user { userId firstSeenAt }"
    r1 = {"searchRequestId": "r1", "session": {"sessionId": "s1"}, "user": None}
    bob = {"userId": "bob", "firstSeenAt": "2024-05-01T12:05:00.000Z"}
    r2 = {"searchRequestId": "r2", "session": None, "user": bob}
    with commands() as sent:
        data = await shop.data(f"{{ searchRequests(orderBy: {{ direction: ASC }}) {{ nodes {{ {selection} }} }} }}")
    assert data["searchRequests"]["nodes"] == [r1, r2]
    assert len(sent) == 3
    data = await shop.data(
        f"{{ interactions(orderBy: {{ direction: ASC }}) {{ nodes {{ searchRequest {{ {selection} }} }} }} }}"
    )
    requests = [node["searchRequest"] for node in data["interactions"]["nodes"]]
    assert requests == [None, r1, r2, None, r1]


async def test_a_user_has_interactions_search_requests_and_sessions(shop: Gateway) -> None:
    query = """query ($id: ID!) { user(userId: $id) { id userId firstSeenAt lastSeenAt
      interactions { nodes { interactionId } totalCount }
      searchRequests { nodes { searchRequestId } }
      sessions { nodes { sessionId } totalCount }
    } }"""
    ann = (await shop.data(query, {"id": "ann"}))["user"]
    assert ann["interactions"] == {"nodes": [{"interactionId": "i2"}, {"interactionId": "i1"}], "totalCount": 2}
    assert ann["searchRequests"] == {"nodes": []}
    assert ann["sessions"] == {"nodes": [{"sessionId": "s1"}], "totalCount": 1}
    bob = (await shop.data(query, {"id": "bob"}))["user"]
    assert bob["searchRequests"] == {"nodes": [{"searchRequestId": "r2"}]}
    assert bob["sessions"] == {"nodes": [], "totalCount": 0}
    assert (await shop.data(query, {"id": "7"}))["user"]["interactions"]["totalCount"] == 1
    assert (await shop.data(query, {"id": "nobody"}))["user"] is None
    node = await shop.data("query ($id: ID!) { node(id: $id) { id ... on User { userId } } }", {"id": ann["id"]})
    assert node["node"] == {"id": ann["id"], "userId": "ann"}


async def test_any_user_is_answered_in_the_order_asked(shop: Gateway) -> None:
    query = "query ($ids: [ID!]!) { users(ids: $ids) { userId lastSeenAt interactions { totalCount } } }"
    with commands() as sent:
        data = await shop.data(query, {"ids": ["nobody", "bob", "ann", "nobody"]})
    nobody = {"userId": "nobody", "lastSeenAt": None, "interactions": {"totalCount": 0}}
    assert data["users"] == [
        nobody,
        {"userId": "bob", "lastSeenAt": "2024-05-01T12:05:00.000Z", "interactions": {"totalCount": 0}},
        {"userId": "ann", "lastSeenAt": "2024-05-01T12:02:00.000Z", "interactions": {"totalCount": 2}},
        nobody,
    ]
    assert len(sent) == 3
    answer = await shop.execute(query, {"ids": ["u"] * 1_001})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_other_schemas_refer_to_any_user(shop: Gateway) -> None:
    data = await shop.data(
        """query ($users: [_Any!]!) { _entities(representations: $users) {
          ... on User { userId firstSeenAt sessions { totalCount } } } }""",
        {"users": [{"__typename": "User", "userId": id} for id in ("ann", "nobody")]},
    )
    assert data["_entities"] == [
        {"userId": "ann", "firstSeenAt": "2024-05-01T12:01:00.000Z", "sessions": {"totalCount": 1}},
        {"userId": "nobody", "firstSeenAt": None, "sessions": {"totalCount": 0}},
    ]
