"""The keys of an issuer: kept, fetched again, and left alone when they can't be fetched."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from joserfc.jwk import OctKey

from gateway.auth.issuer_keys import IssuerKeys, IssuerKeysUnread, reader
from gateway.errors import Unavailable
from tests.harness.issuer import EC, RSA, elliptic, key_set


class Published:
    """A key set that changes, or can't be read; ``reads``: how often it was asked for."""

    def __init__(self, content: bytes | None = None) -> None:
        self.content = content
        self.reads = 0
        self.now = 1_000.0

    def read(self) -> bytes:
        self.reads += 1
        if self.content is None:
            raise IssuerKeysUnread("unreachable")
        return self.content

    def keys(self) -> IssuerKeys:
        return IssuerKeys(self.read, clock=lambda: self.now)


async def settled() -> None:
    """Once what is fetched beside is there."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        await task


async def test_keys_are_fetched_once() -> None:
    published = Published(key_set(RSA, EC))
    keys = published.keys()
    found = await asyncio.gather(*(keys.find("rsa") for _ in range(20)))
    assert all([key.kid for key in listed] == ["rsa"] for listed in found)
    assert await keys.find("ec")
    assert published.reads == 1


async def test_a_rotated_key_is_found_and_unknown_ones_are_looked_for_every_ten_seconds() -> None:
    published = Published(key_set(RSA))
    keys = published.keys()
    assert await keys.find("rsa")
    published.content = key_set(EC)
    published.now += 10
    assert await keys.find("ec")
    assert await keys.find("rsa") == []
    for _ in range(100):
        assert await keys.find("made up") == []
    assert published.reads == 2
    published.now += 10
    assert await keys.find("made up") == []
    assert published.reads == 3


async def test_keys_are_fetched_again_after_minutes_while_the_known_ones_serve() -> None:
    published = Published(key_set(RSA))
    keys = published.keys()
    await keys.find("rsa")
    published.content = key_set(EC)
    published.now += 301
    assert await keys.find("rsa")
    await settled()
    assert await keys.find("rsa") == []
    assert await keys.find("ec")


async def test_an_outage_leaves_the_keys_that_are_known() -> None:
    published = Published(key_set(RSA))
    keys = published.keys()
    await keys.find("rsa")
    for content in (None, b"<html>", b'{"keys": []}', b"[]", b'{"keys": {}}', b'{"keys": [1, {"kty": "oct"}]}'):
        published.content = content
        published.now += 3_600
        assert await keys.find("rsa")
        await settled()
        assert await keys.find("rsa")
    assert published.reads == 7


async def test_without_any_keys_nothing_can_be_verified() -> None:
    published = Published()
    keys = published.keys()
    for _ in range(5):
        with pytest.raises(Unavailable):
            await keys.find("rsa")
    assert published.reads == 1
    published.content = key_set(RSA)
    published.now += 10
    assert await keys.find("rsa")


async def test_whoever_waits_may_leave() -> None:
    published = Published(key_set(RSA))
    keys = published.keys()
    leaving = asyncio.create_task(keys.find("rsa"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await keys.find("rsa")
    assert published.reads == 1


async def test_what_could_not_verify_a_signature_is_no_key() -> None:
    unfit = [
        OctKey.import_key("a shared secret", {"kid": "oct"}).as_dict(private=True),
        {**EC.as_dict(private=False), "kid": "enc", "use": "enc"},
        {**EC.as_dict(private=False), "kid": 17},
        {**EC.as_dict(private=False), "kid": "broken", "x": "AAAA"},
        {"kty": "EC", "kid": "nothing"},
        # 1,024 bits.
        {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": "_" * 170},
        {"kty": "AKP", "kid": "later"},
        "no object",
    ]
    private = elliptic("private")
    published = Published(json.dumps({"keys": [*unfit, private.as_dict(private=True)]}).encode())
    keys = published.keys()
    [key] = await keys.find("private")
    assert not key.is_private
    assert await keys.find(None) == [key]


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(key_set(EC))
    assert reader(str(path))() == key_set(EC)
    with pytest.raises(IssuerKeysUnread):
        reader(str(tmp_path / "missing.json"))()


class Answering(BaseHTTPRequestHandler):
    """``answers``: by path, the status and the body."""

    def __init__(self, answers: dict[str, tuple[int, bytes]], *arguments: object) -> None:
        self.answers = answers
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:  # its name there
        status, body = self.answers[self.path]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/keys")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(**answers: tuple[int, bytes]) -> Iterator[str]:
    by_path = {f"/{name}": answer for name, answer in answers.items()}
    with HTTPServer(("127.0.0.1", 0), partial(Answering, by_path)) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_address_is_fetched_and_never_another_one() -> None:
    with answering(
        keys=(200, key_set(EC)), moved=(302, b""), broken=(500, b""), long=(200, b" " * 1_000_001)
    ) as address:
        assert reader(f"{address}/keys")() == key_set(EC)
        for name in ("moved", "broken", "long"):
            with pytest.raises(IssuerKeysUnread):
                reader(f"{address}/{name}")()
    with pytest.raises(IssuerKeysUnread):
        reader(f"{address}/keys")()
