"""What who administers an organization sees of creating namespaces, over HTTP."""

from typing import Any

import pytest

from gateway.context import Permission
from gateway.plan.sources import key_lookups
from gateway.store.audit import AUDIT
from gateway.store.tenancy import NAMESPACES
from tests.harness.gateway_client import Gateway

CREATE = """mutation ($name: String!) {
  createNamespace(input: { name: $name }) { created namespace { id namespaceId name createdAt } }
}"""
BOTH = """mutation ($name: String!, $with: Boolean! = true) {
  recordSearchRequest(input: { searchRequest: { queries: [], collections: [] } }) { created }
  ...Administration @include(if: $with)
}
fragment Administration on Mutation { ... { made: createNamespace(input: { name: $name }) { created } } }"""


async def existing(gateway: Gateway) -> set[str]:
    return {stored["name"] async for stored in gateway.database[NAMESPACES].find()}


async def test_a_namespace_is_made_once_and_named_by_requests_at_once(gateway: Gateway) -> None:
    key = await gateway.make_key(Permission.ADMIN)
    made = (await gateway.data(CREATE, {"name": "media"}, key=key))["createNamespace"]
    again = (await gateway.data(CREATE, {"name": "media"}))["createNamespace"]
    assert (made["created"], again) == (True, {**made, "created": False})
    for reference in ("media", made["namespace"]["namespaceId"]):
        data = await gateway.data("{ viewer { namespace { id namespaceId name createdAt } } }", namespace=reference)
        assert data["viewer"]["namespace"] == made["namespace"]


@pytest.mark.parametrize("name", ["", "-x", "a b", "a" * 65, "ä", "ns_shop"])
async def test_a_bad_name_is_refused_where_it_stands(name: str, gateway: Gateway) -> None:
    answer = await gateway.execute(CREATE, {"name": name})
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": ["input", "name"]}
    assert await existing(gateway) == {"shop"}
    assert await gateway.database[AUDIT].count_documents({"object_id": {"$regex": "^ns_"}, "actor.name": "web"}) == 0


@pytest.mark.parametrize("permission", [Permission.READ, Permission.WRITE])
async def test_who_does_not_administer_creates_none(permission: Permission, gateway: Gateway) -> None:
    key = await gateway.make_key(permission)
    response = await gateway.post({"query": CREATE, "variables": {"name": "media"}}, key=key)
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (403, {"code": "FORBIDDEN"})
    assert "ADMIN" in error["message"]
    assert await existing(gateway) == {"shop"}


@pytest.mark.parametrize("permission", [Permission.WRITE, Permission.ADMIN])
@pytest.mark.parametrize("condition", [{}, {"with": False}])
async def test_an_operation_is_allowed_as_a_whole(
    permission: Permission, condition: dict[str, Any], gateway: Gateway
) -> None:
    """Whoever lacks what one of its fields asks for has nothing done, also where a condition leaves that field out."""
    key = await gateway.make_key(permission)
    answer = await gateway.execute(BOTH, {"name": "media", **condition}, key=key)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert await gateway.database["search_requests"].count_documents({}) == 0
    assert await existing(gateway) == {"shop"}


async def test_who_has_both_permissions_may_do_both_at_once(gateway: Gateway) -> None:
    data = await gateway.data(BOTH, {"name": "media"})
    assert data == {"recordSearchRequest": {"created": True}, "made": {"created": True}}


async def test_a_mutation_of_no_field_is_allowed_as_one_that_writes(gateway: Gateway) -> None:
    for permission, code in ((Permission.ADMIN, ["FORBIDDEN"]), (Permission.WRITE, [])):
        answer = await gateway.execute("mutation { __typename }", key=await gateway.make_key(permission))
        assert [error["extensions"]["code"] for error in answer.get("errors", [])] == code


async def test_no_mutation_comes_by_get(gateway: Gateway) -> None:
    response = await gateway.http.get(
        "/graphql",
        params={"query": 'mutation { createNamespace(input: { name: "media" }) { created } }'},
        headers={"Authorization": f"Bearer {gateway.key}"},
    )
    assert response.status_code == 405
    assert await existing(gateway) == {"shop"}


PAGE = """query ($first: Int, $after: String, $last: Int, $before: String) {
  namespaces(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id name } }
    nodes { name }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


async def test_namespaces_are_read_page_by_page(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"n{number}" for number in range(7)]
    for name in reversed(names):
        await gateway.tenancy.create_namespace(gateway.organization, name)
    names.append("shop")
    read: list[str] = []
    cursor = None
    while cursor is not None or not read:
        page = (await gateway.data(PAGE, {"first": 3, "after": cursor}))["namespaces"]
        read += [node["name"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert read == names
    page = (await gateway.data(PAGE, {"last": 3}))["namespaces"]
    assert [edge["node"]["name"] for edge in page["edges"]] == names[-3:]
    page = (await gateway.data(PAGE, {"last": 3, "before": page["pageInfo"]["startCursor"]}))["namespaces"]
    assert [node["name"] for node in page["nodes"]] == names[-6:-3]
    assert page["pageInfo"]["hasPreviousPage"]
    [id] = [edge["node"]["id"] for edge in page["edges"] if edge["node"]["name"] == "n3"]
    node = await gateway.data("query ($id: ID!) { node(id: $id) { ... on Namespace { name } } }", {"id": id})
    assert node == {"node": {"name": "n3"}}
    [error] = (await gateway.execute(PAGE, {"first": 101}))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    # The viewer's list has the first of them.
    monkeypatch.setattr(key_lookups, "MAX_NAMESPACES", 5)
    viewer = (await gateway.data("{ viewer { namespaces { name } } }"))["viewer"]
    assert [namespace["name"] for namespace in viewer["namespaces"]] == names[:5]
