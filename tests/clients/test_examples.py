"""The JavaScript programs under examples/, run as their READMEs say, against a running gateway."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import run
from tests.harness.gateway_process import RECORD, GatewayProcess, serving

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PAGE = 5
PAGES = """query ($after: String) {
  interactions(first: 100, after: $after) { nodes { interactionId } pageInfo { hasNextPage endCursor } }
}"""


@pytest.fixture(scope="module")
def gateway(mongod: EmbeddedServer) -> Iterator[GatewayProcess]:
    with serving(mongod.uri) as gateway:
        fill(gateway)
        yield gateway


def fill(gateway: GatewayProcess) -> None:
    """More than three pages."""
    gateway.record(
        *(
            {
                "interactionId": f"i{number}",
                "featureId": f"f{number % 4}",
                "interactionType": "VIEW",
                # Two share each moment: pages must not take an element for its neighbour.
                "occurredAt": f"2025-05-01T12:{number // 2:02}:00Z",
                "searchRequest": {
                    "searchRequestId": f"s{number % 3}",
                    "queries": [{"vectorIndex": "TEXT", "value": "shoes", "type": "TEXT"}],
                    "collections": ["products"],
                    "filters": {"and": [{"condition": {"key": "price", "operator": "LTE", "value": number % 3}}]},
                },
            }
            for number in range(18)
        )
    )


@contextmanager
def only_trusting(manifest: Path, mongod: EmbeddedServer, tmp_path: Path) -> Iterator[GatewayProcess]:
    """A filled gateway that takes nothing but what the manifest has, and what fills it."""
    documents = json.loads(manifest.read_text()) | {"fill": RECORD}
    (enlarged := tmp_path / "manifest.json").write_text(json.dumps(documents))
    with serving(mongod.uri, trusted_documents=enlarged, only_trusted_documents=True) as gateway:
        fill(gateway)
        yield gateway


def latest(gateway: GatewayProcess) -> list[str]:
    """The ids of all interactions, the latest first."""
    ids: list[str] = []
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        connection = gateway.data(PAGES, {"after": page["endCursor"]})["interactions"]
        ids += [node["interactionId"] for node in connection["nodes"]]
        page = connection["pageInfo"]
    return ids


def built(name: str) -> Path:
    """The program of an example, generated and compiled anew, with all its types checked."""
    npm = shutil.which("npm")
    assert npm, "npm is needed"
    done = subprocess.run(
        [npm, "run", "build"], cwd=EXAMPLES / name, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return EXAMPLES / name / "build" / "main.js"


@pytest.fixture(scope="module")
def relay() -> Path:
    return built("relay")


@pytest.fixture(scope="module")
def apollo() -> Path:
    return built("apollo")


@pytest.fixture(scope="module")
def urql() -> Path:
    return built("urql")


@pytest.fixture(scope="module")
def codegen() -> Path:
    return built("codegen")


@contextmanager
def others_writing(gateway: GatewayProcess) -> Iterator[list[str]]:
    """The ids of what others record meanwhile, all of it later than what was there."""
    written: list[str] = []
    ended = Event()

    def write() -> None:
        while not ended.wait(0.1):
            written.append(f"other-{uuid4()}")
            gateway.record({"interactionId": written[-1], "featureId": "f0", "interactionType": "SHARE"})

    with ThreadPoolExecutor() as threads:
        writing = threads.submit(write)
        try:
            yield written
        finally:
            ended.set()
            writing.result()


def tried(example: Path, gateway: GatewayProcess) -> dict[str, Any]:
    """What an example prints while others write: three pages without gaps or repeats, and news on top of them."""
    with others_writing(gateway) as written:
        summary: dict[str, Any] = run(example, gateway)
    recorded, listed = summary["recorded"], [id_ for id_ in summary["list"] if id_ != summary["recorded"]]
    there = [id_ for id_ in latest(gateway) if id_ != recorded]
    read = there[there.index(summary["first"][0]) :][: 3 * PAGE]
    news = listed[: -3 * PAGE]
    assert listed == [*news, *read]
    assert len({*listed}) == len(listed)
    assert {*news} <= {*written}
    if "received" in summary:
        assert {recorded} <= {*summary["received"]} <= {*written, recorded}
        assert len({*summary["received"]}) == len(summary["received"])
    return summary


def is_recorded(id_: str, gateway: GatewayProcess) -> bool:
    query = "query ($id: ID!) { interaction(interactionId: $id) { interactionId } }"
    return gateway.data(query, {"id": id_})["interaction"] is not None


def test_relay(gateway: GatewayProcess, relay: Path) -> None:
    summary = tried(relay, gateway)
    assert summary["recorded"] in summary["list"]
    assert summary["created"] == ["true", "false"]
    assert summary["recorded"] not in summary["afterDeletion"]
    assert not is_recorded(summary["recorded"], gateway)
    answered = Counter(summary["answered"])
    # As often as anybody recorded.
    assert answered.pop("InteractionListSubscription") >= len(summary["received"])
    assert answered == {
        "AppQuery": 1,
        "InteractionListRecordMutation": 2,
        "InteractionListPaginationQuery": 2,
        "InteractionRowRefetchQuery": 1,
        "InteractionListDeleteMutation": 1,
    }


def test_relay_against_a_gateway_that_takes_its_documents_only(
    mongod: EmbeddedServer, relay: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_TRUSTED", "1")
    with only_trusting(EXAMPLES / "relay" / "trusted-documents.json", mongod, tmp_path) as gateway:
        summary = run(relay, gateway)
    assert summary["list"] == [summary["recorded"], *summary["afterDeletion"]]
    assert summary["received"] == [summary["recorded"]]


def test_relays_manifest_has_each_document_by_its_hash(relay: Path) -> None:
    manifest = json.loads((EXAMPLES / "relay" / "trusted-documents.json").read_text())
    assert len(manifest) == 6
    assert [sha256(text.encode()).hexdigest() for text in manifest.values()] == list(manifest)


def test_apollo(gateway: GatewayProcess, apollo: Path) -> None:
    summary = tried(apollo, gateway)
    assert summary["recorded"] in summary["list"]
    assert summary["created"] == [True, False]
    assert summary["refetched"]["interactionId"] == summary["recorded"]
    assert is_recorded(summary["recorded"], gateway)
    # The first page by its hash, then with its text, and the mutation alike; the other pages and the mutation again by
    # hashes that are known; and `node`.
    assert summary["requests"] == ["GET", "POST", "POST", "POST", "GET", "GET", "POST", "GET", "POST"]


@pytest.mark.parametrize("transport", ["websockets", "server-sent events"])
def test_urql(gateway: GatewayProcess, urql: Path, transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_SSE", str(int(transport == "server-sent events")))
    summary = tried(urql, gateway)
    assert summary["recorded"] in summary["list"]
    assert summary["created"] == [True, False]
    assert summary["refetched"]["interactionId"] == summary["recorded"]
    assert is_recorded(summary["recorded"], gateway)


def test_codegen(gateway: GatewayProcess, codegen: Path) -> None:
    summary = tried(codegen, gateway)
    assert summary["created"] == [True, False]
    assert is_recorded(summary["recorded"], gateway)
    assert summary["metadata"] == {"device": {"os": "ios"}}
    assert summary["sentence"] == 'price is at most 120 and (color is "navy" or color is "blue") and not (stock is 0)'
    assert summary["text"] == 'price <= 120 AND (color = "navy" OR color = "blue") AND NOT (stock = 0)'


def test_codegen_against_a_gateway_that_takes_its_documents_only(
    mongod: EmbeddedServer, codegen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_TRUSTED", "1")
    manifest = EXAMPLES / "codegen" / "src" / "gql" / "persisted-documents.json"
    with only_trusting(manifest, mongod, tmp_path) as gateway:
        assert run(codegen, gateway)["created"] == [True, False]


def test_the_lock_file_is_for_any_registry() -> None:
    lock = json.loads((EXAMPLES / "package-lock.json").read_text())
    resolved = {package["resolved"] for package in lock["packages"].values() if "resolved" in package}
    assert resolved == {"relay", "apollo", "urql", "codegen"}
