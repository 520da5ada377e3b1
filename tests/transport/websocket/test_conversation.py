"""The subprotocol graphql-transport-ws, message by message, as its specification has it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest
import pytest_asyncio
from pymongo.read_concern import ReadConcern
from websockets.exceptions import InvalidStatus

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer
from gateway.execution.operation_runner import OperationRunner
from gateway.model.kinds import INTERACTION
from gateway.store.client import aggregate
from gateway.store.tenancy import NAMESPACES
from gateway.transport.websocket import conversation
from tests.harness.gateway_client import Gateway, new_gateway, open_gateway
from tests.harness.live_client import RECORD, RECORDED, key_id, record, served, socket
from tests.harness.waiting import PATIENCE

VIEWER = "{ viewer { keyName namespace { name } } }"
VIEWED = {"data": {"viewer": {"keyName": "web", "namespace": {"name": "shop"}}}}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(house: Gateway) -> Gateway:
    """One of which nothing is recorded."""
    await house.database[INTERACTION.collection].delete_many({})
    return house


@pytest_asyncio.fixture(loop_scope="module")
async def address(gateway: Gateway) -> AsyncIterator[str]:
    async with served(gateway.app) as address:
        yield address


async def test_a_query_is_answered_once(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("é1", VIEWER)
        assert await client.hear() == {"id": "é1", "type": "next", "payload": VIEWED}
        assert await client.hear() == {"id": "é1", "type": "complete"}
        # Its id is free again.
        await client.subscribe("é1", VIEWER)
        assert (await client.hear())["type"] == "next"


async def test_a_mutation_is_answered_once(gateway: Gateway, address: str) -> None:
    interaction = {"interactionId": "i1", "featureId": "p1", "interactionType": "CLICK"}
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", RECORD, {"input": interaction})
        assert (await client.event())["data"]["recordInteraction"]["created"] is True
        assert await client.hear() == {"id": "1", "type": "complete"}


async def test_an_error_of_a_field_comes_with_the_data(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", '{ node(id: "x") { id } viewer { keyName } }')
        payload = await client.event()
        assert payload["data"] == {"node": None, "viewer": {"keyName": "web"}}
        assert payload["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert await client.hear() == {"id": "1", "type": "complete"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ nonsense }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": VIEWER, "operationName": "Other"}, "OPERATION_RESOLUTION_FAILURE"),
    ({"query": RECORD, "variables": {}}, "BAD_USER_INPUT"),
    (
        {"query": "subscription { interactionRecorded { id } other: interactionRecorded { id } }"},
        "GRAPHQL_VALIDATION_FAILED",
    ),
    ({"query": RECORDED, "variables": {"where": {"userId": None}}}, "BAD_USER_INPUT"),
    ({"query": RECORDED, "variables": {"where": {"nonsense": 1}}}, "BAD_USER_INPUT"),
]


@pytest.mark.parametrize(("payload", "code"), REFUSED)
async def test_an_operation_that_cannot_begin_ends_with_its_errors(
    payload: dict[str, Any], code: str, gateway: Gateway, address: str
) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.say({"id": "1", "type": "subscribe", "payload": payload})
        message = await client.hear()
        assert (message["id"], message["type"]) == ("1", "error")
        assert {error["extensions"]["code"] for error in message["payload"]} == {code}
        # No more is said of it, and the connection serves on.
        await client.begun()


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"query": VIEWER, "variables": {"a": ["x", {"b": "\ud800"}]}}, ["variables", "a", "1", "b"]),
        ({"query": VIEWER, "variables": {"a": {"\udfff": 1}}}, ["variables", "a"]),
        ({"query": "# \ud800"}, ["query"]),
    ],
)
async def test_a_string_that_utf_8_can_not_encode_ends_its_operation_alone(
    payload: dict[str, Any], path: list[str], gateway: Gateway, address: str
) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("running", RECORDED)
        await client.begun()
        await client.say(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        message = await client.hear()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT", "path": path}
        await client.begun()
    response = await gateway.http.post(
        "/graphql",
        content=json.dumps(payload),
        headers={"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"},
    )
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "path": path}


async def test_a_document_may_be_named_by_its_hash(gateway: Gateway, address: str) -> None:
    query = "query Persisted { viewer { keyName } }"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.say({"id": "1", "type": "subscribe", "payload": {"extensions": extensions}})
        message = await client.hear()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        for payload in ({"query": query, "extensions": extensions}, {"extensions": extensions}):
            await client.say({"id": "1", "type": "subscribe", "payload": payload})
            assert await client.event() == {"data": {"viewer": {"keyName": "web"}}}
            assert await client.hear() == {"id": "1", "type": "complete"}


async def test_permissions_are_required_as_over_http(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(await gateway.make_key(Permission.WRITE))
        for id, query in (("1", VIEWER), ("2", RECORDED)):
            await client.subscribe(id, query)
            message = await client.hear()
            assert (message["id"], message["type"]) == (id, "error")
            assert message["payload"][0]["extensions"] == {"code": "FORBIDDEN"}


INVALID: list[object] = [
    "",
    "{",
    "nonsense",
    b'{"type":"ping"}',
    [],
    "null",
    {},
    {"type": None},
    {"type": "start", "id": "1", "payload": {"query": VIEWER}},
    {"type": "next", "id": "1", "payload": {}},
    {"type": "connection_ack"},
    {"type": "ping", "payload": "x"},
    {"type": "pong", "payload": [1]},
    {"type": "complete"},
    {"type": "complete", "id": 1},
    {"type": "subscribe", "payload": {"query": VIEWER}},
    {"type": "subscribe", "id": "", "payload": {"query": VIEWER}},
    {"type": "subscribe", "id": 1, "payload": {"query": VIEWER}},
    {"type": "subscribe", "id": "1"},
    {"type": "subscribe", "id": "1", "payload": "x"},
    {"type": "subscribe", "id": "1", "payload": {}},
    {"type": "subscribe", "id": "1", "payload": {"query": 1}},
    {"type": "subscribe", "id": "1", "payload": {"query": VIEWER, "variables": []}},
    {"type": "subscribe", "id": "1", "payload": {"query": VIEWER, "operationName": 1}},
    {"type": "subscribe", "id": "1", "payload": {"query": VIEWER, "extensions": "x"}},
    '{"type":"ping","payload":' + "[" * 100_000 + "]" * 100_000 + "}",
    '{"type":"ping","payload":{"x":NaN}}',
    '{"type":"ping"}{}',
]


@pytest.mark.parametrize("message", INVALID)
async def test_an_invalid_message_closes_the_connection(message: object, gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.say(message)
        code, reason = await client.closed()
        assert code == 4400
        assert reason


UNFIT = {
    "in the text of a query": ('"1"', '{"query": "{ node(id: \\"\\ud800\\") { id } }"}', ["query"]),
    "in a variable": ('"1"', '{"query": "{ a }", "variables": {"a": ["\\ud800"]}}', ["variables", "a", "0"]),
    "in a key": ('"1"', '{"query": "{ a }", "variables": {"\\ud800": 1}}', ["variables"]),
    "in the operation's name": ('"1"', '{"query": "{ a }", "operationName": "\\ud800"}', ["operationName"]),
    "in the id": ('"\\ud800"', '{"query": "{ a }"}', ["id"]),
    "a number beyond all doubles": ('"1"', '{"query": "{ a }", "variables": {"a": -1e400}}', ["variables", "a"]),
    "a number of many digits": (
        '"1"',
        '{"query": "{ a }", "variables": {"a": %s}}' % ("9" * 5_000),
        ["variables", "a"],
    ),
}


@pytest.mark.parametrize("case", UNFIT)
async def test_what_nothing_can_hold_is_an_error_of_its_operation_alone(
    case: str, gateway: Gateway, address: str
) -> None:
    id, payload, path = UNFIT[case]
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("live", RECORDED)
        await client.say(f'{{"type": "subscribe", "id": {id}, "payload": {payload}}}')
        message = json.loads(await client.connection.recv())
        assert (message["id"], message["type"]) == (json.loads(id), "error")
        assert message["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT", "path": path}
        await gateway.execute(RECORD, {"input": {"featureId": "p1", "interactionType": "VIEW"}})
        assert (await client.hear())["id"] == "live"


@pytest.mark.parametrize(
    "payload",
    [
        {"query": ""},
        {"query": "", "variables": None, "operationName": "", "extensions": {}},
        {"query": VIEWER, "extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a"}}},
        {"query": VIEWER, "extensions": {"persistedQuery": "a"}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"query": VIEWER, "documentId": "a"},
        {"documentId": 1},
    ],
)
async def test_what_is_no_request_but_of_the_protocols_form_is_an_error_of_its_operation_alone(
    payload: dict[str, Any], gateway: Gateway, address: str
) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("live", RECORDED)
        await client.say({"id": "1", "type": "subscribe", "payload": payload})
        message = await client.hear()
        assert (message["id"], message["type"]) == ("1", "error")
        assert [error["extensions"]["code"] for error in message["payload"]] == ["BAD_REQUEST"]
        await gateway.execute(RECORD, {"input": {"featureId": "p1", "interactionType": "VIEW"}})
        assert (await client.hear())["id"] == "live"


TOO_MUCH = {
    "levels": (f'{{"a": {"[" * 2_000}1{"]" * 2_000}}}', "at most 1,024 levels"),
    "entries": (f'{{"a": [0{",0" * 140_000}]}}', "at most 140,000 entries"),
}


@pytest.mark.parametrize("case", TOO_MUCH)
async def test_what_is_too_much_to_be_read_is_an_error_of_its_operation_alone(
    case: str, gateway: Gateway, address: str
) -> None:
    variables, limit = TOO_MUCH[case]
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("live", RECORDED)
        for ahead in ('"id": "1", "type": "subscribe"', '"type":"subscribe","id":"\\u0031"'):
            await client.say(f'{{{ahead}, "payload": {{"query": "{{ a }}", "variables": {variables}}}}}')
            message = json.loads(await client.connection.recv())
            assert (message["id"], message["type"]) == ("1", "error")
            assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
            assert limit in message["payload"][0]["message"]
        await gateway.execute(RECORD, {"input": {"featureId": "p1", "interactionType": "VIEW"}})
        assert (await client.hear())["id"] == "live"
        await client.say(f'{{"payload": {{"variables": {variables}}}, "id": "1", "type": "subscribe"}}')
        code, reason = await client.closed()
        assert (code, limit in reason) == (4400, True)


async def test_messages_that_ask_for_nothing_may_hold_anything(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        for message in ('{"type":"pong","payload":{"a":"\\ud800"}}', '{"type":"complete","id":"\\ud800"}'):
            await client.say(message)
        # As JSON text: the members that the protocol doesn't know are ignored.
        for payload in ('{"a":"\\ud800"}', '{"a":1180591620717411303424}'):
            await client.say(f'{{"type":"ping","payload":{payload},"x":"\\udc00"}}')
            assert await client.connection.recv() == f'{{"type":"pong","payload":{payload}}}'
        await client.say({"id": "1", "type": "subscribe", "payload": {"query": VIEWER}, "x": 1e300})
        assert await client.event() == VIEWED


async def test_a_text_that_is_no_utf_8_closes_the_connection(address: str) -> None:
    async with socket(address) as client:
        await client.connection.send(b"\xff", text=True)
        assert (await client.closed())[0] == 1007


async def test_a_message_of_more_than_a_megabyte_closes_the_connection(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.say({"type": "ping", "payload": {"x": "y" * 900_000}})
        assert (await client.hear())["type"] == "pong"
        await client.say({"type": "ping", "payload": {"x": "y" * 1_000_000}})
        assert (await client.closed())[0] == 1009


async def test_a_message_of_too_many_entries_closes_the_connection(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.say({"type": "ping", "payload": {"x": [0] * 140_000}})
        code, reason = await client.closed()
        assert (code, "at most 140,000 entries" in reason) == (4400, True)


async def test_nothing_is_served_before_the_connection_is_acknowledged(address: str) -> None:
    async with socket(address) as client:
        await client.subscribe("1", VIEWER)
        assert await client.closed() == (4401, "Unauthorized")


async def test_a_second_initialisation_closes_the_connection(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.say({"type": "connection_init"})
        assert await client.closed() == (4429, "Too many initialisation requests")


async def test_who_does_not_say_who_connects_is_not_waited_for(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "_INIT_SECONDS", 0.2)
    async with socket(address) as client:
        await client.say({"type": "ping"})
        assert await client.closed() == (4408, "Connection initialisation timeout")


@pytest.mark.parametrize("type_", ["subscribe", "complete"])
async def test_an_id_has_at_most_128_characters(type_: str, gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("é" * 128, VIEWER)
        assert await client.hear() == {"id": "é" * 128, "type": "next", "payload": VIEWED}
        await client.say({"id": "é" * 129, "type": type_, "payload": {"query": VIEWER}})
        code, reason = await client.closed()
        assert (code, "at most 128 characters" in reason) == (4400, True)


async def test_an_id_may_be_used_by_one_operation_at_a_time(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1")
        await client.subscribe("1")
        assert await client.closed() == (4409, "Subscriber for 1 already exists")


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",), ("graphql", "x")])
async def test_other_subprotocols_are_not_accepted(protocols: tuple[str, ...], address: str) -> None:
    async with socket(address, protocols=protocols) as client:
        assert await client.closed() == (4406, "Subprotocol not acceptable")


async def test_the_subprotocol_is_chosen_among_several(gateway: Gateway, address: str) -> None:
    async with socket(address, protocols=("graphql-ws", "graphql-transport-ws")) as client:
        assert client.connection.subprotocol == "graphql-transport-ws"
        await client.init(gateway.key)


async def test_pings_are_answered_at_any_time(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.say({"type": "ping", "payload": {"at": 1}})
        assert await client.hear() == {"type": "pong", "payload": {"at": 1}}
        await client.say({"type": "ping", "payload": {}})
        assert await client.hear() == {"type": "pong", "payload": {}}
        await client.say({"type": "pong"})
        await client.init(gateway.key)
        await client.say({"type": "ping", "payload": None})
        assert await client.hear() == {"type": "pong"}


async def test_the_server_pings_too(gateway: Gateway, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "_INIT_SECONDS", 5)
    monkeypatch.setattr(conversation, "HEARTBEAT_SECONDS", 2)
    async with socket(address) as client:
        await client.init(gateway.key)
        # It goes on for longer than one may take to say who connects.
        for _ in range(3):
            assert await client.connection.recv() == '{"type":"ping"}'
            await client.say({"type": "pong"})


CREDENTIALS = ["payload", "lower case", "headers", "upgrade"]


@pytest.mark.parametrize("place", CREDENTIALS)
async def test_the_key_may_stand_in_the_payload_or_in_a_header(place: str, gateway: Gateway, address: str) -> None:
    bearer = f"Bearer {await gateway.make_key(Permission.READ, organization=gateway.other_organization)}"
    credentials: dict[str, Any] = {
        "payload": {"Authorization": bearer, "X-Namespace": "shop"},
        "lower case": {"authorization": bearer, "x-namespace": "shop"},
        "headers": {"headers": {"AUTHORIZATION": bearer, "X-NAMESPACE": "shop"}},
        "upgrade": {"Authorization": bearer, "X-Namespace": "shop"},
    }
    options = {"additional_headers": credentials[place]} if place == "upgrade" else {}
    async with socket(address, **options) as client:
        await client.say({"type": "connection_init"} | ({"payload": credentials[place]} if place != "upgrade" else {}))
        assert await client.hear() == {"type": "connection_ack"}
        await client.subscribe("1", "{ viewer { organization { name } } }")
        assert await client.event() == {"data": {"viewer": {"organization": {"name": "Initech"}}}}


@pytest.mark.parametrize("spelled", ["Bearer   {}", " Bearer {} ", "bearer {}\r\n", "\tBEARER {}\t"])
async def test_white_space_in_the_payload_counts_as_in_headers(spelled: str, gateway: Gateway, address: str) -> None:
    for namespace in (" shop\n", "", " "):
        async with socket(address) as client:
            payload = {"Authorization": spelled.format(gateway.key), "X-Namespace": namespace}
            await client.say({"type": "connection_init", "payload": payload})
            assert await client.hear() == {"type": "connection_ack"}


async def test_what_the_payload_says_comes_before_the_headers(gateway: Gateway, address: str) -> None:
    async with socket(address, additional_headers={"Authorization": "Bearer nonsense"}) as client:
        await client.init(gateway.key)


REFUSALS: list[tuple[dict[str, Any] | None, int, str]] = [
    (None, 4401, "A valid key is required"),
    ({}, 4401, "A valid key is required"),
    ({"Authorization": "Bearer nonsense"}, 4401, "A valid key is required"),
    ({"Authorization": "{key}", "X-Namespace": "nonsense"}, 4403, "no such namespace"),
    ({"Authorization": 1}, 4400, "must be a string"),
    ({"headers": {"x-namespace": []}}, 4400, "must be a string"),
]


@pytest.mark.parametrize(("payload", "code", "part_of_reason"), REFUSALS)
async def test_who_may_not_connect_is_told_why(
    payload: dict[str, Any] | None, code: int, part_of_reason: str, gateway: Gateway, address: str
) -> None:
    sent = payload and {name: f"Bearer {gateway.key}" if value == "{key}" else value for name, value in payload.items()}
    async with socket(address) as client:
        await client.say({"type": "connection_init", "payload": sent})
        closed, reason = await client.closed()
        assert closed == code
        assert part_of_reason in reason


async def test_without_a_namespace_an_operation_that_needs_one_is_refused(gateway: Gateway, address: str) -> None:
    key = await gateway.make_key(Permission.READ, organization=gateway.other_organization)
    async with socket(address) as client:
        await client.init(key)
        await client.subscribe("1", "{ viewer { organization { name } } }")
        assert await client.event() == {"data": {"viewer": {"organization": {"name": "Initech"}}}}
        assert (await client.hear())["type"] == "complete"
        await client.subscribe("2", "{ interactions { totalCount } }")
        [error] = (await client.hear())["payload"]
        assert error["extensions"]["code"] == "NAMESPACE_REQUIRED"


async def test_a_foreign_namespace_is_refused_like_a_missing_one(gateway: Gateway, address: str) -> None:
    closings = []
    for namespace in (gateway.namespace.id, "ns_missing"):
        async with socket(address) as client:
            payload = {"Authorization": f"Bearer {gateway.other_key}", "X-Namespace": namespace}
            await client.say({"type": "connection_init", "payload": payload})
            closings.append(await client.closed())
    assert closings[0] == closings[1]
    assert closings[0][0] == 4403


async def test_each_operation_needs_a_key_that_is_still_valid(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with (
        open_gateway(gateway.database, mongod.uri, key_cache_seconds=0) as strict,
        served(strict.app) as address,
        socket(address) as client,
    ):
        key = await strict.make_key(Permission.READ)
        await client.init(key)
        await strict.keys.revoke(key_id(key))
        await client.subscribe("1", VIEWER)
        code, reason = await client.closed()
        assert code == 4401
        assert "valid key" in reason


async def test_pages_of_other_origins_are_refused(gateway: Gateway, address: str, mongod: EmbeddedServer) -> None:
    for origin in ("https://evil.example", "null", f"http://{address}.evil.example", "http://[", ""):
        with pytest.raises(InvalidStatus) as refused:
            async with socket(address, additional_headers={"Origin": origin}):
                pass
        assert refused.value.response.status_code == 403
    for origin in (f"http://{address}", f"https://{address}"):
        async with socket(address, origin=origin) as client:
            await client.init(gateway.key)
    async with (
        open_gateway(gateway.database, mongod.uri, cors_origins="https://shop.example") as open_,
        served(open_.app) as other,
        socket(other, origin="https://shop.example") as client,
    ):
        await client.init(gateway.key)


async def test_a_page_of_the_same_host_has_no_port_where_that_is_the_schemes_own(
    gateway: Gateway, address: str
) -> None:
    for origin, host in (("https://shop.example", "shop.example"), ("http://shop.example:80", "shop.example")):
        async with socket(address, origin=origin, host=host) as client:
            await client.init(gateway.key)


async def test_other_addresses_have_no_websocket(address: str) -> None:
    with pytest.raises(InvalidStatus):
        async with socket(f"{address}/other"):
            pass


async def test_what_is_completed_is_told_no_more(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1")
        await client.subscribe("2")
        await client.begun()
        await client.say({"id": "1", "type": "complete"})
        # Of what isn't there.
        await client.say({"id": "3", "type": "complete"})
        await client.begun()
        await record(gateway, "i1")
        assert await client.recorded("2") == "i1"
        await client.subscribe("1")
        await client.begun()
        await record(gateway, "i2")
        heard = [await client.hear(), await client.hear()]
        assert {message["id"] for message in heard} == {"1", "2"}


async def test_a_subscription_completed_at_once_is_given_up(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri) as gateway, served(gateway.app) as address, socket(address) as client:
        await client.init(gateway.key)
        # Once somebody was subscribed, so that the next is begun without a pause as well.
        for _ in range(2):
            await client.subscribe("1")
            await client.say({"id": "1", "type": "complete"})
            await client.begun()
        async with asyncio.timeout(PATIENCE):
            while await are_watched(gateway):  # noqa: ASYNC110  # the database tells nobody
                await asyncio.sleep(0.05)
        # And it begins again.
        await client.subscribe("1")
        await client.begun()
        await record(gateway, "i1")
        assert await client.recorded() == "i1"


async def are_watched(gateway: Gateway) -> bool:
    """Whether a change stream is open on the interactions."""
    stages: list[Any] = [
        {"$currentOp": {"idleCursors": True}},
        {"$match": {"ns": f"{gateway.database.name}.{INTERACTION.collection}", "cursor.tailable": True}},
    ]
    admin = gateway.database.client.get_database("admin", read_concern=ReadConcern("local"))
    return bool([operation async for operation in await aggregate(admin, stages)])


async def test_what_was_completed_answers_for_no_other_of_its_id(
    gateway: Gateway, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering, run = asyncio.Event(), OperationRunner.run
    started: list[AdmittedOperation] = []

    async def losing(self: OperationRunner, operation: AdmittedOperation) -> Answer:
        started.append(operation)
        if len(started) == 1:
            # As the driver loses a cancellation that comes with its result.
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(PATIENCE)
            answer = await run(self, operation)
            answering.set()
            return answer
        await answering.wait()
        return await run(self, operation)

    monkeypatch.setattr(OperationRunner, "run", losing)
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1", "{ viewer { keyName } }")
        await client.begun()
        await client.say({"id": "1", "type": "complete"})
        await client.subscribe("1", VIEWER)
        assert await client.event() == VIEWED
        assert await client.hear() == {"id": "1", "type": "complete"}
        await client.begun()


async def test_a_socket_has_a_limit_of_operations(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with (
        open_gateway(gateway.database, mongod.uri, socket_operations=3) as strict,
        served(strict.app) as address,
        socket(address) as client,
    ):
        await client.init(gateway.key)
        for id in ("1", "2", "3", "4"):
            await client.subscribe(id)
        message = await client.hear()
        assert (message["id"], message["type"]) == ("4", "error")
        assert message["payload"][0]["extensions"] == {"code": "TOO_MANY_SUBSCRIPTIONS"}
        assert "3" in message["payload"][0]["message"]
        await client.say({"id": "1", "type": "complete"})
        await client.subscribe("4")
        await client.begun()
        await record(gateway, "i1")
        assert {(await client.hear())["id"] for _ in range(3)} == {"2", "3", "4"}


async def test_websockets_count_among_the_connections(gateway: Gateway) -> None:
    async with served(gateway.app, connections=2) as address, socket(address) as first, socket(address) as other:
        await first.init(gateway.key)
        with pytest.raises(InvalidStatus) as refused:
            async with socket(address):
                pass
        assert refused.value.response.status_code == 503
        assert b'"UNAVAILABLE"' in (refused.value.response.body or b"")
        await other.connection.close()
        async with socket(address) as another:
            await another.init(gateway.key)


async def test_what_was_not_foreseen_is_masked(gateway: Gateway, address: str) -> None:
    broken, _ = await gateway.tenancy.create_namespace(gateway.organization, "broken")
    await gateway.database[NAMESPACES].update_one({"_id": broken.id}, {"$unset": {"created_at": 1}})
    async with socket(address) as client:
        payload = {"Authorization": f"Bearer {gateway.key}", "X-Namespace": "broken"}
        await client.say({"type": "connection_init", "payload": payload})
        code, reason = await client.closed()
        assert code == 4500
        assert "incident" in reason


async def test_a_client_that_vanishes_leaves_nothing_behind(gateway: Gateway, address: str) -> None:
    before = len(asyncio.all_tasks())
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.subscribe("1")
        await client.begun()
        assert len(asyncio.all_tasks()) > before
        client.connection.transport.abort()
    async with asyncio.timeout(PATIENCE):
        left = asyncio.all_tasks()
        while len(left) > before:
            await asyncio.sleep(0.02)
            left = asyncio.all_tasks()
