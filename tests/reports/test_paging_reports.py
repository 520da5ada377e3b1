"""Reports of connections: numbers 1 to 13 of the log in this folder's README."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = """query ($first: Int, $after: String, $last: Int, $before: String, $where: InteractionWhere) {
  page: interactions(first: $first, after: $after, last: $last, before: $before, where: $where) {
    totalCount nodes { interactionId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
IDS = [f"same-{number}" for number in range(7)]
# Recorded in one batch: all in the same millisecond but the last two, which are one millisecond away.
TIMES = ["2024-05-01T12:00:00.001Z"] * 5 + ["2024-05-01T12:00:00.000Z", "2024-05-01T12:00:00.002Z"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        for id, time in zip(IDS, TIMES, strict=True):
            fields = {"position": int(id[-1]) % 2} if id[-1] < "4" else {}
            input = {"interactionId": id, "featureId": "p1", "interactionType": "VIEW", "sessionId": "s", **fields}
            await gateway.data(RECORD, {"input": {**input, "occurredAt": time}})
        yield gateway


async def page(gateway: Gateway, **arguments: Any) -> tuple[list[str], dict[str, Any]]:
    found = (await gateway.data(ALL, arguments))["page"]
    assert found["totalCount"] == len(IDS)
    return [node["interactionId"] for node in found["nodes"]], found["pageInfo"]


async def ordered(gateway: Gateway) -> tuple[Sequence[str], list[str]]:
    """All ids and all cursors, in order."""
    edges = (await gateway.data("{ interactions(first: 100) { edges { cursor node { interactionId } } } }"))[
        "interactions"
    ]["edges"]
    return [edge["node"]["interactionId"] for edge in edges], [edge["cursor"] for edge in edges]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("back", [False, True])
async def test_equal_times_are_paged_each_once(size: int, back: bool, gateway: Gateway) -> None:
    ids, _ = await ordered(gateway)
    seen: list[str] = []
    window: dict[str, Any] = {"last" if back else "first": size}
    more = True
    while more:
        found, info = await page(gateway, **window)
        seen = [*found, *seen] if back else [*seen, *found]
        more = info["hasPreviousPage" if back else "hasNextPage"]
        window |= {"before": info["startCursor"]} if back else {"after": info["endCursor"]}
    assert seen == ids
    assert (ids[0], ids[-1]) == (IDS[6], IDS[5])


async def test_equal_and_missing_positions_are_paged_each_once(gateway: Gateway) -> None:
    query = """query ($after: String) { session(sessionId: "s") {
      interactions(first: 2, after: $after, orderBy: {field: POSITION, direction: ASC}) {
        nodes { interactionId position } pageInfo { hasNextPage endCursor } } } }"""
    seen, after, more = [], None, True
    while more:
        found = (await gateway.data(query, {"after": after}))["session"]["interactions"]
        seen += found["nodes"]
        more, after = found["pageInfo"]["hasNextPage"], found["pageInfo"]["endCursor"]
    assert [node["position"] for node in seen] == [None, None, None, 0, 0, 1, 1]
    assert len({node["interactionId"] for node in seen}) == 7


async def test_windows_are_what_the_specification_makes_of_them(gateway: Gateway) -> None:
    ids, cursors = await ordered(gateway)
    inner = {"after": cursors[1], "before": cursors[5]}
    windows: list[tuple[dict[str, Any], Sequence[str], bool, bool]] = [
        ({"first": 2, "before": cursors[4]}, ids[:2], True, False),
        ({"last": 2, "before": cursors[4]}, ids[2:4], True, True),
        ({"last": 3}, ids[4:], False, True),
        ({"last": 7}, ids, False, False),
        ({"first": 7}, ids, False, False),
        ({"first": 7, "after": cursors[3]}, ids[4:], False, True),
        ({"last": 2, "after": cursors[1]}, ids[5:], False, True),
        ({"first": 7, **inner}, ids[2:5], False, True),
        ({"first": 2, **inner}, ids[2:4], True, True),
        ({"last": 2, **inner}, ids[3:5], True, True),
        ({"first": 0}, [], True, False),
        ({"first": 0, "last": 20}, [], True, False),
        ({"last": 0}, [], False, True),
        ({"first": 3, "after": cursors[5], "before": cursors[1]}, [], False, True),
    ]
    for arguments, expected, following, preceding in windows:
        found, info = await page(gateway, **arguments)
        assert (found, info["hasNextPage"], info["hasPreviousPage"]) == (expected, following, preceding), arguments
        assert (info["startCursor"] is None) is (expected == []), arguments


@pytest.mark.parametrize("arguments", [{"first": -1}, {"last": -1}, {"first": 101}])
async def test_sizes_out_of_range_are_refused_by_name(arguments: dict[str, int], gateway: Gateway) -> None:
    [error] = (await gateway.execute(ALL, arguments))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": list(arguments)}


async def test_what_comes_before_the_first_is_polled_for_by_its_cursor(gateway: Gateway) -> None:
    _, cursors = await ordered(gateway)
    found, info = await page(gateway, last=10, before=cursors[0])
    assert found == []
    assert info == {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


async def test_cursors_need_no_encoding_in_an_address(gateway: Gateway) -> None:
    ids, cursors = await ordered(gateway)
    assert all(cursor.replace("-", "").replace("_", "").isalnum() for cursor in cursors)
    query = f'{{interactions(first:1,after:"{cursors[2]}"){{nodes{{interactionId}}}}}}'
    response = await gateway.http.get(f"/graphql?query={query}", headers={"Authorization": f"Bearer {gateway.key}"})
    assert response.json()["data"]["interactions"]["nodes"] == [{"interactionId": ids[3]}]


async def test_totals_count_what_the_filter_leaves_wherever_the_connection_stands(gateway: Gateway) -> None:
    where = "where: {position: {gte: 1}}"
    data = await gateway.data(f"""{{
      interactions(first: 1, {where}) {{ totalCount }}
      features(featureIds: ["p1", "p2"]) {{ all: interactions {{ totalCount }} interactions({where}) {{ totalCount }} }}
    }}""")
    assert data["interactions"]["totalCount"] == 2
    counted = [(one["all"]["totalCount"], one["interactions"]["totalCount"]) for one in data["features"]]
    assert counted == [(7, 2), (0, 0)]


async def test_paging_goes_on_behind_a_cursor_whose_element_was_deleted(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri) as gateway:
        for id in "abc":
            input = {"interactionId": id, "featureId": "p1", "interactionType": "VIEW"}
            await gateway.data(RECORD, {"input": {**input, "occurredAt": "2024-05-01T12:00:00Z"}})
        ids, cursors = await ordered(gateway)
        delete = "mutation ($id: ID!) { deleteInteraction(input: {interactionId: $id}) { deletedId } }"
        query = "query ($after: String) { interactions(after: $after) { nodes { interactionId } } }"
        for deleted, left in ((ids[0], ids[1:]), (ids[1], ids[2:]), (ids[2], [])):
            await gateway.data(delete, {"id": deleted})
            found = await gateway.data(query, {"after": cursors[0]})
            assert [node["interactionId"] for node in found["interactions"]["nodes"]] == list(left)
