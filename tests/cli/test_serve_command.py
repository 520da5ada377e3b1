"""``gateway serve`` as an operator runs it: a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import orjson
import pytest
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from gateway.cli import app
from gateway.demo.embedded_mongod import EmbeddedServer, reserved_port
from gateway.model import secret_keys
from tests.harness.gateway_process import workers_of
from tests.harness.mongod_process import standalone
from tests.harness.waiting import PATIENCE, eventually

QUERY = {"query": "{ viewer { organization { name } } }"}
ANSWER = {"data": {"viewer": {"organization": {"name": "Acme"}}}}


class Served:
    """A running ``gateway serve`` on a port of its choice."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self.process = process
        self._log = log
        self.address = eventually(lambda: re.search(r"Serving (http://[^/]*)/graphql\n", self.log))[1]

    @property
    def log(self) -> str:
        return self._log.read_text()

    def get(self, path: str) -> int:
        """The status; 0 where nobody answers."""
        try:
            return httpx.get(self.address + path, timeout=PATIENCE).status_code
        except httpx.TransportError:
            return 0

    def post(self, key: str) -> httpx.Response:
        return httpx.post(
            f"{self.address}/graphql", json=QUERY, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE
        )

    def ready(self) -> "Served":
        assert eventually(lambda: self.get("/readyz") == 200)
        return self

    def end(self, request: signal.Signals) -> int:
        self.process.send_signal(request)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(tmp_path: Path, environment: Mapping[str, str], *arguments: str) -> Iterator[Served]:
    log = tmp_path / "log"
    command = [sys.executable, "-m", "gateway", "serve", "--port", "0", *arguments]
    with log.open("w") as stderr:
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    try:
        yield Served(process, log)
        assert process.communicate(timeout=PATIENCE)[0] == ""
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def environment(mongod: EmbeddedServer, database_name: str) -> dict[str, str]:
    return {
        "GATEWAY_MONGODB_URI": mongod.uri,
        "GATEWAY_MONGODB_DATABASE": database_name,
        # Answers don't tell what they cost.
        "GATEWAY_RATE_LIMIT_RESTORE": "0",
    }


@pytest.fixture
def key(environment: dict[str, str], client: object) -> str:
    """A key of Acme; the database is dropped with ``client``."""
    arguments = ["keys", "create", "--organization", "Acme", "--name", "web", "--namespace", "shop", "--json"]
    result = CliRunner().invoke(app, arguments, env=environment)
    return str(orjson.loads(result.stdout)["key"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"GATEWAY_MONGODB_URI": ""}, "GATEWAY_MONGODB_URI is not set: expected a connection string "),
        ({"GATEWAY_MONGODB_URI": "http://u:hunter2@h"}, "GATEWAY_MONGODB_URI: expected a connection string "),
        ({"GATEWAY_MONGODB_URI": "mongodb://u:hunter2@h/?nope=1"}, "GATEWAY_MONGODB_URI: not a MongoDB URI: expected "),
        ({"GATEWAY_MONGODB_URI": "mongodb://u:hunter2@h:x"}, "GATEWAY_MONGODB_URI: not a MongoDB URI: expected "),
        ({"GATEWAY_MONGODB_DATABASE": "a.b"}, "GATEWAY_MONGODB_DATABASE: expected "),
        ({"GATEWAY_PORT": "tcp://10.0.0.1:80"}, "GATEWAY_PORT: expected a whole number from 0 to 65535"),
        ({"GATEWAY_WORKERS": "0"}, "GATEWAY_WORKERS: expected a whole number from 1 to 256"),
        ({"GATEWAY_DRIVER": "odbc"}, "GATEWAY_DRIVER: expected one of pymongo, motor"),
    ],
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_missing_or_wrong_setting_is_one_line(wrong: dict[str, str], message: str, workers: str) -> None:
    environment = {"GATEWAY_MONGODB_URI": "mongodb://h", "GATEWAY_WORKERS": workers} | wrong
    result = CliRunner().invoke(app, ["serve"], env=environment)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1
    assert "hunter2" not in result.stderr


def test_a_database_that_it_cannot_work_with_is_one_line(tmp_path: Path) -> None:
    with standalone(tmp_path) as address:
        environment = {"GATEWAY_MONGODB_URI": f"mongodb://{address}/"}
        result = CliRunner().invoke(app, ["serve", "--port", "0"], env=environment)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("Error: GATEWAY_MONGODB_URI: MongoDB is a standalone server, ")


def test_a_misspelt_setting_is_named_before_what_is_missing_for_it() -> None:
    environment = {"GATEWAY_MONGODB_URI": "", "GATEWAY_MONGO_URI": "mongodb://hunter2"}
    result = CliRunner().invoke(app, ["serve"], env=environment)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "Warning: GATEWAY_MONGO_URI is no setting; GATEWAY_MONGODB_URI is\nError: GATEWAY_MONGODB_URI is not set: "
    )


def test_what_works_but_had_better_be_otherwise_is_a_warning(
    tmp_path: Path, environment: dict[str, str], mongod: EmbeddedServer
) -> None:
    with serving(tmp_path, environment | {"GATEWAY_DEPTH_LIMITS": "3"}) as served:
        served.ready()
        warnings = [line for line in served.log.splitlines() if line.startswith("Warning: ")]
        assert warnings[0] == "Warning: GATEWAY_DEPTH_LIMITS is no setting; GATEWAY_DEPTH_LIMIT is"
        assert all(" is past its end of life and gets no more fixes" in warning for warning in warnings[1:])
        assert served.end(signal.SIGTERM) == 0


def test_a_wrong_option_is_one_line() -> None:
    for option in (["--port", "70000"], ["--workers", "0"]):
        result = CliRunner().invoke(app, ["serve", *option], env={"GATEWAY_MONGODB_URI": "mongodb://h"})
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_address_that_cannot_be_had_is_one_line(environment: dict[str, str], workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "gateway", "serve", "--port", port, "--workers", workers]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=PATIENCE)
    message = f"Error: can't listen on 127.0.0.1:{port}: Address already in use\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


@pytest.mark.parametrize(("workers", "request_"), [("1", signal.SIGTERM), ("1", signal.SIGINT), ("2", signal.SIGTERM)])
def test_it_serves_until_it_is_told_to_end(
    tmp_path: Path, environment: dict[str, str], key: str, workers: str, request_: signal.Signals
) -> None:
    with serving(tmp_path, environment, "--workers", workers) as served:
        served.ready()
        assert served.post(key).json() == ANSWER
        assert served.get("/healthcheck") == 200
        assert served.post(secret_keys.generate()[0]).status_code == 401
        assert "server" not in httpx.get(f"{served.address}/healthcheck", timeout=PATIENCE).headers
        assert served.end(request_) == 0
        assert served.get("/healthcheck") == 0
        assert "How operations were answered: shaped 1\n" in served.log
        assert "Traceback" not in served.log
        assert key not in served.log


def test_a_request_that_is_under_way_is_finished(tmp_path: Path, environment: dict[str, str], key: str) -> None:
    with serving(tmp_path, environment) as served:
        served.ready()
        body = orjson.dumps(QUERY)
        host, port = served.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            head = f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
            connection.sendall(head.encode())
            # Now it is the gateway that waits.
            assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body[:10])
            served.process.send_signal(signal.SIGTERM)
            eventually(lambda: "Shutting down" in served.log)
            connection.sendall(body[10:])
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(orjson.dumps(ANSWER))
        assert served.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_request_fails_when_it_is_told_to_end_under_load(
    tmp_path: Path, environment: dict[str, str], key: str, workers: str
) -> None:
    statuses: list[int] = []
    broken: list[httpx.TransportError] = []

    def load() -> None:
        """Sends requests one after the other until its connection is closed and another one refused."""
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(timeout=PATIENCE) as client:
            while True:
                try:
                    statuses.append(client.post(f"{served.address}/graphql", json=QUERY, headers=headers).status_code)
                except httpx.ConnectError:
                    return
                except httpx.TransportError as error:
                    broken.append(error)
                    return

    with serving(tmp_path, environment, "--workers", workers) as served:
        served.ready()
        loads = [threading.Thread(target=load) for _ in range(4)]
        for one in loads:
            one.start()
        eventually(lambda: len(statuses) > 100)
        assert served.end(signal.SIGTERM) == 0
        for one in loads:
            one.join(PATIENCE)
    assert set(statuses) == {200}
    assert broken == []


def test_a_worker_that_dies_is_replaced(tmp_path: Path, environment: dict[str, str], key: str) -> None:
    def workers() -> set[int]:
        return workers_of(served.process.pid)

    with serving(tmp_path, environment, "--workers", "2") as served:
        served.ready()
        first = eventually(lambda: pair if len(pair := workers()) == 2 else None)
        killed = min(first)
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: len(workers() - {killed}) == 2 and not workers() <= first)
        assert served.post(key).json() == ANSWER
        assert served.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_is_subscribed_is_told_that_it_ends(
    tmp_path: Path, environment: dict[str, str], key: str, workers: str
) -> None:
    subscription = {"query": "subscription { interactionRecorded { id } }"}
    headers = {"Authorization": f"Bearer {key}"}
    with serving(tmp_path, environment, "--workers", workers) as served:
        served.ready()
        address = f"{served.address}/graphql"
        with (
            connect(address.replace("http", "ws"), subprotocols=[Subprotocol("graphql-transport-ws")]) as websocket,
            httpx.stream(
                "POST",
                address,
                json=subscription,
                headers=headers | {"Accept": "text/event-stream"},
                timeout=PATIENCE,
            ) as events,
        ):
            websocket.send(orjson.dumps({"type": "connection_init", "payload": headers}).decode())
            assert websocket.recv(PATIENCE) == '{"type":"connection_ack"}'
            websocket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": subscription}).decode())
            websocket.send('{"type":"ping"}')
            assert websocket.recv(PATIENCE) == '{"type":"pong"}'
            frames = events.iter_bytes()
            assert next(frames) == b":\n\n"
            served.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                websocket.recv(PATIENCE)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == CloseCode.GOING_AWAY
            # Whole, and without a last event: clients connect again.
            assert list(frames) == []
        assert served.process.wait(PATIENCE) == 0
        assert "Traceback" not in served.log
        assert "WebSocket" not in served.log


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_subscribes_is_told_that_the_gateway_goes_away(
    tmp_path: Path, environment: dict[str, str], key: str, workers: str
) -> None:
    with serving(tmp_path, environment, "--workers", workers) as served:
        served.ready()
        address = served.address.replace("http", "ws", 1) + "/graphql"
        with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as listener:
            listener.send(
                orjson.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"}}), text=True
            )
            assert orjson.loads(listener.recv(PATIENCE))["type"] == "connection_ack"
            subscription = {"query": "subscription { interactionRecorded { id } }"}
            listener.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": subscription}), text=True)
            served.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                list(iter(lambda: listener.recv(PATIENCE), None))
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        assert served.process.wait(PATIENCE) == 0


@contextmanager
def forwarding(port: int, target: int) -> Iterator[None]:
    """The database comes up: what connects to ``port``, which somebody holds, reaches ``target``."""

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", target))
                connections.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=copy, args=pair, daemon=True).start()

    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", port)) as listener:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in connections:
                connection.close()


def database_at(environment: Mapping[str, str], port: int) -> Mapping[str, str]:
    """The settings, with a database at that port."""
    return {**environment, "GATEWAY_MONGODB_URI": f"mongodb://127.0.0.1:{port}/?directConnection=true"}


@pytest.mark.slow
def test_it_serves_before_the_database_is_there_and_recovers(
    tmp_path: Path, environment: dict[str, str], mongod: EmbeddedServer, key: str
) -> None:
    with reserved_port() as port, serving(tmp_path, database_at(environment, port)) as served:
        assert eventually(lambda: served.get("/healthcheck") == 200)
        assert served.get("/readyz") == 503
        refused = served.post(key)
        assert refused.status_code == 503
        assert refused.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        target = int(re.findall(r":(\d+)/", mongod.uri)[0])
        with forwarding(port, target):
            assert eventually(lambda: served.get("/readyz") == 200)
            assert served.post(key).json() == ANSWER
        assert eventually(lambda: served.get("/readyz") == 503)
        with forwarding(port, target):
            assert eventually(lambda: served.get("/readyz") == 200)
            assert served.end(signal.SIGTERM) == 0
        assert "Traceback" not in served.log
        assert "Indexes can't be created yet" in served.log
