"""HTTP from the first byte on: requests that can be read in two ways, that are too large, too slow, or too many."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from starlette.types import Receive, Scope, Send

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import ConnectionLimits
from gateway.transport.server.uvicorn_adapter import REFUSAL_REPLY
from tests.harness.gateway_client import Gateway, new_gateway, open_gateway
from tests.harness.waiting import PATIENCE
from tests.harness.wire_client import Served, Wire, nothing_logged, secured, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = b'{"query": "{ viewer { keyName } }"}'
ANSWER = {"data": {"viewer": {"keyName": "web"}}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, body_limit_bytes=100_000) as gateway:
        yield gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(gateway: Gateway) -> AsyncIterator[Served]:
    limits = ConnectionLimits(keep_alive_seconds=1, body_bytes=100_000, drain_seconds=0)
    async with serving(gateway.app, limits) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty(gateway: Gateway, mongod: EmbeddedServer) -> AsyncIterator[Served]:
    """A gateway that waits for half a second."""
    async with (
        open_gateway(gateway.database, mongod.uri, request_read_seconds=0.5) as hasty,
        serving(hasty.app, ConnectionLimits(read_seconds=0.5, drain_seconds=0)) as served,
    ):
        yield served


def head(
    gateway: Gateway, *headers: str, method: str = "POST", version: str = "1.1", host: str = "Host: a\r\n"
) -> bytes:
    lines = [f"{method} /graphql HTTP/{version}\r\n{host}Authorization: Bearer {gateway.key}"]
    return "\r\n".join([*lines, "Content-Type: application/json", *headers, "\r\n"]).encode("latin-1")


def request(gateway: Gateway, *headers: str, body: bytes = BODY) -> bytes:
    return head(gateway, f"Content-Length: {len(body)}", *headers) + body


def chunked(body: bytes = BODY, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"%x\r\n%b\r\n%b" % (len(body), body, end)


LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
STREAM = b'{"query": "subscription { interactionRecorded { id } }"}'
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")
# Each could be read in two ways, or is no HTTP/1.1; a request follows, which must not be answered.
MALFORMED: dict[str, Any] = {
    "a websocket without a key": lambda g: head(g, *UPGRADE, "Sec-WebSocket-Version: 13", method="GET"),
    "a websocket with a bad key": lambda g: head(
        g, *UPGRADE, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x", method="GET"
    ),
    "a websocket of another version": lambda g: head(g, *UPGRADE, "Sec-WebSocket-Version: 12", KEY, method="GET"),
    "length and chunks": lambda g: head(g, LENGTH, CHUNKED) + chunked(),
    "chunks and length": lambda g: head(g, CHUNKED, LENGTH) + chunked(),
    "two lengths": lambda g: head(g, LENGTH, "Content-Length: 4") + BODY,
    "the same length twice": lambda g: head(g, LENGTH, LENGTH) + BODY,
    "a list of lengths": lambda g: head(g, f"{LENGTH}, {len(BODY)}") + BODY,
    "a signed length": lambda g: head(g, f"Content-Length: +{len(BODY)}") + BODY,
    "a negative length": lambda g: head(g, "Content-Length: -1") + BODY,
    "a hexadecimal length": lambda g: head(g, "Content-Length: 0x23") + BODY,
    "a length with a leading zero": lambda g: head(g, f"Content-Length: 0{len(BODY)}") + BODY,
    "a length with an underscore": lambda g: head(g, "Content-Length: 3_5") + BODY,
    "an empty length": lambda g: head(g, "Content-Length:") + BODY,
    "a length past 64 bits": lambda g: head(g, "Content-Length: 36893488147419103267") + BODY,
    "another coding": lambda g: head(g, "Transfer-Encoding: gzip") + chunked(),
    "two codings": lambda g: head(g, "Transfer-Encoding: gzip, chunked") + chunked(),
    "chunked twice": lambda g: head(g, CHUNKED, CHUNKED) + chunked(),
    "chunked in quotes": lambda g: head(g, 'Transfer-Encoding: "chunked"') + chunked(),
    "chunked after a vertical tab": lambda g: head(g, "Transfer-Encoding:\x0bchunked") + chunked(),
    "a space before the colon": lambda g: head(g, "Transfer-Encoding : chunked") + chunked(),
    "a folded coding": lambda g: head(g, "Transfer-Encoding:\r\n chunked") + chunked(),
    "identity": lambda g: head(g, "Transfer-Encoding: identity", LENGTH) + BODY,
    "chunks in HTTP/1.0": lambda g: head(g, CHUNKED, version="1.0") + chunked(),
    "a folded header": lambda g: head(g, LENGTH, "X-A: b\r\n c") + BODY,
    "NUL in a header": lambda g: head(g, LENGTH, "X-A: b\x00c") + BODY,
    "a bare CR in a header": lambda g: head(g, LENGTH, "X-A: b\rContent-Length: 0") + BODY,
    "a bare LF in a header": lambda g: head(g, LENGTH, "X-A: b\nContent-Length: 0") + BODY,
    "a header without a colon": lambda g: head(g, LENGTH, "garbage") + BODY,
    "a header without a name": lambda g: head(g, LENGTH, ": x") + BODY,
    "lines that end in LF": lambda g: head(g, LENGTH).replace(b"\r\n", b"\n") + BODY,
    "no host": lambda g: head(g, LENGTH, host="") + BODY,
    "two hosts": lambda g: head(g, LENGTH, "Host: b") + BODY,
    "HTTP/0.9": lambda _: b"GET /graphql\r\n\r\n",
    "HTTP/2.0": lambda g: head(g, method="GET", version="2.0"),
    "HTTP/2's preface": lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "CONNECT": lambda _: b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "an unknown method": lambda g: head(g, LENGTH, method="SMUGGLE") + BODY,
    "a control character in the address": lambda _: b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS": lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a negative chunk": lambda g: head(g, CHUNKED) + b"-1\r\n\r\n",
    "a chunk past 64 bits": lambda g: head(g, CHUNKED) + b"fffffffffffffffff\r\n\r\n",
    "a chunk's size with 0x": lambda g: head(g, CHUNKED) + b"0x1\r\na\r\n0\r\n\r\n",
    "a chunk that ends elsewhere": lambda g: head(g, CHUNKED) + b"1\r\naXX0\r\n\r\n",
    "a bare LF after a chunk's size": lambda g: head(g, CHUNKED) + b"1\na\r\n0\r\n\r\n",
    "a bare CR in a chunk's extension": lambda g: head(g, CHUNKED) + b"1;a\rb\r\na\r\n0\r\n\r\n",
    "a length in a trailer": lambda g: head(g, CHUNKED) + chunked(end=b"0\r\nContent-Length: 5\r\n\r\n"),
    "an upgrade that hides a body": lambda g: head(g, LENGTH, "Connection: Upgrade", "Upgrade: h2c") + BODY,
    "a websocket that hides a body": lambda g: head(g, LENGTH, "Connection: Upgrade", "Upgrade: websocket") + BODY,
}


@pytest.mark.parametrize("attack", MALFORMED)
async def test_what_can_be_read_in_two_ways_is_refused_and_the_connection_closed(
    attack: str, gateway: Gateway, served: Served
) -> None:
    [answer] = await served.answers(MALFORMED[attack](gateway) + request(gateway))
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert answer.headers["connection"] == "close"
    assert secured(answer)


async def test_ordinary_requests_are_answered_on_one_connection(gateway: Gateway, served: Served) -> None:
    async with served.connected() as wire:
        for sent in (
            request(gateway),
            head(gateway, CHUNKED) + chunked(),
            head(gateway, CHUNKED) + chunked(end=b"0\r\nX-Namespace: nobody's\r\n\r\n"),
            b"\r\n" + request(gateway),
        ):
            for piece in (sent[:10], sent[10:60], sent[60:]):
                wire.send(piece)
                await asyncio.sleep(0.01)
            response = await wire.response()
            assert response is not None
            assert (response.status, response.json) == (200, ANSWER)
            assert "connection" not in response.headers
            assert secured(response)


async def test_pipelined_requests_are_answered_in_order(gateway: Gateway, served: Served) -> None:
    requests = request(gateway) + request(gateway, body=b"{}") + request(gateway)
    async with served.connected() as wire:
        wire.send(requests)
        assert [response.status for _ in range(3) if (response := await wire.response())] == [200, 400, 200]
    # What is malformed behind them ends the connection, and is never answered in another's place.
    [answer] = await served.answers(requests + b"nonsense\r\n\r\n")
    assert answer.json == ANSWER


async def test_a_head_that_is_too_large_is_refused_before_its_end(gateway: Gateway, served: Served) -> None:
    whole = head(gateway, LENGTH, f"X-Large: {'x' * 70_000}") + BODY
    many = head(gateway, LENGTH, *(f"X-{number}: y" for number in range(20_000))) + BODY
    endless = head(gateway, LENGTH)[:-2] + b"X-Large: " + b"x" * 1_000_000
    address = b"GET /graphql?query=" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    for sent in (whole, many, endless, address):
        [answer] = await served.answers(sent)
        assert (answer.status, answer.code) == (431, "HEADERS_TOO_LARGE")
    trailers = head(gateway, CHUNKED) + chunked(end=b"0\r\nX-Large: " + b"x" * 1_000_000)
    [answer] = await served.answers(trailers)
    assert (answer.status, answer.code) in ((413, "PAYLOAD_TOO_LARGE"), (431, "HEADERS_TOO_LARGE"))


async def test_more_headers_than_any_client_sends_are_refused(gateway: Gateway, served: Served) -> None:
    # Four are there already.
    for count, status in ((196, 200), (197, 431), (8_000, 431)):
        [answer] = await served.answers(head(gateway, LENGTH, *(f"X-{number}: y" for number in range(count))) + BODY)
        assert answer.status == status
    assert (answer.code, answer.headers["connection"]) == ("HEADERS_TOO_LARGE", "close")
    assert answer.json["errors"][0]["message"] == "A request may have at most 200 headers."


async def test_a_body_that_is_too_large_is_refused(gateway: Gateway, served: Served) -> None:
    large = b" " * 3_000_000 + BODY
    # Announced, it isn't read at all.
    [answer] = await served.answers(request(gateway, body=large))
    assert (answer.status, answer.code, answer.headers["connection"]) == (413, "PAYLOAD_TOO_LARGE", "close")
    [answer] = await served.answers(head(gateway, CHUNKED) + chunked(large))
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/1/events?x-algolia-api-key=k", {"status", "message"}),
        ("/collect/shop/sk_x/ubi_events", {"status", "message"}),
        ("/features/search/interactions", {"success", "status", "error"}),
        ("/namespaces/sh%6Fp", {"success", "status", "error"}),
        ("/export?format=csv", {"errors"}),
        ("/nowhere", {"errors"}),
    ],
)
async def test_what_is_too_large_for_an_address_is_refused_in_its_form(
    address: str, form: set[str], gateway: Gateway, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(served.server.lifespan.state, REFUSAL_REPLY, gateway.state[REFUSAL_REPLY])
    sent = request(gateway, body=b" " * 200_000).replace(b"/graphql", address.encode(), 1)
    [answer] = await served.answers(sent)
    assert (answer.status, answer.headers["connection"], answer.json.keys()) == (413, "close", form)


@pytest.mark.parametrize("part", [b"P", b"POST /graphql HTTP/1.1\r\nHost: a\r\nX-A: ", None])
async def test_what_does_not_arrive_in_time_is_answered_408(
    part: bytes | None, gateway: Gateway, hasty: Served
) -> None:
    async def trickle(wire: Wire) -> None:
        while True:
            await asyncio.sleep(0.1)
            wire.send(b" " if part != b"P" else b"O")

    async with hasty.connected() as wire:
        wire.send(head(gateway, LENGTH) if part is None else part)
        trickling = asyncio.create_task(trickle(wire)) if part != b"P" else None
        answer = await wire.response()
        if trickling:
            trickling.cancel()
        assert answer is not None
        assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
        assert answer.headers["connection"] == "close"
        assert await wire.response() is None


async def test_a_connection_without_a_request_is_closed(gateway: Gateway, served: Served) -> None:
    for sent in (b"", b"\r\n", request(gateway), request(gateway) + b"\r\n"):
        assert [answer.status for answer in await served.answers(sent)] == [200] * sent.startswith(b"POST")


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
async def test_a_client_that_reads_nothing_is_cut_off(connection: str, gateway: Gateway) -> None:
    async def large(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"20000000")]})
        await send({"type": "http.response.body", "body": b" " * 20_000_000})

    async with (
        serving(large, ConnectionLimits(keep_alive_seconds=1, drain_seconds=0), unread_seconds=1) as served,
        served.connected() as wire,
    ):
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        wire.send(head(gateway, f"Connection: {connection}", method="GET"))
        await eventually(lambda: bool(served.server.server_state.connections))
        await eventually(lambda: not served.server.server_state.connections)


async def test_more_connections_than_allowed_are_answered_503(gateway: Gateway) -> None:
    limits = ConnectionLimits(connections=1, drain_seconds=0)
    async with serving(gateway.app, limits) as served, served.connected() as first:
        first.send(request(gateway, "Accept: text/event-stream", body=STREAM))
        await eventually(lambda: bool(served.server.server_state.tasks))
        [answer] = await served.answers(request(gateway))
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
        assert secured(answer)
        handshake = head(
            gateway, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY, method="GET"
        )
        [answer] = await served.answers(handshake)
        assert (answer.status, answer.code) == (503, "UNAVAILABLE")


async def test_when_the_server_ends_connections_that_are_kept_alive_have_a_moment(gateway: Gateway) -> None:
    async with (
        serving(gateway.app, ConnectionLimits(drain_seconds=5)) as served,
        served.connected() as used,
        served.connected() as unused,
        served.connected() as partial,
    ):
        used.send(request(gateway))
        assert await used.response() is not None
        sent = request(gateway)
        partial.send(sent[:30])
        served.server.should_exit = True
        await eventually(lambda: bool(served.server.lifespan.state.get("draining")))
        with pytest.raises(OSError):  # noqa: PT011  # refused or reset
            await asyncio.open_connection("127.0.0.1", served.port)
        partial.send(sent[30:])
        for wire in (used, unused):
            wire.send(sent)
        for wire in (used, unused, partial):
            answer = await wire.response()
            assert answer is not None
            assert (answer.json, answer.headers["connection"]) == (ANSWER, "close")
            assert await wire.response() is None


async def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.02)


REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def floods(gateway: Gateway) -> dict[str, bytes]:
    """Requests of one connection, each behind all the others."""
    return {
        "alone": REQUEST * 60_000,
        "behind a body": request(gateway) + REQUEST * 60_000,
        "behind a stream": request(gateway, "Accept: text/event-stream", body=STREAM) + REQUEST * 60_000,
        "a body in tiny chunks": head(gateway, CHUNKED) + b"1\r\n1\r\n" * 90_000,
    }


@pytest.mark.parametrize("flood", ["alone", "behind a body", "behind a stream", "a body in tiny chunks"])
async def test_a_flood_of_requests_ends_its_own_connection(flood: str, gateway: Gateway, served: Served) -> None:
    before = set(served.server.server_state.connections)
    async with served.connected() as wire, served.connected() as other:
        wire.send(floods(gateway)[flood])
        other.send(request(gateway))
        answer = await other.response()
        assert answer is not None
        assert answer.json == ANSWER
    # Of the flood no more is kept than what of it may wait: its connection ends, though nobody has read the answers.
    await eventually(lambda: served.server.server_state.connections <= before)


async def test_of_pipelined_requests_no_more_wait_than_connections_may(gateway: Gateway) -> None:
    async with (
        serving(gateway.app, ConnectionLimits(connections=10, drain_seconds=0)) as served,
        served.connected() as wire,
    ):
        wire.send(request(gateway) + REQUEST * 20)
        answer = await wire.response()
        assert answer is not None
        assert answer.json == ANSWER
        assert await wire.response() is None


@pytest.mark.parametrize("size", [1, 100, 2_047, 3_000, 1_000_000])
async def test_in_whatever_pieces_they_arrive_requests_are_answered_in_order(
    size: int, gateway: Gateway, served: Served
) -> None:
    long = b'{"query": "{ viewer { keyName } }", "variables": {"x": "%b"}}' % (b"y" * min(50 * size, 90_000))
    sent = b"".join(
        [
            request(gateway),
            REQUEST,
            request(gateway, body=long),
            head(gateway, CHUNKED) + chunked(),
            *([REQUEST] * (300 if size > 1 else 3)),
            request(gateway, "Connection: close"),
        ]
    )
    async with served.connected() as wire:
        for at in range(0, len(sent), size):
            wire.send(sent[at : at + size])
            await asyncio.sleep(0)
        answers = []
        while (response := await wire.response()) is not None:
            answers.append(response)
    assert [answer.status for answer in answers] == [200, 404, 200, 200, *([404] * (300 if size > 1 else 3)), 200]
    assert [answer.json for answer in answers if answer.status == 200] == [ANSWER] * 4


async def test_whoever_leaves_amid_its_requests_leaves_no_trace(
    gateway: Gateway, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with nothing_logged(caplog):
        for sent in (REQUEST * 50, request(gateway) * 50):
            for pause in (0.0, 0.001, 0.005, 0.02):
                async with served.connected() as wire:
                    wire.send(sent)
                    await asyncio.sleep(pause)
                    wire.writer.transport.abort()
        async with asyncio.timeout(PATIENCE):
            while served.server.server_state.tasks:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
