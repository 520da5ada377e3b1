"""Keys over the graph: listed, made, ended and limited by ADMIN, within its organization; and viewers."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from gateway.context import CallerKind, Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model import secret_keys
from gateway.store.audit import Audit
from gateway.store.keys import KEYS
from tests.execution.test_user_isolation import gateway_with_tokens
from tests.harness.gateway_client import Gateway
from tests.harness.issuer import token
from tests.harness.waiting import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = """keyId name permissions defaultNamespaceId createdAt expiresAt revokedAt lastUsedAt replacedBy pointsSpent
rateLimit { limit restoreRate } confined origins"""
CREATE = "mutation ($input: CreateKeyInput!) { createKey(input: $input) { secret key { %s } } }" % KEY  # noqa: UP031
REVOKE = "mutation ($id: ID!) { revokeKey(input: { keyId: $id }) { key { keyId revokedAt } } }"
LIMIT = "mutation ($input: LimitKeyInput!) { limitKey(input: $input) { key { rateLimit { limit restoreRate } } } }"
LIST = "query ($first: Int, $after: String) { keys(first: $first, after: $after) { nodes { keyId } pageInfo { hasNextPage endCursor } } }"  # noqa: E501
VIEWER = """{ viewer {
  kind callerId keyName permissions expiresAt userId organization { name } namespaces { name }
  rateLimit { limit remaining restoreRate }
} }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    limits = {"rate_limit_restore": 1_000_000, "rate_limit_burst": 10_000_000, "key_cache_seconds": 0}
    async with gateway_with_tokens(mongod, tmp_path_factory.mktemp("issuer"), **limits) as gateway:
        yield gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(house: Gateway) -> str:
    """A key that may administer, and nothing else; it has no namespace."""
    issued = await house.keys.create(house.organization, name="admin", permissions=frozenset({Permission.ADMIN}))
    return issued.secret


async def made(house: Gateway, admin: str, **others: Any) -> Mapping[str, Any]:
    input = {"name": "made", "permissions": ["READ"], **others}
    created: Mapping[str, Any] = (await house.data(CREATE, {"input": input}, key=admin))["createKey"]
    return created


def code_and_path(answer: Any) -> tuple[str, Any]:
    [error] = answer["errors"]
    return error["extensions"]["code"], error["extensions"].get("path")


async def test_a_key_that_is_made_works_at_once_and_its_secret_is_told_once(house: Gateway, admin: str) -> None:
    expires_at = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    created = await made(
        house, admin, permissions=["READ", "WRITE"], defaultNamespace="shop", expiresAt=expires_at, name="of a job"
    )
    key, secret = created["key"], created["secret"]
    parsed = secret_keys.parse(secret)
    assert parsed is not None
    assert (key["keyId"], key["name"], key["permissions"]) == (parsed.key_id, "of a job", ["READ", "WRITE"])
    assert (key["defaultNamespaceId"], key["expiresAt"][:19]) == (house.namespace.id, expires_at[:19])
    assert (key["revokedAt"], key["lastUsedAt"], key["pointsSpent"], key["rateLimit"]) == (None, None, 0, None)
    viewer = (await house.data(VIEWER, key=secret))["viewer"]
    assert (viewer["kind"], viewer["callerId"], viewer["keyName"]) == ("KEY", parsed.key_id, "of a job")
    assert (viewer["expiresAt"], viewer["userId"]) == (key["expiresAt"], None)
    everything = [stored async for stored in house.database[KEYS].find()]
    assert secret not in json.dumps(everything, default=str)
    listed = json.dumps(await house.data(f"{{ keys(first: 100) {{ nodes {{ {KEY} }} }} }}", key=admin))
    assert parsed.key_id in listed
    assert secret not in listed


async def test_a_key_is_listed_with_its_bounds(house: Gateway, admin: str) -> None:
    origins = ["https://Shop.example/", "http://localhost:3000"]
    rate = {"limit": 500, "restoreRate": 1}
    bounds = {"confined": True, "origins": ["http://localhost:3000", "https://shop.example"], "rateLimit": rate}
    given = {"defaultNamespace": "shop", "confined": True, "origins": origins, "rateLimit": rate}
    created = (await made(house, admin, permissions=["RECORD"], **given))["key"]
    assert created == {**created, **bounds, "permissions": ["RECORD"]}
    unbound = (await made(house, admin))["key"]
    assert (unbound["confined"], unbound["origins"]) == (False, [])
    nodes = (await house.data(f"{{ keys(first: 2) {{ nodes {{ {KEY} }} }} }}", key=admin))["keys"]["nodes"]
    assert nodes == [unbound, created]


@pytest.mark.parametrize("odd", [{"permissions": None}, {"permissions": 5, "rate": []}, {"rate": 5}, {"name": 7}])
async def test_a_key_that_others_stored_spoils_no_page(house: Gateway, admin: str, odd: Mapping[str, Any]) -> None:
    key = await made(house, admin)
    await house.database[KEYS].update_one({"_id": key["key"]["keyId"]}, {"$set": odd})
    [listed, *_] = (await house.data(f"{{ keys {{ nodes {{ {KEY} }} }} }}", key=admin))["keys"]["nodes"]
    assert listed["keyId"] == key["key"]["keyId"]
    assert listed["permissions"] == ([] if "permissions" in odd else ["READ"])
    assert listed["rateLimit"] is None
    # It is no key to whoever looks for one.
    await house.database[KEYS].delete_one({"_id": key["key"]["keyId"]})


async def test_a_confined_key_administers_no_keys(house: Gateway, admin: str) -> None:
    confined = (await made(house, admin, permissions=["ADMIN"], defaultNamespace="shop", confined=True))["secret"]
    answer = await house.execute(CREATE, {"input": {"name": "k", "permissions": ["READ"]}}, key=confined)
    assert code_and_path(answer)[0] == "FORBIDDEN"


async def test_keys_are_listed_page_by_page_of_the_organization_alone(house: Gateway, admin: str) -> None:
    for _ in range(3):
        await made(house, admin)
    theirs = await house.keys.create(house.other_organization, name="theirs", permissions=frozenset(Permission))
    listed, after = list[str](), None
    while True:
        page = (await house.data(LIST, {"first": 2, "after": after}, key=admin))["keys"]
        listed += [node["keyId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    own = [key.caller.id for key in await house.keys.oldest_first(house.organization)]
    assert listed == own[::-1]
    assert theirs.key.caller.id not in listed
    backwards = (await house.data("{ keys(last: 2) { nodes { keyId } } }", key=admin))["keys"]["nodes"]
    assert [node["keyId"] for node in backwards] == listed[-2:]


async def test_a_revoked_key_is_refused_and_keeps_its_time(house: Gateway, admin: str) -> None:
    created = await made(house, admin)
    id = created["key"]["keyId"]
    revoked = (await house.data(REVOKE, {"id": id}, key=admin))["revokeKey"]["key"]
    assert revoked["revokedAt"] is not None
    assert (await house.data(REVOKE, {"id": id}, key=admin))["revokeKey"]["key"] == revoked
    assert (await house.post({"query": VIEWER}, key=created["secret"])).status_code == 401


async def test_what_is_anothers_is_as_what_is_not_there(house: Gateway, admin: str) -> None:
    theirs = (
        await house.keys.create(house.other_organization, name="theirs", permissions=frozenset(Permission))
    ).key.caller.id
    for document, variables in ((REVOKE, "id"), (LIMIT, "input")):
        answers = []
        for id in (theirs, "key_missing00000"):
            given = {"id": id} if variables == "id" else {"input": {"keyId": id}}
            answer = await house.execute(document, given, key=admin)
            assert code_and_path(answer) == ("BAD_USER_INPUT", ["input", "keyId"])
            answers.append(json.dumps(answer["errors"]).replace(id, "<id>"))
        assert answers[0] == answers[1]
    unchanged = await house.keys.find(theirs)
    assert unchanged is not None
    assert (unchanged.revoked_at, unchanged.caller.rate) == (None, None)
    answer = await house.execute(
        CREATE,
        {"input": {"name": "k", "permissions": ["READ"], "defaultNamespace": house.other_namespace.id}},
        key=admin,
    )
    assert code_and_path(answer) == ("BAD_USER_INPUT", ["input", "defaultNamespace"])


@pytest.mark.parametrize(
    ("others", "path"),
    [
        ({"name": " "}, ["input", "name"]),
        ({"permissions": []}, ["input", "permissions"]),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, ["input", "expiresAt"]),
        ({"defaultNamespace": "missing"}, ["input", "defaultNamespace"]),
        ({"rateLimit": {"limit": 0, "restoreRate": 1}}, ["input", "rateLimit"]),
        ({"confined": True}, ["input", "confined"]),
        ({"origins": []}, ["input", "origins"]),
        ({"origins": ["https://shop.example", "shop.example"]}, ["input", "origins"]),
        ({"rateLimit": {"limit": 10_000_001, "restoreRate": 1}}, ["input", "rateLimit"]),
        ({"rateLimit": {"limit": 1, "restoreRate": 1_000_001}}, ["input", "rateLimit"]),
    ],
)
async def test_what_a_key_cannot_be_is_refused(
    others: dict[str, Any], path: list[str], house: Gateway, admin: str
) -> None:
    before = len(await house.keys.oldest_first(house.organization))
    answer = await house.execute(CREATE, {"input": {"name": "k", "permissions": ["READ"], **others}}, key=admin)
    code, at = code_and_path(answer)
    assert (code, at) == ("BAD_USER_INPUT", path)
    assert len(await house.keys.oldest_first(house.organization)) == before


async def test_a_key_has_its_own_limit_from_its_next_request_on(house: Gateway, admin: str) -> None:
    created = await made(house, admin, defaultNamespace="shop", rateLimit={"limit": 500, "restoreRate": 1})
    id, secret = created["key"]["keyId"], created["secret"]
    viewer = (await house.data(VIEWER, key=secret))["viewer"]
    assert (viewer["rateLimit"]["limit"], viewer["rateLimit"]["restoreRate"]) == (500, 1)
    while (await house.post({"query": VIEWER}, key=secret)).status_code == 200:
        pass
    assert (await house.post({"query": VIEWER}, key=secret)).status_code == 429
    for limit, expected in (({"limit": 600_000, "restoreRate": 600_000}, 600_000), (None, 10_000_000)):
        await house.data(LIMIT, {"input": {"keyId": id, "rateLimit": limit}}, key=admin)
        response = await house.post({"query": VIEWER}, key=secret)
        assert response.json()["data"]["viewer"]["rateLimit"]["limit"] == expected


async def test_what_a_key_spends_is_counted(house: Gateway, admin: str) -> None:
    created = await made(house, admin, defaultNamespace="shop")
    id, spent = created["key"]["keyId"], 0
    for _ in range(3):
        answer = await house.execute("{ interactions { nodes { featureId } } }", key=created["secret"])
        spent += answer["extensions"]["cost"]["actual"]
    async with asyncio.timeout(PATIENCE):
        while True:
            key = await house.keys.find(id)
            assert key is not None
            if key.points_spent >= spent:
                break
            await asyncio.sleep(0.2)
    assert key.last_used_at is not None
    nodes = (await house.data(f"{{ keys(first: 100) {{ nodes {{ {KEY} }} }} }}", key=admin))["keys"]["nodes"]
    [listed] = [node for node in nodes if node["keyId"] == id]
    assert listed["pointsSpent"] == key.points_spent
    assert listed["lastUsedAt"] is not None


async def test_keys_are_administered_by_admin_alone(house: Gateway) -> None:
    others = await house.make_key(Permission.READ, Permission.WRITE)
    for document, variables in (
        (CREATE, {"input": {"name": "k", "permissions": ["ADMIN"]}}),
        (REVOKE, {"id": "key_x"}),
        (LIMIT, {"input": {"keyId": "key_x"}}),
        (LIST, {}),
    ):
        response = await house.post({"query": document, "variables": variables}, key=others)
        assert response.status_code == 403


async def test_a_token_for_some_namespaces_makes_no_key_for_all(house: Gateway) -> None:
    """Not even where it isn't restricted to a user: that would be forbidden anyway."""
    bearer = token(sub="boss", namespaces=["shop"], scope="admin")
    answer = await house.execute(CREATE, {"input": {"name": "k", "permissions": ["READ"]}}, key=bearer)
    assert code_and_path(answer)[0] == "FORBIDDEN"


async def test_what_is_done_to_keys_is_on_record_with_who_did_it(house: Gateway, admin: str) -> None:
    created = await made(house, admin)
    id = created["key"]["keyId"]
    await house.data(LIMIT, {"input": {"keyId": id}}, key=admin)
    await house.data(REVOKE, {"id": id}, key=admin)
    entries = [entry for entry in await Audit(house.database).latest(1_000) if entry.object_id == id]
    assert [entry.action for entry in entries] == ["key.revoke", "key.limit", "key.create"]
    parsed = secret_keys.parse(admin)
    assert parsed is not None
    for entry in entries:
        assert entry.actor is not None
        assert (entry.actor.kind, entry.actor.id) == (CallerKind.KEY, parsed.key_id)
        assert entry.organization_id == house.organization.id


async def test_no_more_keys_are_made_than_an_organization_may_have(house: Gateway) -> None:
    full = await house.tenancy.create_organization("Full")
    issued = await house.keys.create(full, name="admin", permissions=frozenset({Permission.ADMIN}))
    stored = await house.database[KEYS].find_one({"_id": issued.key.caller.id})
    assert stored is not None
    many = [{**stored, "_id": f"key_many{number}"} for number in range(secret_keys.MAX_KEYS - 2)]
    await house.database[KEYS].insert_many(many)
    await made(house, issued.secret)
    answer = await house.execute(CREATE, {"input": {"name": "k", "permissions": ["READ"]}}, key=issued.secret)
    assert code_and_path(answer)[0] == "BAD_USER_INPUT"


async def test_what_needs_no_namespace_is_answered_without_one(house: Gateway, admin: str) -> None:
    reader = (
        await house.keys.create(house.organization, name="no namespace", permissions=frozenset(Permission))
    ).secret
    viewer = (await house.data(VIEWER, key=reader))["viewer"]
    assert (viewer["organization"]["name"], viewer["keyName"]) == ("Acme", "no namespace")
    for document in (
        "{ namespaces { nodes { name } } }",
        "{ __schema { queryType { name } } }",
        "{ __typename }",
        'mutation { createNamespace(input: { name: "made-without" }) { created } }',
    ):
        assert "errors" not in await house.execute(document, key=reader)
    for document in (
        "{ viewer { keyName namespace { name } } }",
        "{ viewer { keyName } interactions { totalCount } }",
        '{ node(id: "x") { id } }',
        'mutation { deleteInteraction(input: { interactionId: "i" }) { deletedId } }',
        "subscription { interactionRecorded { interactionId } }",
    ):
        # Twice: the second time it is known.
        for _ in range(2):
            response = await house.post({"query": document}, key=reader)
            assert response.json()["errors"][0]["extensions"]["code"] == "NAMESPACE_REQUIRED", document
            assert (await house.post({"query": document}, key=reader, namespace="shop")).status_code in (200, 400)


async def test_a_viewer_by_a_token(house: Gateway) -> None:
    bearer = token(sub="customer-17", namespaces=["shop"], scope="read other", exp=int(time.time()) + 500)
    viewer = (await house.data(VIEWER, key=bearer))["viewer"]
    assert (viewer["kind"], viewer["keyName"], viewer["userId"]) == ("TOKEN", "customer-17", "customer-17")
    assert viewer["permissions"] == ["READ"]
    assert viewer["namespaces"] == [{"name": "shop"}]
    assert viewer["callerId"].startswith("tok_")
    assert viewer["expiresAt"] is not None
    assert viewer["rateLimit"]["remaining"] <= 10_000_000
