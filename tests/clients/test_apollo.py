"""Apollo Client against the gateway: persisted queries by GET, trusted documents and batches."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import run
from tests.harness.gateway_process import GatewayProcess, serving

INTERACTIONS: list[dict[str, Any]] = [
    {"interactionId": f"i{number}", "featureId": f"f{number}", "interactionType": "CLICK"} for number in range(3)
]
MISS, SENT, HIT = (
    {"method": "GET", "document": False, "status": 200, "etag": False},
    {"method": "POST", "document": True, "status": 200, "etag": False},
    {"method": "GET", "document": False, "status": 200, "etag": True},
)
# As Apollo's tool writes it: documents with the fields that its cache adds.
LATEST = """query Latest($first: Int!) {
  interactions(first: $first) {
    totalCount
    nodes {
      id
      featureId
      __typename
    }
    __typename
  }
}"""
RECORD = """mutation Record($id: ID!) {
  recordInteraction(
    input: {interactionId: $id, featureId: "new", interactionType: VIEW}
  ) {
    created
    __typename
  }
}"""


@pytest.fixture(scope="module")
def gateway(mongod: EmbeddedServer) -> Iterator[GatewayProcess]:
    with serving(mongod.uri, batch_limit=10) as gateway:
        yield gateway


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    operations = [
        {"id": "latest-1", "name": "Latest", "type": "query", "body": LATEST},
        {"id": "record-1", "name": "Record", "type": "mutation", "body": RECORD},
    ]
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}))
    return path


def exchanged(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: one[name] for name in MISS} for one in told["exchanges"]]


def test_a_query_is_sent_once_and_named_by_get_from_then_on(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        gateway.record(*INTERACTIONS)
        told = run("apollo.mjs", gateway, "persisted")
    first, second = told["answers"]
    assert first == second
    assert (first["totalCount"], len(first["nodes"]), told["created"]) == (3, 2, True)
    # What writes is never asked by GET.
    writing = [{**SENT, "document": False}, SENT]
    assert exchanged(told) == [MISS, SENT, HIT, *writing]
    assert [one["cacheControl"] for one in told["exchanges"]] == [
        "private, no-cache, must-revalidate",
        "no-store",
        "private, max-age=0, must-revalidate",
        "private, no-cache, must-revalidate",
        "no-store",
    ]


def test_trusted_documents_are_never_sent(mongod: EmbeddedServer, manifest: Path) -> None:
    with serving(mongod.uri, trusted_documents=manifest, only_trusted_documents=True) as gateway:
        told = run("apollo.mjs", gateway, "persisted", str(manifest))
        assert exchanged(told) == [HIT, HIT, {**SENT, "document": False}]
        assert told["created"]
        untrusted = run("apollo.mjs", gateway, "untrusted")
    assert untrusted["codes"] == ["DOCUMENT_NOT_TRUSTED"]
    # There is no use in sending the document.
    assert [(one["document"], one["status"]) for one in untrusted["exchanges"]] == [(False, 403)]


def test_operations_are_sent_in_one_batch(gateway: GatewayProcess) -> None:
    told = run("apollo.mjs", gateway, "batched")
    assert [one["operations"] for one in told["exchanges"]] == [3]
    assert told["latest"]["totalCount"] == 0
    assert (told["failing"], told["created"]) == (["BAD_USER_INPUT"], True)
