"""The specification's own suite (npm: graphql-http) against the gateway."""

from collections import Counter

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import run
from tests.harness.gateway_process import serving


def test_every_audit_passes(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        results = run("audits.mjs", gateway)
    assert [result for result in results if result["status"] != "ok"] == []
    assert Counter(result["name"].split()[0] for result in results) == {"MUST": 13, "SHOULD": 23, "MAY": 25}
