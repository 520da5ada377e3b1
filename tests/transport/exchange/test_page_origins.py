"""Keys that pages of some origins alone may use: over HTTP, as event streams and by websockets."""

import asyncio
from collections.abc import AsyncIterator, Set
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.auth.key_origins import KeyOrigins
from gateway.context import KeyBounds, Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import Unavailable
from gateway.store.keys import KEYS, Keys
from tests.harness.gateway_client import Gateway, new_gateway, open_gateway
from tests.harness.live_client import RECORDED, served, socket
from tests.harness.waiting import soon

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOP, BLOG, EVIL = "https://shop.example", "https://blog.example:8443", "https://evil.example"
QUERY = {"query": "{ viewer { keyName } }"}
EVERYTHING = frozenset(Permission)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, key_cache_seconds=0) as gateway:
        yield gateway


async def bound(gateway: Gateway, *origins: str, **others: Any) -> str:
    """A key for pages of these origins."""
    issued = await gateway.keys.create(
        gateway.organization,
        name="pages",
        permissions=EVERYTHING,
        default_namespace_id=gateway.namespace.id,
        bounds=KeyBounds(frozenset(origins)),
        **others,
    )
    return issued.secret


def preflight(origin: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }


async def test_a_key_is_used_by_its_own_pages_alone(gateway: Gateway) -> None:
    key = await bound(gateway, SHOP, BLOG)
    for origin in (SHOP, BLOG):
        response = await gateway.post(QUERY, key=key, headers={"Origin": origin})
        assert response.json() == {"data": {"viewer": {"keyName": "pages"}}}
        assert response.headers["access-control-allow-origin"] == origin
    for origin in (
        EVIL,
        "http://shop.example",
        f"{SHOP}:8443",
        "https://a.shop.example",
        f"{SHOP}.evil.example",
        "null",
    ):
        response = await gateway.post(QUERY, key=key, headers={"Origin": origin})
        assert response.status_code == 403
        assert response.json()["errors"][0] == {
            "message": "This key may be used by pages of its origins only.",
            "extensions": {"code": "FORBIDDEN"},
        }


async def test_what_names_no_origin_is_refused(gateway: Gateway) -> None:
    """Programs don't, nor do pages of the gateway's own origin that ask by GET."""
    key = await bound(gateway, SHOP)
    assert (await gateway.post(QUERY, key=key)).status_code == 403
    headers = {"Authorization": f"Bearer {key}"}
    for path in (f"/graphql?query={QUERY['query']}", "/features/search/interactions", "/namespaces"):
        assert (await gateway.http.get(path, headers=headers)).status_code == 403
        assert (await gateway.http.get(path, headers={**headers, "Referer": SHOP})).status_code == 403
        assert (await gateway.http.get(path, headers={**headers, "Origin": SHOP})).status_code == 200
    twice = [("Authorization", f"Bearer {key}"), ("Origin", SHOP), ("Origin", EVIL)]
    assert (await gateway.http.post("/graphql", json=QUERY, headers=twice)).status_code == 400


async def test_a_key_that_is_not_bound_is_used_from_anywhere(gateway: Gateway) -> None:
    for headers in ({}, {"Origin": SHOP}, {"Origin": EVIL}, {"Origin": "null"}):
        assert (await gateway.post(QUERY, headers=headers)).status_code == 200


async def test_a_preflight_is_answered_for_origins_that_some_key_names(gateway: Gateway) -> None:
    await bound(gateway, "https://one.example")
    allowed = await gateway.http.options("/graphql", headers=preflight("https://one.example"))
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://one.example")
    assert allowed.headers["access-control-allow-headers"] == "authorization,content-type"
    refused = await gateway.http.options("/graphql", headers=preflight("https://two.example"))
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("end", ["revoked", "expired"])
async def test_a_key_that_has_ended_allows_nothing(end: str, gateway: Gateway) -> None:
    origin = f"https://{end}.example"
    lifetime = timedelta(days=1)
    key = await bound(gateway, origin, lifetime=lifetime)
    assert (await gateway.http.options("/graphql", headers=preflight(origin))).status_code == 200
    id = f"key_{key[3:15]}"
    if end == "revoked":
        await gateway.keys.revoke(id)
    else:
        stored = await gateway.database[KEYS].find_one({"_id": id})
        assert stored is not None
        past = {"expires_at": stored["created_at"] - lifetime}
        await gateway.database[KEYS].update_one({"_id": id}, {"$set": past})
    assert (await gateway.http.options("/graphql", headers=preflight(origin))).status_code == 400
    assert (await gateway.post(QUERY, key=key, headers={"Origin": origin})).status_code == 401


async def test_settings_and_keys_are_both_asked(gateway: Gateway, mongod: EmbeddedServer) -> None:
    """What the settings allow may call; a key that names others may not be used there."""
    key = await bound(gateway, SHOP)
    for configured in (EVIL, "*"):
        async with open_gateway(gateway.database, mongod.uri, cors_origins=configured, key_cache_seconds=0) as open_:
            for origin, status in ((SHOP, 200), (EVIL, 403)):
                assert (await open_.http.options("/graphql", headers=preflight(origin))).status_code == 200
                response = await open_.post(QUERY, key=key, headers={"Origin": origin})
                # Also the refusal is read by the page: it says what is wrong.
                assert response.status_code == status
                assert response.headers["access-control-allow-origin"] in (origin, "*")


async def test_a_websocket_is_opened_and_used_by_its_pages_alone(gateway: Gateway) -> None:
    key, others = await bound(gateway, SHOP), await bound(gateway, BLOG)
    async with served(gateway.app) as address:
        async with socket(address, origin=SHOP) as client:
            await client.init(key)
            await client.subscribe("1", RECORDED)
            await client.subscribe("2", QUERY["query"])
            assert (await client.hear())["payload"] == {"data": {"viewer": {"keyName": "pages"}}}
        # A page may not say of itself that it is another.
        forged = {"Authorization": f"Bearer {others}", "Origin": BLOG, "headers": {"origin": BLOG}}
        for origin, payload in ((SHOP, forged), (None, forged), (f"http://{address}", forged)):
            async with socket(address, additional_headers={} if origin is None else {"Origin": origin}) as client:
                await client.say({"type": "connection_init", "payload": payload})
                with pytest.raises(ConnectionClosed) as closed:
                    await client.hear()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4403
        with pytest.raises(InvalidStatus):
            async with socket(address, origin=EVIL):
                pass


async def test_collectors_take_a_key_in_an_address_from_its_pages_alone(gateway: Gateway) -> None:
    """As `sendBeacon` sends it: in the address, without a preflight, and with the page's origin."""
    key = await bound(gateway, SHOP)
    event = {
        "eventType": "click",
        "eventName": "e",
        "index": "i",
        "userToken": "u",
        "objectIDs": ["p"],
        "positions": [1],
    }
    algolia = {"x-algolia-application-id": "shop", "x-algolia-api-key": key}
    text = {"Content-Type": "text/plain"}
    action = {"action_name": "click", "client_id": "u", "event_attributes": {"object": {"object_id": "p"}}}
    for path, parameters, content in (
        ("/1/events", {**algolia, "x-algolia-agent": "a"}, {"events": [{**event, "queryID": "0" * 32}]}),
        ("/ubi_events", {}, action),
        (f"/collect/shop/{key}/ubi_events", {}, action),
    ):
        for origin, allowed in ((SHOP, True), (EVIL, False), ("null", False), (None, False)):
            headers = {**text, **({} if origin is None else {"Origin": origin})}
            if path == "/ubi_events":
                headers["Authorization"] = f"Bearer {key}"
            response = await gateway.http.post(path, params=parameters, json=content, headers=headers)
            assert (response.status_code == 200) == allowed, (path, origin, response.text)
            assert (response.headers.get("access-control-allow-origin") == SHOP) == allowed


async def test_an_event_stream_is_opened_by_its_pages_alone(gateway: Gateway) -> None:
    key = await bound(gateway, SHOP)
    headers = {"Accept": "text/event-stream", "Origin": EVIL}
    assert (await gateway.post({"query": RECORDED}, key=key, headers=headers)).status_code == 403


async def test_a_refusal_is_paid_for(gateway: Gateway, mongod: EmbeddedServer) -> None:
    key = await bound(gateway, SHOP)
    limits = {"rate_limit_burst": 100, "rate_limit_restore": 1}
    async with open_gateway(gateway.database, mongod.uri, **limits) as limited:
        statuses = [(await limited.post(QUERY, key=key, headers={"Origin": EVIL})).status_code for _ in range(8)]
    assert statuses[0] == 403
    assert statuses[-1] == 429


class CountedKeys(Keys):
    """Keys whose origins are looked up so many times before the database is away."""

    looked_up, most = 0, 1
    pause: asyncio.Event | None = None

    async def origins(self) -> Set[str]:
        self.looked_up += 1
        if self.pause is not None:
            await self.pause.wait()
        if self.looked_up > self.most:
            raise Unavailable("The database is away.")
        return await super().origins()


async def test_origins_are_kept_where_the_database_is_away(gateway: Gateway) -> None:
    await bound(gateway, "https://known.example")
    keys = CountedKeys(gateway.database)
    origins = KeyOrigins(keys, cache_seconds=0)
    for _ in range(2):
        assert await origins.has("https://known.example")
    assert not await origins.has(EVIL)
    assert keys.looked_up == 3


async def test_who_comes_during_the_first_look_up_waits_for_it(gateway: Gateway) -> None:
    await bound(gateway, "https://known.example")
    keys = CountedKeys(gateway.database)
    keys.pause = asyncio.Event()
    origins = KeyOrigins(keys, cache_seconds=60)
    first = asyncio.create_task(origins.has("https://known.example"))
    await soon(lambda: keys.looked_up == 1)
    second = asyncio.create_task(origins.has("https://known.example"))
    await asyncio.sleep(0)
    keys.pause.set()
    assert [await first, await second] == [True, True]
    assert keys.looked_up == 1


async def test_origins_are_looked_up_once_for_many(gateway: Gateway) -> None:
    await bound(gateway, "https://known.example")
    keys = CountedKeys(gateway.database)
    origins = KeyOrigins(keys, cache_seconds=60)
    asked = ["https://known.example", *(f"https://{number}.example" for number in range(100))]
    assert sum(await asyncio.gather(*map(origins.has, asked))) == 1
    assert not any([await origins.has(origin) for origin in asked[1:]])
    assert keys.looked_up == 1
