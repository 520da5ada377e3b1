"""Who subscribes is told what is recorded from then on: what matches, in order, each once, and for as long as the key
is valid."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
import pytest_asyncio
from bson import Binary, DatetimeMS, ObjectId, Timestamp

from gateway.context import Permission
from gateway.demo.data import interactions
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import GatewayError, Unavailable
from gateway.interchange.imports import record_all
from gateway.limits import SUBSCRIPTION_DEFAULTS
from gateway.live import key_share, topic
from gateway.live.broker import Broker, TopicKey
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.scheduling.unread_bytes import UnreadBytesByCaller
from gateway.store.change_stream import InsertEvent, InsertStream, InsertWatch
from gateway.store.tenancy import NAMESPACES
from gateway.transport.http import event_streams
from gateway.transport.server.uvicorn_adapter import ENDING
from gateway.transport.websocket import conversation
from tests.harness.command_log import commands
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORDED, key_id, record, served, socket, stream
from tests.harness.waiting import PATIENCE, soon

pytestmark = pytest.mark.asyncio(loop_scope="module")

LARGE = "subscription { interactionRecorded { interactionId metadata } }"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(house: Gateway) -> Gateway:
    """One of which nothing is recorded."""
    for kind in (INTERACTION, SEARCH_REQUEST):
        await house.database[kind.collection].delete_many({})
    return house


@pytest_asyncio.fixture(loop_scope="module")
async def address(gateway: Gateway) -> AsyncIterator[str]:
    async with served(gateway.app) as address:
        yield address


async def test_what_is_recorded_is_told_over_both_transports(gateway: Gateway, address: str) -> None:
    async with socket(address) as one, stream(address, gateway.key) as other:
        await one.init(gateway.key)
        await one.subscribe("1")
        await one.begun()
        for id in ("i1", "i2", "i3"):
            await record(gateway, id)
        assert [await one.recorded() for _ in range(3)] == ["i1", "i2", "i3"]
        assert [await other.recorded() for _ in range(3)] == ["i1", "i2", "i3"]


WHERES: list[dict[str, Any]] = [
    {},
    {"interactionType": {"in": ["CLICK", "PURCHASE"]}},
    {"searchRequest": {"filters": {"key": "price", "operator": ["LT", "LTE"]}}},
    {"metadata": [{"path": "device.os", "operator": "IN", "value": ["ios", "android"]}]},
    {"occurredAt": {"gte": "2025-06-01T12:00:00Z", "lt": "2025-06-20T18:00:00Z"}},
    {"nor": [{"userId": {"exists": True}}], "or": [{"position": {"gte": 2}}, {"durationMs": {"exists": False}}]},
    {"or": []},
]


async def test_a_filter_tells_what_a_listing_lists(gateway: Gateway, address: str) -> None:
    listing = "query ($where: InteractionWhere) { interactions(first: 100, where: $where) { nodes { interactionId } } }"
    async with socket(address) as client:
        await client.init(gateway.key)
        for number, where in enumerate(WHERES):
            await client.subscribe(str(number), RECORDED, {"where": where})
        await client.begun()
        await record_all(list(interactions(90, seed=3, namespace="shop")), gateway.writer, gateway.namespace)
        listed = []
        for where in WHERES:
            answer = await gateway.data(listing, {"where": where})
            listed.append(sorted(node["interactionId"] for node in answer["interactions"]["nodes"]))
        told: list[list[str]] = [[] for _ in WHERES]
        for _ in range(sum(map(len, listed))):
            message = await client.hear()
            told[int(message["id"])].append(message["payload"]["data"]["interactionRecorded"]["interactionId"])
        # Nothing else is on its way: this comes behind it, and matches the first alone.
        await record(gateway, "last", interactionType="VIEW", userId="u")
        assert await client.recorded("0") == "last"
    assert [sorted(ids) for ids in told] == listed
    assert len(listed[0]) == 90
    assert all(0 < len(ids) < 90 for ids in listed[1:-1])
    for ids in told:
        assert ids == [id for id in told[0] if id in ids]


EVERYTHING = """
  id interactionId featureId interactionType interactionTypes position durationMs metadata sessionId userId occurredAt
  json feature { interactions(first: 2, orderBy: { direction: ASC }) { totalCount nodes { interactionId } } }
  searchRequest {
    id searchRequestId queries { vectorIndex value } collections filters { text flat { key depth } }
    firstSeenAt json interactions(first: 1) { edges { cursor node { interactionId } } pageInfo { hasNextPage } }
  }
"""


async def test_an_event_is_answered_as_a_query_is(gateway: Gateway, address: str) -> None:
    wires = list(interactions(12, seed=5, namespace="shop"))
    async with stream(address, gateway.key, f"subscription {{ interactionRecorded {{ {EVERYTHING} }} }}") as told:
        for wire in wires:
            await record_all([wire], gateway.writer, gateway.namespace)
            event = await told.event()
            assert event is not None
            asked = f"query ($id: ID!) {{ interaction(interactionId: $id) {{ {EVERYTHING} }} }}"
            answer = await gateway.data(asked, {"id": wire["interaction_id"]})
            assert event == ("next", {"data": {"interactionRecorded": answer["interaction"]}})


async def test_what_others_record_is_told_whatever_its_id_is(gateway: Gateway, address: str) -> None:
    ids = [uuid4(), ObjectId(), "one", 1, Binary(bytes(16), 3), datetime(2024, 5, 1, tzinfo=UTC), DatetimeMS(2**60)]
    async with stream(address, gateway.key) as told:
        for number, id in enumerate(ids):
            common = {"namespace_id": gateway.namespace.id, "interaction_id": f"i{number}", "interaction_type": "view"}
            await gateway.database[INTERACTION.collection].insert_one({"_id": id, **common})
        assert [await told.recorded() for _ in ids] == [f"i{number}" for number in range(len(ids))]


async def test_an_error_in_an_event_is_told_as_in_any_answer(gateway: Gateway, address: str) -> None:
    async with stream(address, gateway.key, "subscription { interactionRecorded { interactionId featureId } }") as told:
        spoilt = {"namespace_id": gateway.namespace.id, "interaction_id": "spoilt", "feature_id": {"no": "id"}}
        await gateway.database[INTERACTION.collection].insert_one(spoilt)
        await record(gateway, "i1")
        event = await told.event()
        assert event is not None
        [error] = event[1]["errors"]
        assert event[1]["data"] is None
        assert error["path"] == ["interactionRecorded", "featureId"]
        assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
        assert await told.recorded() == "i1"


async def test_a_bad_argument_of_a_nested_connection_is_told_in_each_event(gateway: Gateway, address: str) -> None:
    query = "subscription { interactionRecorded { feature { interactions(first: 1000) { totalCount } } } }"
    async with stream(address, gateway.key, query) as told:
        await record(gateway, "i1")
        event = await told.event()
        assert event is not None
        assert event[1]["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "path": ["first"]}


async def test_nothing_is_told_of_what_was_recorded_before(gateway: Gateway, address: str) -> None:
    async with AsyncExitStack() as clients:
        for number in range(8):
            await record(gateway, f"before-{number}")
            # Others are told of the same, so that the change stream is open by then.
            client = await clients.enter_async_context(socket(address))
            await client.init(gateway.key)
            await client.subscribe("1")
            await client.begun()
            await record(gateway, f"behind-{number}")
            assert await client.recorded() == f"behind-{number}"


async def test_only_what_is_new_is_told(gateway: Gateway, address: str) -> None:
    async with stream(address, gateway.key) as told:
        await record(gateway, "i1")
        await record(gateway, "i1")
        await gateway.database[INTERACTION.collection].update_many({}, {"$set": {"user_id": "u"}})
        await gateway.data('mutation { deleteInteraction(input: {interactionId: "i1"}) { deletedId } }')
        await gateway.data(
            'mutation { recordSearchRequest(input: {searchRequest: {queries: [], collections: ["c"]}}) { created } }'
        )
        await record(gateway, "i2")
        assert [await told.recorded(), await told.recorded()] in (["i1", "i2"],)


@pytest.mark.parametrize("count", [1_000])
async def test_a_large_batch_is_told_in_order(count: int, gateway: Gateway, address: str) -> None:
    batch = [
        {"interactionId": f"i{number}", "featureId": "p", "interactionType": "VIEW", "metadata": {"x": "y" * 500}}
        for number in range(count)
    ]
    mutation = """mutation ($all: [RecordInteractionInput!]!) {
      recordInteractions(input: { interactions: $all }) { createdCount }
    }"""
    query = "subscription { interactionRecorded { interactionId json } }"
    async with stream(address, gateway.key, query) as told, socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", query)
        await client.begun()
        assert await gateway.data(mutation, {"all": batch}) == {"recordInteractions": {"createdCount": count}}
        ids = [one["interactionId"] for one in batch]
        assert [await told.recorded() for _ in batch] == ids
        assert [await client.recorded() for _ in batch] == ids


async def test_who_keeps_up_needs_no_buffer(mongod: EmbeddedServer) -> None:
    async with (
        new_gateway(mongod.uri, subscription_buffer_bytes=10_000) as gateway,
        served(gateway.app) as address,
        stream(address, gateway.key, LARGE) as told,
    ):
        batch = [
            {"interactionId": f"i{number}", "featureId": "p", "interactionType": "VIEW", "metadata": {"x": "y" * 2_000}}
            for number in range(300)
        ]
        mutation = """mutation ($all: [RecordInteractionInput!]!) {
          recordInteractions(input: { interactions: $all }) { createdCount }
        }"""
        await gateway.data(mutation, {"all": batch})
        assert [await told.recorded() for _ in batch] == [one["interactionId"] for one in batch]


async def test_one_change_stream_serves_all_and_the_same_question_is_asked_once(mongod: EmbeddedServer) -> None:
    async with (
        new_gateway(mongod.uri) as gateway,
        served(gateway.app) as address,
        AsyncExitStack() as clients,
    ):
        with commands() as sent:
            told = [await clients.enter_async_context(stream(address, gateway.key)) for _ in range(5)]
            # The same in other words is another question; in the other namespace it is another, too.
            other = RECORDED.replace("interactionId", "interactionId featureId")
            told += [await clients.enter_async_context(stream(address, gateway.key, other)) for _ in range(5)]
            foreign = await clients.enter_async_context(stream(address, gateway.other_key))
            for number in range(3):
                await record(gateway, f"i{number}")
                assert {await one.recorded() for one in told} == {f"i{number}"}
            await record(gateway, "foreign", key=gateway.other_key)
            assert await foreign.recorded() == "foreign"
    reads = [command for command in sent if INTERACTION.collection in command.values()]
    opened = [one for one in reads if "aggregate" in one and "$changeStream" in one["pipeline"][0]]
    assert len(opened) == 1
    assert "fullDocument.namespace_id" in opened[0]["pipeline"][2]["$project"]
    finds = [one for one in reads if "find" in one and "_id" in one["filter"] and one.get("hint")]
    assert len(finds) == 2 * 3 + 1
    assert {one["hint"] for one in finds} == {"_id_"}


async def test_the_filters_values_make_another_question(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        for id, kind in (("1", "CLICK"), ("2", "VIEW")):
            await client.subscribe(id, RECORDED, {"where": {"interactionType": {"eq": kind}}})
        await client.begun()
        await record(gateway, "viewed", interactionType="VIEW")
        assert await client.recorded("2") == "viewed"
        await record(gateway, "clicked", interactionType="CLICK")
        assert await client.recorded("1") == "clicked"


async def test_a_session_ends_with_its_key_or_its_namespace(mongod: EmbeddedServer) -> None:
    async with (
        new_gateway(mongod.uri, key_cache_seconds=5) as gateway,
        served(gateway.app) as address,
        AsyncExitStack() as clients,
    ):
        gone, _ = await gateway.tenancy.create_namespace(gateway.organization, "gone")
        revoked = await gateway.make_key(Permission.READ)
        kept = await gateway.make_key(Permission.READ)
        expiring = (
            await gateway.keys.create(
                gateway.organization,
                name="expires",
                permissions=frozenset({Permission.READ}),
                default_namespace_id=gateway.namespace.id,
                # Long enough to be used by then, whatever else the machine does.
                lifetime=timedelta(seconds=8),
            )
        ).secret
        cases = [(revoked, "shop", 4401), (expiring, "shop", 4401), (kept, "gone", 4403), (kept, "shop", None)]
        listening = []
        for key, namespace, code in cases:
            client = await clients.enter_async_context(socket(address))
            await client.init(key, **{"X-Namespace": namespace})
            await client.subscribe("1")
            await client.begun()
            told = await clients.enter_async_context(stream(address, key, namespace=namespace))
            listening.append((client, told, code))
        # One that has asked for nothing is a session as well.
        idle = await clients.enter_async_context(socket(address))
        await idle.init(revoked)
        await gateway.keys.revoke(key_id(revoked))
        await gateway.database[NAMESPACES].delete_one({"_id": gone.id})
        # Within five seconds, where nothing else keeps the machine busy.
        async with asyncio.timeout(PATIENCE):
            for client, told, code in listening:
                if code is not None:
                    assert (await client.closed())[0] == code
                    event = await told.event()
                    assert event is not None
                    said = {4401: "UNAUTHENTICATED", 4403: "NAMESPACE_NOT_FOUND"}[code]
                    assert event[1]["errors"][0]["extensions"] == {"code": said}
                    assert await told.event() == ("complete", None)
                    assert await told.event() is None
            assert (await idle.closed())[0] == 4401
        await record(gateway, "i1")
        client, told, _ = listening[-1]
        assert await client.recorded() == await told.recorded() == "i1"


class Resolver:
    """Answers with the inserted documents' ids."""

    at_once = 1_000
    kept = ()

    async def pay(self, count: int) -> None:
        pass

    async def answers(self, inserted: Sequence[InsertEvent]) -> list[tuple[InsertEvent, bytes]]:
        return [(event, str(event.id).encode()) for event in inserted]


def overflow(error: GatewayError) -> None:
    raise error


class _LateStream(InsertStream):
    """One that is a hundred seconds behind."""

    async def next(self) -> InsertEvent | None:
        event = await super().next()
        return event and replace(event, at=Timestamp(event.at.time - 100, 1))


class _LateWatch(InsertWatch):
    async def open(self) -> InsertStream:
        stream = _LateStream(self._database, self._kind, await self.now())
        await stream.open()
        return stream


async def test_a_lag_is_over_once_all_is_told(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri) as gateway:
        hub = Broker(
            {INTERACTION: _LateWatch(gateway.database, INTERACTION)},
            SUBSCRIPTION_DEFAULTS,
            UnreadBytesByCaller(SUBSCRIPTION_DEFAULTS.key_buffer_bytes),
        )
        await hub.subscribe(TopicKey("org", "ns", "key", 1), Resolver(), overflow)
        await gateway.database[INTERACTION.collection].insert_one({"_id": "a", "namespace_id": "ns"})
        await soon(lambda: hub.lag_seconds >= 100)
        await soon(lambda: hub.lag_seconds == 0)
        await hub.close()


async def test_topics_that_are_stuck_are_waited_for_together(
    mongod: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic, "_MAX_WAITING", 50)

    class Stuck(Resolver):
        async def answers(self, inserted: Sequence[InsertEvent]) -> list[tuple[InsertEvent, bytes]]:
            await asyncio.Event().wait()
            return []

    async with new_gateway(mongod.uri) as gateway:
        hub = Broker(
            {INTERACTION: InsertWatch(gateway.database, INTERACTION)},
            SUBSCRIPTION_DEFAULTS,
            UnreadBytesByCaller(SUBSCRIPTION_DEFAULTS.key_buffer_bytes),
        )
        held = [await hub.subscribe(TopicKey("org", "ns", "key", number), Stuck(), overflow) for number in range(6)]
        told = await hub.subscribe(TopicKey("org", "ns", "other", "quick"), Resolver(), overflow)
        # Once for all of them is in time, and for one after the other isn't.
        monkeypatch.setattr(key_share, "_MAX_HOLD_UP_SECONDS", 8)
        documents = [{"_id": number, "namespace_id": "ns", "interaction_id": str(number)} for number in range(500)]
        await gateway.database[INTERACTION.collection].insert_many(documents)
        async with asyncio.timeout(45):
            assert [await anext(told) for _ in documents] == [str(number).encode() for number in range(500)]
            for subscriber in held:
                with pytest.raises(Unavailable, match="events were lost"):
                    await anext(subscriber)
        await hub.close()


async def test_what_the_database_does_not_answer_is_asked_again(mongod: EmbeddedServer) -> None:
    class Failing(Resolver):
        failures = 0

        async def answers(self, inserted: Sequence[InsertEvent]) -> list[tuple[InsertEvent, bytes]]:
            if self.failures < 3:
                self.failures += 1
                raise Unavailable("The database cannot be reached; try again.")
            return await super().answers(inserted)

    async with new_gateway(mongod.uri) as gateway:
        hub = Broker(
            {INTERACTION: InsertWatch(gateway.database, INTERACTION)},
            SUBSCRIPTION_DEFAULTS,
            UnreadBytesByCaller(SUBSCRIPTION_DEFAULTS.key_buffer_bytes),
        )
        told = await hub.subscribe(TopicKey("org", "ns", "key", "failing"), resolver := Failing(), overflow)
        documents = [{"_id": number, "namespace_id": "ns", "interaction_id": str(number)} for number in range(3)]
        await gateway.database[INTERACTION.collection].insert_many(documents)
        async with asyncio.timeout(PATIENCE):
            assert [await anext(told) for _ in documents] == [b"0", b"1", b"2"]
        assert resolver.failures == 3
        await hub.close()


async def test_who_reads_too_slowly_is_disconnected_and_nobody_else_is(
    mongod: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for transport in (event_streams, conversation):
        # However long it takes to record all that.
        monkeypatch.setattr(transport, "CLOSING_SECONDS", 300)
    async with (
        new_gateway(mongod.uri, subscription_buffer_bytes=100_000) as gateway,
        served(gateway.app, send_buffer=4_096) as address,
        socket(address, max_queue=1) as slow,
        socket(address) as quick,
    ):
        for client in (slow, quick):
            await client.init(gateway.key)
            await client.subscribe("1", LARGE)
            await client.begun()
        reader, writer = await slow_stream(address, gateway.key)
        for number in range(80):
            await record(gateway, f"i{number}", metadata={"x": "y" * 60_000})
            assert await quick.recorded() == f"i{number}"
        code, reason = await slow.closed()
        assert code == 1013
        assert "100,000 bytes" in reason
        async with asyncio.timeout(PATIENCE):
            told = (await reader.read()).decode()
        writer.close()
        # What had been sent by then, and why there is no more.
        assert '"i0"' in told
        assert '"i79"' not in told
        assert '"SUBSCRIBER_TOO_SLOW"' in told
        assert told.endswith("0\r\n\r\n")
        assert "event: complete" in told
        await record(gateway, "last")
        assert await quick.recorded() == "last"


async def slow_stream(address: str, key: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A subscription of which nothing is read but the head."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**14)
    body = orjson.dumps({"query": LARGE})
    head = [
        "POST /graphql HTTP/1.1",
        f"Host: {address}",
        f"Authorization: Bearer {key}",
        "Accept: text/event-stream",
        "Content-Type: application/json",
        "Connection: close",
        f"Content-Length: {len(body)}",
    ]
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    assert b"200" in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_sessions_are_told_that_the_process_goes_away(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri) as gateway, served(gateway.app) as address:
        async with socket(address) as client, socket(address) as idle, stream(address, gateway.key) as told:
            await client.init(gateway.key)
            await client.subscribe("1")
            await client.begun()
            await record(gateway, "i1")
            assert await client.recorded() == await told.recorded() == "i1"
            ending = asyncio.create_task(gateway.state[ENDING]())
            assert (await client.closed())[0] == 1001
            assert (await idle.closed())[0] == 1001
            # Without a last event: it is to connect again.
            assert await told.event() is None
            async with asyncio.timeout(PATIENCE):
                await ending
        async with socket(address) as client:
            assert (await client.closed())[0] == 1001
        async with stream(address, gateway.key) as told:
            assert told.response.status_code == 503
            assert json.loads(await told.response.aread())["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            assert (await http.get(f"http://{address}/readyz")).status_code == 200


async def test_it_is_the_same_with_motor(mongod: EmbeddedServer) -> None:
    async with (
        new_gateway(mongod.uri, driver="motor") as gateway,
        served(gateway.app) as address,
        stream(address, gateway.key, variables={"where": {"interactionType": {"eq": "CLICK"}}}) as told,
    ):
        for number in range(20):
            await record(gateway, f"i{number}", interactionType="VIEW" if number % 2 else "CLICK")
        assert [await told.recorded() for _ in range(10)] == [f"i{number}" for number in range(0, 20, 2)]
