"""Sessions as a connection, of a namespace and of users: every page is compared with a plain reading of what was
recorded."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.app.application import create_app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.wire import validate_interaction
from gateway.settings import Settings, load
from tests.harness.command_log import commands
from tests.harness.derived import derive_outcomes
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
USERS = ["ann", "bob", "7", "$eve"]


@dataclass
class Visit:
    """What a session should be read as."""

    id: str
    times: list[datetime] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    interactions: int = 0
    searches: set[str] = field(default_factory=set)
    clicked: bool = False
    converted: bool = False
    abandoned: bool = False

    @property
    def started_at(self) -> datetime:
        return min(self.times)

    @property
    def ended_at(self) -> datetime:
        return max(self.times)


def recorded(seed: int) -> tuple[list[Any], dict[str, Visit]]:
    """Interactions, and the sessions that they make: of searches, of interactions without one, and of both."""
    random, visits = Random(seed), dict[str, Visit]()
    wires = []
    for number in range(160):
        session = random.choice([f"s{random.randrange(30)}", f"s{random.randrange(30)}", None])
        user = random.choice([*USERS, None, None])
        # Often at the same time as others.
        at = NOON + timedelta(minutes=random.randrange(60))
        type_ = random.choice(["view", "view", "view", "click", "purchase"])
        wire: dict[str, Any] = {
            "interaction_id": f"i{number}",
            "feature_id": "p",
            "interaction_type": type_,
            "occurred_at": at.isoformat(),
        }
        if session is not None:
            wire["session_id"] = session
            visit = visits.setdefault(session, Visit(session))
            visit.times.append(at)
            visit.interactions += 1
            if user is not None:
                visit.users.add(user)
            if random.random() < 0.5:
                request = f"r{number}"
                # No text is another's beginning: none is merged.
                query = {"vector_index": "text", "type": "text", "value": f"{number:03}"}
                wire["search_request"] = {"search_request_id": request, "queries": [query], "collections": []}
                visit.searches.add(request)
                visit.clicked |= type_ == "click"
                visit.converted |= type_ == "purchase"
        if user is not None:
            wire["user_id"] = user
        wires.append(wire)
    return [validate_interaction(wire) for wire in wires], visits


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        interactions, _ = recorded(1)
        for interaction in interactions:
            await gateway.writer.record(gateway.namespace, [interaction], NOON)
        await derive_outcomes(gateway.database, gateway.namespace)
        for interaction in recorded(2)[0]:
            await gateway.writer.record(gateway.other_namespace, [interaction], NOON)
        await derive_outcomes(gateway.database, gateway.other_namespace)
        # A number in the place of an id, as other programs store them.
        await gateway.database["interactions"].update_many({"user_id": "7"}, {"$set": {"user_id": 7}})
        yield gateway


VISITS = recorded(1)[1]

ORDERS = {
    "STARTED_AT": lambda visit: (visit.started_at, visit.id),
    "ENDED_AT": lambda visit: (visit.ended_at, visit.id),
    "SEARCHES": lambda visit: (len(visit.searches), visit.id),
    "INTERACTIONS": lambda visit: (visit.interactions, visit.id),
}
AT = (NOON + timedelta(minutes=15)).isoformat()
BEFORE = (NOON + timedelta(minutes=45)).isoformat()

QUERY = """query ($where: SessionWhere, $orderBy: SessionOrder,
  $first: Int, $last: Int, $after: String, $before: String) {
  sessions(where: $where, orderBy: $orderBy, first: $first, last: $last, after: $after, before: $before) {
    edges { cursor node { sessionId startedAt endedAt } }
    totalCount
    pageInfo { hasNextPage hasPreviousPage }
  }
}"""


async def listed(gateway: Gateway, **variables: Any) -> dict[str, Any]:
    connection: dict[str, Any] = (await gateway.data(QUERY, variables))["sessions"]
    return connection


def ids(connection: Mapping[str, Any]) -> list[str]:
    return [edge["node"]["sessionId"] for edge in connection["edges"]]


WHERES: list[tuple[dict[str, Any], Any]] = [
    ({}, lambda visit: True),
    ({"startedAt": {"gte": AT}}, lambda visit: visit.started_at >= datetime.fromisoformat(AT)),
    ({"startedAt": {"gt": AT, "lte": BEFORE}}, lambda visit: AT < visit.started_at.isoformat() <= BEFORE),
    ({"endedAt": {"lt": BEFORE}}, lambda visit: visit.ended_at < datetime.fromisoformat(BEFORE)),
    ({"userId": {"eq": "ann"}}, lambda visit: "ann" in visit.users),
    ({"userId": {"eq": "7"}}, lambda visit: "7" in visit.users),
    ({"userId": {"in": ["bob", "$eve"]}}, lambda visit: not visit.users.isdisjoint({"bob", "$eve"})),
    ({"userId": {"in": []}}, lambda visit: False),
    ({"userId": {"ne": "7"}}, lambda visit: "7" not in visit.users),
    ({"userId": {"eq": "bob", "ne": "ann"}}, lambda visit: "bob" in visit.users and "ann" not in visit.users),
    ({"userId": {"exists": False}}, lambda visit: not visit.users),
    ({"searches": {"gte": 2}}, lambda visit: len(visit.searches) >= 2),
    ({"searches": {"eq": 0}}, lambda visit: not visit.searches),
    ({"clicked": True}, lambda visit: visit.clicked),
    ({"clicked": False, "converted": True}, lambda visit: visit.converted and not visit.clicked),
    ({"userId": {"eq": "ann"}, "converted": False}, lambda visit: "ann" in visit.users and not visit.converted),
    (
        {"startedAt": {"gte": AT}, "searches": {"gt": 0}, "userId": {"nin": ["bob"]}},
        lambda visit: visit.started_at >= datetime.fromisoformat(AT) and visit.searches and "bob" not in visit.users,
    ),
]


def expected(where: Any, field_: str, direction: str) -> list[Visit]:
    [matches] = [matches for other, matches in WHERES if other == where]
    visits = [visit for visit in VISITS.values() if matches(visit)]
    return sorted(visits, key=ORDERS[field_], reverse=direction == "DESC")


@pytest.mark.parametrize("where", [where for where, _ in WHERES], ids=str)
async def test_sessions_are_filtered(shop: Gateway, where: Any) -> None:
    connection = await listed(shop, where=where, first=100)
    visits = expected(where, "STARTED_AT", "DESC")
    assert ids(connection) == [visit.id for visit in visits]
    assert connection["totalCount"] == len(visits)


@pytest.mark.parametrize(
    ("order", "direction"), [(name, direction) for name in ORDERS for direction in ("ASC", "DESC")]
)
@pytest.mark.parametrize("where", [{}, {"startedAt": {"gte": AT}}, {"userId": {"eq": "ann"}}], ids=str)
async def test_sessions_are_ordered_and_paged(shop: Gateway, where: Any, order: str, direction: str) -> None:
    wanted = [visit.id for visit in expected(where, order, direction)]
    arguments = {"where": where, "orderBy": {"field": order, "direction": direction}}
    everything = await listed(shop, **arguments, first=100)
    assert ids(everything) == wanted
    cursors = [edge["cursor"] for edge in everything["edges"]]
    middle = len(wanted) // 2
    forward = await listed(shop, **arguments, first=3, after=cursors[middle])
    assert ids(forward) == wanted[middle + 1 :][:3]
    assert forward["pageInfo"] == {"hasNextPage": middle + 4 < len(wanted), "hasPreviousPage": True}
    backward = await listed(shop, **arguments, last=3, before=cursors[middle])
    assert ids(backward) == wanted[:middle][-3:]
    assert ids(await listed(shop, **arguments, last=2)) == wanted[-2:]
    assert ids(await listed(shop, **arguments, first=2, after=cursors[0], before=cursors[3])) == wanted[1:3]


async def test_a_listed_session_is_the_one_that_is_found_by_its_id(shop: Gateway) -> None:
    for edge in (await listed(shop, first=100))["edges"]:
        node = edge["node"]
        data = await shop.data(
            "query ($id: ID!) { session(sessionId: $id) { sessionId startedAt endedAt } }", {"id": node["sessionId"]}
        )
        assert data["session"] == node


async def test_the_order_of_what_follows_a_cursor_is_the_cursors(shop: Gateway) -> None:
    cursor = (await listed(shop, first=1))["edges"][0]["cursor"]
    answer = await shop.execute(QUERY, {"after": cursor, "orderBy": {"field": "ENDED_AT"}})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_an_abandoned_session_ended_with_a_search_that_led_to_views(shop: Gateway) -> None:
    abandoned = ids(await listed(shop, where={"abandoned": True}, first=100))
    data = await shop.data(
        "{ searchRequests(first: 100, where: { outcome: { abandoned: true } }) { nodes { session { sessionId } } } }"
    )
    assert sorted(abandoned) == sorted(node["session"]["sessionId"] for node in data["searchRequests"]["nodes"])
    assert 0 < len(abandoned) < len(VISITS)


async def test_users_have_their_sessions_all_by_one_command(shop: Gateway) -> None:
    query = """query ($ids: [ID!]!, $after: String) { users(ids: $ids) { userId sessions(first: 2, after: $after) {
      edges { cursor node { sessionId } } totalCount pageInfo { hasNextPage } } } }"""
    asked = [*USERS, "nobody"]
    with commands() as sent:
        data = await shop.data(query, {"ids": asked})
    # The users' times, their sessions and the totals.
    assert len(sent) == 3
    assert [user["userId"] for user in data["users"]] == asked
    for user in data["users"]:
        visits = [visit for visit in VISITS.values() if user["userId"] in visit.users]
        wanted = [visit.id for visit in sorted(visits, key=ORDERS["STARTED_AT"], reverse=True)]
        connection = user["sessions"]
        assert (ids(connection), connection["totalCount"]) == (wanted[:2], len(wanted))
        assert connection["pageInfo"]["hasNextPage"] is (len(wanted) > 2)
        if wanted:
            page = await shop.data(query, {"ids": [user["userId"]], "after": connection["edges"][-1]["cursor"]})
            assert ids(page["users"][0]["sessions"]) == wanted[2:4]


async def test_what_takes_too_long_says_so(shop: Gateway, mongod: EmbeddedServer) -> None:
    namespace, _ = await shop.tenancy.create_namespace(shop.organization, "crowded")
    interactions = shop.database["interactions"]
    pattern = await interactions.find_one({"namespace_id": shop.namespace.id})
    assert pattern is not None
    copies = [
        {**pattern, "_id": number, "namespace_id": namespace.id, "effective_session_id": f"s{number}"}
        for number in range(20_000)
    ]
    await interactions.insert_many(copies)
    settings = load(Settings, mongodb_uri=mongod.uri, mongodb_database=shop.database.name, read_time_limit_ms=1)
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example") as http,
    ):
        answer = await replace(shop, app=app, http=http).execute(QUERY, {}, namespace=namespace.id)
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_BROAD"
    assert "`sessions`" in error["message"]
