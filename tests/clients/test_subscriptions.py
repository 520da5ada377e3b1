"""graphql-ws, graphql-sse and urql are told what is recorded, and connect again by themselves."""

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.clients.node import run
from tests.harness.gateway_process import serving

VIEWER = {"viewer": {"keyName": "web"}}


def test_clients_are_told_what_is_recorded_and_connect_again(mongod: EmbeddedServer) -> None:
    with serving(mongod.uri) as gateway:
        found = run("subscriptions.mjs", gateway)
    for name, ids in found["told"].items():
        assert ids, name
        assert all(id.startswith("CLICK-") for id in ids), (name, ids)
        # Each once and in order, before and behind the interruption.
        numbers = [int(id.split("-")[1]) for id in ids]
        assert numbers == sorted(set(numbers)), name
    answers = {name: answer["data"] for name, answer in found["answers"].items()}
    assert answers == {"graphql-ws": VIEWER, "graphql-sse": VIEWER, "urql": VIEWER}
    assert found["refusal"]["code"] == 4401
    assert "valid key" in found["refusal"]["reason"]
    assert found["invalid"] == ["GRAPHQL_VALIDATION_FAILED"]
