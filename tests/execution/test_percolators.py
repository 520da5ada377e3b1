"""Percolators are saved, listed, changed and deleted within their namespace and its bounds."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_MATCH
from gateway.store.audit import Audit
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELDS = "percolatorId name where enabled matchCount matches { nodes { matched } totalCount }"
CREATE = (
    f"mutation ($input: CreatePercolatorInput!) {{ createPercolator(input: $input) {{ percolator {{ {FIELDS} }} }} }}"
)
UPDATE = (
    f"mutation ($input: UpdatePercolatorInput!) {{ updatePercolator(input: $input) {{ percolator {{ {FIELDS} }} }} }}"
)
DELETE = "mutation ($input: DeletePercolatorInput!) { deletePercolator(input: $input) { deletedId } }"
READ = f"query ($id: ID!) {{ percolator(percolatorId: $id) {{ id {FIELDS} }} }}"
SHOES = {"featureId": {"eq": "p1"}, "metadata": [{"path": "price", "operator": "GTE", "value": 10}]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, namespace_percolators=5, percolators_without_equality=2) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(house: Gateway) -> Gateway:
    """The gateway without any percolators."""
    for kind in (PERCOLATOR, PERCOLATOR_MATCH):
        await house.database[kind.collection].delete_many({})
    return house


async def create(gateway: Gateway, name: str = "Shoes", where: Any = SHOES, **more: Any) -> Any:
    data = await gateway.data(CREATE, {"input": {"name": name, "where": where, **more}})
    return data["createPercolator"]["percolator"]


async def refusal(gateway: Gateway, query: str, input: dict[str, Any], **options: Any) -> tuple[str, list[str], str]:
    answer = await gateway.execute(query, {"input": input}, **options)
    [error] = answer["errors"]
    return error["extensions"]["code"], error["extensions"].get("path"), error["message"]


async def test_a_percolator_is_read_as_it_was_created(gateway: Gateway) -> None:
    created = await create(gateway)
    assert created == {
        "percolatorId": created["percolatorId"],
        "name": "Shoes",
        "where": SHOES,
        "enabled": True,
        "matchCount": 0,
        "matches": {"nodes": [], "totalCount": 0},
    }
    read = (await gateway.data(READ, {"id": created["percolatorId"]}))["percolator"]
    assert {**created, "id": read["id"]} == read
    node = await gateway.data(
        f"query ($id: ID!) {{ node(id: $id) {{ ...on Percolator {{ {FIELDS} }} }} }}", {"id": read["id"]}
    )
    assert node["node"] == created


@pytest.mark.parametrize(
    "where",
    [
        '{featureId: {in: "p1"}}',
        "{occurredAt: {gte: $from}, interactionType: {eq: CLICK}}",
        '{and: [{userId: $user}, {metadata: [{path: "a", operator: EQ, value: {in: [1, null, $number]}}]}]}',
    ],
)
async def test_a_filter_is_answered_as_it_was_sent_however_that_was(gateway: Gateway, where: str) -> None:
    query = f"""mutation ($from: DateTime, $user: IDFilter, $number: Int) {{
      createPercolator(input: {{name: "n", where: {where}}}) {{ percolator {{ where }} }} }}"""
    declared = {"$from": "DateTime", "$user": "IDFilter", "$number": "Int"}
    used = ", ".join(f"{name}: {type_}" for name, type_ in declared.items() if name in where)
    query = query.replace("($from: DateTime, $user: IDFilter, $number: Int)", f"({used})" if used else "")
    variables = {"from": "2024-05-01T14:00:00.000+02:00", "user": {"eq": 7}, "number": 3}
    sent = {name: value for name, value in variables.items() if f"${name}" in where}
    data = await gateway.data(query, sent)
    expected: Any = {
        "{f": {"featureId": {"in": "p1"}},
        "{o": {"occurredAt": {"gte": variables["from"]}, "interactionType": {"eq": "CLICK"}},
        "{a": {
            "and": [
                {"userId": {"eq": 7}},
                {"metadata": [{"path": "a", "operator": "EQ", "value": {"in": [1, None, 3]}}]},
            ]
        },
    }
    assert data["createPercolator"]["percolator"]["where"] == expected[where[:2]]


async def test_percolators_page_in_the_order_of_their_creation(gateway: Gateway) -> None:
    ids = [(await create(gateway, f"number {number}"))["percolatorId"] for number in range(5)]
    query = """query ($after: String) { percolators(first: 2, after: $after) {
      nodes { percolatorId matchCount } pageInfo { endCursor hasNextPage } totalCount } }"""
    seen, after, more = [], None, True
    while more:
        page = (await gateway.data(query, {"after": after}))["percolators"]
        seen += [node["percolatorId"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert page["totalCount"] == 5
    assert sorted(seen) == sorted(ids)


async def test_what_is_left_out_of_a_change_stays(gateway: Gateway) -> None:
    id = (await create(gateway))["percolatorId"]
    for change in ({"name": "Boots"}, {"enabled": False}, {"where": {"userId": {"eq": "u1"}}}, {}):
        before = (await gateway.data(READ, {"id": id}))["percolator"]
        changed = await gateway.data(UPDATE, {"input": {"percolatorId": id, **change}})
        del before["id"]
        assert changed["updatePercolator"]["percolator"] == {**before, **change}


async def test_a_deleted_percolator_is_gone_with_its_matches_and_audited(gateway: Gateway) -> None:
    id = (await create(gateway))["percolatorId"]
    match = {"percolator_id": id, "matched": [], "namespace_id": gateway.namespace.id}
    await gateway.database[PERCOLATOR_MATCH.collection].insert_one(dict(match))
    global_id = (await gateway.data(READ, {"id": id}))["percolator"]["id"]
    for expected in (global_id, None):
        deleted = await gateway.data(DELETE, {"input": {"percolatorId": id}})
        assert deleted["deletePercolator"]["deletedId"] == expected
    assert (await gateway.data(READ, {"id": id}))["percolator"] is None
    assert await gateway.database[PERCOLATOR_MATCH.collection].count_documents({}) == 0
    entry = (await Audit(gateway.database).latest(1))[0]
    assert (entry.action, entry.object_id, entry.namespace_id) == ("percolator.delete", id, gateway.namespace.id)


@pytest.mark.parametrize(
    ("input", "path", "part"),
    [
        ({"name": ""}, ["input", "name"], "1 to 128 printable characters"),
        ({"name": " a"}, ["input", "name"], "no space at either end"),
        ({"where": {"featureId": {"in": []}}}, ["input", "where"], "matches nothing"),
        (
            {"where": {"searchRequest": {"outcome": {"clicked": True}}}},
            ["input", "where", "searchRequest", "outcome", "clicked"],
            "can't filter by `outcome`",
        ),
        (
            {"where": {"metadata": [{"path": "", "operator": "EQ", "value": 1}]}},
            ["input", "where", "metadata", "0", "path"],
            "",
        ),
        ({"where": {"featureId": {"in": ["p" * 40] * 500}}}, ["input", "where"], "at most 20,000 bytes"),
    ],
)
async def test_what_cannot_be_saved_is_refused_where_it_is_wrong(
    gateway: Gateway, input: dict[str, Any], path: list[str], part: str
) -> None:
    code, at, message = await refusal(gateway, CREATE, {"name": "n", "where": SHOES, **input})
    assert (code, at) == ("BAD_USER_INPUT", path)
    assert part in message
    id = (await create(gateway))["percolatorId"]
    assert await refusal(gateway, UPDATE, {"percolatorId": id, **input}) == (code, path, message)
    assert (await gateway.data("{ percolators { totalCount } }"))["percolators"]["totalCount"] == 1


async def test_nothing_is_changed_to_null_and_nothing_that_is_missing(gateway: Gateway) -> None:
    for name in ("name", "where", "enabled"):
        code, path, _ = await refusal(gateway, UPDATE, {"percolatorId": "p", name: None})
        assert (code, path) == ("BAD_USER_INPUT", ["input", name])
    code, path, _ = await refusal(gateway, UPDATE, {"percolatorId": "p", "name": "n"})
    assert (code, path) == ("NOT_FOUND", ["input", "percolatorId"])


async def test_a_namespace_may_have_so_many_and_fewer_without_an_equality(gateway: Gateway) -> None:
    everything = [await create(gateway, where={}) for _ in range(2)]
    code, path, message = await refusal(gateway, CREATE, {"name": "n", "where": {"position": {"lt": 3}}})
    assert (code, path) == ("BAD_USER_INPUT", ["input", "where"])
    assert "at most 2 percolators" in message
    with_equality = [await create(gateway) for _ in range(3)]
    code, path, message = await refusal(gateway, CREATE, {"name": "n", "where": SHOES})
    assert (code, path) == ("BAD_USER_INPUT", ["input"])
    assert "at most 5 percolators" in message
    change = {"percolatorId": with_equality[0]["percolatorId"], "where": {}}
    assert (await refusal(gateway, UPDATE, change))[1] == ["input", "where"]
    await gateway.data(UPDATE, {"input": {"percolatorId": everything[0]["percolatorId"], "where": SHOES}})
    await gateway.data(UPDATE, {"input": change})


async def test_they_are_written_with_write_and_read_with_read(gateway: Gateway) -> None:
    id = (await create(gateway))["percolatorId"]
    reader, writer = await gateway.make_key(Permission.READ), await gateway.make_key(Permission.WRITE)
    for query, input in (
        (CREATE, {"name": "n", "where": SHOES}),
        (UPDATE, {"percolatorId": id}),
        (DELETE, {"percolatorId": id}),
    ):
        assert (await refusal(gateway, query, input, key=reader))[0] == "FORBIDDEN"
    answer = await gateway.execute(READ, {"id": id}, key=writer)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    names = CREATE.replace(FIELDS, "name where")
    created = await gateway.data(names, {"input": {"name": "n", "where": SHOES}}, key=writer)
    assert created["createPercolator"]["percolator"] == {"name": "n", "where": SHOES}
    # What somebody else saved is not told to whoever may only write.
    change = {"percolatorId": id, "enabled": False}
    assert (await refusal(gateway, UPDATE.replace(FIELDS, "where"), change, key=writer))[0] == "FORBIDDEN"
    assert (await gateway.data(READ, {"id": id}))["percolator"]["enabled"] is False


async def test_no_other_namespace_sees_or_changes_them(gateway: Gateway) -> None:
    id = (await create(gateway))["percolatorId"]
    global_id = (await gateway.data(READ, {"id": id}))["percolator"]["id"]
    foreign: dict[str, Any] = {"key": gateway.other_key, "namespace": gateway.other_namespace.id}
    assert (await gateway.data(READ, {"id": id}, **foreign))["percolator"] is None
    assert (await gateway.data("query ($id: ID!) { node(id: $id) { id } }", {"id": global_id}, **foreign))[
        "node"
    ] is None
    assert (await gateway.data("{ percolators { totalCount } }", **foreign))["percolators"]["totalCount"] == 0
    assert (await refusal(gateway, UPDATE, {"percolatorId": id, "name": "mine"}, **foreign))[0] == "NOT_FOUND"
    deleted = await gateway.data(DELETE, {"input": {"percolatorId": id}}, **foreign)
    assert deleted["deletePercolator"]["deletedId"] is None
    assert (await gateway.data(READ, {"id": id}))["percolator"]["name"] == "Shoes"
