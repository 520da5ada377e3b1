"""urql against the gateway: persisted queries by GET."""

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import run
from tests.harness.gateway_process import serving


def test_a_query_is_sent_once_and_named_by_get_from_then_on(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        gateway.record({"interactionId": "i", "featureId": "f", "interactionType": "CLICK"})
        told = run("urql.mjs", gateway)
    assert told["answers"] == [{"totalCount": 1, "nodes": [{"featureId": "f"}]}] * 2
    seen = [(one["method"], one["document"], one["status"], one["etag"]) for one in told["exchanges"]]
    assert seen == [("GET", False, 200, False), ("GET", True, 200, True), ("GET", False, 200, True)]
