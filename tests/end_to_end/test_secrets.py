"""Everything that `gateway serve` prints while all transports are used, searched for the key and for the password of
MongoDB's address."""

import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import httpx
import orjson
import pytest
from pymongo.errors import OperationFailure
from typer.testing import CliRunner
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model import secret_keys
from gateway.store.client import Client
from tests.cli.test_serve_command import Served, serving
from tests.harness.waiting import PATIENCE

PASSWORD = "hunter2/with:all@sorts%"
QUERY = "{ viewer { keyName } }"
RECORDED = {"query": "subscription { interactionRecorded { id } }"}
UPGRADE = "GET /graphql HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def user(client: Client, database_name: str) -> AsyncIterator[str]:
    """A user of MongoDB with that password."""
    name = f"ops-{database_name}"
    admin = client["admin"]
    with suppress(OperationFailure):
        await admin.command("dropUser", name)
    await admin.command("createUser", name, pwd=PASSWORD, roles=["root"])
    yield name
    await admin.command("dropUser", name)


@pytest.fixture
def environment(mongod: EmbeddedServer, database_name: str, user: str) -> dict[str, str]:
    address = mongod.uri.removeprefix("mongodb://")
    return {
        "GATEWAY_MONGODB_URI": f"mongodb://{user}:{quote(PASSWORD, safe='')}@{address}",
        "GATEWAY_MONGODB_DATABASE": database_name,
        "GATEWAY_LOG_LEVEL": "debug",
    }


@pytest.fixture
def key(environment: dict[str, str]) -> str:
    return make_key(environment)


def make_key(environment: dict[str, str]) -> str:
    arguments = ["keys", "create", "--organization", "Acme", "--name", "web", "--namespace", "shop", "--json"]
    result = CliRunner().invoke(app, arguments, env=environment)
    return str(orjson.loads(result.stdout)["key"])


def raw(served: Served, sent: str) -> None:
    """Sends these bytes, and takes what comes back."""
    host, port = served.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(sent.encode())
        connection.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while connection.recv(65_536):
                pass


def use_every_transport(served: Served, key: str) -> None:
    graph = f"{served.address}/graphql"
    bearer = {"Authorization": f"Bearer {key}"}
    with httpx.Client(timeout=PATIENCE) as http:
        for headers in (
            bearer,
            {"Authorization": key},
            {"Authorization": f"Basic {key}"},
            {"X-Namespace": key, **bearer},
        ):
            http.post(graph, json={"query": QUERY}, headers=headers)
            http.get(graph, params={"query": QUERY, "key": key}, headers=headers)
            http.post(graph, content=b'{"query": ' + key.encode(), headers=headers | JSON)
        http.post(graph, json={"query": f'{{ interaction(interactionId: "{key}") {{ {key} }} }}'}, headers=bearer)
        http.post(graph, json={"query": QUERY, "variables": {key: key}, "operationName": key}, headers=bearer)
        http.post(graph, json={"query": f'{{ interactions(after: "{key}") {{ {key}: totalCount }} }}'}, headers=bearer)
        http.get(f"{served.address}/{key}", headers=bearer)
        use_addresses(served.address, http, key)
        with http.stream("POST", graph, json=RECORDED, headers=bearer | {"Accept": "text/event-stream"}) as events:
            next(events.iter_bytes())
    for mangled in ("Authorization : Bearer", "Authorization: Bearer\x01", " Authorization: Bearer", "X\0: Bearer"):
        raw(served, f"GET /graphql HTTP/1.1\r\nHost: a\r\n{mangled} {key}\r\n\r\n")
        raw(
            served,
            f"GET /graphql HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{mangled} {key}\r\n\r\n",
        )
    for version in ("13", "x", key):
        handshake = f"Sec-WebSocket-Version: {version}\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {key}\r\n"
        raw(served, f"{UPGRADE}{handshake}\r\n")
    for subprotocol in ("graphql-transport-ws", "graphql-ws"):
        for payload in (bearer, {"Authorization": key}, key, {}):
            converse(graph.replace("http", "ws", 1), subprotocol, bearer, payload)


def use_addresses(address: str, http: httpx.Client, key: str) -> None:
    """Requests with the key in their address, as collectors of events send it, well and badly formed."""
    credentials = {"x-algolia-application-id": "shop", "x-algolia-api-key": key}
    encoded = "".join(f"%{ord(letter):02x}" for letter in key)
    event = {"eventType": "click", "eventName": "e", "index": "i", "userToken": "u", "objectIDs": ["p"]}
    in_path = [f"/collect/shop/{key}/ubi_events", f"/collect/{key}/{key}/ubi_queries", f"/collect/shop/{key}/nowhere"]
    for path in ("/1/events", "/ubi_events", "/graphql", "/nowhere", "/features/search/interactions", *in_path):
        for content in (orjson.dumps({"events": [event]}), b"{", key.encode()):
            http.post(f"{address}{path}", params=credentials, content=content, headers={"Content-Type": "text/plain"})
        http.get(f"{address}{path}", params=credentials)
        http.get(f"{address}{path}?x-algolia-api-key={encoded}&x-algolia-application-id={key}")
        http.options(f"{address}{path}", params=credentials, headers={"Origin": f"https://{key}.example"})
    http.delete(f"{address}/1/usertokens/u", params=credentials)
    http.get(address, params=credentials, headers={"Referer": f"{address}/?key={key}", "Origin": key})


def converse(address: str, subprotocol: str, headers: dict[str, str], payload: object) -> None:
    """A websocket with the key in its handshake, in its first message, in an operation and in what is no message."""
    with (
        suppress(WebSocketException),
        connect(address, subprotocols=[Subprotocol(subprotocol)], additional_headers=headers) as websocket,
    ):
        websocket.send(orjson.dumps({"type": "connection_init", "payload": payload}), text=True)
        websocket.recv(PATIENCE)
        websocket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": RECORDED}), text=True)
        websocket.send(orjson.dumps({"id": "2", "type": "subscribe", "payload": {"query": QUERY}}), text=True)
        websocket.recv(PATIENCE)
        websocket.send(f"{{{headers}")
        websocket.recv(PATIENCE)


def secrets_in(printed: str, key: str) -> list[str]:
    secrets = (key, key[3:], key[15:37], key[15:25], key[-16:], PASSWORD, quote(PASSWORD, safe=""), "hunter2")
    return [secret for secret in secrets if secret in printed]


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_nothing_that_is_printed_holds_a_key_or_a_password(
    tmp_path: Path, environment: dict[str, str], key: str, workers: str
) -> None:
    with serving(tmp_path, environment, "--workers", workers) as served:
        served.ready()
        use_every_transport(served, key)
        use_every_transport(served, secret_keys.generate()[0])
        served.process.terminate()
        served.process.wait(PATIENCE)
    assert "The executor answers" in served.log, "that of the level debug is logged"
    assert "How operations were answered" in served.log
    assert secrets_in(served.log, key) == []


def test_a_password_that_mongodb_refuses_is_not_printed(environment: dict[str, str]) -> None:
    wrong = environment["GATEWAY_MONGODB_URI"].replace("hunter2", "hunter22")
    result = CliRunner().invoke(app, ["serve", "--port", "0"], env=environment | {"GATEWAY_MONGODB_URI": wrong})
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: GATEWAY_MONGODB_URI: MongoDB refuses the user or the password: ")
    assert secrets_in(result.output, "sk_" + "-" * 40) == []
